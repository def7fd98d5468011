"""Write stored tasks as ApplicationData of the Tasks class (MS-ASTASK 2.2; reference/eas.md section 16)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from protocols.eas.body import PLAIN, body, one_line
from protocols.eas.codepages import AirSync, AirSyncBase, Tag, Tasks
from protocols.eas.errors import NotRepresentable
from protocols.eas.event import categories, sensitivity
from protocols.eas.field_edit import MAX_CATEGORIES
from protocols.eas.filters import AHEAD
from protocols.eas.item import ItemContext
from protocols.eas.representation import Instances, Representation, Series, occurrence, suffix
from protocols.eas.task import (
    ORDINAL,
    SUB_ORDINAL,
    TaskTimes,
    finished,
    finished_at,
    importance,
    local,
    main_task,
    reminder,
    task_times,
)
from protocols.eas.task_recurrence import dashed, recurrence
from protocols.eas.times import instant, local_midnight
from protocols.eas.wbxml import E, Element
from storage.contentlines import Component, parse
from storage.errors import InvalidObject
from storage.ical import Instance, expand

# Occurrences told one by one are work to do now: a month behind and three ahead, not the two years of a calendar.
_BEHIND, _BEFORE = timedelta(days=31), timedelta(days=93)


def represent(ical: bytes, context: ItemContext, window: tuple[date, date]) -> Representation:
    """Give the form a task takes on one device: one item, or one for each occurrence near to now.

    Raises NotRepresentable for a finished one where only others are wanted, InvalidObject for what is no task.
    """
    root = parse(ical)
    task = main_task(root)
    if task is None:
        raise NotRepresentable("no-master")
    if context.incomplete_only and finished(task):
        raise NotRepresentable("completed")
    try:
        return Series(_item(task, root, task_times(task, root, context.zone), context))
    except NotRepresentable:
        begin, end = max(window[0], window[1] - AHEAD - _BEHIND), window[1] - AHEAD + _BEFORE
        found = expand(root, local_midnight(begin, context.zone), local_midnight(end, context.zone), context.zone)
        shown = [one for one in found if not (context.incomplete_only and finished(one.component))]
        return Instances(tuple((suffix(one, context.zone), _one(one, root, context)) for one in shown))


def single(ical: bytes, context: ItemContext, wanted: str) -> Element | None:
    """Give the one occurrence a suffix names, as an item; None when the task has no such occurrence."""
    root = parse(ical)
    found = occurrence(root, context.zone, wanted)
    return _one(found, root, context) if found else None


def placed(found: Instance, root: Component, context: ItemContext) -> TaskTimes:
    """Give the times of one occurrence, those that its task has."""
    own = task_times(found.component, root, context.zone)
    starts = None if own.starts is None else found.starts
    due = None if own.due is None else found.ends if own.starts is not None else found.starts
    return TaskTimes(starts, due)


def _one(found: Instance, root: Component, context: ItemContext) -> Element:
    alone = found.component.without("RRULE", "RDATE", "EXDATE", "EXRULE")
    return _item(alone, root, placed(found, root, context), context)


def _item(task: Component, root: Component, when: TaskTimes, context: ItemContext) -> Element:
    description = task.text("DESCRIPTION") or ""
    subject = one_line(task.text("SUMMARY") or "")
    elements: list[Element | None] = [
        E(Tasks.Subject, subject) if subject else None,
        body(description, context.body) if description else None,
        E(Tasks.Importance, importance(task)),
        *_moment(when.starts, (Tasks.UtcStartDate, Tasks.StartDate), context),
        *_moment(when.due, (Tasks.UtcDueDate, Tasks.DueDate), context),
        *_categories(task),
        recurrence(task, root, context),
        *_completion(task, root, context),
        E(Tasks.Sensitivity, sensitivity(task)),
        *_reminder(task, when, context),
        *_order(task),
        E(AirSyncBase.NativeBodyType, PLAIN) if description else None,
    ]
    return E(AirSync.ApplicationData, *(each for each in elements if each is not None))


def _moment(when: date | datetime | None, tags: tuple[Tag, Tag], context: ItemContext) -> list[Element]:
    """Give the pair of a moment: its instant, and the user's wall clock with a Z that does not mean UTC."""
    if when is None:
        return []
    utc, wall = tags
    return [
        E(utc, dashed(instant(when, context.zone).replace(tzinfo=None))),
        E(wall, dashed(local(when, context.zone))),
    ]


def _categories(task: Component) -> list[Element]:
    names = categories(task)[:MAX_CATEGORIES]
    return [E(Tasks.Categories, *(E(Tasks.Category, one_line(name)) for name in names))] if names else []


def _completion(task: Component, root: Component, context: ItemContext) -> list[Element]:
    if not finished(task):
        return [E(Tasks.Complete, 0)]
    done = finished_at(task, root, context.zone) or datetime(2000, 1, 1, tzinfo=UTC)
    return [E(Tasks.Complete, 1), E(Tasks.DateCompleted, dashed(done.replace(tzinfo=None)))]


def _reminder(task: Component, when: TaskTimes, context: ItemContext) -> list[Element]:
    found = reminder(task, when, context.zone)
    if found is None:
        return [E(Tasks.ReminderSet, 0)]
    return [E(Tasks.ReminderSet, 1), E(Tasks.ReminderTime, dashed(found[1].replace(tzinfo=None)))]


def _order(task: Component) -> list[Element]:
    """Give the place in a phone's list that phones themselves noted."""
    day, rest = task.text(ORDINAL), task.text(SUB_ORDINAL)
    if day is None:
        return []
    return [E(Tasks.OrdinalDate, one_line(day)), *([] if rest is None else [E(Tasks.SubOrdinalDate, one_line(rest))])]


def task_item(ical: bytes, context: ItemContext) -> Element:
    """Write a stored task as one item.

    Raises NotRepresentable when it has none, InvalidObject when the text is no task.
    """
    root = parse(ical)
    task = main_task(root)
    if task is None:
        raise InvalidObject("valid-calendar-object-resource", "no VTODO")
    everything = replace(context, incomplete_only=False)
    return _item(task, root, task_times(task, root, context.zone), everything)
