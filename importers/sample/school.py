"""The sample school: everything drawn from one seed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random
from types import MappingProxyType

from importers.sample import names, oddities, structure
from importers.sample.courses import Registrar, Timetable, teach, teacher_pools
from importers.sample.model import Course, Group, Named, SampleSchool
from importers.sample.people import populate
from importers.sample.terms import school_year

FEWEST, MOST = 60, 8000
TEACHERS_PER_PUPIL = 107 / 1568
FEWEST_TEACHERS = 8
SCHOOL_NAMES = ("des Trois-Étangs", "Éloi-Vernançon", "du Clos & du Pré", "Œillets-Blancs", "de l'Arche-d'Or")


@dataclass(frozen=True, slots=True)
class Setting:
    """What the courses depend on beside the frame of the school."""

    seed: int
    year: int
    teachers: int


def generate(pupils: int, seed: int, year: int = 2026, uai: str = "0990001X") -> SampleSchool:
    """Return a school of 60 to 8000 pupils for the year that starts in ``year``: same arguments, same school.

    Every trap of pronote-format section 5 that concerns clear XML is in it; ``traps`` says where:
    a course is named by its index, a person, class or group by its ident. 1 568 pupils make 107
    teachers and about 16 500 dated sessions. Raises ValueError for another number of pupils.
    """
    if not FEWEST <= pupils <= MOST:
        raise ValueError(pupils)
    dates = school_year(year)
    teachers = max(FEWEST_TEACHERS, round(pupils * TEACHERS_PER_PUPIL))
    layout = structure.frame(structure.plan_for(pupils), pupils, teachers)
    seats, traps = oddities.odd_seats(structure.seats(layout, pupils, dates), layout, dates)
    step = pupils // len(layout.classes)
    people = populate(_stream(seed, "people"), dates, seats, teachers, step)
    direct = _direct_group(layout, step)
    rooms = structure.rooms(layout)
    courses, more = _courses(layout, direct, [room.ident for room in rooms], Setting(seed, year, teachers))
    traps |= people.traps | more | {"detached_pupil": oddities.DETACHED + 1, "direct_group": direct.ident}
    return SampleSchool(
        uai,
        f"{'Collège' if pupils < structure.LYCEE_FROM else 'Lycée'} {SCHOOL_NAMES[seed % len(SCHOOL_NAMES)]}",
        dates,
        structure.grid(),
        structure.subjects(),
        people.teachers,
        people.staff,
        layout.classes,
        (*layout.groups(), direct),
        rooms,
        (Named(1, "VIDÉOPROJECTEUR"), Named(2, "VALISE TABLETTES & CASQUES")),
        people.pupils,
        people.accounts,
        tuple(courses),
        MappingProxyType(traps),
    )


def _stream(seed: int, purpose: str) -> Random:
    """Return the random numbers of one purpose, so that a change to one does not stir the others."""
    return Random(f"{seed}/{purpose}")


def _direct_group(layout: structure.Frame, step: int) -> Group:
    """Return the group that has pupils of its own beside a class part (2.x only)."""
    ident = 1 + max(group.ident for group in layout.groups())
    newcomers = (oddities.NEWCOMER + 1, oddities.NEWCOMER + step + 1)
    return Group(ident, "UPE2A & ULIS", parts=layout.classes[0].parts[4:5], pupils=newcomers)


def _courses(
    layout: structure.Frame, direct: Group, rooms: Sequence[int], setting: Setting
) -> tuple[list[Course], dict[str, object]]:
    """Return all courses and the traps among them: ordinary ones first, then what is odd."""
    dates = school_year(setting.year)
    rng = _stream(setting.seed, "courses")
    idents = {subject.code: subject.ident for subject in structure.subjects()}
    timetable = Timetable(rng, teacher_pools(layout.plan.codes(), setting.teachers), rooms)
    registrar = Registrar(timetable, dates, idents, rng)
    teach(layout, registrar)
    courses = registrar.courses
    traps = _found(courses, layout) | oddities.vary(courses, timetable, rng)
    odd = oddities.Odd(layout, registrar, idents, setting.teachers, dates)
    planted = {"week_1_only": tuple(oddities.welcome(odd, rooms)), **oddities.odd_courses(odd, rooms[-1], direct)}
    planted["unplaced"] = tuple(oddities.unplaced(odd, round(len(courses) * oddities.UNPLACED), rng))
    for name, added in planted.items():
        traps[name] = tuple(range(len(courses), len(courses) + len(added)))
        courses.extend(added)
    return courses, traps


def _found(courses: Sequence[Course], layout: structure.Frame) -> dict[str, object]:
    """Return where the ordinary timetable already shows A and B weeks, a Monday and a wide group."""
    pairs = {pair[0].ident: pair for pair in layout.halves.values()}
    first = next(n for n, course in enumerate(courses) if course.groups and course.groups[0].ident in pairs)
    wide = layout.whole[0].ident
    return {
        "fortnights": (first, first + 1),
        "monday": next(n for n, course in enumerate(courses) if course.day == 1),
        "group_over_three_classes": wide,
        "side_by_side_classes": next(n for n, course in enumerate(courses) if len(course.classes) == structure.BLOCK),
    }


def regenerate_idpn(school: SampleSchool, seed: int) -> SampleSchool:
    """Return the same school after Pronote gave everybody a new identifier (R77)."""
    rng = _stream(seed, "idpn")
    guardians = sorted({guardian.ident for pupil in school.pupils for guardian in pupil.guardians})
    fresh = {ident: names.idpn(rng) for ident in guardians}
    pupils = tuple(
        replace(
            pupil,
            idpn=names.idpn(rng),
            guardians=tuple(replace(guardian, idpn=fresh[guardian.ident]) for guardian in pupil.guardians),
        )
        for pupil in school.pupils
    )
    teachers = tuple(replace(teacher, idpn=names.idpn(rng)) for teacher in school.teachers)
    return replace(school, pupils=pupils, teachers=teachers)


def for_other_school(school: SampleSchool, uai: str) -> SampleSchool:
    """Return the same school under another UAI, as when the wrong file is handed in."""
    return replace(school, uai=uai)


def truncated(xml: bytes) -> bytes:
    """Return a file cut in the middle of its last section, as after a broken transfer."""
    return xml[: xml.rindex(b"<Cours ") + len(b"<Cours Jou")]
