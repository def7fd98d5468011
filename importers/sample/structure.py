"""The frame of a sample school: subjects, weekly plan, time grid, classes with their parts, groups, rooms."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from importers.sample.model import Group, Named, Place, SchoolClass, SchoolYear, Stay, Subject
from importers.sample.people import Seat

PLACE_MINUTES = 30
PLACES = 20
BREAKS = {4: 15, 14: 15}
"""Minutes of recess before a place: printed times then have gaps that the place length does not tell."""

LYCEE_FROM = 600
PARTS = ("half1", "half2", "ESP2", "ALL2", "ITA2", "LCALA")
LANGUAGES = ("ESP2", "ALL2", "ITA2")
BLOCK = 3
"""Classes taught together: groups and joint lessons span the classes of one block."""

SUBJECTS = (
    ("FRANC", "FRANCAIS"),
    ("MATHS", "MATHEMATIQUES"),
    ("HIGEO", "HISTOIRE-GEOGRAPHIE"),
    ("AGL1", "ANGLAIS LV1"),
    ("SVT", "SCIENCES VIE & TERRE"),
    ("PH-CH", "PHYSIQUE-CHIMIE"),
    ("TECHN", "TECHNOLOGIE"),
    ("EPS", "ED.PHYSIQUE & SPORT."),
    ("A-PLA", "ARTS PLASTIQUES"),
    ("EDMUS", "EDUCATION MUSICALE"),
    ("ESP2", "ESPAGNOL LV2"),
    ("ALL2", "ALLEMAND LV2"),
    ("ITA2", "ITALIEN LV2"),
    ("LCALA", "LCA LATIN"),
    ("PHILO", "PHILOSOPHIE"),
    ("SES", "SC. ECONO. & SOCIALES"),
    ("EMC", "ENS. MORAL ET CIVIQUE"),
    ("NSI", "NUMERIQUE & SC. INFORM."),
    ("VIE", "VIE DE CLASSE"),
    ("NOTE DE VIE SCOL", "NOTE DE VIE SCOLAIRE"),
    ("DEVFA", "DEVOIRS FAITS « ÉTUDE »"),
)


@dataclass(frozen=True, slots=True)
class Lesson:
    """A weekly lesson of the plan: subject code, length in places, how many a week."""

    code: str
    places: int
    times: int = 1


@dataclass(frozen=True, slots=True)
class Plan:
    """What one block of classes is taught: to each class, to half classes in turn, and to the block.

    The lycée plan is dense in joint lessons so that 1 568 pupils make about 16 500 dated sessions
    (the school of the benchmark) while each of them still has about 600.
    """

    levels: tuple[tuple[str, int], ...]
    class_size: int
    alone: tuple[Lesson, ...]
    half: Lesson
    languages: int
    joint: tuple[Lesson, ...]

    def codes(self) -> tuple[str, ...]:
        """Return the code of every lesson, once per weekly hour taught, as a measure of demand."""
        each = [lesson.code for lesson in (*self.alone, self.half) for _ in range(lesson.times * BLOCK)]
        shared = [lesson.code for lesson in self.joint for _ in range(lesson.times)]
        return (*each, *shared, *(code for code in LANGUAGES for _ in range(self.languages)), "LCALA")


COLLEGE = Plan(
    (("6", 11), ("5", 12), ("4", 13), ("3", 14)),
    27,
    (
        Lesson("FRANC", 2, 4),
        Lesson("MATHS", 2, 4),
        Lesson("HIGEO", 2, 3),
        Lesson("AGL1", 2, 3),
        Lesson("SVT", 2),
        Lesson("PH-CH", 2),
    ),
    Lesson("TECHN", 2),
    2,
    (Lesson("EPS", 4), Lesson("EDMUS", 2)),
)
LYCEE = Plan(
    (("2NDE ", 15), ("1ERE ", 16), ("TLE ", 17)),
    35,
    (Lesson("FRANC", 4), Lesson("MATHS", 4), Lesson("AGL1", 4), Lesson("PH-CH", 4)),
    Lesson("SVT", 4),
    1,
    (
        Lesson("EPS", 4),
        Lesson("NSI", 4),
        Lesson("PHILO", 2, 2),
        Lesson("HIGEO", 2, 2),
        Lesson("SES", 2, 2),
        Lesson("EMC", 2),
        Lesson("FRANC", 2),
        Lesson("MATHS", 2),
        Lesson("AGL1", 2),
    ),
)


def plan_for(pupils: int) -> Plan:
    """Return the plan of a school of that size: a collège below 600 pupils, a lycée from there on."""
    return COLLEGE if pupils < LYCEE_FROM else LYCEE


def grid() -> tuple[Place, ...]:
    """Return the twenty places of a day, from 08:05, with a recess in the morning and in the afternoon."""
    places = []
    clock = datetime.combine(datetime.min, time(8, 5))
    for number in range(PLACES):
        clock += timedelta(minutes=BREAKS.get(number, 0))
        ends = clock + timedelta(minutes=PLACE_MINUTES)
        places.append(Place(number, clock.time(), ends.time()))
        clock = ends
    return tuple(places)


def subjects() -> tuple[Subject, ...]:
    """Return every subject; idents are not the places in the list."""
    return tuple(Subject(100 + 3 * number, code, label) for number, (code, label) in enumerate(SUBJECTS))


@dataclass(frozen=True, slots=True)
class Frame:
    """Classes by blocks of up to three, with every group made of them."""

    plan: Plan
    classes: tuple[SchoolClass, ...]
    blocks: tuple[tuple[SchoolClass, ...], ...]
    halves: dict[int, tuple[Group, Group]]
    languages: tuple[tuple[Group, ...], ...]
    latin: tuple[Group, ...]
    whole: tuple[Group, ...]

    def groups(self) -> tuple[Group, ...]:
        """Return all groups by ident."""
        pairs = (group for pair in self.halves.values() for group in pair)
        spoken = (group for block in self.languages for group in block)
        return tuple(sorted((*pairs, *spoken, *self.latin, *self.whole), key=lambda group: group.ident))


def _blocks(plan: Plan, count: int, teachers: int) -> tuple[tuple[SchoolClass, ...], ...]:
    """Return classes named by level, three of one level per block; part idents have a space of their own."""
    numbers = dict.fromkeys((name for name, _ in plan.levels), 0)
    blocks = []
    for start in range(0, count, BLOCK):
        level = plan.levels[start // BLOCK % len(plan.levels)][0]
        block = []
        for ident in range(start + 1, min(start + BLOCK, count) + 1):
            numbers[level] += 1
            label = chr(64 + numbers[level]) if len(level) == 1 and numbers[level] <= 26 else str(numbers[level])
            parts = tuple(len(PARTS) * (ident - 1) + n for n in range(1, len(PARTS) + 1))
            block.append(SchoolClass(ident, f"{level}{label}", parts, 1 + (ident - 1) % teachers))
        blocks.append(tuple(block))
    return tuple(blocks)


def _block_name(block: Sequence[SchoolClass]) -> str:
    """Return one name for a block, such as ``6ABC`` or ``2NDE 1/2/3``."""
    first = block[0].name
    level, separator = (first.rsplit(" ", 1)[0] + " ", "/") if " " in first else (first[0], "")
    return level + separator.join(item.name[len(level) :] for item in block)


def frame(plan: Plan, pupils: int, teachers: int) -> Frame:
    """Return the classes and groups of a school; the first block always has three classes.

    Every other block's whole group is made of its classes, the next one of all its half-class parts.
    """
    blocks = _blocks(plan, max(BLOCK, round(pupils / plan.class_size)), teachers)
    halves: dict[int, tuple[Group, Group]] = {}
    languages, latin, whole = [], [], []
    ident = 1
    for number, block in enumerate(blocks):
        name = _block_name(block)
        for item in block:
            halves[item.ident] = (
                Group(ident, f"{item.name}GR.1", parts=item.parts[:1]),
                Group(ident + 1, f"{item.name}GR.2", parts=item.parts[1:2]),
            )
            ident += 2
        spoken = (Group(ident + n, f"{name} {code}", parts=_parts(block, 2 + n)) for n, code in enumerate(LANGUAGES))
        languages.append(tuple(spoken))
        latin.append(Group(ident + 3, f"{name} LATIN", parts=_parts(block, 5)))
        if number % 2:
            whole.append(Group(ident + 4, f"{name} TRAVGR.", parts=_parts(block, 0) + _parts(block, 1)))
        else:
            whole.append(Group(ident + 4, f"{name} TRAVGR.", classes=tuple(item.ident for item in block)))
        ident += 5
    classes = tuple(item for block in blocks for item in block)
    return Frame(plan, classes, blocks, halves, tuple(languages), tuple(latin), tuple(whole))


def _parts(block: Sequence[SchoolClass], which: int) -> tuple[int, ...]:
    return tuple(item.parts[which] for item in block)


def seats(layout: Frame, pupils: int, year: SchoolYear) -> tuple[Seat, ...]:
    """Return a seat per pupil, class by class: a half, a language, one in four in Latin."""
    count = len(layout.classes)
    ages = dict(layout.plan.levels)
    found = []
    for number, item in enumerate(layout.classes):
        level = next(name for name in ages if item.name.startswith(name))
        size = pupils // count + (number < pupils % count)
        for rank in range(size):
            which = (rank % 2, 2 + (0 if rank % 5 < 3 else rank % 5 - 2), *((5,) if rank % 4 == 1 else ()))
            parts = tuple(Stay(item.parts[part], year.begins, year.ends) for part in which)
            found.append(Seat(item.name, ages[level], (Stay(item.ident, year.begins, year.ends),), parts))
    return tuple(found)


def rooms(layout: Frame) -> tuple[Named, ...]:
    """Return enough rooms for the classes; idents are large numbers, as seen in real files."""
    count = max(12, round(len(layout.classes) * 0.9))
    named = [f"{'ABCD'[number % 4]}{100 + number // 4}" for number in range(count)]
    special = ("AMPHI", "GYMNASE & STADE", "SALLE D'ARTS", "CDI")
    return tuple(Named(15_500 + 3 * number, name) for number, name in enumerate((*named, *special)))
