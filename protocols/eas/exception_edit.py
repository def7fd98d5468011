"""Read Exceptions a client sent into EXDATE and overrides (MS-ASCAL 2.2.2.21; reference/eas.md section 15.1).

An exception that is not listed is unchanged: at these versions nothing can restore a removed occurrence but listing it
as a changed one.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from protocols.eas.codepages import Calendar
from protocols.eas.errors import ItemRefused
from protocols.eas.event import meant, overrides, starts, times, values
from protocols.eas.field_edit import with_fields
from protocols.eas.item import ItemContext
from protocols.eas.times import as_date, instant, read_compact, whole_day
from protocols.eas.timing_edit import in_form, length_of, sent_times, with_times
from protocols.eas.wbxml import Element
from storage.contentlines import Component, Property
from storage.ical import Instance, expand, moment
from storage.ical_values import Length

MAX_EXCEPTIONS = 256
_AROUND = timedelta(days=2)
_DRAWN = ("DTSTART", "DTEND", "DURATION", "RRULE")
_OF_THE_SERIES = ("RRULE", "RDATE", "EXDATE", "EXRULE", "DTEND", "DURATION", "RECURRENCE-ID")


def with_exceptions(
    root: Component, event: Component, data: Element, context: ItemContext, former: Component | None = None
) -> Component:
    """Apply the Exceptions of an item to a calendar whose master is `event`; absent means unchanged.

    `former` is the calendar before the edit: phones that cut a series short send its later exceptions all the same,
    and these vanish with their occurrences. Raises ItemRefused(6) for more than 256, for one without its start, and
    for a changed one that does not exist and never did.
    """
    container = data.find(Calendar.Exceptions)
    listed = container.all(Calendar.Exception) if container else ()
    if len(listed) > MAX_EXCEPTIONS:
        raise ItemRefused(6, "exceptions")
    if event.first("RRULE") is None and event.first("RDATE") is None:
        # Thunderbird calls Exceptions of a single event an error; so nothing is read from them.
        return root
    blob = data.value(Calendar.Timezone)
    for element in listed:
        sent = _sent_start(element)
        start = original_start(root, sent, context)
        if start is not None:
            root = _applied(root, start, element, blob, context)
        elif element.value(Calendar.Deleted) != "1" and not _existed(former, sent, context):
            raise ItemRefused(6, "no-such-occurrence")
    return root


def _sent_start(element: Element) -> datetime:
    text = element.value(Calendar.ExceptionStartTime)
    if not text:
        raise ItemRefused(6, "exception-start")
    return read_compact(text)


def _existed(former: Component | None, sent: datetime, context: ItemContext) -> bool:
    return former is not None and original_start(former, sent, context) is not None


def _applied(
    root: Component, start: date | datetime, element: Element, blob: str | None, context: ItemContext
) -> Component:
    if element.value(Calendar.Deleted) == "1":
        return without_occurrence(root, start, context)
    return with_override(root, start, element, blob, context)


def _master(root: Component) -> Component:
    return next(event for event in root.children("VEVENT") if event.first("RECURRENCE-ID") is None)


def _swapped(root: Component, old: Component, *new: Component) -> Component:
    components: list[Component] = []
    for component in root.components:
        components += new if component is old else (component,)
    return root.with_components(components)


def _undisturbed(root: Component, context: ItemContext, near: date) -> tuple[Instance, ...]:
    """List the occurrences around a day as the rule alone gives them."""
    bare = [item.without("EXDATE") if item.name == "VEVENT" else item for item in root.components]
    plain = root.with_components([item for item in bare if item.first("RECURRENCE-ID") is None])
    noon = datetime(near.year, near.month, near.day, 12, tzinfo=context.zone)
    return expand(plain, noon - _AROUND, noon + _AROUND, context.zone)


def original_start(root: Component, sent: datetime, context: ItemContext) -> date | datetime | None:
    """Find the occurrence a client means by its start: by instant, else by local date in the series' zone.

    Clients err by an hour around daylight changes. None when the series has no such occurrence.
    """
    first = starts(_master(root), root, context.zone)
    if not isinstance(first, datetime):
        day = whole_day(sent, None, context.zone)
        return next((one.starts for one in _undisturbed(root, context, day) if one.starts == day), None)
    own = first.tzinfo or context.zone
    found = [one.starts for one in _undisturbed(root, context, sent.astimezone(own).date())]
    exact = next((start for start in found if instant(start, own) == sent), None)
    local = sent.astimezone(own).date()
    return exact or next((start for start in found if as_date(start) == local), None)


def without_occurrence(root: Component, start: date | datetime, context: ItemContext) -> Component:
    """Remove one occurrence: an EXDATE on the master, and its override gone."""
    event = _master(root)
    first = starts(event, root, context.zone)
    excluded = {instant(meant(prop, first, root, context.zone), context.zone) for prop in values(event, "EXDATE")}
    changed = root.with_components([item for item in root.components if not _replaces(item, root, start, context)])
    if instant(start, context.zone) in excluded:
        return changed
    prop = in_form("EXDATE", start, event.first("DTSTART"), context)
    return _swapped(changed, event, event.replaced("EXDATE", *event.all("EXDATE"), prop))


def _replaces(item: Component, root: Component, start: date | datetime, context: ItemContext) -> bool:
    prop = item.first("RECURRENCE-ID") if item.name == "VEVENT" else None
    if prop is None:
        return False
    return instant(meant(prop, start, root, context.zone), context.zone) == instant(start, context.zone)


def with_override(
    root: Component, start: date | datetime, data: Element, blob: str | None, context: ItemContext
) -> Component:
    """Change one occurrence: its override is patched, or made from the master first; a removed one is restored."""
    event = _master(root)
    known = next((item for item in root.components if _replaces(item, root, start, context)), None)
    before = known or _override(root, event, start, context)
    after = with_times(before, root, sent_times(data, blob), context, series=False)
    after = with_fields(after, data, context)
    restored = _restored(event, root, start, context)
    changed = root if restored is event else _swapped(root, event, restored)
    if known is not None:
        return changed if after is known else _swapped(changed, known, after)
    return changed.with_components((*changed.components, after))


def _override(root: Component, event: Component, start: date | datetime, context: ItemContext) -> Component:
    model = event.first("DTSTART")
    length = length_of(times(event, root, context.zone))
    bare = event.without(*_OF_THE_SERIES)
    ends = in_form("DTEND", _end(length, start), model, context)
    named = bare.replaced("DTSTART", in_form("DTSTART", start, model, context), ends)
    return named.replaced("RECURRENCE-ID", in_form("RECURRENCE-ID", start, model, context))


def _end(length: Length, start: date | datetime) -> date | datetime:
    """Add a length; an event that became one of whole days lasts at least one."""
    ends = length.after(start)
    return ends if isinstance(start, datetime) else max(ends, start + timedelta(days=1))


def _restored(event: Component, root: Component, start: date | datetime, context: ItemContext) -> Component:
    wanted = instant(start, context.zone)
    listed = list(values(event, "EXDATE"))
    kept = [prop for prop in listed if instant(meant(prop, start, root, context.zone), context.zone) != wanted]
    if len(kept) == len(listed):
        return event
    return event.replaced("EXDATE", *kept) if kept else event.without("EXDATE")


def rebased(root: Component, event: Component, context: ItemContext) -> Component:
    """Put a changed master into its calendar, its exceptions moved along.

    Where the time of day changed, exceptions follow their day; where the pattern has no occurrence on that day any
    more, they vanish with it.
    """
    old = _master(root)
    if context.modern and _lines(old, *_DRAWN) != _lines(event, *_DRAWN):
        # From 16.0 on a client forgets every exception when it redraws a series (reference/eas.md section 15.2).
        alone = [item for item in root.components if item.name != "VEVENT" or item is old]
        return _swapped(root.with_components(alone), old, event.without("EXDATE"))
    if _lines(old, "DTSTART", "RRULE") == _lines(event, "DTSTART", "RRULE"):
        return _swapped(root, old, event)
    if event.first("RRULE") is None:
        single = [item for item in root.components if item.name != "VEVENT" or item is old]
        return _swapped(root.with_components(single), old, event.without("EXDATE", "RDATE"))
    zone = context.zone
    former = starts(old, root, zone)
    removed = [_moved(meant(prop, former, root, zone), former, root, event, context) for prop in values(old, "EXDATE")]
    exdates = [in_form("EXDATE", start, event.first("DTSTART"), context) for start in removed if start is not None]
    event = event.replaced("EXDATE", *exdates) if exdates else event.without("EXDATE")
    kept: list[Component] = []
    for item in root.components:
        kept += [item] if item not in overrides(root) else _follow(item, former, root, event, context)
    return _swapped(root.with_components(kept), old, event)


def _lines(event: Component, *names: str) -> list[str]:
    return [prop.line for name in names for prop in event.all(name)]


def _moved(
    start: date | datetime, former: date | datetime, root: Component, event: Component, context: ItemContext
) -> date | datetime | None:
    """Give the new start of an occurrence of the former series; None when the new one has none on that day."""
    own = former.tzinfo if isinstance(former, datetime) else None
    day = as_date(start.astimezone(own) if isinstance(start, datetime) and own else start)
    renewed = _swapped(root, _master(root), event)
    return next((one.starts for one in _undisturbed(renewed, context, day) if as_date(one.starts) == day), None)


def _follow(
    item: Component, former: date | datetime, root: Component, event: Component, context: ItemContext
) -> list[Component]:
    prop = item.first("RECURRENCE-ID")
    assert prop is not None
    start = _moved(meant(prop, former, root, context.zone), former, root, event, context)
    if start is None:
        return []
    model = event.first("DTSTART")
    named = item.replaced("RECURRENCE-ID", in_form("RECURRENCE-ID", start, model, context))
    if item.first("DTSTART") is None or not _same_moment(item, prop, root, context):
        return [named]
    ends = in_form("DTEND", _end(length_of(times(item, root, context.zone)), start), model, context)
    bare = named.without("DTEND", "DURATION")
    return [bare.replaced("DTSTART", in_form("DTSTART", start, model, context), ends)]


def _same_moment(item: Component, prop: Property, root: Component, context: ItemContext) -> bool:
    own = starts(item, root, context.zone)
    return instant(own, context.zone) == instant(moment(prop, root, context.zone), context.zone)
