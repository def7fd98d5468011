"""Objects as Radicale handles them: our text and entity tag, and a vobject that can always be made.

We keep what clients write as long as its dates and identity hold; vobject is stricter about the rest, and what it
cannot read would break a whole report. Such an object is shown to it by what our own checks have read: identity, times,
recurrence and a few texts. Its text goes out as it is.
"""

from __future__ import annotations

from dataclasses import replace
from email.utils import formatdate
from typing import Any, Final

from radicale.item import Item
from radicale.log import logger
from radicale.storage import BaseCollection

from protocols.radicale import names
from storage import contentlines
from storage.contentlines import Component, Property
from storage.model import CalendarObject

_CHECKED: Final = frozenset("UID DTSTART DTEND DUE DURATION RRULE RDATE EXDATE RECURRENCE-ID".split())
_TEXTS: Final = frozenset("SUMMARY DESCRIPTION LOCATION STATUS TRANSP CLASS".split())
# What vobject may read and then not be able to write.
_DOUBTFUL: Final = ("VALUE=PERIOD", "ENCODING=")


class StoredItem(Item):
    """An object of ours; parsed only when Radicale looks into it."""

    def __init__(self, collection: BaseCollection, found: CalendarObject) -> None:
        """Fill in what Radicale would otherwise read from the text."""
        super().__init__(
            collection=collection,
            href=names.shown(found.href),
            last_modified=formatdate(found.modified, usegmt=True),
            text=found.ical.decode(),
            etag=f'"{found.etag}"',
            uid=found.uid,
            name="VCALENDAR",
            component_name=found.component,
        )

    @property
    def vobject_item(self) -> Any:
        """The object as vobject reads it, or else as much of it as our own checks have read."""
        if self._vobject_item is None:
            text = self.serialize()
            try:
                self._vobject_item = _parsed(text, written=any(sign in text for sign in _DOUBTFUL))
            except RuntimeError:
                # The name alone: the reason would quote what people wrote.
                logger.warning("Read without what vobject does not understand: %r", self.href)
                self._vobject_item = _parsed(essence(text), written=False)
        return self._vobject_item

    def check(self) -> None:
        """Raise RuntimeError when vobject does not read and write the text as it is."""
        _parsed(self.serialize(), written=True)


def _parsed(text: str, *, written: bool) -> Any:
    """Return what vobject reads, and with `written` could write again; raises RuntimeError."""
    read = Item(collection_path="", text=text).vobject_item
    if written:
        Item(collection_path="", vobject_item=read).serialize()
    return read


def essence(text: str) -> str:
    """Return an object with the properties that our checks have read, its time zones, and no alarms."""
    root = contentlines.parse(text.encode())
    parts = [part if part.name == "VTIMEZONE" else _essence(part) for part in root.components]
    return contentlines.serialise(root.with_components(parts)).decode()


def _essence(component: Component) -> Component:
    kept = [_plain(each) for each in component.properties if each.name in _CHECKED]
    kept += [Property.of_text(each.name, each.text) for each in component.properties if each.name in _TEXTS]
    return replace(component, properties=tuple(kept), components=())


def _plain(prop: Property) -> Property:
    """Return a date as vobject takes it: of the periods of an RDATE it cannot write, the starts."""
    if prop.param("VALUE") != "PERIOD":
        return prop
    params = {name: values for name, values in prop.params if name == "TZID"}
    return Property.make(prop.name, ",".join(value.partition("/")[0] for value in prop.value.split(",")), params)
