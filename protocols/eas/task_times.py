"""Read the start and due dates of a task a client sent into DTSTART and DUE (MS-ASTASK; reference/eas.md section 16).

Each comes as a pair: an instant, and the wall clock of the client's user with a Z that does not mean UTC.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from protocols.eas.codepages import Tag, Tasks
from protocols.eas.errors import ItemRefused
from protocols.eas.item import ItemContext
from protocols.eas.task import TaskTimes, day_or_moment, local, task_times
from protocols.eas.times import MIDNIGHT, instant, read_compact
from protocols.eas.timing_edit import in_form
from protocols.eas.wbxml import Element
from storage.contentlines import Component, Property

_START = (Tasks.StartDate, Tasks.UtcStartDate)
_DUE = (Tasks.DueDate, Tasks.UtcDueDate)
_Moment = date | datetime | None


@dataclass(frozen=True, slots=True)
class _Said:
    """What a client says of one date: `new` tells whether it is another than the stored one."""

    value: _Moment
    new: bool


def with_dates(task: Component, root: Component, data: Element, context: ItemContext) -> Component:
    """Put the dates a client sent into a task; what already says the same stays as written.

    Raises ItemRefused(6) when the task would be due before it starts.
    """
    before = task_times(task, root, context.zone)
    start, due = _said(data, _START, before.starts, context), _said(data, _DUE, before.due, context)
    if not start.new and not due.new:
        return task
    wanted = _alike(TaskTimes(start.value, due.value), context)
    if wanted.starts and wanted.due and instant(wanted.due, context.zone) < instant(wanted.starts, context.zone):
        raise ItemRefused(6, "due-before-start")
    return _written(task, before, wanted, context)


def _said(data: Element, tags: tuple[Tag, Tag], former: _Moment, context: ItemContext) -> _Said:
    wall_text, utc_text = (data.value(tag) for tag in tags)
    if wall_text is None and utc_text is None:
        return _Said(former, new=False)
    if not wall_text and not utc_text:
        return _Said(None, new=former is not None)
    wall = read_compact(wall_text).replace(tzinfo=None) if wall_text else None
    utc = read_compact(utc_text) if utc_text else None
    if former is None:
        return _Said(_read(wall, utc, context), new=True)
    if wall in (None, local(former, context.zone)) and utc in (None, instant(former, context.zone)):
        return _Said(former, new=False)
    return _Said(_read(wall, utc, context), new=True)


def _read(wall: datetime | None, utc: datetime | None, context: ItemContext) -> date | datetime:
    """Read a pair: a day when its wall clock stands at midnight, in the user's zone when the two agree on it."""
    if wall is None:
        assert utc is not None
        return day_or_moment(local(utc, context.zone), context.zone)
    if wall.time() == MIDNIGHT or utc is None or local(utc, context.zone) == wall:
        return day_or_moment(wall, context.zone)
    return utc


def _alike(when: TaskTimes, context: ItemContext) -> TaskTimes:
    """Make two dates of one kind (RFC 5545, 3.8.2.3): beside a moment, a day is its midnight."""
    pair = (when.starts, when.due)
    if not any(isinstance(each, datetime) for each in pair):
        return when
    return TaskTimes(*(_moment(each, context) for each in pair))


def _moment(when: _Moment, context: ItemContext) -> datetime | None:
    if when is None or isinstance(when, datetime):
        return when
    return datetime.combine(when, MIDNIGHT, context.zone)


def _written(task: Component, before: TaskTimes, wanted: TaskTimes, context: ItemContext) -> Component:
    written, known = task, before
    if task.first("DURATION") is not None:
        # A length counts from the start: what it said of the end is now said by itself.
        written, before = task.without("DURATION"), TaskTimes(before.starts, None)
    for name, old, new in (("DTSTART", before.starts, wanted.starts), ("DUE", before.due, wanted.due)):
        if new is None:
            written = written.without(name)
        elif new != old or isinstance(new, datetime) != isinstance(old, datetime):
            written = written.replaced(name, _line(name, new, (task, known), context))
    return written


def _line(name: str, when: date | datetime, stored: tuple[Component, TaskTimes], context: ItemContext) -> Property:
    """Write a moment as its property was written, or else as the other of the two is."""
    task, before = stored
    known = {"DTSTART": before.starts, "DUE": before.due}
    for each in (name, "DTSTART", "DUE"):
        model, former = task.first(each), known[each]
        if isinstance(when, datetime) and isinstance(former, datetime) and model is not None:
            return in_form(name, when.astimezone(former.tzinfo), model, context)
    return in_form(name, when, None, context)
