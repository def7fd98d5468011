"""Guard rails of automatic imports: thirteen measures of a plan against the limits of a school (R230 to R238).

A measure is a part of a whole. The base of a percentage is what the last import left for what is created, changed or
deleted, and what the file holds for what is not recognised (design, section 9.16); a limit is passed when it is
strictly exceeded (9.17). Everything here is pure: it reads a plan, and writes nothing (9.18).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final


class Check(StrEnum):
    """The thirteen checks, in the order of the table in R237."""

    SUBJECTS_CREATED = "subjects-created"
    SERVICES_CREATED = "services-created"
    SERVICES_CHANGED = "services-changed"
    SERVICES_DELETED = "services-deleted"
    SESSIONS = "sessions"
    INCOMPLETE_SERVICES = "incomplete-services"
    CLOSURES_ADDED = "closures-added"
    CLOSURES_DELETED = "closures-deleted"
    TEACHERS = "teachers"
    PUPILS = "pupils"
    CLASSES = "classes"
    GROUPS = "groups"
    CLOSURES_KEPT = "closures-kept"


@dataclass(frozen=True, slots=True)
class Threshold:
    """A limit in percent and whether passing it rejects an automatic import; `active` only matters without percent."""

    limit: int
    blocking: bool
    active: bool = True


DEFAULTS: Final[Mapping[Check, Threshold]] = {
    Check.SUBJECTS_CREATED: Threshold(50, blocking=True),
    Check.SERVICES_CREATED: Threshold(50, blocking=True),
    Check.SERVICES_CHANGED: Threshold(30, blocking=True),
    Check.SERVICES_DELETED: Threshold(50, blocking=True),
    Check.SESSIONS: Threshold(50, blocking=True),
    Check.INCOMPLETE_SERVICES: Threshold(40, blocking=False),
    Check.CLOSURES_ADDED: Threshold(10, blocking=True),
    Check.CLOSURES_DELETED: Threshold(10, blocking=True),
    Check.TEACHERS: Threshold(5, blocking=False),
    Check.PUPILS: Threshold(5, blocking=False),
    Check.CLASSES: Threshold(5, blocking=False),
    Check.GROUPS: Threshold(5, blocking=False),
    Check.CLOSURES_KEPT: Threshold(0, blocking=True),
}
"""The defaults of R237; the last is on or off and has no percentage."""

LIMITS: Final = range(101)
WITHOUT_PERCENT: Final = frozenset({Check.CLOSURES_KEPT})


@dataclass(frozen=True, slots=True)
class Measure:
    """What one check counted: `part` of `whole`."""

    check: Check
    part: int
    whole: int

    @property
    def percent(self) -> float:
        """Return the percentage; of nothing, 0 when nothing was counted and else 100 (design, section 9.16)."""
        if not self.part:
            return 0.0
        return 100.0 * self.part / self.whole if self.whole else 100.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """A measure against its threshold, as stored with the run."""

    check: Check
    part: int
    whole: int
    percent: float
    limit: int
    blocking: bool
    exceeded: bool

    @property
    def stops(self) -> bool:
        """Say whether an automatic import is rejected for it (R231)."""
        return self.exceeded and self.blocking


def judge(measures: Iterable[Measure], own: Mapping[Check, Threshold]) -> tuple[Verdict, ...]:
    """Compare measures with a school's own thresholds, and the defaults where it has none."""
    return tuple(_verdict(measure, own.get(measure.check, DEFAULTS[measure.check])) for measure in measures)


def _verdict(measure: Measure, threshold: Threshold) -> Verdict:
    # Integers, so that 50 % of 3 is not a matter of rounding.
    if measure.check in WITHOUT_PERCENT:
        exceeded = bool(measure.part)
    elif measure.whole:
        exceeded = measure.part * 100 > threshold.limit * measure.whole
    else:
        exceeded = bool(measure.part) and threshold.limit < LIMITS[-1]
    return Verdict(
        measure.check,
        measure.part,
        measure.whole,
        round(measure.percent, 1),
        threshold.limit,
        threshold.blocking,
        exceeded and threshold.active,
    )


def read(stored: Any) -> dict[Check, Threshold]:
    """Return a school's own thresholds from what is stored of them; what is no longer known is left out."""
    known = {check.value for check in Check}
    held = stored if isinstance(stored, Mapping) else {}
    return {
        Check(name): Threshold(int(value["limit"]), bool(value["blocking"]), bool(value.get("active", True)))
        for name, value in held.items()
        if name in known
    }


def stored(own: Mapping[Check, Threshold]) -> dict[str, Any]:
    """Return a school's own thresholds as plain JSON data."""
    return {
        check.value: {"limit": each.limit, "blocking": each.blocking, "active": each.active}
        for check, each in own.items()
    }
