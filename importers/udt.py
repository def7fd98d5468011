"""UnDeuxTEMPS: an archive of numbered tables, `UDCal_00.xml` and on (reference, section 6).

A lesson is a run of consecutive half-sequences that are alike. `UDCal_12.xml` is the standing timetable,
`UDCal_12_ww.xml` what really happens in ISO week ww, which replaces it there. Dates and closures are in the file.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from typing import Final

from importers.archives import Files
from importers.builder import Builder, Slot, Span, used
from importers.edt_text import read_day
from importers.edt_values import local_name, read_time
from importers.errors import ImportRefused
from importers.school_year import SchoolYear, open_weeks
from importers.setting import Setting
from importers.timetable import Person, PersonKind, Resource, ResourceKind, Stay, Timetable
from importers.xml_tree import fields, tree

Row = Mapping[str, str]

LONGEST_CLOSURE: Final = 120

_TABLE = re.compile(r"udcal_(\d\d)(?:_(\d{1,2}))?\.xml", re.IGNORECASE)
_MASK = re.compile(r"[0-9]{1,20}")
_DIGITS = re.compile(r"(\d{1,2})(\d{2})")
_REQUIRED: Final = {
    "04": "professeurs",
    "05": "matières",
    "07": "demi-séquences",
    "08": "divisions",
    "11": "fiches",
    "12": "lignes",
    "24": "calendrier",
}


@dataclass(slots=True)
class _Tables:
    """The rows of an archive by element name; lines and co-teachers of single weeks apart, by week."""

    rows: defaultdict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))
    weekly: dict[int, defaultdict[str, list[Row]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Hours:
    """Times by day, half-sequence and site; cells of the week (fiches) by code."""

    halves: Mapping[tuple[str, str, str], tuple[time, time]]
    cells: Mapping[str, Row]


def recognise(files: Files) -> bool:
    """Say whether an archive holds such tables."""
    return sum(_TABLE.fullmatch(name) is not None for name in files) >= 2


def parse(files: Files, setting: Setting) -> Timetable:
    """Read an archive; raises ImportRefused.

    Reasons: "missing-file" (name), "missing-section" (the calendar's days), "bad-value", those of importers.xml_tree.
    Cells and half-sequences that nothing declares are counted ("dangling"), lines without class left out.
    """
    tables = _tables(files)
    year, closed = _year(tables, setting)
    build = Builder()
    _things(tables, build)
    _pupils(tables, build, year, closed)
    hours = _Hours(dict(_halves(tables.rows["demi_seq"])), {row.get("code", ""): row for row in tables.rows["fiche"]})
    apart = 0
    for week, rows in tables.weekly.items():
        bit = _bit(week, year)
        apart |= bit
        _lessons(rows, hours, build, _only(bit, year, closed))
    _lessons(tables.rows, hours, build, lambda day: open_weeks(year, closed, day) & ~apart)
    return build.timetable(Span(year.starts, year.ends, year.anchor, setting.schools))


def _only(bit: int, year: SchoolYear, closed: frozenset[date]) -> Callable[[int], int]:
    return lambda day: open_weeks(year, closed, day) & bit


def _tables(files: Files) -> _Tables:
    found, seen = _Tables(), set()
    for name, data in files.items():
        match = _TABLE.fullmatch(name)
        if match is None:
            continue
        seen.add(match[1] if match[2] is None else "")
        rows = found.rows
        if match[2] is not None:
            if match[1] not in ("12", "23"):
                continue
            rows = found.weekly.setdefault(int(match[2]), defaultdict(list))
        for element in tree(data).iter():
            if local_name(element) and (held := fields(element)):
                rows[local_name(element).lower()].append(held)
    for number, name in _REQUIRED.items():
        if number not in seen:
            raise ImportRefused("missing-file", name=f"UDCal_{number}.xml ({name})")
    # A week told by its co-teachers alone is no week told: its lessons are those of the standing timetable.
    found.weekly = {week: rows for week, rows in found.weekly.items() if rows["ligfiche"]}
    return found


def _year(tables: _Tables, setting: Setting) -> tuple[SchoolYear, frozenset[date]]:
    """Return the pupils' year and its closed days, those the school told included."""
    told = {name: value for rows in tables.rows.values() for row in rows for name, value in row.items() if value}
    starts, ends = read_day(told.get("debut_eleve", "")), read_day(told.get("fin_eleve", ""))
    if starts is None or ends is None:
        raise ImportRefused("missing-section", name="debut_eleve")
    closed = {day for row in tables.rows["fermeture"] for day in _days(row)}
    try:
        return SchoolYear(starts, ends), frozenset(closed | setting.closed)
    except ValueError:
        raise ImportRefused("bad-value", line=0, element="annee", name="fin_eleve", value=str(ends)) from None


def _days(row: Row) -> Iterator[date]:
    first, last = read_day(row.get("debut", "")), read_day(row.get("fin", ""))
    if first is not None and last is not None and first.year < 9999:
        for number in range(min((last - first).days + 1, LONGEST_CLOSURE)):
            yield first + timedelta(days=number)


def _bit(week: int, year: SchoolYear) -> int:
    """Return the mask of the school week that is an ISO week of this year, 0 when it is outside."""
    day, bit = year.anchor, 1 << 1
    while day <= year.ends:
        if day.isocalendar().week == week:
            return bit
        day, bit = day + timedelta(days=7), bit << 1
    return 0


def _halves(rows: Iterable[Row]) -> Iterator[tuple[tuple[str, str, str], tuple[time, time]]]:
    for row in rows:
        starts, ends = _clock(row.get("hre_deb", "")), _clock(row.get("hre_fin", ""))
        if starts is None or ends is None:
            raise ImportRefused("bad-value", line=0, element="demi_seq", name="hre_deb", value=row.get("hre_deb", ""))
        yield (row.get("code_jour", ""), row.get("code", "").zfill(2), row.get("code_site", "")), (starts, ends)


def _clock(written: str) -> time | None:
    match = _DIGITS.fullmatch(written)
    return read_time(f"{match[1]}:{match[2]}" if match else written)


def _things(tables: _Tables, build: Builder) -> None:
    for row in tables.rows["mat"]:
        if code := row.get("code", ""):
            build.subject(code, row.get("code_gep1", "") or code, row.get("libelle", ""))
    for row in tables.rows["prof"]:
        person = Person(
            kind=PersonKind.TEACHER,
            ident=row.get("code", ""),
            family=row.get("nom", ""),
            given=row.get("prenom", ""),
            birth_date=read_day(row.get("date_naissance", "")),
        )
        build.add(person)
    for row in tables.rows["salle"]:
        if code := row.get("code", ""):
            build.room(code, row.get("nom", ""))
    for row in tables.rows["div"]:
        if code := row.get("code", ""):
            build.school_class(code)
    for row in tables.rows["gpe"]:
        _group(row.get("code_div", ""), row.get("code", ""), build, row.get("code_sts", ""))
    for row in tables.rows["rgpmt"]:
        owner, code = row.get("code_div", ""), row.get("code", "")
        if code and owner in build.classes:
            # A regrouping of a group, or of a whole class when it names none.
            inside = row.get("code_gpe", "")
            parts, classes = ((build.part(owner, inside),), ()) if inside else ((), (owner,))
            build.group(f"regroupement {code}", row.get("nom", "") or code, parts, classes)


def _group(owner: str, code: str, build: Builder, name: str = "") -> str:
    """Know a group of one class, which stands for a part of it."""
    if not code or owner not in build.classes:
        return ""
    return build.group(f"{owner}/{code}", name or f"{owner} {code}", (build.part(owner, code),))


def _pupils(tables: _Tables, build: Builder, year: SchoolYear, closed: frozenset[date]) -> None:
    """Read pupils with the classes and groups they are in, and when."""
    classes: defaultdict[str, dict[Stay, None]] = defaultdict(dict)
    parts: defaultdict[str, dict[Stay, None]] = defaultdict(dict)
    for row in tables.rows["ele_gpe"]:
        owner, group, pupil = row.get("code_div", ""), row.get("gpe", ""), row.get("ele", "")
        if owner not in build.classes:
            build.tally.add("dangling", "class")
            continue
        for first, last in _stays(row.get("semaines", ""), year, closed):
            classes[pupil][Stay(owner, first, last)] = None
            if group:
                parts[pupil][Stay(build.part(owner, group), first, last)] = None
    for row in tables.rows["eleve"]:
        code = row.get("code", "")
        person = Person(
            kind=PersonKind.PUPIL,
            ident=code,
            family=row.get("nom", ""),
            given=row.get("prenom", ""),
            birth_date=read_day(row.get("naissance", "")),
            classes=tuple(classes.get(code, ())),
            parts=tuple(parts.get(code, ())),
        )
        build.add(person)


def _stays(written: str, year: SchoolYear, closed: frozenset[date]) -> Iterator[tuple[date | None, date | None]]:
    """Yield the days of a membership from its mask, bit 0 being ISO week 1 (unlike EDT's); none means all year.

    A week of holidays is one of the stay it interrupts; what reaches an end of the year is open on that side.
    """
    if not _MASK.fullmatch(written) or not int(written):
        yield None, None
        return
    mask, held, since = int(written), False, year.anchor
    day = year.anchor
    while day <= year.ends:
        here = held if _holidays(day, closed) else bool(mask >> (day.isocalendar().week - 1) & 1)
        if here and not held:
            since = day
        elif held and not here:
            yield (None if since == year.anchor else since), day - timedelta(days=1)
        held, day = here, day + timedelta(days=7)
    if held:
        yield (None if since == year.anchor else since), None


def _holidays(monday: date, closed: frozenset[date]) -> bool:
    return all(monday + timedelta(days=number) in closed for number in range(5))


def _lessons(rows: Mapping[str, list[Row]], hours: _Hours, build: Builder, weeks: Callable[[int], int]) -> None:
    """Merge the half-sequences of each lesson and place what comes out."""
    runs: defaultdict[tuple[str, ...], list[tuple[Slot, Row]]] = defaultdict(list)
    for line in rows.get("ligfiche", ()):
        cell = hours.cells.get(line.get("fic", ""), {})
        day = cell.get("jour", "")
        times = hours.halves.get((day, cell.get("demi_seq", "").zfill(2), cell.get("site", "")))
        if times is None or not (day.isascii() and day.isdigit() and 1 <= int(day[:3]) <= 7):
            build.tally.add("dangling", "cell")
        elif line.get("div"):
            alike = tuple(line.get(name, "") for name in ("div", "mat", "prof", "salle", "gpe", "rgpmt"))
            runs[(day, *alike)].append((Slot(int(day), *times), line))
    helpers: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for row in rows.get("coens", ()):
        helpers[row.get("lignefic", "")][row.get("prof", "")] = None
    for found in runs.values():
        for slot, line in _merged(found):
            teachers = dict.fromkeys((line.get("prof", ""), *helpers.get(line.get("code", ""), {})))
            resources = tuple(_resources(line, teachers, weeks(slot.day), build))
            build.place(slot, _known(line.get("mat", ""), build.subjects, build, "subject"), resources)


def _merged(found: list[tuple[Slot, Row]]) -> Iterator[tuple[Slot, Row]]:
    """Yield one slot for each run of half-sequences of which one begins when the last ends."""
    ordered = sorted(found, key=lambda each: (each[0].starts, each[0].ends))
    held, line = ordered[0]
    for slot, following in ordered[1:]:
        if slot.starts == held.ends:
            held = Slot(held.day, held.starts, slot.ends)
        elif slot.starts != held.starts:
            yield held, line
            held, line = slot, following
    yield held, line


def _known(key: str, table: Mapping[str, object], build: Builder, about: str) -> str:
    if key and key not in table:
        build.tally.add("dangling", about)
        return ""
    return key


def _resources(line: Row, teachers: Iterable[str], mask: int, build: Builder) -> Iterator[Resource]:
    known = [key for name in teachers if (key := _known(name, build.teachers, build, "teacher"))]
    yield from used(ResourceKind.TEACHER, known, mask)
    if room := line.get("salle", ""):
        yield from used(ResourceKind.ROOM, [build.room(room)], mask)
    owner, regrouping = line["div"], f"regroupement {line.get('rgpmt', '')}"
    if regrouping in build.groups:
        yield Resource(ResourceKind.GROUP, regrouping, mask)
    elif group := _group(owner, line.get("gpe", ""), build):
        yield Resource(ResourceKind.GROUP, group, mask)
    elif _known(owner, build.classes, build, "class"):
        yield Resource(ResourceKind.CLASS, owner, mask)
