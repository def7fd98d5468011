"""What a school decided about its imports, read from and written to storage in the importers' own values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from importers import school_calendar, school_year, thresholds
from importers.names import fold, squeeze
from importers.school_calendar import Closure
from importers.school_year import SchoolYear
from importers.selection import EVERYTHING, Selection
from importers.thresholds import Check, Threshold
from importers.timetable import Subject
from storage.transaction import Transaction

SELECTION: Final = "selection"
THRESHOLDS: Final = "thresholds"
CLOSURES: Final = "closures"
AUDIENCES: Final = "audiences"
YEAR_PENDING: Final = "year-pending"
YEAR: Final = "school-year"
SUBJECTS: Final = "subjects"
DIRECTORY: Final = "directory"

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


def map_audience(tx: Transaction, name: str, ours: str) -> None:
    """Keep that a class or group of timetable files is one of the directory under another name; "" takes it back."""
    held = tx.import_choices.get(AUDIENCES) or {}
    known = {each: each for each in held} if isinstance(held, list) else dict(held)
    known.pop(name, None)
    tx.import_choices.set(AUDIENCES, {**known, name: ours} if ours else known or None)


def audiences(tx: Transaction) -> dict[str, str]:
    """Return the names of the directory by the names of timetable files, as somebody decided."""
    held = tx.import_choices.get(AUDIENCES) or {}
    return {each: each for each in held} if isinstance(held, list) else dict(held)


def audience_names(tx: Transaction, part: str) -> Callable[[str], str]:
    """Return what tells the directory's name of a class or group ("classes", "groups"), empty when it knows none."""
    told = (tx.import_choices.get(DIRECTORY) or {}).get(part, ())
    folded = {squeeze(name): name for name in told}
    decided = audiences(tx)
    return lambda name: decided.get(name) or folded.get(squeeze(name), "")


def subjects(tx: Transaction) -> dict[str, str]:
    """Return the reference list of subjects: labels by folded code and folded label (R128)."""
    return dict(tx.import_choices.get(SUBJECTS) or {})


def add_subjects(tx: Transaction, found: Iterable[Subject]) -> None:
    """Add subjects to the reference list (R130); those that are in it stay as they are."""
    held = subjects(tx)
    more = {fold(name): each.label or each.code for each in found for name in (each.code, each.label) if fold(name)}
    if more.keys() - held.keys():
        tx.import_choices.set(SUBJECTS, {**more, **held})
