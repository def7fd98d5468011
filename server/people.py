"""Bringing the accounts of a school in line with a people file: what to create, what to update, never a manual account.

The plan is pure data; applying it is one transaction (R80, R81).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from unidecode import unidecode

from importers.apply import INE, SIECLE, STS
from importers.people import PeopleFile, PersonRecord, RowError
from server.leavers import Leavers
from server.matching import Existing, match
from storage.directory import fold_login
from storage.model import Principal, Role, Source
from storage.principals import NewPerson, valid_login
from storage.transaction import Transaction

LONGEST_LOGIN: Final = 60
SHOWN: Final = 80
NUMBERS: Final = (INE, SIECLE, STS)


@dataclass(frozen=True, slots=True)
class Update:
    """One account to bring in line: the fields that differ."""

    principal: Principal
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PeoplePlan:
    """What a people file changes; `errors` are rows left out.

    Besides the codes of the file: "manual-account", "login-taken", "bad-login" and "ambiguous" (several accounts fit).
    """

    create: tuple[NewPerson, ...]
    update: tuple[Update, ...]
    unchanged: tuple[Principal, ...]
    errors: tuple[RowError, ...]
    close: tuple[Principal, ...] = ()
    reopen: tuple[Principal, ...] = ()
    told: Mapping[str, PersonRecord] = field(default_factory=dict)

    @property
    def writes(self) -> bool:
        """Say whether anything of an account changes."""
        return bool(self.create or self.update or self.close or self.reopen)


def existing(tx: Transaction, source: Source = Source.CSV) -> Existing:
    """Return the accounts of the transaction's school as a feed finds them, and the logins it cannot give."""
    keys = {number: key for key, number in tx.principals.identities(key_system(source.value))}
    keys |= {number: key for key, number in tx.principals.external_ids(source).items()}
    numbers: dict[tuple[str, str], int] = {}
    shared: set[tuple[str, str]] = set()
    for system in NUMBERS:
        for value, number in tx.principals.identities(system):
            shared |= {(system, value)} if (system, value) in numbers else set()
            numbers[system, value] = number
    return Existing(
        tx.principals.people(),
        keys,
        tx.principals.logins_elsewhere(),
        source,
        {key: number for key, number in numbers.items() if key not in shared},
        tx.people_feeds.known(),
    )


def key_system(source: str) -> str:
    """Return the system under which the keys of a feed are kept as identities."""
    return f"feed:{source}"


def plan(file: PeopleFile, known: Existing, *, force: bool = False) -> PeoplePlan:
    """Compare a people file with the accounts there are (see `server.matching` for who is who).

    A row that asks for the login of somebody else is left out and told. Raises ImportRefused("leavers") when a complete
    file names less than half of the people of its source, unless `force`.
    """
    matches = match(file.people, known)
    newcomers = _Newcomers(file.people, known)
    create: list[NewPerson] = []
    update: list[Update] = []
    unchanged: list[Principal] = []
    errors = list(file.errors)
    told: dict[str, PersonRecord] = {}
    for position, record in enumerate(file.people):
        found = matches.found.get(position)
        if found is not None:
            told[found.login] = record
            fields = _differences(record, found, known)
            if fields:
                update.append(Update(found, fields))
            else:
                unchanged.append(found)
        elif error := _left_out(record, newcomers, ambiguous=position in matches.ambiguous):
            errors.append(error)
        else:
            create.append(newcomers.new(record))
            told[create[-1].login] = record
    leavers = Leavers(file, known, matches)
    return PeoplePlan(
        tuple(create),
        tuple(update),
        tuple(unchanged),
        tuple(sorted(errors, key=lambda e: e.line)),
        leavers.closed(force=force),
        leavers.reopened(),
        told,
    )


def _left_out(record: PersonRecord, newcomers: _Newcomers, *, ambiguous: bool) -> RowError | None:
    if ambiguous:
        return _ambiguous(record)
    if record.only is not None:
        return RowError(record.line, "", "unknown-person", record.external_id[:SHOWN])
    return newcomers.refused(record)


def apply(tx: Transaction, proposal: PeoplePlan, hashes: Mapping[str, str]) -> tuple[Principal, ...]:
    """Write a plan and return the accounts it made; `hashes` are password hashes by login, for those without one."""
    new = [replace(each, password_hash=hashes.get(each.login, "")) for each in proposal.create]
    made = tx.principals.create_many(new)
    for change in proposal.update:
        tx.principals.update(change.principal.id, **change.fields)
    for person in proposal.close:
        tx.principals.deactivate(person.id)
    for person in proposal.reopen:
        tx.principals.reactivate(person.id)
    for principal in (*proposal.unchanged, *(change.principal for change in proposal.update)):
        if principal.login in hashes:
            tx.principals.set_password(principal.id, hashes[principal.login])
    return made


class _Newcomers:
    """Finds a login for each row without account."""

    def __init__(self, records: Iterable[PersonRecord], known: Existing) -> None:
        self._owners = {person.login: person for person in known.people}
        self._elsewhere = known.elsewhere
        self._source = known.source
        # Nobody is given by chance a login that a row of the same file asks for.
        self._logins = {*self._owners, *known.elsewhere, *(fold_login(record.login) for record in records)}

    def refused(self, record: PersonRecord) -> RowError | None:
        """Return why a row cannot have the login it asks for, None when it can or asks for none."""
        login = fold_login(record.login)
        if not login:
            return None
        owner = self._owners.get(login)
        if owner is not None and owner.source is Source.MANUAL:
            return RowError(record.line, "login", "manual-account", login)
        if owner is not None or login in self._elsewhere:
            return RowError(record.line, "login", "login-taken", login)
        return None if valid_login(login) else RowError(record.line, "login", "bad-login", login[:SHOWN])

    def new(self, record: PersonRecord) -> NewPerson:
        """Return the account to create for a row."""
        login = fold_login(record.login) or self._free(_login_of(record))
        return NewPerson(
            login,
            _fields(record)["family"],
            record.given,
            Role(record.role.value),
            self._source,
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


def _differences(record: PersonRecord, found: Principal, known: Existing) -> dict[str, Any]:
    """Return the fields to set: only rows with the key of an account change who it is, none takes a birth date away.

    An account that another feed spoke of last moves to this one.
    """
    external_id = known.external_ids.get(found.id, "")
    if record.only is not None:
        wanted = _partly(record, found)
    elif external_id and not record.external_id:
        wanted = {"email": record.email}
    else:
        wanted = {name: value for name, value in _fields(record).items() if name != "birth" or value is not None}
        if not record.email and found.source is not known.source:
            del wanted["email"]
    fields = {name: value for name, value in wanted.items() if value != getattr(found, name)}
    if found.source is not known.source:
        fields |= {"source": known.source, "external_id": record.external_id or None}
    elif record.external_id and record.external_id != external_id:
        fields["external_id"] = record.external_id
    return fields


def _partly(record: PersonRecord, found: Principal) -> dict[str, Any]:
    """Return the fields a differential record sets; it tells either name without the other."""
    told = record.only or frozenset()
    usual = record.family if "family" in told else found.usual or found.family
    family = (record.birth_family or usual) if "birth_family" in told else found.family
    if "birth_family" not in told and not found.usual:
        family = usual
    wanted: dict[str, Any] = {"family": family, "usual": usual if usual != family else ""}
    wanted |= {"given": record.given} if "given" in told else {}
    wanted |= {"email": record.email} if "email" in told else {}
    return wanted | ({"birth": record.birth_date} if record.birth_date else {})


def _ambiguous(record: PersonRecord) -> RowError:
    return RowError(record.line, "family", "ambiguous", f"{record.given} {record.family}"[:SHOWN])


def _login_of(record: PersonRecord) -> str:
    parts = ("".join(c for c in unidecode(text).lower() if c.isalnum()) for text in (record.given, record.family))
    return ".".join(part for part in parts if part)[:LONGEST_LOGIN] or "personne"


def logins_of(proposal: PeoplePlan) -> Sequence[str]:
    """Return the logins of everybody a plan touches or finds in order."""
    created = [new.login for new in proposal.create]
    return [*created, *(each.principal.login for each in proposal.update), *(each.login for each in proposal.unchanged)]
