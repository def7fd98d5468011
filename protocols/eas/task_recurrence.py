"""Turn recurrences of tasks into the Recurrence element and back (MS-ASTASK 2.2.2.27; reference/eas.md section 16).

Two kinds have no RRULE and are kept beside the task in a property of our own, so that other clients see the task
once, which is what they can be told of it: `Regenerate`, where the next task is due so long after this one is done, and
`DeadOccur`, a done task that was split off its series.
"""

from __future__ import annotations

from datetime import date, datetime, tzinfo

from protocols.eas.codepages import Calendar, Tag, Tasks
from protocols.eas.errors import ItemRefused, NotRepresentable
from protocols.eas.item import ItemContext
from protocols.eas.recurrence import Recurring, from_element, from_rule, same, to_element, to_rule
from protocols.eas.series import series_of
from protocols.eas.task import PARKED, day_or_moment, local, task_times, tasks
from protocols.eas.times import read_compact
from protocols.eas.timing_edit import in_form
from protocols.eas.wbxml import E, Element
from storage.contentlines import Component, Property

_SHARED = (
    "Type",
    "Until",
    "Occurrences",
    "Interval",
    "DayOfMonth",
    "DayOfWeek",
    "WeekOfMonth",
    "MonthOfYear",
    "CalendarType",
    "IsLeapMonth",
    "FirstDayOfWeek",
)
_TO_CALENDAR: dict[Tag, Tag] = {getattr(Tasks, name): getattr(Calendar, name) for name in _SHARED}
_TO_TASKS = {calendar: tasks for tasks, calendar in _TO_CALENDAR.items()}
_RULES = ("RRULE", "RDATE", "EXDATE", "EXRULE", PARKED)
_FLAGS = ((Tasks.Regenerate, "REGENERATE"), (Tasks.DeadOccur, "DEAD"))
_START = "%Y%m%dT%H%M%S"


def dashed(wall: datetime) -> str:
    """Write a wall clock or an instant of UTC as tasks have it, `2026-09-01T22:00:00.000Z`."""
    return f"{wall.year:04d}{wall:-%m-%dT%H:%M:%S}.000Z"


def recurrence(task: Component, root: Component, context: ItemContext) -> Element | None:
    """Build the Recurrence of a task; None when it happens once.

    Raises NotRepresentable when its occurrences must be told one by one: this model has no exceptions.
    """
    parked = task.first(PARKED)
    if parked is not None:
        return _parked(task, parked, root, context)
    if task.first("RRULE") is None and task.first("RDATE") is None:
        return None
    if len(tasks(root)) > 1 or task.first("EXDATE") is not None:
        raise NotRepresentable("exceptions")
    series = series_of(_anchored(task), root, context)
    return None if series is None else _element(series, local(series.first, context.zone), context)


def _anchored(task: Component) -> Component:
    """Give a task that recurs from its due date a start there, as clients without DTSTART mean it."""
    due = task.first("DUE")
    if task.first("DTSTART") is not None:
        return task
    if due is None:
        raise NotRepresentable("no-start")
    return task.replaced("DTSTART", Property.make("DTSTART", due.value, dict(due.params)))


def _element(series: Recurring, start: datetime, context: ItemContext, flags: tuple[Element, ...] = ()) -> Element:
    made = to_element(series, context.zone, context.version)
    fields = [E(_TO_TASKS[child.tag], child.content) for child in made.children]
    return E(Tasks.Recurrence, fields[0], E(Tasks.Start, dashed(start)), *fields[1:], *flags)


def _parked(task: Component, parked: Property, root: Component, context: ItemContext) -> Element | None:
    series, start = _read_parked(task, parked, root, context.zone)
    if series is None:
        return None
    flags = tuple(E(tag, 1) for tag, name in _FLAGS if parked.param(name) == "TRUE")
    return _element(series, start, context, flags)


def _read_parked(task: Component, parked: Property, root: Component, zone: tzinfo) -> tuple[Recurring | None, datetime]:
    when = task_times(task, root, zone)
    try:
        start = datetime.strptime(parked.param("START") or "", _START)
    except ValueError:
        start = local(when.starts or when.due or datetime(2000, 1, 1, tzinfo=zone), zone)
    return from_rule(parked.value, day_or_moment(start, zone)), start


def with_recurrence(task: Component, root: Component, data: Element, context: ItemContext) -> Component:
    """Put the Recurrence a client sent into a task, itself when it says nothing new; an empty one ends the series.

    Raises ItemRefused(6) for one without Type or Start and for what MS-ASTASK refuses.
    """
    element = data.find(Tasks.Recurrence)
    if element is None:
        return task
    if not element.children:
        return task.without(*_RULES)
    text = element.value(Tasks.Start)
    if not text or not element.value(Tasks.Type):
        raise ItemRefused(6, "recurrence-start")
    start = read_compact(text).replace(tzinfo=None)
    asked = E(
        Calendar.Recurrence, *(E(_TO_CALENDAR[each.tag], each.content) for each in element.children if _known(each))
    )
    flags = {name: "TRUE" for tag, name in _FLAGS if _flag(element, tag)}
    if flags:
        return _with_parked(task, root, (asked, start, flags), context)
    return _with_rule(task.without(PARKED), root, (asked, start), context)


def _known(element: Element) -> bool:
    return element.tag in _TO_CALENDAR


def _flag(element: Element, tag: Tag) -> bool:
    text = element.value(tag)
    if text not in (None, "", "0", "1"):
        raise ItemRefused(6, tag.name)
    return text == "1"


def _with_parked(
    task: Component, root: Component, said: tuple[Element, datetime, dict[str, str]], context: ItemContext
) -> Component:
    element, start, flags = said
    wanted = from_element(element, day_or_moment(start, context.zone), context.zone)
    former = task.first(PARKED)
    if former is not None and all((former.param(name) == "TRUE") == (name in flags) for _, name in _FLAGS):
        known, began = _read_parked(task, former, root, context.zone)
        if began == start and same(known, wanted):
            return task
    made = Property.make(PARKED, to_rule(wanted), {**flags, "START": f"{start:{_START}}"})
    return task.without(*_RULES).replaced(PARKED, made)


def _with_rule(task: Component, root: Component, said: tuple[Element, datetime], context: ItemContext) -> Component:
    element, start = said
    when = task_times(task, root, context.zone)
    first = when.starts or (when.due if task.first("RRULE") is not None else None)
    based = task
    if first is None or (task.first("RRULE") is None and when.starts is None):
        first = _like(start, when.due, context)
        based = task.replaced("DTSTART", in_form("DTSTART", first, task.first("DUE"), context))
    wanted = from_element(element, first, context.zone)
    rules = task.all("RRULE")
    if len(rules) == 1 and same_rule(rules[0].value, wanted):
        return task
    return based.without("RDATE", "EXRULE").replaced("RRULE", Property.make("RRULE", to_rule(wanted)))


def _like(start: datetime, due: date | datetime | None, context: ItemContext) -> date | datetime:
    """Give a start of the kind its due date is of: whole days, or moments in the same zone (RFC 5545, 3.8.2.3)."""
    if isinstance(due, datetime):
        return start.replace(tzinfo=context.zone).astimezone(due.tzinfo)
    return start.date() if due is not None else day_or_moment(start, context.zone)


def same_rule(text: str, wanted: Recurring) -> bool:
    """Tell whether a stored rule already says what a client wants."""
    return same(from_rule(text, wanted.first), wanted)
