"""What a school decided about its imports, read from and written to storage in the importers' own values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from importers import school_calendar, school_year, thresholds
from importers.school_calendar import Closure
from importers.school_year import SchoolYear
from importers.selection import EVERYTHING, Selection
from importers.thresholds import Check, Threshold
from storage.transaction import Transaction

SELECTION: Final = "selection"
THRESHOLDS: Final = "thresholds"
CLOSURES: Final = "closures"
AUDIENCES: Final = "audiences"
YEAR_PENDING: Final = "year-pending"
YEAR: Final = "school-year"

_PARTS: Final = ("subjects", "classes", "groups", "courses")


def selection(tx: Transaction) -> Selection:
    """Return what the school leaves out, as its last manual import chose (R212, R213)."""
    held = tx.import_choices.get(SELECTION)
    if held is None:
        return EVERYTHING
    return Selection(**{part: frozenset(held.get(part, ())) for part in _PARTS})


def set_selection(tx: Transaction, chosen: Selection) -> None:
    """Keep what the school leaves out."""
    tx.import_choices.set(SELECTION, {part: sorted(getattr(chosen, part)) for part in _PARTS})


def own_thresholds(tx: Transaction) -> dict[Check, Threshold]:
    """Return the thresholds a school set itself; the others are the defaults (R233, R236)."""
    return thresholds.read(tx.import_choices.get(THRESHOLDS))


def set_thresholds(tx: Transaction, own: Mapping[Check, Threshold]) -> None:
    """Keep a school's own thresholds."""
    tx.import_choices.set(THRESHOLDS, thresholds.stored(own))


def closures(tx: Transaction) -> tuple[Closure, ...]:
    """Return the closures of the school calendar; public holidays only where somebody added them.

    An export tells weeks, not days: it has lessons on the eleventh of November.
    """
    return school_calendar.read(tx.import_choices.get(CLOSURES))


def set_closures(tx: Transaction, closed: Iterable[Closure]) -> None:
    """Keep the closures of the school calendar."""
    tx.import_choices.set(CLOSURES, school_calendar.stored(closed))


def year(tx: Transaction) -> SchoolYear | None:
    """Return the school year as the school told it, for files without dates."""
    return school_year.read(tx.import_choices.get(YEAR))


def set_year(tx: Transaction, told: SchoolYear | None) -> None:
    """Keep the school year; None forgets it."""
    tx.import_choices.set(YEAR, None if told is None else school_year.stored(told))


def known_audiences(tx: Transaction) -> frozenset[str]:
    """Return the names of classes and groups that somebody said are right though nobody of them is recognised."""
    return frozenset(tx.import_choices.get(AUDIENCES) or ())
