"""The timetable files that can be read: each format recognises and parses its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from importers import edt
from importers.errors import ImportRefused
from importers.timetable import Timetable


@dataclass(frozen=True, slots=True)
class Format:
    """A format by its short name, as the history shows it."""

    name: str
    recognise: Callable[[bytes], bool]
    parse: Callable[[bytes], Timetable]


@dataclass(frozen=True, slots=True)
class Reading:
    """A file that was read: its format and what it says."""

    format: str
    timetable: Timetable


FORMATS: Final = (Format("edt", edt.recognise, edt.parse),)


def recognised(data: bytes) -> str:
    """Return the name of a file's format, empty when none knows it."""
    return next((each.name for each in FORMATS if each.recognise(data)), "")


def read(data: bytes) -> Reading:
    """Read a file of any known format; raises ImportRefused, with "not-recognised" when none knows it."""
    for each in FORMATS:
        if each.recognise(data):
            return Reading(each.name, each.parse(data))
    raise ImportRefused("not-recognised")
