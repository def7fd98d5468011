"""The sample files of every timetable format, and a timetable written down as the lines people would compare."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, time

from importers.notices import Notice
from importers.school_year import Alternation, Period, SchoolYear
from importers.sessions import Settings, Status, expand
from importers.setting import Setting
from importers.timetable import Stay, Timetable
from tests.importers.make import PARIS, SAMPLES, SCHOOL

YEAR = SchoolYear(
    date(2026, 9, 1),
    date(2026, 9, 25),
    (
        Alternation("Q1", frozenset({date(2026, 8, 31), date(2026, 9, 14)})),
        Alternation("Q2", frozenset({date(2026, 9, 7), date(2026, 9, 21)})),
    ),
    (Period(1, time(8), time(8, 55)), Period(2, time(9), time(9, 55))),
)
SETTING = Setting(SCHOOL, PARIS, year=YEAR, closed=frozenset({date(2026, 9, 21)}))

# Format -> the files handed over together.
SAMPLES_OF = {
    "edt": ("college.xml",),
    "edt-text": ("EXP_COURS.xml", "EXP_Eleves.xml"),
    "sts": ("sts_emp_0990042K_2026.xml", "emp_sts_0990042K_2026.xml"),
    "ical": ("pronote.ics", "hyperplanning-td2.ics", "hyperplanning-sorensen.ics"),
    "udt": tuple(sorted(f"udt/{path.name}" for path in (SAMPLES / "udt").iterdir())),
    "asc": ("asc.xml",),
    "untis": ("GPU001.TXT",),
}


def files_of(name: str) -> dict[str, bytes]:
    """Return the sample files of a format by name."""
    return {path.rpartition("/")[2]: (SAMPLES / path).read_bytes() for path in SAMPLES_OF[name]}


def written(timetable: Timetable) -> str:
    """Write down what a timetable says: its sessions, pupils and oddities."""
    return "\n".join((*_sessions(timetable), *_pupils(timetable), *map(_notice, timetable.notices), ""))


def _sessions(timetable: Timetable) -> Iterator[str]:
    wishes = Settings(SCHOOL, PARIS, include_class_parts=True, show_cancelled=True)
    for session in expand(timetable, wishes).sessions:
        lesson = session.lesson
        when = f"{session.starts:%a %Y-%m-%d %H:%M}-{session.ends:%H:%M}"
        audience = " ".join(lesson.tokens)
        adults = ", ".join(person.name for person in lesson.teachers)
        mark = " CANCELLED" if lesson.status is Status.CANCELLED else ""
        yield f"{when} | {lesson.subject.label} | {audience} | {adults} | {', '.join(lesson.rooms)}{mark}".rstrip()


def _pupils(timetable: Timetable) -> Iterator[str]:
    for pupil in timetable.pupils:
        classes, parts = (", ".join(map(_stay, stays)) for stays in (pupil.classes, pupil.parts))
        groups = ", ".join(group.name for group in timetable.groups if pupil.ident in group.pupils)
        yield f"pupil {pupil.name} {pupil.birth_date or '-'} | {classes} | {parts} | {groups}".rstrip(" |")


def _stay(stay: Stay) -> str:
    dates = f" {stay.first or ''}..{stay.last or ''}" if stay.first or stay.last else ""
    return f"{stay.ident}{dates}"


def _notice(notice: Notice) -> str:
    return f"notice {notice.code} {notice.about} {notice.count}"
