"""What an import did or, dry, would do: values that are stored, printed and mailed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from importers.notices import Notice, count_of
from importers.origin import IN_CLEAR, Origin
from importers.proposal import Counts, Current, Desired
from importers.reconcile import Doubt, Reconciliation
from importers.thresholds import Verdict
from importers.timetable import Timetable


@dataclass(frozen=True, slots=True)
class Large:
    """A collection above the size that synchronises well (R19)."""

    name: str
    count: int


@dataclass(frozen=True, slots=True)
class Unmatched:
    """A person of the file without account, and why; `kind` is "pupil", "teacher" or "staff" (R193 to R196)."""

    kind: str
    family: str
    given: str
    birth: str
    reason: str


@dataclass(frozen=True, slots=True)
class Tasks:
    """How many tasks of one kind were carried out, and how many could not be (R177 to R179)."""

    success: int
    error: int


@dataclass(frozen=True, slots=True)
class Report:
    """What an import did or, dry, would do (R121 to R124, R164 to R168, R177 to R179, R193 to R196, R234)."""

    school: str
    dry_run: bool
    digest: str
    format: str
    counts: Counts
    sessions: int
    matched: Mapping[str, int]
    unmatched: tuple[Unmatched, ...]
    notices: tuple[Notice, ...]
    tasks: Mapping[str, Tasks]
    verdicts: tuple[Verdict, ...] = ()
    large: tuple[Large, ...] = ()
    run_id: str = ""
    origin: Origin = IN_CLEAR

    @property
    def alerts(self) -> tuple[Verdict, ...]:
        """Return the checks whose limit is passed."""
        return tuple(verdict for verdict in self.verdicts if verdict.exceeded)

    def data(self) -> dict[str, Any]:
        """Return the report as plain JSON data."""
        return asdict(self)


def matched(timetable: Timetable, found: Reconciliation) -> dict[str, int]:
    """Count the people who were recognised, by kind (R193)."""
    counted: dict[str, int] = {}
    for person in timetable.people():
        if person.ref in found.matched:
            counted[person.kind.value] = counted.get(person.kind.value, 0) + 1
    return counted


def unmatched(found: Reconciliation) -> tuple[Unmatched, ...]:
    """Return the people who were not recognised, by kind and name (R195, R196)."""
    doubts = sorted((*found.unmatched, *found.ambiguous), key=_order)
    return tuple(_unmatched(doubt) for doubt in doubts)


def _order(doubt: Doubt) -> tuple[str, str, str, str]:
    person = doubt.person
    return person.kind.value, person.family, person.given, str(person.birth_date or "")


def _unmatched(doubt: Doubt) -> Unmatched:
    person = doubt.person
    birth = person.birth_date.isoformat() if person.birth_date else ""
    return Unmatched(person.kind.value, person.family, person.given, birth, doubt.reason.value)


def tasks(counts: Counts, groups_created: int, notices: tuple[Notice, ...]) -> dict[str, Tasks]:
    """Return the tasks of an import by kind; in error is what the file asks for and could not be done (R179).

    The hierarchy is who is in which course (R202); a reference to someone who is not in the file is an error of it.
    """
    return {
        "course-creation": Tasks(counts.courses_created, count_of(notices, "no-course")),
        "group-creation": Tasks(groups_created, 0),
        "hierarchy-creation": Tasks(counts.memberships_created, count_of(notices, "dangling")),
        "hierarchy-deletion": Tasks(counts.memberships_deleted, 0),
        "event-creation": Tasks(
            counts.events_created, count_of(notices, "outside-grid") + count_of(notices, "ends-before-start")
        ),
        "event-change": Tasks(counts.events_updated, 0),
        "event-deletion": Tasks(counts.events_deleted, 0),
    }


def groups_created(current: Current, desired: Desired) -> int:
    """Count the groups that have sessions in a file and never had any here."""
    return len(_groups(desired.calendars) - _groups(current.calendars))


def _groups(store_keys: Iterable[str]) -> set[str]:
    return {token for key in store_keys for token in json.loads(key)[1] if token.startswith("group:")}
