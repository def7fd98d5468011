"""Read the facts of a stored task that EAS items are made of (RFC 5545, 3.6.2; reference/eas.md section 16)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo

from protocols.eas.times import MIDNIGHT, instant
from storage.contentlines import Component, Property
from storage.errors import InvalidObject
from storage.ical import moment
from storage.ical_values import read_duration

LOW, NORMAL, HIGH = 0, 1, 2
# A rule that no RRULE can say, or that no longer counts, is kept beside the task (see `task_recurrence`).
PARKED = "X-CADRAN-TASK-RECURRENCE"
ORDINAL, SUB_ORDINAL = "X-CADRAN-ORDINAL-DATE", "X-CADRAN-SUB-ORDINAL"
_HIGHEST_OF_HIGH, _MIDDLE = 4, 5
_SPOKEN_ALARMS = frozenset({"DISPLAY", "AUDIO"})


@dataclass(frozen=True, slots=True)
class TaskTimes:
    """When a task begins and is due: dates or aware moments, each None when not said."""

    starts: date | datetime | None
    due: date | datetime | None


def tasks(root: Component) -> tuple[Component, ...]:
    """Give the VTODOs of an object, master and overrides."""
    return root.children("VTODO")


def main_task(root: Component) -> Component | None:
    """Give the VTODO that is no override, or the only one; None for several detached overrides."""
    found = tasks(root)
    master = next((task for task in found if task.first("RECURRENCE-ID") is None), None)
    return master or (found[0] if len(found) == 1 else None)


def task_times(task: Component, root: Component, zone: tzinfo) -> TaskTimes:
    """Read DTSTART, and DUE or what DURATION makes of it; raises InvalidObject for what is no date."""
    start, due = task.first("DTSTART"), task.first("DUE")
    begin = None if start is None else moment(start, root, zone)
    if due is not None:
        return TaskTimes(begin, moment(due, root, zone))
    length = task.first("DURATION")
    if begin is None or length is None:
        return TaskTimes(begin, None)
    try:
        return TaskTimes(begin, read_duration(length.value).after(begin))
    except ValueError:
        return TaskTimes(begin, None)


def local(moment: date | datetime, zone: tzinfo) -> datetime:
    """Give the wall clock (naive) of the user's zone at a moment; a date begins at its midnight."""
    if not isinstance(moment, datetime):
        return datetime.combine(moment, MIDNIGHT)
    return moment.astimezone(zone).replace(tzinfo=None)


def finished(task: Component) -> bool:
    """Tell whether a task is done: STATUS says so, or without it COMPLETED or PERCENT-COMPLETE."""
    status = (task.text("STATUS") or "").upper()
    if status:
        return status == "COMPLETED"
    return task.first("COMPLETED") is not None or (task.text("PERCENT-COMPLETE") or "").strip() == "100"


def finished_at(task: Component, root: Component, zone: tzinfo) -> datetime | None:
    """Give the instant a task was done, or last touched when nobody noted it."""
    for name in ("COMPLETED", "LAST-MODIFIED", "DTSTAMP"):
        prop = task.first(name)
        try:
            if prop is not None:
                return instant(moment(prop, root, zone), zone)
        except InvalidObject:
            continue
    return None


def importance(task: Component) -> int:
    """Give Importance: PRIORITY 1 to 4 is high, 6 to 9 low, 5 and none normal (RFC 5545, 3.8.1.9)."""
    text = (task.text("PRIORITY") or "").strip()
    number = int(text) if text.isascii() and text.isdecimal() and len(text) == 1 else 0
    if number in (0, _MIDDLE):
        return NORMAL
    return HIGH if number <= _HIGHEST_OF_HIGH else LOW


def reminder(task: Component, when: TaskTimes, zone: tzinfo) -> tuple[int, datetime] | None:
    """Find the alarm a phone shows of a task: its index among the components, and its instant."""
    for index, component in enumerate(task.components):
        found = _rings_at(component, when, zone) if component.name == "VALARM" else None
        if found is not None:
            return index, found
    return None


def _rings_at(alarm: Component, when: TaskTimes, zone: tzinfo) -> datetime | None:
    trigger = alarm.first("TRIGGER")
    if trigger is None or (alarm.text("ACTION") or "").upper() not in _SPOKEN_ALARMS:
        return None
    try:
        if not trigger.value.strip().lstrip("+-").upper().startswith("P"):
            absolute = moment(trigger, Component("VCALENDAR"), zone)
            return instant(absolute, zone)
        base = _base(trigger, when)
        if base is None:
            return None
        shifted = read_duration(trigger.value).after(instant(base, zone))
    except (ValueError, OverflowError, InvalidObject):
        return None
    return shifted.astimezone(UTC) if isinstance(shifted, datetime) else None


def _base(trigger: Property, when: TaskTimes) -> date | datetime | None:
    to_end = (trigger.param("RELATED") or "START").upper() == "END"
    return (when.due or when.starts) if to_end else (when.starts or when.due)


def day_or_moment(wall: datetime, zone: tzinfo) -> date | datetime:
    """Read a wall clock of the user's: midnight is a whole day, for most clients know only days of tasks."""
    return wall.date() if wall.time() == MIDNIGHT else wall.replace(tzinfo=zone)
