"""EDT's own export of courses and pupils, `EXP_COURS.xml` with or without `EXP_Eleves.xml` (reference, section 6).

Not encrypted and for every school that has EDT, but a weekly timetable without dates: the school year, its closures
and its alternate weeks come from the school's setting. A line is one course of one week; teachers, classes and rooms
stand in it as names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import zip_longest
from typing import Final

from lxml import etree

from importers.archives import Files
from importers.builder import Builder, Slot, Span, used
from importers.edt_values import local_name, read_date, read_time
from importers.errors import ImportRefused
from importers.names import fold
from importers.school_year import open_weeks
from importers.setting import Setting
from importers.timetable import Person, PersonKind, Resource, ResourceKind, Stay, Timetable
from importers.xml_tree import attribute, fields, root_name, tree

ROOT: Final = "TABLE"
COURSES, PUPILS = "cours", "eleves"
DAYS: Final = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
EVERY_WEEK: Final = frozenset({"", "H"})

_LENGTH = re.compile(r"(\d{1,2})\s*[hH:]\s*(\d{2})?")
_FRENCH_DATE = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
_PART = re.compile(r"<([^<>]+)>(.*)")
_ANGLED = re.compile(r"<[^<>]*>")


@dataclass(frozen=True, slots=True)
class Audience:
    """What a name in a list of classes means: a class, a group in square brackets, or a part in angle brackets."""

    kind: ResourceKind
    class_name: str
    name: str


def recognise(files: Files) -> bool:
    """Say whether files are these tables of EDT, and nothing else."""
    return 0 < len(files) <= 2 and all(root_name(data) == ROOT for data in files.values())


def parse(files: Files, setting: Setting) -> Timetable:
    """Read a table of courses and, beside it, one of pupils; raises ImportRefused.

    Reasons: "missing-file" (name) without the courses, "no-school-year", "no-alternation" (code), those of
    importers.xml_tree. Courses without day or hour are counted ("unplaced").
    """
    tables = dict(_tables(files))
    if COURSES not in tables:
        raise ImportRefused("missing-file", name="EXP_COURS.xml")
    year, build = setting.told_year(), Builder()
    if PUPILS in tables:
        read_pupils(tables[PUPILS], build)
    for row in _rows(tables[COURSES], "cours"):
        _course(row, setting, build)
    return build.timetable(Span(year.starts, year.ends, year.anchor, setting.schools))


def pupils_of(data: bytes, build: Builder) -> bool:
    """Read a table of pupils that stands beside another format; false when it is no such table."""
    root = tree(data)
    if fold(attribute(root, "nom")) != PUPILS:
        return False
    read_pupils(root, build)
    return True


def _tables(files: Files) -> Iterator[tuple[str, etree._Element]]:
    for data in files.values():
        root = tree(data)
        yield fold(attribute(root, "nom")).partition(" ")[0], root


def _rows(root: etree._Element, name: str) -> Iterator[dict[str, str]]:
    for row in root:
        if fold(local_name(row)).startswith(name):
            yield fields(row)


def read_pupils(root: etree._Element, build: Builder) -> None:
    """Read the pupils of a table with their class, parts and groups, which carry no dates."""
    for number, row in enumerate((fields(row) for row in root if local_name(row)), 1):
        family, given = row.get("nom", ""), row.get("prenom", "")
        if not family:
            build.tally.add("no-ident", "pupil")
            continue
        units = [audience(name) for name in listed(row.get("classe", ""))]
        groups = [name.strip("[]").strip() for name in listed(row.get("groupes", ""))]
        classes = [build.school_class(unit.name) for unit in units if unit.kind is ResourceKind.CLASS]
        parts = [build.part(unit.class_name, unit.name) for unit in units if unit.kind is ResourceKind.PART]
        person = Person(
            kind=PersonKind.PUPIL,
            ident=str(number),
            family=family,
            given=given,
            birth_date=read_day(row.get("date_naiss", "")),
            ine=row.get("n_national", ""),
            classes=tuple(Stay(name, None, None) for name in dict.fromkeys(classes)),
            parts=tuple(Stay(name, None, None) for name in dict.fromkeys(parts)),
        )
        if build.add(person):
            for group in filter(None, groups):
                build.enrol(build.group(group), person.ident)


def _course(row: dict[str, str], setting: Setting, build: Builder) -> None:
    starts, length = read_time(row.get("h.debut", "")), _length(row.get("duree", ""))
    day = fold(row.get("jour", ""))
    if starts is None or length is None or day not in DAYS:
        build.tally.add("unplaced", "course")
        return
    ends = (datetime.combine(date.min, starts) + length).time()
    weekday = DAYS.index(day) + 1
    code = row.get("alternance", "").upper()
    mondays = None if code in EVERY_WEEK else setting.mondays(code)
    mask = open_weeks(setting.told_year(), setting.closed, weekday, mondays)
    subject_code, label = row.get("mat_code", ""), row.get("mat_libelle", "")
    subject = build.subject(subject_code or label, subject_code, label) if subject_code or label else ""
    build.place(Slot(weekday, starts, ends), subject, tuple(_resources(row, mask, build)), ident=row.get("numero", ""))


def _resources(row: dict[str, str], mask: int, build: Builder) -> Iterator[Resource]:
    families, givens = listed(row.get("prof_nom", "")), listed(row.get("prof_prenom", ""))
    for family, given in zip_longest(families, givens[: len(families)], fillvalue=""):
        yield from used(ResourceKind.TEACHER, [build.teacher(f"{family}|{given}", family, given)], mask)
    for name in listed(row.get("classe", "")):
        unit = audience(name)
        match unit.kind:
            case ResourceKind.GROUP:
                key = build.group(unit.name)
            case ResourceKind.PART:
                key = build.part(unit.class_name, unit.name)
            case _:
                key = build.school_class(unit.name)
        yield Resource(unit.kind, key, mask)
    yield from used(ResourceKind.ROOM, [build.room(name) for name in listed(row.get("salle", ""))], mask)


def audience(name: str) -> Audience:
    """Return what one name of a list of classes means.

    >>> audience("<3D> <Dédoublement> 3D GR2")
    Audience(kind=<ResourceKind.PART: 'part'>, class_name='3D', name='3D GR2')
    """
    if name.startswith("[") and name.endswith("]") and name.strip("[] "):
        return Audience(ResourceKind.GROUP, "", name.strip("[] "))
    if part := _PART.fullmatch(name):
        own = _ANGLED.sub("", part[2]).strip()
        return Audience(ResourceKind.PART, part[1].strip(), own or part[2].strip(" <>") or part[1].strip())
    return Audience(ResourceKind.CLASS, "", name)


def listed(text: str) -> list[str]:
    """Return the names of a list separated by commas, blanks around them dropped."""
    return [name for each in text.split(",") if (name := each.strip())]


def read_day(text: str) -> date | None:
    """Read a date as 31/12/2010 or 2010-12-31; None when there is none."""
    match = _FRENCH_DATE.fullmatch(text)
    return read_date(f"{match[3]}-{match[2]:0>2}-{match[1]:0>2}" if match else text)


def _length(text: str) -> timedelta | None:
    match = _LENGTH.fullmatch(text)
    found = timedelta(hours=int(match[1]), minutes=int(match[2] or 0)) if match else timedelta(0)
    return found if timedelta(0) < found < timedelta(days=1) else None
