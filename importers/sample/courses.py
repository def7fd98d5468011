"""The ordinary courses of a sample school: a greedy timetable without clashes."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from random import Random

from importers.sample.model import Course, Group, SchoolClass, SchoolYear, Use
from importers.sample.structure import LANGUAGES, PLACES, Frame, Lesson

DAYS = 5
WEDNESDAY = 3
SHORT_STARTS = (0, 2, 4, 6, 10, 12, 14, 16)
LONG_STARTS = (0, 4, 10, 14)
LONG = 4
LUNCH = 8
OPENING_WEEK = 1 << 1

NO_ROOM = 0.09
CO_TEACHING = 0.03


def starts(places: int) -> tuple[tuple[int, int], ...]:
    """Return the (day, place) at which a lesson of that length may start; Wednesday afternoons are free."""
    allowed = LONG_STARTS if places >= LONG else SHORT_STARTS
    return tuple((day, place) for day in range(1, DAYS + 1) for place in allowed if day != WEDNESDAY or place < LUNCH)


def bits(day: int, place: int, places: int) -> int:
    """Return the cells a lesson takes in a week, as a mask of days times places."""
    return ((1 << places) - 1) << ((day - 1) * PLACES + place)


@dataclass(frozen=True, slots=True)
class Slot:
    """Where and with whom a lesson was put: rooms may be fewer than teachers."""

    day: int
    place: int
    teachers: tuple[int, ...]
    rooms: tuple[int, ...]


def teacher_pools(codes: Sequence[str], teachers: int) -> dict[str, tuple[int, ...]]:
    """Share teachers among subjects by demand; with fewer teachers than subjects they teach several."""
    demand = Counter(codes)
    subjects = sorted(demand, key=lambda code: (-demand[code], code))
    pools: dict[str, list[int]] = {code: [] for code in subjects}
    for number in range(max(teachers, len(subjects))):
        if number < len(subjects):
            code = subjects[number]
        else:
            code = max(subjects, key=lambda name: (demand[name] / len(pools[name]), name))
        pools[code].append(1 + number % teachers)
    return {code: tuple(idents) for code, idents in pools.items()}


class Timetable:
    """Places lessons one after the other where classes, a teacher and a room are free."""

    def __init__(self, rng: Random, pools: dict[str, tuple[int, ...]], rooms: Sequence[int]) -> None:
        """Start with an empty week."""
        self._rng = rng
        self._pools = pools
        self._rooms = tuple(rooms)
        self._everyone = sorted({ident for pool in pools.values() for ident in pool})
        self._busy: dict[tuple[str, int], int] = {}
        self._usual: dict[tuple[tuple[int, ...], str], int] = {}
        self._load: Counter[int] = Counter()

    def put(self, codes: Sequence[str], classes: tuple[int, ...], places: int) -> Slot | None:
        """Place simultaneous lessons, one per subject code, for the pupils of some classes.

        A class keeps its teacher of a subject as long as possible. None: the week is full.
        """
        options = list(starts(places))
        self._rng.shuffle(options)
        for faithful in (True, False):
            for day, place in options:
                cells = bits(day, place, places)
                if any(self._busy.get(("class", ident), 0) & cells for ident in classes):
                    continue
                teachers = self._teachers(codes, classes, cells, faithful)
                if teachers is not None:
                    return self._take(Slot(day, place, teachers, self._free_rooms(cells, len(codes))), classes, cells)
        return None

    def lend_teacher(self, day: int, place: int, places: int) -> int | None:
        """Return a teacher free at that time all year, who from then on is not."""
        return self._lend("teacher", self._everyone, bits(day, place, places))

    def lend_room(self, day: int, place: int, places: int) -> int | None:
        """Return a room free at that time all year, which from then on is not."""
        return self._lend("room", self._rooms, bits(day, place, places))

    def _lend(self, kind: str, idents: Sequence[int], cells: int) -> int | None:
        free = [ident for ident in idents if not self._busy.get((kind, ident), 0) & cells]
        if not free:
            return None
        chosen = self._rng.choice(free)
        self._busy[kind, chosen] = self._busy.get((kind, chosen), 0) | cells
        return chosen

    def _teachers(
        self, codes: Sequence[str], classes: tuple[int, ...], cells: int, faithful: bool
    ) -> tuple[int, ...] | None:
        found: list[int] = []
        for code in codes:
            usual = self._usual.get((classes, code))
            pool = (usual,) if faithful and usual else sorted(self._pools[code], key=lambda n: (self._load[n], n))
            free = (n for n in pool if n not in found and not self._busy.get(("teacher", n), 0) & cells)
            teacher = next(free, None)
            if teacher is None:
                return None
            found.append(teacher)
        for code, teacher in zip(codes, found, strict=True):
            self._usual.setdefault((classes, code), teacher)
        return tuple(found)

    def _free_rooms(self, cells: int, count: int) -> tuple[int, ...]:
        if self._rng.random() < NO_ROOM:
            return ()
        shift = self._rng.randrange(len(self._rooms))
        free = (n for n in self._rooms[shift:] + self._rooms[:shift] if not self._busy.get(("room", n), 0) & cells)
        return tuple(room for room, _ in zip(free, range(count), strict=False))

    def _take(self, slot: Slot, classes: tuple[int, ...], cells: int) -> Slot:
        owners = [("class", ident) for ident in classes]
        owners += [("teacher", ident) for ident in slot.teachers] + [("room", ident) for ident in slot.rooms]
        for owner in owners:
            self._busy[owner] = self._busy.get(owner, 0) | cells
        self._load.update(slot.teachers)
        return slot


class Registrar:
    """Turns placed lessons into courses, with the week masks of the school year."""

    def __init__(self, timetable: Timetable, year: SchoolYear, subject_idents: dict[str, int], rng: Random) -> None:
        """Work on one timetable; ``subject_idents`` maps codes to idents."""
        self._timetable = timetable
        self._year = year
        self._subjects = subject_idents
        self._rng = rng
        self.courses: list[Course] = []

    def weeks(self, day: int) -> int:
        """Return the weeks of a weekday's lessons: the opening day is for the welcome alone."""
        opening = OPENING_WEEK if day == self._year.begins.isoweekday() else 0
        return self._year.open_weeks[day - 1] & ~opening

    def alone(self, lesson: Lesson, item: SchoolClass) -> None:
        """Add a lesson of one class, at times given by two teachers together."""
        slot = self._timetable.put((lesson.code,), (item.ident,), lesson.places)
        if slot is None:
            return
        mask = self.weeks(slot.day)
        course = self._course(slot, lesson, (0, mask))
        if self._rng.random() < CO_TEACHING:
            helper = self._timetable.lend_teacher(slot.day, slot.place, lesson.places)
            course = replace(course, teachers=(*course.teachers, Use(helper, mask))) if helper else course
        self.courses.append(with_classes(course, (item.ident,), mask))

    def halves(self, lesson: Lesson, item: SchoolClass, pair: tuple[Group, Group]) -> None:
        """Add a lesson that the two halves of a class take in turn: one in A weeks, one in B weeks."""
        slot = self._timetable.put((lesson.code,), (item.ident,), lesson.places)
        if slot is None:
            return
        for group, fortnight in zip(pair, self._year.fortnights, strict=True):
            mask = self.weeks(slot.day) & fortnight
            self.courses.append(with_groups(self._course(slot, lesson, (0, mask)), (group.ident,), mask))

    def aligned(self, codes: Sequence[str], block: Sequence[SchoolClass], groups: Sequence[Group]) -> None:
        """Add one course per group of a block, all at the same time."""
        slot = self._timetable.put(codes, tuple(item.ident for item in block), 2)
        if slot is None:
            return
        mask = self.weeks(slot.day)
        for number, (code, group) in enumerate(zip(codes, groups, strict=True)):
            course = self._course(slot, Lesson(code, 2), (number, mask))
            self.courses.append(with_groups(course, (group.ident,), mask))

    def joint(self, lesson: Lesson, block: Sequence[SchoolClass], group: Group | None) -> None:
        """Add a lesson of a whole block, listed as a group or as its classes side by side."""
        classes = tuple(item.ident for item in block)
        slot = self._timetable.put((lesson.code,), classes, lesson.places)
        if slot is None:
            return
        mask = self.weeks(slot.day)
        course = self._course(slot, lesson, (0, mask))
        self.courses.append(with_groups(course, (group.ident,), mask) if group else with_classes(course, classes, mask))

    def _course(self, slot: Slot, lesson: Lesson, share: tuple[int, int]) -> Course:
        """Return a course without audience; ``share`` is which teacher and room of the slot, and the mask."""
        number, mask = share
        rooms = tuple(Use(room, mask) for room in slot.rooms[number : number + 1])
        subject = (self._subjects[lesson.code],)
        teachers = (Use(slot.teachers[number], mask),)
        return Course(slot.day, slot.place, lesson.places, subject, teachers, rooms=rooms)


def with_classes(course: Course, idents: Iterable[int], mask: int) -> Course:
    """Return a course followed by whole classes."""
    return replace(course, classes=tuple(Use(ident, mask) for ident in idents))


def with_groups(course: Course, idents: Iterable[int], mask: int) -> Course:
    """Return a course followed by groups."""
    return replace(course, groups=tuple(Use(ident, mask) for ident in idents))


def teach(layout: Frame, registrar: Registrar) -> None:
    """Add every ordinary course of a school, block by block, what binds most classes first."""
    for number, block in enumerate(layout.blocks):
        joint = [lesson for lesson in layout.plan.joint for _ in range(lesson.times)]
        for rank, lesson in enumerate(sorted(joint, key=lambda item: -item.places)):
            registrar.joint(lesson, block, layout.whole[number] if rank % 2 else None)
        for _ in range(layout.plan.languages):
            registrar.aligned(LANGUAGES, block, layout.languages[number])
        for item in block:
            registrar.halves(layout.plan.half, item, layout.halves[item.ident])
            for lesson in sorted(layout.plan.alone, key=lambda item: -item.places):
                for _ in range(lesson.times):
                    registrar.alone(lesson, item)
        registrar.aligned(("LCALA",), block, (layout.latin[number],))
