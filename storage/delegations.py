"""Whose home somebody else may enter: delegates whom owners or the administrator named, and the service reader.

Access is asked anew with each request. Whoever is given another access sees more or less of what is private, so tokens
from before are refused: the calendars are stamped, and the number is kept.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import and_, bindparam, delete, insert, or_, select, update

from storage import policy
from storage.directory import PERSON, WITH_ACCOUNT, to_principal
from storage.errors import CadranError, LimitReached
from storage.model import Admission, Principal
from storage.ready import Ready
from storage.schema import account, calendar, principal
from storage.schema_delegations import delegation, visit

if TYPE_CHECKING:
    from storage.transaction import Transaction

MOST_DELEGATES: Final = 100
HOUR_SECONDS: Final = 3600
# What the trail calls those who are let in, and the homes of all.
EVERYBODY: Final = "*"
_EVERY_HOME: Final = 0

_d = delegation.c
_ACCESS = Ready(
    select(_d.access, _d.born).where(
        _d.school_id == bindparam("school"),
        _d.owner_id == bindparam("owner"),
        _d.delegate_id == bindparam("delegate"),
    )
)
_VISITED = select(visit.c.hour).where(
    visit.c.school_id == bindparam("school"),
    visit.c.visitor_id == bindparam("visitor"),
    visit.c.owner_id == bindparam("owner"),
)


class DelegationRefused(CadranError):
    """The policy does not let one person stand in for the other so."""

    def __init__(self, owner: str, delegate: str, access: str) -> None:
        """Keep both logins and the access."""
        super().__init__(owner, delegate, access)
        self.owner = owner
        self.delegate = delegate
        self.access = access


@dataclass(frozen=True, slots=True)
class Delegation:
    """One side of a delegation: the other person, who is active, and the access given."""

    person: Principal
    access: Admission


class Delegations:
    """Delegations and visits of one school."""

    def __init__(self, tx: Transaction) -> None:
        """Share a transaction."""
        self._tx = tx
        self._born: dict[tuple[int, int], int] = {}

    def since(self, asker: Principal, owner: Principal) -> int:
        """Return the number at which a delegate, whose access was asked before, was given it; 0 for anybody else."""
        return self._born.get((asker.id, owner.id), 0)

    def access(self, asker: Principal, owner: Principal) -> Admission | None:
        """Return as what a person may enter a home, None when not at all.

        What a changed role no longer allows is not given, whatever was written.
        """
        if asker.id == owner.id:
            return Admission.OWNER
        if policy.reads_all_homes(asker.role, self._tx.school.settings):
            return Admission.SERVICE
        named = {"school": self._tx.school_id, "owner": owner.id, "delegate": asker.id}
        for access, born in _ACCESS.rows(self._tx.connection, **named):
            self._born[asker.id, owner.id] = born
            if policy.may_be_delegate(owner.role, asker.role, Admission(access)):
                return Admission(access)
        return None

    def linked(self, one: Principal, other: Principal) -> bool:
        """Tell whether one of two people may enter the other's home."""
        return self.access(one, other) is not None or self.access(other, one) is not None

    def enter(self, asker: Principal, owner: Principal, *, writing: bool) -> Admission | None:
        """Return as what a person enters a home, and keep a trace of the service reader and of delegates who write.

        One line of the audit trail tells of an hour. Raises WritingRequired when it is to be written.
        """
        access = self.access(asker, owner)
        if access is Admission.SERVICE:
            self._visit(asker, "home-read", owner.id, owner.login)
        elif access is Admission.WRITE and writing:
            self._visit(asker, "home-written", owner.id, owner.login)
        return access

    def list_homes(self, asker: Principal) -> bool:
        """Tell whether a person is shown the homes of all, and keep a trace of it."""
        if not policy.reads_all_homes(asker.role, self._tx.school.settings):
            return False
        self._visit(asker, "homes-listed", _EVERY_HOME, EVERYBODY)
        return True

    def _visit(self, visitor: Principal, action: str, owner_id: int, subject: str) -> None:
        hour = self._tx.now() // HOUR_SECONDS
        key = {"school": self._tx.school_id, "visitor": visitor.id, "owner": owner_id}
        if self._visited(key) == hour:
            return
        self._tx.lock()
        if self._visited(key) == hour:
            return
        here = and_(
            visit.c.school_id == self._tx.school_id, visit.c.visitor_id == visitor.id, visit.c.owner_id == owner_id
        )
        self._tx.connection.execute(delete(visit).where(here))
        row = {"school_id": self._tx.school_id, "visitor_id": visitor.id, "owner_id": owner_id, "hour": hour}
        self._tx.connection.execute(insert(visit), row)
        self._tx.audit.record(visitor.login, action, subject)

    def _visited(self, key: dict[str, int]) -> int | None:
        found: int | None = self._tx.connection.execute(_VISITED, key).scalar()
        return found

    def delegates(self, owner: Principal) -> tuple[Delegation, ...]:
        """Return who stands in for a person, in order of login."""
        found = self._linked(_d.owner_id == owner.id, _d.delegate_id)
        return tuple(each for each in found if policy.may_be_delegate(owner.role, each.person.role, each.access))

    def owners(self, delegate: Principal) -> tuple[Delegation, ...]:
        """Return for whom a person stands in, in order of login."""
        found = self._linked(_d.delegate_id == delegate.id, _d.owner_id)
        return tuple(each for each in found if policy.may_be_delegate(each.person.role, delegate.role, each.access))

    def _linked(self, condition: Any, other: Any) -> Iterable[Delegation]:
        joined = WITH_ACCOUNT.join(delegation, and_(_d.school_id == principal.c.school_id, other == principal.c.id))
        query = (
            select(*PERSON, _d.access)
            .select_from(joined)
            .where(_d.school_id == self._tx.school_id, condition, account.c.active)
            .order_by(principal.c.login)
        )
        rows = self._tx.connection.execute(query)
        return tuple(Delegation(to_principal(row), Admission(row[len(PERSON)])) for row in rows)

    def give(self, actor: str, owner: Principal, delegate: Principal, access: Admission) -> None:
        """Let a person stand in for another, in place of what they could before.

        Raises DelegationRefused, or LimitReached when the owner has as many delegates as one may have.
        """
        self._tx.lock()
        held = {each.person.id: each.access for each in self.delegates(owner)}
        self._check(owner, delegate, access)
        if len(held.keys() | {delegate.id}) > MOST_DELEGATES:
            raise LimitReached("delegate", MOST_DELEGATES)
        if held.get(delegate.id) is not access:
            self._set(actor, owner, delegate, access)

    def take(self, actor: str, owner: Principal, delegate: Principal) -> bool:
        """Let a person no longer stand in for another; tell whether they did."""
        self._tx.lock()
        gone = self._tx.connection.execute(delete(delegation).where(self._pair(owner.id, delegate.id))).rowcount > 0
        if gone:
            self._tx.push.forget_home(delegate.id, owner.id)
            self._tx.audit.record(actor, "delegation-removed", owner.login, delegate=delegate.login)
        return gone

    def replace(self, actor: str, owner: Principal, access: Admission, members: Iterable[Principal]) -> None:
        """Give one kind of access to exactly these people; whoever had the other kind loses that one.

        Raises DelegationRefused or LimitReached, and then has changed nothing.
        """
        self._tx.lock()
        wanted = {each.id: each for each in members}
        held = {each.person.id: each for each in self.delegates(owner)}
        for each in wanted.values():
            self._check(owner, each, access)
        if len({number for number, each in held.items() if each.access is not access} | wanted.keys()) > MOST_DELEGATES:
            raise LimitReached("delegate", MOST_DELEGATES)
        for number, old in held.items():
            if old.access is access and number not in wanted:
                self.take(actor, owner, old.person)
        for number, new in wanted.items():
            if number not in held or held[number].access is not access:
                self._set(actor, owner, new, access)

    def _check(self, owner: Principal, delegate: Principal, access: Admission) -> None:
        allowed = policy.may_be_delegate(owner.role, delegate.role, access)
        if not allowed or owner.id == delegate.id or not delegate.active:
            raise DelegationRefused(owner.login, delegate.login, access.value)

    def _set(self, actor: str, owner: Principal, delegate: Principal, access: Admission) -> None:
        self._tx.connection.execute(delete(delegation).where(self._pair(owner.id, delegate.id)))
        row: dict[str, Any] = {"school_id": self._tx.school_id, "owner_id": owner.id, "delegate_id": delegate.id}
        row |= {"access": access.value, "born": self._tx.tick()[0]}
        self._tx.connection.execute(insert(delegation), row)
        # All tokens that the delegate gets from now on are from above the number.
        theirs = and_(calendar.c.school_id == self._tx.school_id, calendar.c.owner_id == owner.id)
        live = and_(theirs, calendar.c.ended.is_(None))
        self._tx.connection.execute(update(calendar).where(live).values(seq=row["born"]))
        self._tx.audit.record(actor, "delegation-set", owner.login, delegate=delegate.login, access=access.value)

    def _pair(self, owner_id: int, delegate_id: int) -> Any:
        return and_(_d.school_id == self._tx.school_id, _d.owner_id == owner_id, _d.delegate_id == delegate_id)

    def forget_person(self, principal_id: int) -> None:
        """Drop what a person gave and was given: the person leaves."""
        self._tx.lock()
        for table, columns in (
            (delegation, (_d.owner_id, _d.delegate_id)),
            (visit, (visit.c.owner_id, visit.c.visitor_id)),
        ):
            theirs = or_(*(column == principal_id for column in columns))
            self._tx.connection.execute(delete(table).where(table.c.school_id == self._tx.school_id, theirs))
