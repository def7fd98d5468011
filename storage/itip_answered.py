"""Whether an attendee changed nothing but the own answer: such a change keeps the Schedule-Tag (RFC 6638, 3.2.10)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from typing import Final

from storage import itip
from storage.contentlines import Component
from storage.itip import Scheduled

# What every client writes anew with each change, whatever it changed.
_STAMPS: Final = frozenset({"DTSTAMP", "LAST-MODIFIED", "SEQUENCE", "PRODID"})
# The parameters with which an attendee answers.
_ANSWER: Final = {"PARTSTAT": None, "RSVP": None, "SCHEDULE_STATUS": None, "SCHEDULE_FORCE_SEND": None}


def only_answered(old: Scheduled, new: Scheduled, mine: Collection[str]) -> bool:
    """Tell whether two texts of one meeting differ in nothing but the answer of the holder of some addresses."""
    return old.parts.keys() == new.parts.keys() and all(
        _settled(old.parts[key], mine) == _settled(part, mine) for key, part in new.parts.items()
    )


def _settled(component: Component, mine: Collection[str]) -> tuple[Counter[str], tuple[Component, ...]]:
    """Return the lines of a component without the answer and the stamps; their order means nothing."""
    own = itip.attendee(component, mine)
    lines = Counter(
        itip.with_params(each, **_ANSWER).line if each is own or each.name == "ORGANIZER" else each.line
        for each in component.properties
        if each.name not in _STAMPS
    )
    return lines, component.components
