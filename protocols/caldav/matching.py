"""Whether an object satisfies a filter (RFC 4791, 9.7 and 9.9), decided on its text."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import tzinfo

from protocols.caldav.collations import ascii_casemap
from protocols.caldav.filters import CompFilter, ParamFilter, PropFilter
from protocols.caldav.timeranges import TimeRange
from storage import contentlines, ical
from storage.contentlines import Component, Property
from storage.errors import InvalidObject
from storage.ical_alarms import ringing
from storage.ical_times import moments
from storage.ical_values import epoch

_LISTS = frozenset({"EXDATE", "RDATE"})
_FOLD = re.compile(rb"\r?\n[ \t]")
# Characters whose presence in a text cannot be looked for in raw lines, where they are escaped.
_ESCAPED = re.compile(r"[\\;,:\"^\n\r]")


def matches(wanted: CompFilter, text: bytes, zone: tzinfo) -> bool:
    """Whether the text satisfies a filter on VCALENDAR; `zone` reads floating times."""
    if not all(needle in _folded(text) for needle in needles(wanted)):
        return False
    root = contentlines.parse(text)
    if wanted.absent or root.name != wanted.name:
        return False
    return _component(wanted, root, root, zone) if wanted.comps else _anywhere(wanted, root, zone)


def needles(wanted: CompFilter) -> tuple[bytes, ...]:
    """Return byte strings that lower-cased lines of any matching object must hold: cheap proof that one does not."""
    found = [
        ascii_casemap(prop.match.text).encode()
        for prop in wanted.props
        if prop.match and not prop.match.negated and prop.match.text.isascii() and not _ESCAPED.search(prop.match.text)
        if prop.match.collation != "i;unicode-casemap"
    ]
    return (*found, *(needle for comp in wanted.comps if not comp.absent for needle in needles(comp)))


def _folded(text: bytes) -> bytes:
    return _FOLD.sub(b"", text).lower()


def _anywhere(wanted: CompFilter, root: Component, zone: tzinfo) -> bool:
    """Whether the calendar, or a component in it, has each property that a filter without component names.

    RFC 4791 knows such a filter for properties of VCALENDAR alone; clients that search every kind at once write it for
    those of what is in there.
    """
    holders = (root, *(each for each in root.components if each.name in ical.KINDS))
    return all(
        _property(each, root, root, zone) if each.absent else any(_property(each, one, root, zone) for one in holders)
        for each in wanted.props
    )


def _component(wanted: CompFilter, found: Component, root: Component, zone: tzinfo) -> bool:
    """Whether one component satisfies what is asked of its properties and of the components in it."""
    return all(_property(each, found, root, zone) for each in wanted.props) and all(
        _nested(each, found, root, zone) for each in wanted.comps
    )


def _nested(wanted: CompFilter, holder: Component, root: Component, zone: tzinfo) -> bool:
    children = holder.children(wanted.name)
    if wanted.absent:
        return not children
    candidates: Iterable[Component] = children
    if wanted.within is not None and wanted.name == "VALARM":
        candidates = ringing(holder, root, wanted.within.first, wanted.within.last, zone)
    elif wanted.within is not None:
        candidates = _happening(wanted, children, root, zone)
    return any(_component(wanted, each, root, zone) for each in candidates)


def _happening(
    wanted: CompFilter, children: tuple[Component, ...], root: Component, zone: tzinfo
) -> Iterable[Component]:
    """Return the components that happen in the range: a rescheduled one no longer speaks for its old time.

    The index has already decided that the object as a whole is in the range: that is enough where one component
    speaks for all occurrences, or where they are too many to be listed.
    """
    if wanted.within is None or len(children) == 1 or not (wanted.props or wanted.comps):
        return children
    try:
        instances = ical.expand(root, wanted.within.first, wanted.within.last, zone)
    except InvalidObject:
        return children
    return [each.component for each in instances if each.component.name == wanted.name] or children


def _property(wanted: PropFilter, holder: Component, root: Component, zone: tzinfo) -> bool:
    found = holder.all(wanted.name)
    if wanted.absent:
        return not found
    return any(_value(wanted, each, root, zone) for each in found)


def _value(wanted: PropFilter, found: Property, root: Component, zone: tzinfo) -> bool:
    if wanted.within is not None and not _in_range(wanted.within, found, root, zone):
        return False
    if wanted.match is not None and not wanted.match.holds(found.text):
        return False
    return all(_parameter(each, found) for each in wanted.params)


def _in_range(within: TimeRange, found: Property, root: Component, zone: tzinfo) -> bool:
    """Whether a value of a property is in a range; EXDATE and RDATE have several, and some of RDATE have a length."""
    try:
        if found.name not in _LISTS:
            at = epoch(ical.moment(found, root, zone), zone)
            return within.meets(at, at)
        listed = moments(found, root, zone)
        spans = [(epoch(each, zone), epoch(length.after(each) if length else each, zone)) for each, length in listed]
        return any(within.meets(*each) for each in spans)
    except (InvalidObject, OverflowError):
        return False


def _parameter(wanted: ParamFilter, found: Property) -> bool:
    value = found.param(wanted.name)
    if wanted.absent or value is None:
        return wanted.absent and value is None
    return wanted.match is None or wanted.match.holds(value)
