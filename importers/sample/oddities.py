"""The traps of a sample school: oddities real exports contain (pronote-format 5, check-list)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random

from importers.sample import edits
from importers.sample.courses import Registrar, Timetable
from importers.sample.model import MASK_WEEKS, Course, Group, SchoolYear, Stay, Use
from importers.sample.people import Seat
from importers.sample.structure import PARTS, PLACES, Frame

CHANCES = {"cleared_bit": 0.10, "replacement": 0.10, "room_switch": 0.10, "cancelled_week": 0.05}
"""How many courses meet each event, once in the year."""

UNPLACED = 0.12

LUNCH, EVENING = 8, 18
MOVER, DANGLING, DETACHED, NEWCOMER = 5, 7, 9, 10
"""Places in class 1 of the pupils who bear a trap."""

DANGLING_MOST = 14


def mid_year(year: SchoolYear) -> tuple[date, date]:
    """Return the last day of the first half and the first of the second: a Friday and a Monday of January."""
    middle = date(year.begins.year + 1, 1, 15)
    friday = middle + timedelta(days=4 - middle.weekday())
    return friday, friday + timedelta(days=3)


def odd_seats(seats: Sequence[Seat], layout: Frame, year: SchoolYear) -> tuple[tuple[Seat, ...], dict[str, object]]:
    """Return the seats with a pupil who changes class in January and a few parts that no class declares."""
    changed = list(seats)
    changed[MOVER] = _moved(seats[MOVER], layout, year)
    missing = len(PARTS) * len(layout.classes) + 17
    lost = range(DANGLING, DANGLING + 1 + min(DANGLING_MOST - 1, len(seats) // 110) * 3, 3)
    for place in lost:
        parts = (*changed[place].parts, Stay(missing, year.begins, year.ends))
        changed[place] = replace(changed[place], parts=parts)
    traps: dict[str, object] = {
        "class_change": MOVER + 1,
        "dangling_part": tuple(place + 1 for place in lost),
        "dangling_part_ident": missing,
    }
    return tuple(changed), traps


def _moved(seat: Seat, layout: Frame, year: SchoolYear) -> Seat:
    left, entered = mid_year(year)
    old = layout.classes[0]
    new = layout.blocks[1][0] if len(layout.blocks) > 1 else layout.classes[1]
    counterpart = dict(zip(old.parts, new.parts, strict=True))
    classes = (Stay(old.ident, year.begins, left), Stay(new.ident, entered, year.ends))
    before = tuple(replace(stay, left=left) for stay in seat.parts)
    after = tuple(Stay(counterpart[stay.ident], entered, year.ends) for stay in seat.parts)
    return replace(seat, classes=classes, parts=before + after)


def _week(rng: Random, course: Course) -> int:
    taught = course.weeks()
    return rng.choice([week for week in MASK_WEEKS if taught >> week & 1])


def vary(courses: list[Course], timetable: Timetable, rng: Random) -> dict[str, object]:
    """Change courses in place as a year does: weeks dropped, replaced, moved to another room, cancelled.

    One course bears each kind alone; it is recorded as (course, week).
    """
    traps: dict[str, object] = {}
    reserved: set[int] = set()
    plain = [n for n, course in enumerate(courses) if course.teachers and course.rooms and not course.cancelled]
    rng.shuffle(plain)
    for kind in CHANCES:
        for number in plain:
            week = _week(rng, courses[number])
            edited = None if number in reserved else _edited(courses[number], kind, week, timetable)
            if edited is not None:
                courses[number] = edited
                traps[kind] = (number, week)
                reserved.add(number)
                break
    for number in range(len(courses)):
        for kind, chance in CHANCES.items():
            if rng.random() < chance and number not in reserved:
                week = _week(rng, courses[number])
                courses[number] = _edited(courses[number], kind, week, timetable) or courses[number]
    return traps


def _edited(course: Course, kind: str, week: int, timetable: Timetable) -> Course | None:
    where = (course.day, course.place, course.places)
    match kind:
        case "replacement":
            teacher = timetable.lend_teacher(*where)
            return edits.taught_by(course, week, teacher) if teacher else None
        case "room_switch":
            room = timetable.lend_room(*where) if course.rooms else None
            return edits.held_in(course, week, room) if room else None
        case "cancelled_week":
            return edits.cancelled(course, week)
    return edits.cleared(course, week)


@dataclass(frozen=True, slots=True)
class Odd:
    """Builds odd courses outside the hours ordinary lessons take, each with a teacher of its own day."""

    layout: Frame
    registrar: Registrar
    subjects: dict[str, int]
    teachers: int
    year: SchoolYear

    def course(self, day: int, place: int, code: str, rank: int) -> Course:
        """Return a one-hour course on every open week of a weekday, without audience."""
        mask = self.registrar.weeks(day)
        return Course(day, place, 2, (self.subjects[code],), (Use(1 + rank % self.teachers, mask),))

    def of_classes(self, course: Course, *idents: int) -> Course:
        """Return a course followed by whole classes."""
        return replace(course, classes=tuple(Use(ident, self.registrar.weeks(course.day)) for ident in idents))

    def once(self, course: Course, week: int) -> Course:
        """Return a course that takes place in one week only, every mask reduced to its bit."""
        bit = 1 << week
        single = edits.each_resource(course, lambda uses: tuple(Use(use.ident, bit) for use in uses))
        return replace(single, yearly=False)


def welcome(odd: Odd, room_idents: Sequence[int]) -> list[Course]:
    """Return the courses of the first day, one per class with its head teacher, on week 1 only."""
    day = odd.year.begins.isoweekday()
    found = []
    for number, item in enumerate(odd.layout.classes):
        course = odd.of_classes(odd.course(day, 0, "VIE", item.head - 1), item.ident)
        rooms = (Use(room_idents[number % len(room_idents)], 1),) if number < len(room_idents) else ()
        found.append(odd.once(replace(course, places=4, rooms=rooms), 1))
    return found


def odd_courses(odd: Odd, room: int, direct: Group) -> dict[str, tuple[Course, ...]]:
    """Return the courses planted as traps, by trap name."""
    classes = odd.layout.classes
    first, second, third = (item.ident for item in classes[:3])
    half = odd.layout.halves[first][0]

    def masked(day: int, ident: int) -> tuple[Use, ...]:
        return (Use(ident, odd.registrar.weeks(day)),)

    bit_zero = odd.of_classes(odd.course(1, LUNCH, "VIE", 0), second)
    both = replace(odd.of_classes(odd.course(2, LUNCH, "FRANC", 1), first), groups=masked(2, half.ident))
    late = odd.of_classes(odd.course(2, 4, "VIE", 4), first)
    double = odd.of_classes(odd.course(2, EVENING, "DEVFA", 5), third)
    two_subjects = odd.of_classes(odd.course(5, LUNCH, "FRANC", 2), second)
    return {
        "part_only": (replace(odd.course(1, EVENING, "DEVFA", 1), parts=masked(1, classes[0].parts[0])),),
        "class_and_group": (replace(both, rooms=masked(2, room)),),
        "place_overflow": (replace(odd.of_classes(odd.course(4, PLACES - 1, "EPS", 3), second), places=4),),
        "week_53": (odd.once(late, 53),),
        "week_62": (odd.once(odd.course(1, 4, "VIE", 2), 62),),
        "exact_duplicates": (double, replace(double, teachers=masked(2, 1 + 6 % odd.teachers))),
        "detached_pupil_course": (replace(odd.course(5, EVENING, "DEVFA", 3), pupils=masked(5, DETACHED + 1)),),
        "staff_course": (
            replace(odd.course(3, LUNCH, "VIE", 2), staff=masked(3, 1), materials=masked(3, 1), rooms=masked(3, room)),
        ),
        "direct_group_course": (replace(odd.course(4, LUNCH, "FRANC", 4), groups=masked(4, direct.ident)),),
        "two_subjects": (replace(two_subjects, subjects=(odd.subjects["FRANC"], odd.subjects["HIGEO"])),),
        "bit_zero": (edits.each_resource(bit_zero, lambda uses: tuple(Use(u.ident, u.weeks | 1) for u in uses)),),
    }


def unplaced(odd: Odd, count: int, rng: Random) -> list[Course]:
    """Return courses with a subject and nothing else, which therefore never take place."""
    idents = sorted(odd.subjects.values())
    return [Course(rng.randrange(1, 6), 2 * rng.randrange(4), 2, (rng.choice(idents),)) for _ in range(count)]
