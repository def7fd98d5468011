"""The two classes of items that folders hold: what reads and writes each of them (MS-ASCAL, MS-ASTASK)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from protocols.eas import calendar_edit, representation, task_edit, tasks
from protocols.eas.item import EditContext, ItemContext
from protocols.eas.representation import Representation
from protocols.eas.wbxml import Element


@dataclass(frozen=True, slots=True)
class ItemClass:
    """One class: its name on the wire, the component it stores, and the functions that convert it.

    The functions promise what those of `representation` and `calendar_edit` do.
    """

    name: str
    component: str
    represent: Callable[[bytes, ItemContext, tuple[date, date]], Representation]
    single: Callable[[bytes, ItemContext, str], Element | None]
    create: Callable[[Element, ItemContext, str, datetime], bytes]
    patch: Callable[[bytes, Element, ItemContext, EditContext], bytes]
    patch_occurrence: Callable[[bytes, str, Element, ItemContext, EditContext], bytes]
    drop_occurrence: Callable[[bytes, str, ItemContext, EditContext], bytes | None]


CALENDAR: Final = ItemClass(
    name="Calendar",
    component="VEVENT",
    represent=representation.representation,
    single=representation.single,
    create=calendar_edit.new_event,
    patch=calendar_edit.patched,
    patch_occurrence=calendar_edit.patched_occurrence,
    drop_occurrence=calendar_edit.without_one,
)
TASKS: Final = ItemClass(
    name="Tasks",
    component="VTODO",
    represent=tasks.represent,
    single=tasks.single,
    create=task_edit.new_task,
    patch=task_edit.patched_task,
    patch_occurrence=task_edit.patched_task_occurrence,
    drop_occurrence=task_edit.without_task_occurrence,
)
