"""The text export of Untis, table GPU001: who teaches what to whom, where, on which day and period (reference, 6).

A table without headers, separated by commas, semicolons or tabs: lesson, class, teacher, subject, room, day (1 is
Monday), period. It holds neither times nor dates nor full names: periods and year are told by the school, and a
teacher is whoever bears the short name as family name. The other GPU tables are not read.
"""

from __future__ import annotations

import csv
import io
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from importers.archives import Files
from importers.builder import Builder, Slot, Span, used
from importers.errors import ImportRefused
from importers.people_table import decode
from importers.school_year import open_weeks
from importers.setting import Setting
from importers.timetable import Resource, ResourceKind, Timetable
from importers.xml_tree import plain

SIZE_LIMIT: Final = 20 * 2**20
ROW_LIMIT: Final = 200_000
COLUMNS: Final = 7
TABLE: Final = "gpu001.txt"

_DELIMITERS = (",", ";", "\t")
_SNIFFED = 4096
_TIME = re.compile(r"[1-9][0-9]?")


@dataclass(slots=True)
class _Lesson:
    """What the rows of one lesson at one time name together."""

    subject: str
    held: dict[tuple[ResourceKind, str], None] = field(default_factory=dict)


def recognise(files: Files) -> bool:
    """Say whether the table of the timetable is there: by its name, or a lone file by its columns."""
    return _table(files) is not None


def parse(files: Files, setting: Setting) -> Timetable:
    """Read the table; raises ImportRefused: "too-large", "bad-encoding", "bad-csv" (line), "too-many-rows",
    "no-school-year" and "no-periods" (period) when the school has not told when a period is.

    Rows without day or period are lessons not yet placed: counted ("unplaced").
    """
    data = _table(files) or b""
    year, build = setting.told_year(), Builder()
    periods = {period.number: period for period in year.periods}
    lessons: defaultdict[tuple[str, int, int, str], _Lesson] = defaultdict(lambda: _Lesson(""))
    for line, row in _rows(data):
        if len(row) < COLUMNS:
            raise ImportRefused("bad-csv", line=line)
        number, school_class, teacher, subject, room, *when = map(plain, row[:COLUMNS])
        if not all(_TIME.fullmatch(text) for text in when):
            build.tally.add("unplaced", "course")
            continue
        lesson = lessons[number, int(when[0]), int(when[1]), subject]
        lesson.subject = build.subject(subject) if subject else ""
        lesson.held.update(dict.fromkeys(_named(school_class, teacher, room, build)))
    for (number, day, period, _), lesson in lessons.items():
        if not 1 <= day <= 7:
            build.tally.add("outside-grid", "course")
            continue
        if period not in periods:
            raise ImportRefused("no-periods", period=period)
        mask = open_weeks(year, setting.closed, day)
        resources: tuple[Resource, ...] = tuple(each for kind, key in lesson.held for each in used(kind, (key,), mask))
        slot = Slot(day, periods[period].starts, periods[period].ends)
        build.place(slot, lesson.subject, resources, ident=number)
    return build.timetable(Span(year.starts, year.ends, year.anchor, setting.schools))


def _named(school_class: str, teacher: str, room: str, build: Builder) -> Iterator[tuple[ResourceKind, str]]:
    if school_class:
        yield ResourceKind.CLASS, build.school_class(school_class)
    if teacher:
        yield ResourceKind.TEACHER, build.teacher(teacher, teacher)
    if room:
        yield ResourceKind.ROOM, build.room(room)


def _table(files: Files) -> bytes | None:
    for name, data in files.items():
        if name.lower() == TABLE:
            return data
    if len(files) != 1:
        return None
    (data,) = files.values()
    return data if _looks_like_one(data) else None


def _looks_like_one(data: bytes) -> bool:
    """Say whether the first line has the columns of the table: numbers where lesson, day and period stand."""
    first = data[:_SNIFFED].replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe").partition(b"\n")[0]
    text = first.decode("latin-1")
    cells = next(csv.reader([text.replace("\r", "")], delimiter=_delimiter(text)), [])
    return len(cells) >= COLUMNS and all(cells[at].strip().isdigit() for at in (0, 5, 6)) and not cells[1].isdigit()


def _delimiter(line: str) -> str:
    return max(_DELIMITERS, key=line.count)


def _rows(data: bytes) -> Iterator[tuple[int, list[str]]]:
    if len(data) > SIZE_LIMIT:
        raise ImportRefused("too-large", size=len(data), limit=SIZE_LIMIT)
    text, _ = decode(data)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text.partition("\n")[0]))
    try:
        for number, row in enumerate(reader, 1):
            if number > ROW_LIMIT:
                raise ImportRefused("too-many-rows", limit=ROW_LIMIT)
            if any(cell.strip() for cell in row):
                yield reader.line_num, row
    except csv.Error as error:
        raise ImportRefused("bad-csv", line=reader.line_num) from error
