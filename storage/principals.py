"""People of a school: accounts, the calendars everyone has, and the identifiers other systems know them by."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import and_, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from storage import policy
from storage.bulk import load
from storage.collections import own_feed, subscription_row
from storage.directory import PERSON, WITH_ACCOUNT, fold_login, read_account, to_principal
from storage.errors import CadranError, NameTaken, NotFound
from storage.lessons import SCHOOL_NAME, SCHOOL_POSITION, SCHOOL_SLUG
from storage.model import CalendarKind, Principal, Role, Source
from storage.schema import account, calendar, feed, identity, principal, subscription

if TYPE_CHECKING:
    from storage.transaction import Transaction

_NUMBERS_EACH: Final = 9
# A login is a segment of paths and stands before the colon of Basic credentials; many schools use e-mail addresses.
_LOGIN: Final = re.compile(r"\w[\w.@'+-]{0,63}")


class BadLogin(CadranError):
    """The text cannot be a login: it is empty, too long or holds other characters than letters, digits and .@'+-_ ."""

    def __init__(self, login: str) -> None:
        """Keep the login as it was given."""
        super().__init__(login)
        self.login = login


def valid_login(login: str) -> bool:
    """Tell whether somebody new may have this login: 1 to 64 characters, the first a letter, a digit or `_`."""
    return _LOGIN.fullmatch(fold_login(login)) is not None


def check_login(login: str) -> None:
    """Raise BadLogin unless somebody new may have this login."""
    if not valid_login(login):
        raise BadLogin(login)


@dataclass(frozen=True, slots=True)
class NewPerson:
    """A person to create; `usual` is the usual surname when it differs, `external_id` the feeding system's key."""

    login: str
    family: str
    given: str
    role: Role
    source: Source = Source.MANUAL
    birth: date | None = None
    usual: str = ""
    email: str = ""
    external_id: str | None = None
    password_hash: str = ""

    @property
    def name(self) -> str:
        """The name shown: given name, then the usual surname."""
        return f"{self.given} {self.usual or self.family}".strip()


@dataclass(frozen=True, slots=True)
class _BuiltIn:
    kind: CalendarKind
    slug: str
    name: str
    components: str
    feeds_itself: bool


BUILT_IN: Final = (
    _BuiltIn(CalendarKind.DEFAULT, "agenda", "Mon agenda", "VEVENT", feeds_itself=True),
    _BuiltIn(CalendarKind.TIMETABLE, "emploi-du-temps", "Emploi du temps", "VEVENT", feeds_itself=False),
    _BuiltIn(CalendarKind.BOOKINGS, "rendez-vous", "Rendez-vous", "VEVENT", feeds_itself=True),
    _BuiltIn(CalendarKind.TASKS, "taches", "Tâches", "VTODO", feeds_itself=True),
)


class Principals:
    """People of one school."""

    def __init__(self, tx: Transaction) -> None:
        """Share a transaction."""
        self._tx = tx

    def _select(self, *conditions: Any) -> tuple[Principal, ...]:
        query = (
            select(*PERSON).select_from(WITH_ACCOUNT).where(principal.c.school_id == self._tx.school_id, *conditions)
        )
        return tuple(to_principal(row) for row in self._tx.connection.execute(query.order_by(principal.c.login)))

    def by_login(self, login: str) -> Principal:
        """Return a person of this school by login, active or not; raises NotFound."""
        found = read_account(self._tx.connection, login)
        if found is None or found.principal.school_id != self._tx.school_id:
            raise NotFound("principal", login)
        # The school came with the person: most requests ask for both.
        self._tx.know(found.school)
        return found.principal

    def get(self, principal_id: int) -> Principal:
        """Return a person by number; raises NotFound."""
        for each in self._select(principal.c.id == principal_id):
            return each
        raise NotFound("principal", principal_id)

    def several(self, numbers: Sequence[int]) -> dict[int, Principal]:
        """Return people by number; absent ones are left out."""
        found = (
            each
            for at in range(0, len(numbers), 500)
            for each in self._select(principal.c.id.in_(numbers[at : at + 500]))
        )
        return {each.id: each for each in found}

    def people(self, role: Role | None = None) -> tuple[Principal, ...]:
        """Return the people of the school, active or not, in order of login."""
        return self._select() if role is None else self._select(principal.c.role == role.value)

    def create(self, new: NewPerson) -> Principal:
        """Create one person with the calendars everyone has; raises NameTaken (the login is in use) and BadLogin."""
        return self.create_many([new])[0]

    def create_many(self, people: Sequence[NewPerson]) -> tuple[Principal, ...]:
        """Create many people at once; raises BadLogin or NameTaken at the first such login, and then creates none."""
        if not people:
            return ()
        for each in people:
            check_login(each.login)
        self._tx.lock()
        self._refuse_taken([fold_login(each.login) for each in people])
        numbers = iter(self._tx.tick(_NUMBERS_EACH * len(people)))
        whole = self._tx.lessons.school_collection()
        rows = [self._rows(each, [next(numbers) for _ in range(_NUMBERS_EACH)], whole) for each in people]
        try:
            for position, table in enumerate((principal, account, calendar, feed, subscription)):
                load(self._tx.connection, table, [row for person in rows for row in person[position]])
        except IntegrityError as error:
            # Another school took a login between the look and the write; the transaction is lost.
            raise NameTaken("login", people[0].login) from error
        self._tx.sharing.sharees.settle_groups()
        return tuple(self.by_login(each.login) for each in people) if len(people) == 1 else self._created(people)

    def _created(self, people: Sequence[NewPerson]) -> tuple[Principal, ...]:
        by_login = {each.login: each for each in self.people()}
        return tuple(by_login[fold_login(each.login)] for each in people)

    def _refuse_taken(self, logins: Sequence[str]) -> None:
        seen: set[str] = set()
        for login in logins:
            if login in seen:
                raise NameTaken("login", login)
            seen.add(login)
        for at in range(0, len(logins), 500):
            taken = select(account.c.login).where(account.c.login.in_(logins[at : at + 500]))
            for login in self._tx.connection.execute(taken).scalars():
                raise NameTaken("login", login)

    def _rows(self, new: NewPerson, numbers: Sequence[int], whole: int | None) -> tuple[list[dict[str, Any]], ...]:
        """Return the rows of one person, table by table; `whole` is the whole-school timetable, once it exists."""
        person_id, *calendar_ids = numbers[:5]
        feed_ids, seq = numbers[5:8], numbers[8]
        school = {"school_id": self._tx.school_id}
        person = school | {
            "id": person_id,
            "login": fold_login(new.login),
            "name": new.name,
            "family": new.family,
            "usual": new.usual,
            "given": new.given,
            "birth": new.birth,
            "email": new.email,
            "role": new.role.value,
            "source": new.source.value,
            "external_id": new.external_id,
        }
        login = school | {
            "login": fold_login(new.login),
            "principal_id": person_id,
            "password_hash": new.password_hash,
            "credential": seq,
            "active": True,
        }
        calendars = [
            school | _calendar(kind, number, person_id, seq) | {"created": self._tx.now()}
            for kind, number in zip(BUILT_IN, calendar_ids, strict=True)
        ]
        fed = [number for kind, number in zip(BUILT_IN, calendar_ids, strict=True) if kind.feeds_itself]
        feeds = [school | own_feed(each, number) for each, number in zip(feed_ids, fed, strict=True)]
        seen = [
            school | subscription_row(person_id, number, kind.slug, kind.name, seq) | {"position": position}
            for position, (kind, number) in enumerate(zip(BUILT_IN, calendar_ids, strict=True), start=1)
        ]
        if whole is not None and policy.subscribes_to_school(new.role):
            row = subscription_row(person_id, whole, SCHOOL_SLUG, SCHOOL_NAME, seq)
            seen.append(school | row | {"position": SCHOOL_POSITION})
        return [person], [login], calendars, feeds, seen

    def update(self, principal_id: int, **fields: Any) -> None:
        """Set fields of a person: family, usual, given, birth, email, role, source, external_id."""
        self._tx.require_writing()
        person = self.get(principal_id)
        family, usual = fields.get("family", person.family), fields.get("usual", person.usual)
        given = fields.get("given", person.given)
        values = {name: value.value if isinstance(value, Role | Source) else value for name, value in fields.items()}
        values["name"] = f"{given} {usual or family}".strip()
        this = and_(principal.c.school_id == self._tx.school_id, principal.c.id == principal_id)
        self._tx.connection.execute(update(principal).where(this).values(**values))
        if values.get("role", person.role.value) != person.role.value:
            self._follow_role(person, Role(values["role"]))

    def _follow_role(self, before: Principal, role: Role) -> None:
        """Take what a role no longer gives, and give what it gives without asking."""
        self._tx.sharing.sharees.settle_later(before.id)
        whole = self._tx.lessons.school_collection()
        if whole is None or policy.subscribes_to_school(before.role) == policy.subscribes_to_school(role):
            return
        if not policy.subscribes_to_school(role):
            self._tx.collections.unsubscribe(before, whole)
        elif not any(each.id == whole or each.slug == SCHOOL_SLUG for each in self._tx.collections.subscribed(before)):
            row = subscription_row(before.id, whole, SCHOOL_SLUG, SCHOOL_NAME, self._tx.tick()[0])
            row |= {"school_id": self._tx.school_id, "position": SCHOOL_POSITION}
            self._tx.connection.execute(insert(subscription).values(**row))

    def _account(self, principal_id: int, **values: Any) -> None:
        this = and_(account.c.school_id == self._tx.school_id, account.c.principal_id == principal_id)
        credential = self._tx.tick()[0]
        self._tx.connection.execute(update(account).where(this).values(credential=credential, **values))

    def set_password(self, principal_id: int, password_hash: str) -> None:
        """Store a password hash; every cached credential of the person dies with it."""
        self._account(principal_id, password_hash=password_hash)

    def deactivate(self, principal_id: int) -> None:
        """Close an account: nobody gets in, nothing is deleted."""
        self._account(principal_id, active=False)
        self._tx.sharing.sharees.settle_later(principal_id)

    def reactivate(self, principal_id: int) -> None:
        """Open a closed account again, with the password it had."""
        self._account(principal_id, active=True)
        self._tx.sharing.sharees.settle_later(principal_id)

    def remove(self, principal_id: int) -> None:
        """Delete a person with their own calendars, subscriptions, memberships, devices and account."""
        self._tx.require_writing()
        gone = self.get(principal_id)
        self._tx.sharing.forget_person(gone)
        self._tx.accesses.forget_of(principal_id)
        self._tx.imports.forget_person((gone.family, gone.usual), gone.given)
        self._tx.lessons.forget_person(principal_id)
        self._tx.devices.forget_all(principal_id)
        self._tx.dead_properties.forget_person(principal_id)
        self._tx.personal.forget(person=principal_id)
        self._tx.push.forget_person(principal_id)
        self._tx.delegations.forget_person(principal_id)
        self._tx.attachments.forget_person(principal_id)
        self._tx.person_settings.forget_person(principal_id)
        self._tx.people_feeds.forget_person(principal_id)
        self._tx.overlays.forget_person(principal_id)
        self._tx.refusals.forget_person(principal_id)
        self._tx.collections.erase_owned(principal_id)
        for part in (self._tx.trash, self._tx.links, self._tx.preferences):
            part.forget_person(principal_id)
        for table, column in (
            (subscription, subscription.c.principal_id),
            (identity, identity.c.principal_id),
            (account, account.c.principal_id),
            (principal, principal.c.id),
        ):
            here = and_(table.c.school_id == self._tx.school_id, column == principal_id)
            self._tx.connection.execute(table.delete().where(here))

    def external_ids(self, source: Source) -> Mapping[str, int]:
        """Return the people of a feeding system by its own key."""
        query = select(principal.c.external_id, principal.c.id).where(
            principal.c.school_id == self._tx.school_id,
            principal.c.source == source.value,
            principal.c.external_id.is_not(None),
        )
        return dict(self._tx.connection.execute(query).all())

    def logins_elsewhere(self) -> frozenset[str]:
        """Return the logins of the other schools: a login is one person's over the whole server."""
        query = select(account.c.login).where(account.c.school_id != self._tx.school_id)
        return frozenset(self._tx.connection.execute(query).scalars())

    def identities(self, system: str) -> tuple[tuple[str, int], ...]:
        """Return the identifiers one system gave, with the person each belongs to; a person may have several (R77)."""
        query = select(identity.c.value, identity.c.principal_id).where(
            identity.c.school_id == self._tx.school_id, identity.c.system == system
        )
        return tuple(self._tx.connection.execute(query.order_by(identity.c.value)).all())

    def last_identities(self, system: str) -> tuple[tuple[str, int], ...]:
        """Return those identifiers of one system that were there when it was last heard: leavers do not speak (R77)."""
        here = and_(identity.c.school_id == self._tx.school_id, identity.c.system == system)
        latest = select(func.max(identity.c.last_seen)).where(here).scalar_subquery()
        query = select(identity.c.value, identity.c.principal_id).where(here, identity.c.last_seen == latest)
        return tuple(self._tx.connection.execute(query.order_by(identity.c.value)).all())

    def learn(self, system: str, pairs: Iterable[tuple[str, int]], moment: int) -> None:
        """Record identifiers as seen at a moment (R75, R76)."""
        self._tx.require_writing()
        known = set(self.identities(system))
        fresh, seen = [], []
        for value, principal_id in sorted(set(pairs)):
            key = {"school_id": self._tx.school_id, "system": system, "value": value, "principal_id": principal_id}
            if (value, principal_id) in known:
                seen.append(value)
            else:
                fresh.append(key | {"first_seen": moment, "last_seen": moment})
        load(self._tx.connection, identity, fresh)
        for at in range(0, len(seen), 500):
            here = and_(
                identity.c.school_id == self._tx.school_id,
                identity.c.system == system,
                identity.c.value.in_(seen[at : at + 500]),
            )
            self._tx.connection.execute(update(identity).where(here).values(last_seen=moment))


def _calendar(kind: _BuiltIn, number: int, owner_id: int, seq: int) -> dict[str, Any]:
    """Return the row of a calendar everyone has."""
    return {
        "id": number,
        "kind": kind.kind.value,
        "owner_id": owner_id,
        "key": None,
        "name": kind.name,
        "description": "",
        "timezone": "",
        "components": kind.components,
        "seq": seq,
        "purged": 0,
    }
