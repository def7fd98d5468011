"""Which account each row of a people file means: by key, by login, by names and birth date, and never by guessing.

An account holds somebody's calendar and password: a row that might mean another person gets none. Every step looks at
the whole file, so the order of rows decides nothing.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from importers.apply import INE, SIECLE, STS
from importers.names import squeeze
from importers.people import PersonRecord
from storage.directory import fold_login
from storage.model import Principal, Source
from storage.people_feeds import Fed
from storage.principals import valid_login


@dataclass(frozen=True, slots=True)
class Existing:
    """The accounts of a school, by number the key the feeding system knows them by, and the other schools' logins.

    `source` is that feeding system; `numbers` are accounts by the system and the number other systems gave ("ine",
    "siecle", "sts"); `fed` is what feeds told of them.
    """

    people: tuple[Principal, ...]
    external_ids: Mapping[int, str]
    elsewhere: frozenset[str] = frozenset()
    source: Source = Source.CSV
    numbers: Mapping[tuple[str, str], int] = field(default_factory=dict)
    fed: Mapping[int, Fed] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Matches:
    """The account of each row that has one, by position, and the positions that several accounts could be."""

    found: Mapping[int, Principal]
    ambiguous: frozenset[int]


def match(records: Sequence[PersonRecord], known: Existing) -> Matches:
    """Return the accounts of rows; no account is given twice, and one with a key never to a row with another key.

    Keys come first, then national numbers, then logins whose names agree, then names and birth dates that only one
    account and one row have, then the login alone. A row without key nor login that resembles accounts and is none of
    them for sure is ambiguous.
    """
    matcher = _Matcher(records, known)
    matcher.by_key()
    matcher.by_number()
    matcher.by_login(range(len(records)), matcher.agree)
    matcher.by_rank()
    matcher.by_birth_name(matcher.left())
    matcher.by_what_is_left()
    return Matches(matcher.found, matcher.ambiguous())


class _Matcher:
    """Finds accounts step by step; what one step gave is out of reach of the next."""

    def __init__(self, records: Sequence[PersonRecord], known: Existing) -> None:
        self.found: dict[int, Principal] = {}
        self._records = records
        self._keys = known.external_ids
        self._numbers = known.numbers
        self._fed = [person for person in known.people if person.source is not Source.MANUAL]
        self._by_login = {person.login: person for person in self._fed}
        self._taken = {*(person.login for person in known.people), *known.elsewhere}
        self._claimed: set[int] = set()
        self._named_alike = Counter(_names_of(person) for person in self._fed)
        self._rows_alike = Counter(_names(record) for record in records)

    def by_key(self) -> None:
        """Give rows the accounts that have their key."""
        by_key = {self._keys[person.id]: person for person in self._fed if self._keys.get(person.id)}
        for position, record in enumerate(self._records):
            if record.external_id in by_key:
                self._give(position, by_key[record.external_id])

    def by_number(self) -> None:
        """Give rows the accounts that have their national number, unless both names say it is somebody else."""
        by_id = {person.id: person for person in self._fed}
        for position, record in enumerate(self._records):
            numbers = ((INE, record.ine), (SIECLE, record.siecle), (STS, record.sts))
            found = {self._numbers[each] for each in numbers if each[1] and each in self._numbers} & by_id.keys()
            if position in self.found or len(found) != 1:
                continue
            person = by_id[found.pop()]
            if person.id not in self._claimed and _may_be(record, person):
                self._give(position, person)

    def by_rank(self) -> None:
        """Give rows accounts by login, names and birth date, those that say more before those that say less."""
        pending = self.left()
        for rank in range(_NAMES_ONLY + 1):
            rows = [position for position in pending if _rank(self._records[position]) == rank]
            while self._advance(rows, pending):
                pass
            pending = [position for position in pending if _rank(self._records[position]) > rank]

    def by_what_is_left(self) -> None:
        """Give accounts to rows that would make none, as the next reading would find them.

        It will have the accounts that the other rows make, and names as this file gives them.
        """
        while rows := [*self.ambiguous(), *(each for each in self.left() if self._makes_none(self._records[each]))]:
            rows.sort()
            if not (self._advance(rows, rows) or self.by_birth_name(rows)):
                return

    def left(self) -> list[int]:
        """Return the positions of rows without account."""
        return [position for position in range(len(self._records)) if position not in self.found]

    def by_birth_name(self, rows: Iterable[int]) -> bool:
        """Give rows with a birth name the one account that bears it, or the usual one, with the same birth date.

        Returns whether any was given.
        """
        before = len(self.found)
        wanted: dict[int, list[Principal]] = {}
        rivals: Counter[int] = Counter()
        born: defaultdict[date | None, list[Principal]] = defaultdict(list)
        for each in self._fed:
            born[each.birth].append(each)
        for position in rows:
            record = self._records[position]
            if record.birth_date is None or not (record.given and record.family):
                continue
            near = born[record.birth_date]
            alike = [each for each in near if self._free(record, each) and _born_with(record, each)]
            wanted[position] = alike
            rivals.update(each.id for each in alike)
        for position, alike in wanted.items():
            if len(alike) == 1 and rivals[alike[0].id] == 1:
                self._give(position, alike[0])
        return len(self.found) > before

    def by_login(self, rows: Iterable[int], allowed: Callable[[PersonRecord, Principal], bool]) -> bool:
        """Give rows the accounts that have their login, where it is allowed; returns whether any was given."""
        before = len(self.found)
        for position in rows:
            record = self._records[position]
            person = self._by_login.get(fold_login(record.login))
            if position in self.found or person is None:
                continue
            if self._free(record, person) and allowed(record, person):
                self._give(position, person)
        return len(self.found) > before

    def _advance(self, rows: Sequence[int], pending: Sequence[int]) -> bool:
        """Give some of these rows their accounts, the surest first; `pending` are all that compete for accounts."""
        return (
            self._by_likeness(rows, pending, self._born_alike)
            or self._by_likeness(rows, pending, self._only_one)
            or self.by_login(rows, self._same_login)
        )

    def ambiguous(self) -> frozenset[int]:
        """Return the rows left without account nor anything else than a name that accounts nobody claims have too."""
        free = self._free_by_names()
        return frozenset(
            position
            for position, record in enumerate(self._records)
            if position not in self.found
            and _rank(record) == _NAMES_ONLY
            and any(self.agree(record, person) for person in free[_names(record)])
        )

    def agree(self, record: PersonRecord, person: Principal) -> bool:
        """Tell whether role and names are the same and the birth dates do not contradict each other."""
        return _names(record) == _names_of(person) and not _born_apart(record, person)

    def _by_likeness(
        self, rows: Iterable[int], pending: Iterable[int], alike: Callable[[PersonRecord, Principal], bool]
    ) -> bool:
        free = self._free_by_names()
        offers: dict[int, list[Principal]] = {}
        rivals: Counter[int] = Counter()
        for position in (each for each in pending if each not in self.found):
            record = self._records[position]
            accounts = free[_names(record)]
            offers[position] = [each for each in accounts if self._free(record, each) and alike(record, each)]
            rivals.update(each.id for each in offers[position])
        before = len(self.found)
        for position in rows:
            match offers.get(position):
                case [person] if rivals[person.id] == 1:
                    self._give(position, person)
        return len(self.found) > before

    def _makes_none(self, record: PersonRecord) -> bool:
        login = fold_login(record.login)
        return record.only is not None or bool(login and (login in self._taken or not valid_login(login)))

    def _free_by_names(self) -> defaultdict[tuple[str, ...], list[Principal]]:
        free: defaultdict[tuple[str, ...], list[Principal]] = defaultdict(list)
        for person in self._fed:
            if person.id not in self._claimed:
                free[_names_of(person)].append(person)
        return free

    def _free(self, record: PersonRecord, person: Principal) -> bool:
        return person.id not in self._claimed and not (record.external_id and self._keys.get(person.id))

    def _give(self, position: int, person: Principal) -> None:
        self.found[position] = person
        self._claimed.add(person.id)
        # Whoever is known for sure is no longer a homonym, whatever name this file gives them.
        self._named_alike[_names_of(person)] -= 1

    def _born_alike(self, record: PersonRecord, person: Principal) -> bool:
        # Another login than the account's speaks against it: only a birth date outweighs that.
        return record.birth_date == person.birth and (record.birth_date is not None or not record.login)

    def _only_one(self, record: PersonRecord, person: Principal) -> bool:
        names = _names(record)
        alone = self._named_alike[names] == 1 and self._rows_alike[names] == 1
        return alone and not record.login and not _born_apart(record, person)

    def _same_login(self, record: PersonRecord, person: Principal) -> bool:
        """Tell whether a login alone may do: somebody who has another given name and birth date is somebody else."""
        another = _born_apart(record, person) and squeeze(record.given) != squeeze(person.given)
        return not self._keys.get(person.id) and not another


_NAMES_ONLY: Final = 2


def _may_be(record: PersonRecord, person: Principal) -> bool:
    given = not record.given or squeeze(record.given) == squeeze(person.given)
    families = {squeeze(name) for name in (person.family, person.usual) if name}
    family = not record.family or not families.isdisjoint({squeeze(record.family), squeeze(record.birth_family)})
    return record.role.value == person.role.value and (given or family)


def _born_with(record: PersonRecord, person: Principal) -> bool:
    if record.birth_date != person.birth or record.role.value != person.role.value:
        return False
    families = {squeeze(name) for name in (person.family, person.usual) if name}
    names = {squeeze(name) for name in (record.family, record.birth_family) if name}
    return squeeze(record.given) == squeeze(person.given) and not families.isdisjoint(names)


def _rank(record: PersonRecord) -> int:
    """Return how well a row tells who it means, 0 best: rows that say more choose first."""
    if record.external_id:
        return 0
    return 1 if record.login else _NAMES_ONLY


def _names(record: PersonRecord) -> tuple[str, ...]:
    return record.role.value, squeeze(record.family), squeeze(record.given)


def _names_of(person: Principal) -> tuple[str, ...]:
    return person.role.value, squeeze(person.usual or person.family), squeeze(person.given)


def _born_apart(record: PersonRecord, person: Principal) -> bool:
    dates: tuple[Any, Any] = (record.birth_date, person.birth)
    return None not in dates and dates[0] != dates[1]
