"""Rows of a multistatus about objects of one calendar: what is the same for all is written once, as a template."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from protocols.caldav import paths, xml_out
from protocols.caldav.context import Context
from protocols.caldav.item_properties import (
    LENGTH,
    OF_ROW,
    RESOURCE_ID,
    SCHEDULE_TAG,
    SHARED,
    resource_ids,
    schedule_tag,
)
from protocols.caldav.listed import Row
from protocols.caldav.names import caldav
from protocols.caldav.properties import LIVE, propstats
from protocols.caldav.resources import Calendar
from storage import masking
from storage.model import CalendarObject, Mask

CALENDAR_DATA = caldav("calendar-data")


class Loaded(NamedTuple):
    """A row with its text, as the calendar-data element that is sent."""

    item: int
    href: str
    etag: str
    component: str
    size: int
    modified: int
    data: str
    schedule_tag: str
    created: int


def loaded(found: CalendarObject, data: str) -> Loaded:
    """Return the row of an object with what is sent of its text."""
    size = len(found.ical)
    first = (found.item, found.href, found.etag, found.component, size, found.modified)
    return Loaded(*first, data, found.schedule_tag, found.created)


def _address(name: str) -> str:
    """Return a name as part of a path in XML, where an ampersand alone needs more than a path does."""
    return paths.encode(name).replace("&", "&amp;")


def _data(row: Row) -> str:
    return row.data if isinstance(row, Loaded) else ""


class RowWriter:
    """Writes the DAV:response of one object after the other."""

    def __init__(
        self,
        calendar: Calendar,
        names: Sequence[str],
        context: Context,
        *,
        with_data: bool = False,
        tagged: bool = False,
        hidden: bool = False,
    ) -> None:
        """Compile the names of the asked properties; calendar-data is one of them only when rows are Loaded."""
        readers = {**OF_ROW, CALENDAR_DATA: _data} if with_data else OF_ROW
        self._base = xml_out.escape(calendar.path)
        self._minimal = context.minimal
        self._readers: list[Callable[[Row], str]] = []
        # Only meetings have a Schedule-Tag: where it is asked for, they are written by a template of their own.
        self._meetings: RowWriter | None = None
        if SCHEDULE_TAG in names and not tagged:
            self._meetings = RowWriter(calendar, names, context, with_data=with_data, tagged=True)
        if tagged:
            readers = {**readers, SCHEDULE_TAG: schedule_tag}
        if RESOURCE_ID in names:
            readers = {**readers, RESOURCE_ID: resource_ids(calendar, context)}
        # So with what is hidden from the asker, whose length is not told.
        self._hidden: RowWriter | None = None
        if LENGTH in names and not hidden and calendar.collection.mask is not Mask.NONE:
            self._hidden = RowWriter(calendar, names, context, with_data=with_data, hidden=True)
        if hidden:
            readers = {name: read for name, read in readers.items() if name != LENGTH}
        found, missing = [], []
        for name in names:
            if name in readers:
                opening, closing, _ = ("", "", "") if name == CALENDAR_DATA else xml_out.tags(name)
                found.append(f"{opening}%s{closing}")
                self._readers.append(readers[name])
            elif name in SHARED:
                found.append(xml_out.element(name, SHARED[name](calendar, context) or "").replace("%", "%%"))
            else:
                missing.append(name)
        self._missing = missing
        self._found = "".join(found)
        self._dead = context.dead.of_objects(calendar.collection.id) if {*missing} - LIVE else {}
        # Names a client makes up may hold a per cent sign.
        unknown = xml_out.empty_elements(missing).replace("%", "%%")
        self._template = self._compiled(self._found, unknown)

    def write(self, row: Row) -> str:
        """Return the response of one row."""
        return self.write_all((row,))[0]

    def _write(self, row: Row) -> str:
        return self._template % (self._base + _address(row.href), *[read(row) for read in self._readers])

    def write_all(self, rows: Iterable[Row]) -> list[str]:
        """Return the responses of many rows."""
        if self._meetings is not None or self._hidden is not None:
            return [self._variant(row) for row in rows]
        template, readers, base = self._template, self._readers, self._base
        if self._dead:
            return [
                self._template_of(row) % (base + _address(row.href), *[read(row) for read in readers]) for row in rows
            ]
        return [template % (base + _address(row.href), *[read(row) for read in readers]) for row in rows]

    def _variant(self, row: Row) -> str:
        if self._meetings is not None and row.schedule_tag:
            return self._meetings.write(row)
        if self._hidden is not None and row.size == masking.UNTOLD:
            return self._hidden.write(row)
        return self._write(row)

    def _template_of(self, row: Row) -> str:
        """Return the template of a row that has dead properties of its own."""
        own = self._dead.get(row.href)
        if own is None:
            return self._template
        extra = "".join(own[name] for name in self._missing if name in own)
        missing = xml_out.empty_elements([name for name in self._missing if name not in own])
        parts = (each.replace("%", "%%") for each in (extra, missing))
        return self._compiled(self._found + next(parts), next(parts))

    def _compiled(self, found: str, missing: str) -> str:
        stats = "".join(propstats(found, missing, minimal=self._minimal))
        return f"<D:response><D:href>%s</D:href>{stats}</D:response>"
