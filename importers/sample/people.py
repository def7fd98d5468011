"""The people of a sample school: pupils with their guardians, teachers, staff, and their accounts."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random

from importers.sample import names
from importers.sample.model import Account, Guardian, Pupil, Role, SchoolYear, Stay, Teacher

SIBLINGS = 0.15
MARRIED = 0.06
MISSING = 0.02
KEPT = 12
"""The first pupils bear traps: they always have an account."""

DOMAIN = "ecole.example"

HOMONYM = ("L'Hermitière-Brançon", "Anaëlle")


@dataclass(frozen=True, slots=True)
class Identity:
    """A person as the directory knows them, before either file spells the name."""

    family: str
    birth_name: str
    given: str
    birth: date
    female: bool


@dataclass(frozen=True, slots=True)
class Seat:
    """Where a pupil sits: class name, school level (age on 31 December of the year of entry), stays."""

    school_class: str
    age: int
    classes: tuple[Stay, ...]
    parts: tuple[Stay, ...]


@dataclass(frozen=True, slots=True)
class People:
    """Everybody of a school, the accounts in file order, and the traps planted among them."""

    pupils: tuple[Pupil, ...]
    teachers: tuple[Teacher, ...]
    staff: tuple[Teacher, ...]
    accounts: tuple[Account, ...]
    traps: dict[str, object]


def _birth(rng: Random, year: int) -> date:
    return date(year, 1, 1) + timedelta(days=rng.randrange(365))


def _adult(rng: Random, pool: names.NamePool, year: int) -> Identity:
    female = rng.random() < 0.6
    family, given = pool.person(female)
    birth_name = pool.family() if female and rng.random() < 4 * MARRIED else family
    return Identity(family, birth_name, given, _birth(rng, year - rng.randrange(25, 64)), female)


def _children(rng: Random, pool: names.NamePool, seats: Sequence[Seat], year: int) -> list[tuple[Identity, int]]:
    """Return each pupil with the number of their household, which siblings share."""
    children: list[tuple[Identity, int]] = []
    for number, seat in enumerate(seats):
        female = rng.random() < 0.5
        household, name = number, None
        if children and (number == 1 or rng.random() < SIBLINGS):
            elder, household = rng.choice(children)
            name = elder.family
        family, given = pool.person(female, name)
        birth_name = pool.family() if rng.random() < MARRIED else family
        born = _birth(rng, year - seat.age)
        children.append((Identity(family, birth_name, given, born, female), household))
    return children


def _plant_homonyms(children: list[tuple[Identity, int]], step: int) -> tuple[int, int]:
    """Give two pupils of different classes one name and different birth dates; return their places."""
    first, second = 2, 2 + step
    for place in (first, second):
        identity, _ = children[place]
        born = identity.birth if place == first else identity.birth + timedelta(days=40)
        children[place] = (Identity(HOMONYM[0], HOMONYM[0], HOMONYM[1], born, True), place)
    if children[first][0].birth == children[second][0].birth:
        identity, household = children[second]
        children[second] = (replace(identity, birth=identity.birth + timedelta(days=1)), household)
    return first, second


def _guardians(rng: Random, household: int, family: str) -> tuple[Guardian, ...]:
    mother = Guardian(
        2 * household + 1,
        "Mme",
        family.upper(),
        rng.choice(names.GIRLS),
        f"{rng.randrange(1, 90)} {rng.choice(names.STREETS)}",
        names.idpn(rng),
    )
    father = replace(mother, ident=2 * household + 2, title="M.", given=rng.choice(names.BOYS), idpn=names.idpn(rng))
    return (mother, father)


def _pupil(rng: Random, ident: int, identity: Identity, seat: Seat, guardians: tuple[Guardian, ...]) -> Pupil:
    shown = identity.birth_name if rng.random() < 0.3 else identity.family
    ine = "".join(rng.choices("0123456789", k=9)) + "".join(rng.choices("ABCDEFGH", k=2))
    return Pupil(
        ident,
        names.family_in_timetable(shown, rng),
        names.given_in_timetable(identity.given, rng),
        identity.birth,
        identity.female,
        names.idpn(rng),
        ine,
        seat.classes,
        seat.parts,
        guardians,
    )


class Directory:
    """Builds the people file: gives every account a login of its own, in the order of arrival."""

    def __init__(self) -> None:
        """Start with no login taken."""
        self._logins: dict[str, int] = {}
        self.accounts: list[Account] = []

    def add(self, role: Role, identity: Identity, school_class: str = "", ident: int | None = None) -> Account:
        """Add a person; a second holder of ``prenom.nom`` gets the suffix 2, and so on."""
        base = f"{names.fold(identity.given)}.{names.fold(identity.family)}"
        count = self._logins.get(base, 0) + 1
        self._logins[base] = count
        login = base if count == 1 else f"{base}{count}"
        account = Account(
            login,
            role,
            identity.family,
            identity.birth_name,
            identity.given,
            identity.birth,
            school_class,
            f"{login}@{DOMAIN}",
            f"{names.fold(role)[:3].upper()}{len(self.accounts) + 1:05d}",
            ident,
        )
        self.accounts.append(account)
        return account


def _adults(rng: Random, pool: names.NamePool, count: int, year: int) -> list[tuple[Teacher, Identity]]:
    found = []
    for ident in range(1, count + 1):
        identity = _adult(rng, pool, year)
        family = names.family_in_timetable(identity.family, rng)
        teacher = Teacher(ident, family, identity.given, names.idpn(rng), str(40_000 + 7 * ident))
        found.append((teacher, identity))
    return found


def _absent(rng: Random, count: int, kept: frozenset[int]) -> frozenset[int]:
    """Choose who is in the timetable but has no account: at least one, never those to be kept."""
    free = [number for number in range(count) if number not in kept]
    return frozenset(rng.sample(free, max(1, round(MISSING * count))))


def _strangers(rng: Random, pool: names.NamePool, about: date, count: int) -> list[Identity]:
    """Return people born around a date whom the timetable does not know."""
    born = (about + timedelta(days=rng.randrange(-150, 150)) for _ in range(count))
    return [replace(_adult(rng, pool, about.year), birth=birth) for birth in born]


def _register(
    rng: Random,
    pool: names.NamePool,
    roll: Sequence[tuple[Role, list[tuple[int, Identity, str]]]],
    kept: frozenset[int],
) -> tuple[Directory, dict[str, object]]:
    """Write the people file: most of the roll, and a few people the timetable does not know."""
    directory = Directory()
    traps: dict[str, object] = {}
    for role, people in roll:
        absent = _absent(rng, len(people), kept if role == "élève" else frozenset((0,)))
        for number, (ident, identity, school_class) in enumerate(people):
            if number not in absent:
                directory.add(role, identity, school_class, ident)
        traps[f"without_account_{names.fold(role)}"] = tuple(people[number][0] for number in sorted(absent))
        extra = max(1, round(MISSING * len(people)))
        _, model, place = people[0]
        added = [directory.add(role, identity, place) for identity in _strangers(rng, pool, model.birth, extra)]
        traps[f"without_timetable_{names.fold(role)}"] = tuple(account.login for account in added)
    return directory, traps


def populate(rng: Random, year: SchoolYear, seats: Sequence[Seat], teachers: int, step: int) -> People:
    """Return the people of a school; ``step`` is how far apart two pupils must sit to be in different classes.

    Pupils get the idents 1, 2, 3… in the order of the seats, teachers and staff likewise.
    """
    pool = names.NamePool(rng)
    first_year = year.begins.year
    taught = _adults(rng, pool, teachers, first_year)
    employed = _adults(rng, pool, max(3, teachers // 10), first_year)
    children = _children(rng, pool, seats, first_year)
    twins = _plant_homonyms(children, step)
    homes: dict[int, tuple[Guardian, ...]] = {}
    pupils = []
    for number, (identity, household) in enumerate(children):
        if household not in homes:
            homes[household] = _guardians(rng, household, identity.family)
        pupils.append(_pupil(rng, number + 1, identity, seats[number], homes[household]))
    blank = step + 1
    pupils[blank] = replace(pupils[blank], birth=None)
    for place in twins:
        pupils[place] = replace(pupils[place], family=HOMONYM[0].upper(), given=HOMONYM[1])
    directory, traps = _register(
        rng,
        pool,
        (
            ("enseignant", [(teacher.ident, identity, "") for teacher, identity in taught]),
            ("personnel", [(person.ident, identity, "") for person, identity in employed]),
            ("élève", [(n + 1, child, seats[n].school_class) for n, (child, _) in enumerate(children)]),
        ),
        frozenset((*range(KEPT), *twins, blank)),
    )
    traps |= {
        "homonyms": tuple(place + 1 for place in twins),
        "empty_birth": blank + 1,
        "siblings": _siblings(pupils),
    }
    staff = tuple(replace(person, idpn="", sts="") for person, _ in employed)
    return People(tuple(pupils), tuple(teacher for teacher, _ in taught), staff, tuple(directory.accounts), traps)


def _siblings(pupils: Sequence[Pupil]) -> tuple[int, ...]:
    """Return the pupils of the first household that has more than one."""
    homes: dict[int, list[int]] = {}
    for pupil in pupils:
        homes.setdefault(pupil.guardians[0].ident, []).append(pupil.ident)
    return next(tuple(home) for home in homes.values() if len(home) > 1)
