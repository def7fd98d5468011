"""What a report asks of each object it finds: properties, and perhaps the text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import tzinfo

from lxml import etree

from protocols.caldav import calendar_data, paths, properties, xml_in, xml_out
from protocols.caldav.calendar_data import DataWish
from protocols.caldav.candidates import CHUNK
from protocols.caldav.context import Context
from protocols.caldav.errors import DavError
from protocols.caldav.listed import Row
from protocols.caldav.names import dav
from protocols.caldav.query_zone import own_zone
from protocols.caldav.resources import Calendar, Item, entry
from protocols.caldav.rows import CALENDAR_DATA, RowWriter, loaded
from storage.model import CalendarObject, Entry


@dataclass(frozen=True, slots=True)
class Asked:
    """The names of the properties, how the texts are wanted if they are, or that only names are wanted."""

    names: tuple[str, ...]
    data: DataWish | None
    no_values: bool = False


def parse(root: etree._Element) -> Asked:
    """Read the prop, allprop or propname of a report (RFC 4791, 9.5); raises DavError when there are two of them."""
    kinds = [tag for tag, _ in xml_in.children(root) if tag in {dav("prop"), dav("allprop"), dav("propname")}]
    if len(kinds) > 1:
        raise DavError(400, reason="A report asks for one of prop, allprop and propname.")
    node = xml_in.child(root, dav("prop"))
    if node is None:
        return Asked(properties.of_allprop(Item, ()), None, dav("propname") in kinds)
    wish = xml_in.child(node, CALENDAR_DATA)
    return Asked(xml_in.names(node), None if wish is None else calendar_data.parse(wish))


class Writer:
    """Writes the objects that a report found as it asked for them."""

    def __init__(self, asked: Asked, calendar: Calendar, context: Context, zone: tzinfo | None = None) -> None:
        """Prepare the rows and the rendering of texts; floating times are read in `zone`, or else the calendar's."""
        zone = zone or own_zone(calendar, context)
        self._rows = RowWriter(calendar, asked.names, context, with_data=asked.data is not None)
        self._render: Callable[[bytes], str] | None = (
            None if asked.data is None else calendar_data.renderer(asked.data, zone, context.shape)
        )
        self._no_values = asked.no_values
        self._calendar, self._context = calendar, context
        self._collection = calendar.collection
        self._objects = context.tx.objects

    @property
    def needs_text(self) -> bool:
        """Whether rows carry calendar-data."""
        return self._render is not None

    def write(self, rows: Sequence[Row]) -> list[str]:
        """Return the responses of rows, reading their texts if they are wanted; what is gone meanwhile is left out."""
        if self._no_values:
            return [self._names(row) for row in rows]
        if self._render is None:
            return self._rows.write_all(rows)
        responses: list[str] = []
        for at in range(0, len(rows), CHUNK):
            names = [row.href for row in rows[at : at + CHUNK]]
            found = self._objects.many(self._collection, names)
            responses += self.write_objects(found[name] for name in names if name in found)
        return responses

    def write_objects(self, found: Iterable[CalendarObject]) -> list[str]:
        """Return the responses of objects that are at hand."""
        if self._no_values:
            return [self._names(entry(each)) for each in found]
        render = self._render
        return self._rows.write_all(loaded(each, render(each.ical) if render else "") for each in found)

    def _names(self, row: Row) -> str:
        """Return the response of a row that names what it has (RFC 4791, 9.5, for propname)."""
        own = Entry(row.item, row.href, row.etag or "", row.component, row.size, row.modified, 0, 0)
        own = own._replace(schedule_tag=row.schedule_tag, created=row.created)
        item = Item(self._calendar, own, self._calendar.path + paths.encode(row.href))
        names = xml_out.empty_elements(properties.defined(item, self._context))
        return xml_out.response(item.path, xml_out.propstat(200, names))
