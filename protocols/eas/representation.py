"""Present a stored event as one item, or as items of single occurrences (reference/eas.md section 14, step 4)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo

from protocols.eas.calendar import item, plain_item
from protocols.eas.errors import NotRepresentable
from protocols.eas.event import Times, overrides, times
from protocols.eas.item import ItemContext
from protocols.eas.times import compact, instant, local_midnight
from protocols.eas.wbxml import Element
from storage.contentlines import Component, parse
from storage.errors import InvalidObject
from storage.ical import Instance, expand

_SUFFIX = re.compile(r"\d{8}(?:T\d{6}Z)?")
_AROUND = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Series:
    """One item says everything: an event that happens once, or a series with its exceptions."""

    item: Element


@dataclass(frozen=True, slots=True)
class Instances:
    """Occurrences as items of their own, in order of time: (suffix for the ServerId, ApplicationData)."""

    items: tuple[tuple[str, Element], ...]


Representation = Series | Instances


def representation(ical: bytes, context: ItemContext, window: tuple[date, date]) -> Representation:
    """Give the form an event takes on one device.

    `window` bounds the occurrences of a series that no item can say: its first day and the day after its last, in the
    user's zone. Raises InvalidObject when the text is no calendar object.
    """
    root = parse(ical)
    try:
        return Series(item(root, context))
    except NotRepresentable:
        begin, end = (local_midnight(day, context.zone) for day in window)
        found = _bounded(root, begin, end, context.zone)
        return Instances(tuple((suffix(one, context.zone), _item(one, context)) for one in found))


def _bounded(root: Component, begin: datetime, end: datetime, zone: tzinfo) -> tuple[Instance, ...]:
    """List the occurrences of a window; of one with too many, those of a nearer end."""
    while end > begin:
        try:
            return expand(root, begin, end, zone)
        except InvalidObject as error:
            if error.precondition != "max-instances":
                raise
            end = begin + (end - begin) // 2
    return ()


def single(ical: bytes, context: ItemContext, wanted: str) -> Element | None:
    """Give the one occurrence a suffix names, as an item; None when the event has no such occurrence."""
    found = occurrence(parse(ical), context.zone, wanted)
    return _item(found, context) if found else None


def suffix(found: Instance, zone: tzinfo) -> str:
    """Name an occurrence by its original start: `20260907T060000Z`, or `20260907` for whole days; moving keeps it."""
    start = found.starts if found.recurrence is None else found.recurrence
    return compact(instant(start, zone)) if isinstance(start, datetime) else f"{start:%Y%m%d}"


def occurrence(root: Component, zone: tzinfo, wanted: str) -> Instance | None:
    """Find the occurrence a suffix names, wherever it was moved to; None when there is none."""
    if not _SUFFIX.fullmatch(wanted):
        return None
    near = _near(root, zone, wanted)
    return next((one for one in near if suffix(one, zone) == wanted), None)


def _near(root: Component, zone: tzinfo, wanted: str) -> tuple[Instance, ...]:
    try:
        day = datetime.strptime(wanted[:8], "%Y%m%d").replace(tzinfo=UTC)
        found = expand(root, day - _AROUND, day + 2 * _AROUND, zone)
        if any(suffix(one, zone) == wanted for one in found):
            return found
        far = _bounds(root, zone, day)
        return expand(root, *far, zone)
    except (ValueError, OverflowError, InvalidObject):
        return ()


def _bounds(root: Component, zone: tzinfo, day: datetime) -> tuple[datetime, datetime]:
    """Widen a search to every place overrides were moved to."""
    moved = [instant(when.starts, zone) for when in _override_times(root, zone)]
    return min([day, *moved]) - _AROUND, max([day, *moved]) + _AROUND


def _override_times(root: Component, zone: tzinfo) -> list[Times]:
    return [times(event, root, zone) for event in overrides(root)]


def _item(found: Instance, context: ItemContext) -> Element:
    uid = f"{found.component.text('UID') or ''}-{suffix(found, context.zone)}"
    return plain_item(found.component, Times(found.starts, found.ends), uid, context)
