"""The pair of STS-web files, `sts_emp` and `emp_sts` (reference, 4.4): who and what in one, the hours in the other.

Every school that works with STS can make both. It is the yearly timetable: the weeks are listed as Mondays, nothing
is cancelled and no pupil is named; `EXP_Eleves.xml` of EDT may stand beside them for that.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Final

from lxml import etree

from importers import edt_text
from importers.archives import Files
from importers.builder import Builder, Slot, Span, used
from importers.edt_text import read_day
from importers.errors import ImportRefused
from importers.school_year import SchoolYear, monday, open_weeks
from importers.setting import Setting
from importers.timetable import Person, PersonKind, Resource, ResourceKind, Timetable
from importers.xml_tree import attribute, children, root_name, text, tree

PEOPLE, HOURS = "STS_EDT", "EDT_STS"
NAMES: Final = {PEOPLE: "sts_emp", HOURS: "emp_sts"}

_CLOCK = re.compile(r"(\d{2}):?(\d{2})")
_LISTS: Final = (("DIVISIONS", "DIVISION", ResourceKind.CLASS), ("GROUPES", "GROUPE", ResourceKind.GROUP))
_TEACHERS: Final = ("ENSEIGNANTS", "ENSEIGNANT")


@dataclass(frozen=True, slots=True)
class _When:
    """What lessons of several teachers have to share to be one lesson."""

    kind: ResourceKind
    audience: str
    subject: str
    alternation: str
    slot: Slot


@dataclass(slots=True)
class _Together:
    teachers: dict[str, None] = field(default_factory=dict)
    rooms: dict[str, None] = field(default_factory=dict)


def recognise(files: Files) -> bool:
    """Say whether some of the files is one of the pair."""
    return len(files) <= 3 and any(root_name(data) in NAMES for data in files.values())


def parse(files: Files, setting: Setting) -> Timetable:
    """Read the pair; raises ImportRefused.

    Reasons: "missing-file" (name) when one of the two is not there, "files-differ" when they are of two schools,
    "missing-section", and those of importers.xml_tree. Teachers and weeks that the other file does not know are
    counted, and what is given twice: the first counts, but lessons of a class or group are taken from both.
    """
    roots = {root_name(data): tree(data) for data in files.values() if root_name(data) in NAMES}
    for root, name in NAMES.items():
        if root not in roots:
            raise ImportRefused("missing-file", name=f"{name}_….xml")
    people, hours = roots[PEOPLE], roots[HOURS]
    school = _school(people, hours)
    build = Builder()
    for data in files.values():
        if root_name(data) == edt_text.ROOT:
            edt_text.pupils_of(data, build)
    _people(people, build)
    weeks = _alternations(hours, build)
    year = _year(people, weeks)
    for when, together in _lessons(hours, _subjects(people, build), build).items():
        _place(when, together, (weeks, year, setting), build)
    return build.timetable(Span(year.starts, year.ends, year.anchor, (school,)))


def _school(people: etree._Element, hours: etree._Element) -> str:
    found = [_code(element) for element in (people, hours)]
    if found[0] and found[1] and found[0] != found[1]:
        raise ImportRefused("files-differ", found=tuple(found))
    if not any(found):
        raise ImportRefused("missing-section", name="PARAMETRES/UAJ")
    return found[0] or found[1]


def _code(root: etree._Element) -> str:
    uaj = children(root, "PARAMETRES", "UAJ")
    return (attribute(uaj[0], "CODE") or text(uaj[0])).upper() if uaj else ""


def _year(people: etree._Element, weeks: Mapping[str, frozenset[date]]) -> SchoolYear:
    path = "PARAMETRES", "ANNEE_SCOLAIRE"
    starts, ends = (read_day(text(people, *path, name)) for name in ("DATE_DEBUT", "DATE_FIN"))
    told = sorted(day for days in weeks.values() for day in days)
    if (starts is None or ends is None) and not told:
        raise ImportRefused("missing-section", name="ANNEE_SCOLAIRE")
    try:
        return SchoolYear(starts or told[0], ends or told[-1] + timedelta(days=6))
    except (ValueError, OverflowError, IndexError):
        raise ImportRefused("bad-value", line=0, element="ANNEE_SCOLAIRE", name="DATE_FIN", value=str(ends)) from None


def _subjects(people: etree._Element, build: Builder) -> dict[str, str]:
    """Know the subjects under the codes that EDT calls them by, and return those by their six-figure codes."""
    known = {}
    for element in children(people, "NOMENCLATURES", "MATIERES", "MATIERE"):
        code, short = attribute(element, "CODE"), text(element, "CODE_GESTION")
        labels = (text(element, f"LIBELLE_{kind}") for kind in ("EDITION", "LONG", "COURT"))
        if code in known:
            build.tally.add("duplicate-ident", "subject")
        elif code:
            known[code] = build.subject(code, short or code, next(filter(None, labels), short or code))
    return known


def _people(people: etree._Element, build: Builder) -> None:
    for element in children(people, "DONNEES", "INDIVIDUS", "INDIVIDU"):
        number = attribute(element, "ID")
        family = text(element, "NOM_USAGE") or text(element, "NOM_PATRONYMIQUE")
        if not family:
            build.tally.add("no-ident", "teacher")
            continue
        build.add(
            Person(
                kind=PersonKind.TEACHER,
                ident=_person_key(element) if number else "",
                family=family,
                given=text(element, "PRENOM"),
                birth_date=read_day(text(element, "DATE_NAISSANCE")),
                idsts=number,
            )
        )


def _person_key(element: etree._Element) -> str:
    return f"{attribute(element, 'TYPE').lower()}:{attribute(element, 'ID')}"


def _alternations(hours: etree._Element, build: Builder) -> dict[str, frozenset[date]]:
    """Return the Mondays of each kind of weeks; the list stands below the data or beside them."""
    places = (("DONNEES", "ALTERNANCES", "ALTERNANCE"), ("ALTERNANCES", "ALTERNANCE"))
    found: dict[str, frozenset[date]] = {}
    for element in (each for place in places for each in children(hours, *place)):
        days = (read_day(text(week)) for week in children(element, "SEMAINES", "DATE_DEBUT_SEMAINE"))
        mondays = frozenset(monday(day) for day in days if day is not None)
        if found.setdefault(attribute(element, "CODE"), mondays) != mondays:
            build.tally.add("duplicate-ident", "alternation")
    return found


def _lessons(hours: etree._Element, subjects: Mapping[str, str], build: Builder) -> dict[_When, _Together]:
    """Gather lessons; several teachers of one service at one time teach together."""
    found: defaultdict[_When, _Together] = defaultdict(_Together)
    for kind, key, element in _audiences(hours, build):
        for service in children(element, "SERVICES", "SERVICE"):
            code = attribute(service, "CODE_MATIERE")
            subject = subjects.get(code, "")
            if code and not subject:
                build.tally.add("dangling", "subject")
                subject = build.subject(code)
            for teacher, lesson, slot in _hours(service, build):
                when = _When(kind, key, subject, text(lesson, "CODE_ALTERNANCE"), slot)
                together = found[when]
                if teacher:
                    together.teachers[teacher] = None
                if room := text(lesson, "CODE_SALLE"):
                    together.rooms[build.room(room)] = None
    return found


def _audiences(hours: etree._Element, build: Builder) -> Iterator[tuple[ResourceKind, str, etree._Element]]:
    for plural, singular, kind in _LISTS:
        seen: set[str] = set()
        for element in children(hours, "DONNEES", "STRUCTURE", plural, singular):
            code = attribute(element, "CODE")
            if code and code in seen:
                build.tally.add("duplicate-ident", kind.value)
            seen.add(code)
            if not code:
                build.tally.add("no-ident", kind.value)
            elif kind is ResourceKind.CLASS:
                yield kind, build.school_class(code), element
            else:
                belongs = [each for holder in children(element, "DIVISIONS_APPARTENANCE") for each in holder]
                owners = [name for each in belongs if (name := attribute(each, "CODE"))]
                # A group is some of each class, never said to be all: parts of its name stand for that.
                parts = tuple(build.part(build.school_class(owner), code) for owner in owners)
                yield kind, build.group(code, parts=parts), element


def _hours(service: etree._Element, build: Builder) -> Iterator[tuple[str, etree._Element, Slot]]:
    for teacher in children(service, *_TEACHERS):
        key = _person_key(teacher)
        if key not in build.teachers:
            build.tally.add("dangling", "teacher")
            key = ""
        for lesson in children(teacher, "COURS_RATTACHES", "COURS"):
            starts, length = _clock(text(lesson, "HEURE_DEBUT")), _clock(text(lesson, "DUREE"))
            day = text(lesson, "JOUR")
            if starts is None or length is None or not (day.isascii() and day.isdigit() and len(day) == 1):
                build.tally.add("unplaced", "course")
                continue
            lasting = timedelta(hours=length.hour, minutes=length.minute)
            ends = (datetime.combine(date.min, starts) + lasting).time()
            yield key, lesson, Slot(int(day), starts, ends)


def _clock(written: str) -> time | None:
    match = _CLOCK.fullmatch(written)
    if match is None or int(match[1]) > 23 or int(match[2]) > 59:
        return None
    return time(int(match[1]), int(match[2]))


def _place(
    when: _When,
    together: _Together,
    told: tuple[Mapping[str, frozenset[date]], SchoolYear, Setting],
    build: Builder,
) -> None:
    weeks, year, setting = told
    mondays = weeks.get(when.alternation)
    if mondays is None:
        build.tally.add("dangling", "alternation")
        return
    if not 1 <= when.slot.day <= 7:
        build.tally.add("outside-grid", "course")
        return
    mask = open_weeks(year, setting.closed, when.slot.day, mondays)
    resources: tuple[Resource, ...] = (
        *used(when.kind, (when.audience,), mask),
        *used(ResourceKind.TEACHER, together.teachers, mask),
        *used(ResourceKind.ROOM, together.rooms, mask),
    )
    build.place(when.slot, when.subject, resources)
