"""aSc Timetables 2012 XML: lessons and the cards that put them on days and periods (reference, section 6).

Days, weeks and terms are masks such as "10000" (the first day), several between commas; there are no dates, so the
school year comes from the school's setting. Weeks of a cycle are its alternations in their order. Pupils are not read:
what the format says of their classes is not known well enough.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from importers.archives import Files
from importers.builder import Builder, Slot, Span, used
from importers.edt_values import read_time
from importers.errors import ImportRefused
from importers.school_year import Period, open_weeks
from importers.setting import Setting
from importers.timetable import Resource, ResourceKind, Timetable
from importers.xml_tree import children, fields, root_name, tree

ROOT: Final = "timetable"
EVERYTHING: Final = "*"

_MARK, _HEAD = b"asc", 4096
_PERIODS_LIMIT = 20
_TABLES: Final = {
    "periods": "period",
    "subjects": "subject",
    "teachers": "teacher",
    "classrooms": "classroom",
    "classes": "class",
    "groups": "group",
    "lessons": "lesson",
    "cards": "card",
}

_Rows = Mapping[str, Mapping[str, Mapping[str, str]]]


@dataclass(frozen=True, slots=True)
class _Tables:
    """Rows by table and id; periods by number; cards in order."""

    rows: _Rows
    periods: Mapping[int, Period]
    cards: tuple[Mapping[str, str], ...]


def recognise(files: Files) -> bool:
    """Say whether a file is an aSc timetable."""
    return len(files) == 1 and all(
        _MARK in data[:_HEAD].replace(b"\0", b"").lower() and root_name(data) == ROOT for data in files.values()
    )


def parse(files: Files, setting: Setting) -> Timetable:
    """Read an aSc timetable; raises ImportRefused.

    Reasons: "missing-section" (periods, lessons, cards), "old-variant" when cards carry no day masks,
    "no-school-year", "no-alternation" and those of importers.xml_tree. A card of some terms only is counted
    ("term-unknown") and left out: nobody says when its term is.
    """
    (data,) = files.values()
    build = Builder()
    tables = _read(data, build)
    year = setting.told_year()
    for card in tables.cards:
        lesson = tables.rows["lessons"].get(card.get("lessonid", ""))
        if lesson is None:
            build.tally.add("dangling", "lesson")
        elif not _whole(card.get("terms", "")):
            build.tally.add("term-unknown", "course")
        else:
            _card(card, lesson, tables, (setting, build))
    return build.timetable(Span(year.starts, year.ends, year.anchor, setting.schools))


def _read(data: bytes, build: Builder) -> _Tables:
    root = tree(data)
    found: dict[str, dict[str, dict[str, str]]] = {}
    for plural, singular in _TABLES.items():
        rows = [fields(row) for row in children(root, plural, singular)]
        key = "period" if plural == "periods" else "id"
        named = [row for row in rows if row.get(key)]
        # Of two that bear one number, what a card means cannot be known: the first is kept, as in every format.
        found[plural] = {row[key]: row for row in reversed(named)}
        for _ in range(len(named) - len(found[plural])):
            build.tally.add("duplicate-ident", singular)
        if plural in ("periods", "lessons", "cards") and not rows:
            raise ImportRefused("missing-section", name=plural)
    cards = tuple(fields(card) for card in children(root, "cards", "card"))
    if not any("days" in card for card in cards):
        raise ImportRefused("old-variant")
    return _Tables(found, dict(_periods(found["periods"].values())), cards)


def _periods(rows: Iterable[Mapping[str, str]]) -> Iterator[tuple[int, Period]]:
    for row in rows:
        number, starts, ends = (
            _number(row["period"]),
            read_time(row.get("starttime", "")),
            read_time(row.get("endtime", "")),
        )
        if number is None or starts is None or ends is None:
            raise ImportRefused("bad-value", line=0, element="period", name="starttime", value=row["period"][:80])
        yield number, Period(number, starts, ends)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 4 else None


def _positions(mask: str) -> set[int]:
    """Return the positions that any of some masks sets, from 0."""
    return {at for each in mask.split(",") for at, bit in enumerate(each.strip()) if bit == "1"}


def _whole(mask: str) -> bool:
    """Say whether a mask leaves nothing out; an empty one does not."""
    return len(_positions(mask)) == _width(mask)


def _width(mask: str) -> int:
    return max((len(each.strip()) for each in mask.split(",")), default=0)


def _card(card: Mapping[str, str], lesson: Mapping[str, str], tables: _Tables, into: tuple[Setting, Builder]) -> None:
    setting, build = into
    number = _number(card.get("period", ""))
    # A period 0, before the first, is one like the others.
    first = None if number is None else tables.periods.get(number)
    last = _last(card, lesson, tables)
    days = sorted(_positions(card.get("days", "")))
    if first is None or last is None or not days:
        build.tally.add("unplaced", "course")
        return
    subject = _subject(lesson.get("subjectid", ""), tables, build)
    for day in days:
        if day > 6:
            build.tally.add("outside-grid", "course")
            continue
        for mask in _weeks(card.get("weeks", ""), day + 1, setting):
            resources = tuple(_resources(card, lesson, tables, (build, mask)))
            build.place(Slot(day + 1, first.starts, last.ends), subject, resources, ident=card.get("lessonid", ""))


def _last(card: Mapping[str, str], lesson: Mapping[str, str], tables: _Tables) -> Period | None:
    number, count = _number(card.get("period", "")), _number(lesson.get("periodspercard", "1").partition(".")[0])
    if number is None or count is None or not 1 <= count <= _PERIODS_LIMIT:
        return None
    return tables.periods.get(number + count - 1)


def _weeks(mask: str, weekday: int, setting: Setting) -> Iterator[int]:
    """Yield the weeks of a card; the n-th week of a cycle is the n-th alternation the school has told."""
    year = setting.told_year()
    if _whole(mask):
        yield open_weeks(year, setting.closed, weekday)
        return
    mondays: set[date] = set()
    for at in _positions(mask):
        if at >= len(year.alternations):
            raise ImportRefused("no-alternation", code=f"{at + 1}/{_width(mask)}")
        mondays |= year.alternations[at].mondays
    yield open_weeks(year, setting.closed, weekday, mondays)


def _subject(ident: str, tables: _Tables, build: Builder) -> str:
    row = tables.rows["subjects"].get(ident)
    if row is None:
        build.tally.add("dangling", "subject")
        return ""
    return build.subject(ident, row.get("short", ""), row.get("name", ""))


def _resources(
    card: Mapping[str, str], lesson: Mapping[str, str], tables: _Tables, into: tuple[Builder, int]
) -> Iterator[Resource]:
    build, mask = into
    for row in _rows("teachers", lesson.get("teacherids", ""), tables, build):
        yield from used(ResourceKind.TEACHER, [build.teacher(row["id"], *_names(row))], mask)
    groups = _rows("groups", lesson.get("groupids", ""), tables, build)
    for row in _rows("classes", lesson.get("classids", ""), tables, build):
        build.school_class(row["id"], row.get("name", "") or row.get("short", ""))
    yield from _audience(groups, lesson, tables, into)
    rooms = card.get("classroomids") or lesson.get("classroomids", "")
    for row in _rows("classrooms", rooms, tables, build):
        yield from used(ResourceKind.ROOM, [build.room(row["id"], row.get("short", "") or row.get("name", ""))], mask)


def _audience(
    groups: list[Mapping[str, str]], lesson: Mapping[str, str], tables: _Tables, into: tuple[Builder, int]
) -> Iterator[Resource]:
    """Yield groups; "entire class" is one too, and means the class."""
    build, mask = into
    if not groups:
        for row in _rows("classes", lesson.get("classids", ""), tables, build):
            yield Resource(ResourceKind.CLASS, row["id"], mask)
    for row in groups:
        owner = tables.rows["classes"].get(row.get("classid", ""))
        if owner is None:
            build.tally.add("dangling", "class")
            continue
        key = build.school_class(owner["id"], owner.get("name", "") or owner.get("short", ""))
        if row.get("entireclass") == "1":
            yield Resource(ResourceKind.CLASS, key, mask)
            continue
        name = row.get("name", "") or row["id"]
        group = build.group(row["id"], f"{owner.get('name', '')} {name}".strip(), (build.part(key, name),))
        yield Resource(ResourceKind.GROUP, group, mask)


def _rows(table: str, idents: str, tables: _Tables, build: Builder) -> list[Mapping[str, str]]:
    found = []
    for ident in filter(None, (each.strip() for each in idents.split(","))):
        row = tables.rows[table].get(ident)
        if row is not None:
            found.append(row)
        elif ident != EVERYTHING:
            build.tally.add("dangling", table.rstrip("s"))
    return found


def _names(row: Mapping[str, str]) -> tuple[str, str]:
    """Return family and given name; of one text, the words in capitals are the family name, or else the last."""
    if row.get("lastname"):
        return row["lastname"], row.get("firstname", "")
    words = (row.get("name", "") or row.get("short", "") or row["id"]).split()
    family = [word for word in words if word.isupper() and len(word.rstrip(".")) > 1] or words[-1:]
    return " ".join(family), " ".join(word for word in words if word not in family)
