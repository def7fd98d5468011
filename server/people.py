"""Bringing the accounts of a school in line with a people file: what to create, what to update, never a manual account.

The plan is pure data; applying it is one transaction (R80, R81).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from unidecode import unidecode

from importers.names import squeeze
from importers.people import PeopleFile, PersonRecord, RowError
from storage.model import Principal, Role, Source
from storage.principals import NewPerson
from storage.transaction import Transaction

LONGEST_LOGIN: Final = 60


@dataclass(frozen=True, slots=True)
class Existing:
    """The accounts of a school: its people, and by number the key the feeding system knows them by."""

    people: tuple[Principal, ...]
    external_ids: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class Update:
    """One account to bring in line: the fields that differ."""

    principal: Principal
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PeoplePlan:
    """What a people file changes; `errors` are rows left out, those of manual accounts and taken logins included."""

    create: tuple[NewPerson, ...]
    update: tuple[Update, ...]
    unchanged: tuple[Principal, ...]
    errors: tuple[RowError, ...]


def existing(tx: Transaction) -> Existing:
    """Return the accounts of the transaction's school."""
    keys = {number: key for key, number in tx.principals.external_ids(Source.CSV).items()}
    return Existing(tx.principals.people(), keys)


def plan(file: PeopleFile, known: Existing) -> PeoplePlan:
    """Compare a people file with the accounts there are.

    A row is matched by the feeding system's key, else by login, else by role, names and birth date when only one
    account has these. A row whose login is a manual account's is left out and told.
    """
    matcher = _Matcher(known)
    create: list[NewPerson] = []
    update: list[Update] = []
    unchanged: list[Principal] = []
    errors = list(file.errors)
    for record in file.people:
        found = matcher.find(record)
        if found is None:
            create.append(matcher.new(record))
        elif found.source is not Source.CSV:
            errors.append(RowError(record.line, "login", "manual-account", found.login))
        elif fields := _differences(record, found, known.external_ids.get(found.id, "")):
            update.append(Update(found, fields))
        else:
            unchanged.append(found)
    return PeoplePlan(tuple(create), tuple(update), tuple(unchanged), tuple(sorted(errors, key=lambda e: e.line)))


def apply(tx: Transaction, proposal: PeoplePlan, hashes: Mapping[str, str]) -> None:
    """Write a plan; `hashes` are password hashes by login, for new accounts and for those that had none."""
    tx.principals.create_many([replace(new, password_hash=hashes.get(new.login, "")) for new in proposal.create])
    for change in proposal.update:
        tx.principals.update(change.principal.id, **change.fields)
    for principal in (*proposal.unchanged, *(change.principal for change in proposal.update)):
        if principal.login in hashes:
            tx.principals.set_password(principal.id, hashes[principal.login])


class _Matcher:
    """Finds the account of a row, and a free login for a row without account."""

    def __init__(self, known: Existing) -> None:
        by_id = {person.id: person for person in known.people}
        self._by_key = {key: by_id[number] for number, key in known.external_ids.items() if key and number in by_id}
        self._by_login = {person.login: person for person in known.people}
        fed = [person for person in known.people if person.source is Source.CSV]
        alike = Counter(_likeness_of(person) for person in fed)
        self._by_likeness = {_likeness_of(person): person for person in fed if alike[_likeness_of(person)] == 1}
        self._logins = set(self._by_login)
        self._matched: set[int] = set()

    def find(self, record: PersonRecord) -> Principal | None:
        """Return the account of a row; no account is matched twice."""
        candidates = (
            self._by_key.get(record.external_id) if record.external_id else None,
            self._by_login.get(record.login.casefold()) if record.login else None,
            self._by_likeness.get(_likeness(record)) if not (record.login or record.external_id) else None,
        )
        for candidate in candidates:
            if candidate is not None and candidate.id not in self._matched:
                self._matched.add(candidate.id)
                return candidate
        return None

    def new(self, record: PersonRecord) -> NewPerson:
        """Return the account to create for a row."""
        login = self._free(record.login.casefold() or _login_of(record))
        return NewPerson(
            login,
            _fields(record)["family"],
            record.given,
            Role(record.role.value),
            Source.CSV,
            record.birth_date,
            _fields(record)["usual"],
            record.email,
            record.external_id or None,
        )

    def _free(self, login: str) -> str:
        found, number = login, 1
        while found in self._logins:
            number += 1
            found = f"{login}{number}"
        self._logins.add(found)
        return found


def without_password(logins: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """Return the logins, of pairs of login and hash, that nobody can use yet."""
    return tuple(login for login, password_hash in logins if not password_hash)


def _fields(record: PersonRecord) -> dict[str, Any]:
    return {
        "family": record.birth_family or record.family,
        "usual": record.family if record.birth_family else "",
        "given": record.given,
        "birth": record.birth_date,
        "email": record.email,
        "role": Role(record.role.value),
    }


def _differences(record: PersonRecord, found: Principal, external_id: str) -> dict[str, Any]:
    wanted = _fields(record)
    fields = {name: value for name, value in wanted.items() if value != getattr(found, name)}
    if record.external_id and record.external_id != external_id:
        fields["external_id"] = record.external_id
    return fields


def _login_of(record: PersonRecord) -> str:
    parts = ("".join(c for c in unidecode(text).lower() if c.isalnum()) for text in (record.given, record.family))
    return ".".join(part for part in parts if part)[:LONGEST_LOGIN] or "personne"


def _likeness(record: PersonRecord) -> tuple[Any, ...]:
    return record.role.value, squeeze(record.family), squeeze(record.given), record.birth_date


def _likeness_of(person: Principal) -> tuple[Any, ...]:
    return person.role.value, squeeze(person.usual or person.family), squeeze(person.given), person.birth


def logins_of(proposal: PeoplePlan) -> Sequence[str]:
    """Return the logins of everybody a plan touches or finds in order."""
    created = [new.login for new in proposal.create]
    return [*created, *(each.principal.login for each in proposal.update), *(each.login for each in proposal.unchanged)]
