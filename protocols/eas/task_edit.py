"""Write what clients send of tasks into iCalendar: new tasks, and patches of stored ones, which are never rebuilt.

What a client does not say stays as it is, character for character (reference/eas.md sections 8.5 and 16).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from protocols.eas.body import one_line
from protocols.eas.calendar_edit import PRODUCT
from protocols.eas.codepages import AirSyncBase, Tasks
from protocols.eas.errors import ItemRefused, NotRepresentable
from protocols.eas.field_edit import number, with_categories, with_description, with_sensitivity, with_text
from protocols.eas.item import EditContext, ItemContext
from protocols.eas.representation import occurrence
from protocols.eas.task import (
    ORDINAL,
    SUB_ORDINAL,
    TaskTimes,
    finished,
    finished_at,
    importance,
    main_task,
    reminder,
    task_times,
    tasks,
)
from protocols.eas.task_recurrence import with_recurrence
from protocols.eas.task_times import with_dates
from protocols.eas.tasks import placed, task_item
from protocols.eas.times import compact, read_compact
from protocols.eas.timing_edit import in_form
from protocols.eas.vtimezone import tzid, with_zone
from protocols.eas.wbxml import E, Element
from storage.contentlines import Component, Property, parse, serialise
from storage.ical import Instance

_PRIORITIES = {0: "9", 1: "5", 2: "1"}
_CLEARABLE = (
    Tasks.Subject,
    AirSyncBase.Body,
    Tasks.Categories,
    Tasks.StartDate,
    Tasks.DueDate,
    Tasks.ReminderSet,
    Tasks.Recurrence,
)
# TbSync pushes whole items, in which these are never missing: what else is absent its user took away.
_WHOLE = (Tasks.Complete, Tasks.Importance, Tasks.Sensitivity)
_OF_THE_SERIES = ("RRULE", "RDATE", "EXDATE", "EXRULE", "DTSTART", "DUE", "DURATION", "RECURRENCE-ID")
_MAX_ORDER = 255


def new_task(data: Element, context: ItemContext, uid: str, now: datetime) -> bytes:
    """Write the task of a client's Add; raises ItemRefused(6) for an item that cannot be taken."""
    stamp = compact(now)
    properties = (
        Property.of_text("UID", uid),
        *(Property.make(name, stamp) for name in ("DTSTAMP", "CREATED", "LAST-MODIFIED")),
    )
    task = Component("VTODO", properties)
    head = (Property.make("VERSION", "2.0"), Property.make("PRODID", PRODUCT))
    root = Component("VCALENDAR", head, (task,))
    return serialise(_zoned(_swapped(root, task, _edited(task, root, data, context, now)), context))


def patched_task(ical: bytes, data: Element, context: ItemContext, sent: EditContext) -> bytes:
    """Write a client's Change into a stored task; the very same bytes when it changes nothing.

    Raises ItemRefused(6) for an item that cannot be taken, InvalidObject when the stored text is no calendar object.
    """
    root = parse(ical)
    task = main_task(root)
    if task is None:
        raise ItemRefused(6, "no-master")
    whole = _with_cleared(ical, data, context, sent)
    return _stored(ical, root, (task, _edited(task, root, whole, context, sent.now)), context, sent.now)


def patched_task_occurrence(ical: bytes, wanted: str, data: Element, context: ItemContext, sent: EditContext) -> bytes:
    """Write a client's Change of one occurrence, sent to it as an item of its own, as an override of its series.

    Raises ItemRefused(8) when there is no such occurrence any more.
    """
    root = parse(ical)
    found = _found(root, wanted, context)
    plain = replace(data, children=tuple(each for each in data.children if each.tag != Tasks.Recurrence))
    before = found.component
    if before.first("RECURRENCE-ID") is None:
        before = _override(found, root, context)
        root = root.with_components((*root.components, before))
    edited = _edited(before, root, plain, context, sent.now)
    return ical if edited == before else _stored(ical, root, (before, edited), context, sent.now)


def without_task_occurrence(ical: bytes, wanted: str, context: ItemContext, sent: EditContext) -> bytes | None:
    """Write a client's Delete of one occurrence as an EXDATE; None when nothing of the task is left.

    Raises ItemRefused(8) when there is no such occurrence any more.
    """
    root = parse(ical)
    found = _found(root, wanted, context)
    master = main_task(root)
    kept = root.with_components([each for each in root.components if each is not found.component or each is master])
    if master is None or master.first("RECURRENCE-ID") is not None:
        return serialise(kept) if tasks(kept) and master is None else None
    start = found.starts if found.recurrence is None else found.recurrence
    line = in_form("EXDATE", start, master.first("DTSTART") or master.first("DUE"), context)
    after = _dated(master.replaced("EXDATE", *master.all("EXDATE"), line), sent.now)
    return serialise(_swapped(kept, master, after))


def _found(root: Component, wanted: str, context: ItemContext) -> Instance:
    found = occurrence(root, context.zone, wanted)
    if found is None:
        raise ItemRefused(8, "no-such-occurrence")
    return found


def _override(found: Instance, root: Component, context: ItemContext) -> Component:
    master = found.component
    when = placed(found, root, context)
    start = found.starts if found.recurrence is None else found.recurrence
    model = master.first("DTSTART") or master.first("DUE")
    lines = [in_form("RECURRENCE-ID", start, model, context)]
    for name, moment in (("DTSTART", when.starts), ("DUE", when.due)):
        if moment is not None:
            lines.append(in_form(name, moment, model, context))
    bare = master.without(*_OF_THE_SERIES)
    return replace(bare, properties=(*bare.properties, *lines))


def _stored(
    ical: bytes, root: Component, change: tuple[Component, Component], context: ItemContext, now: datetime
) -> bytes:
    before, after = change
    return ical if after == before else serialise(_zoned(_swapped(root, before, _dated(after, now)), context))


def _swapped(root: Component, old: Component, new: Component) -> Component:
    return root.with_components([new if each is old else each for each in root.components])


def _dated(task: Component, now: datetime) -> Component:
    stamp = compact(now.astimezone(UTC))
    for name in ("DTSTAMP", "LAST-MODIFIED"):
        task = task.replaced(name, Property.make(name, stamp))
    return task


def _zoned(root: Component, context: ItemContext) -> Component:
    """Describe the user's zone where an edit wrote it."""
    named = {prop.param("TZID") for task in tasks(root) for prop in task.properties}
    return with_zone(root, context.zone) if tzid(context.zone) in named else root


def _with_cleared(ical: bytes, data: Element, context: ItemContext, sent: EditContext) -> Element:
    """Say by empty elements what a client took away by leaving it out: only of what this device was sent."""
    droppable = frozenset(_CLEARABLE if context.family == "tbsync" and not context.modern else ())
    if not all(data.has(tag) for tag in _WHOLE):
        droppable = frozenset()
    if sent.supported is not None:
        droppable = sent.supported
    absent = [tag for tag in _CLEARABLE if tag in droppable and not data.has(tag)]
    if not absent:
        return data
    try:
        held = {element.tag for element in task_item(ical, context).children}
    except NotRepresentable:
        held = set()
    return replace(data, children=(*data.children, *(E(tag) for tag in absent if tag in held)))


def _edited(task: Component, root: Component, data: Element, context: ItemContext, now: datetime) -> Component:
    before = task_times(task, root, context.zone)
    task = with_text(task, data, Tasks.Subject, "SUMMARY")
    task = with_description(task, data, context)
    task = with_categories(task, data, Tasks.Categories, Tasks.Category)
    task = with_sensitivity(task, data, Tasks.Sensitivity)
    task = _with_importance(task, data)
    task = with_dates(task, root, data, context)
    task = with_recurrence(task, root, data, context)
    task = _with_reminder(task, data, before, context)
    task = _with_order(task, data)
    return _with_completion(task, root, data, context, now)


def _with_importance(task: Component, data: Element) -> Component:
    wanted = number(data, Tasks.Importance, max(_PRIORITIES))
    if wanted is None or wanted == importance(task):
        return task
    return task.replaced("PRIORITY", Property.make("PRIORITY", _PRIORITIES[wanted]))


def _with_completion(task: Component, root: Component, data: Element, context: ItemContext, now: datetime) -> Component:
    wanted = number(data, Tasks.Complete, 1)
    if wanted is None:
        return task
    text = data.value(Tasks.DateCompleted)
    if not wanted:
        return task if not finished(task) else _reopened(task)
    done = read_compact(text) if text else None
    if finished(task) and (done is None or done == finished_at(task, root, context.zone)):
        return task
    bare = task.replaced("STATUS", Property.make("STATUS", "COMPLETED"))
    bare = bare.replaced("PERCENT-COMPLETE", Property.make("PERCENT-COMPLETE", "100"))
    return bare.replaced("COMPLETED", Property.make("COMPLETED", compact(done or now)))


def _reopened(task: Component) -> Component:
    bare = task.without("COMPLETED", "PERCENT-COMPLETE")
    return bare.replaced("STATUS", Property.make("STATUS", "NEEDS-ACTION"))


def _with_reminder(task: Component, data: Element, before: TaskTimes, context: ItemContext) -> Component:
    """Put the reminder a client sets into a task: it names an instant, so a moved task keeps the alarm it had."""
    if not data.has(Tasks.ReminderSet):
        return task
    found = reminder(task, before, context.zone)
    if not number(data, Tasks.ReminderSet, 1):
        return task if found is None else _with_alarm(task, found[0], None)
    text = data.value(Tasks.ReminderTime)
    if not text:
        if found is None:
            raise ItemRefused(6, "reminder-time")
        return task
    wanted = read_compact(text)
    if found is not None and found[1] == wanted:
        return task
    trigger = Property.make("TRIGGER", compact(wanted), {"VALUE": "DATE-TIME"})
    if found is not None:
        return _with_alarm(task, found[0], task.components[found[0]].replaced("TRIGGER", trigger))
    title = Property.of_text("DESCRIPTION", task.text("SUMMARY") or "Reminder")
    alarm = Component("VALARM", (Property.make("ACTION", "DISPLAY"), title, trigger))
    return task.with_components((*task.components, alarm))


def _with_alarm(task: Component, index: int, alarm: Component | None) -> Component:
    kept = () if alarm is None else (alarm,)
    return task.with_components((*task.components[:index], *kept, *task.components[index + 1 :]))


def _with_order(task: Component, data: Element) -> Component:
    """Keep the place in the list a phone gave a task; nothing here depends on it."""
    for tag, name in ((Tasks.OrdinalDate, ORDINAL), (Tasks.SubOrdinalDate, SUB_ORDINAL)):
        text = data.value(tag)
        if text is None or one_line(text) == (task.text(name) or ""):
            continue
        if len(text) > _MAX_ORDER:
            raise ItemRefused(6, tag.name)
        task = task.replaced(name, Property.of_text(name, one_line(text))) if text else task.without(name)
    return task
