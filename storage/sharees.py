"""Who has a calendar because it is shared: the shares of a calendar become subscriptions, and end them.

Whatever changes somebody's access ends here. When more or less becomes visible, the subscription begins anew, so that
tokens from before are refused and nothing stale stays with anyone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import and_, case, func, insert, or_, select, true, update

from storage import policy
from storage.collections import subscription_row
from storage.errors import NotFound
from storage.model import Access, Principal, Role
from storage.schema import account, calendar, principal, subscription
from storage.schema_sharing import share, share_refusal

if TYPE_CHECKING:
    from storage.transaction import Transaction

_s = subscription.c
ACCEPTED: Final = "accepted"
CHUNK: Final = 500


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What one person is to have: the access, and the name for a new subscription."""

    access: Access
    name: str


@dataclass(frozen=True, slots=True)
class _Changed:
    """A subscription and its access from now on; `plain` when it was there without a share, and stays without one."""

    row: Any
    access: str
    plain: bool


class Sharees:
    """Keeps the subscriptions of one school in step with its shares."""

    def __init__(self, tx: Transaction) -> None:
        """Share a transaction."""
        self._tx = tx
        self._due: set[int] = set()

    def settle_later(self, principal_id: int) -> None:
        """Bring up to date, before this transaction commits, what somebody has and gives who is another person now.

        Many roles and accounts change at once, by a feed of people: what they all share is looked at once.
        """
        self._tx.require_writing()
        self._due.add(principal_id)

    def settle_due(self) -> None:
        """Do what was left for the end of the transaction."""
        people, self._due = sorted(self._due), set()
        if not people:
            return
        self.settle_groups()
        for at in range(0, len(people), CHUNK):
            some = people[at : at + CHUNK]
            owned = and_(calendar.c.school_id == share.c.school_id, calendar.c.id == share.c.collection_id)
            theirs = or_(share.c.principal_id.in_(some), calendar.c.owner_id.in_(some))
            query = select(share.c.collection_id).select_from(share.join(calendar, owned))
            query = query.where(share.c.school_id == self._tx.school_id, share.c.group_key == "", theirs)
            for number in sorted(set(self._tx.connection.execute(query).scalars())):
                self.settle(number)

    def settle_groups(self) -> None:
        """Bring shares with groups up to date: people have joined groups or left them, or have left the school."""
        self._settle_where(share.c.group_key != "")

    def settle_all(self) -> None:
        """Bring every share up to date, as at night."""
        self._settle_where(true())

    def _settle_where(self, condition: Any) -> None:
        query = select(share.c.collection_id).where(share.c.school_id == self._tx.school_id, condition)
        for number in sorted(set(self._tx.connection.execute(query).scalars())):
            self.settle(number)

    def settle(self, collection_id: int) -> None:
        """Give a calendar to those it is shared with, take it from the others, and mark it as shared or not."""
        self._tx.lock()
        row = self._calendar(collection_id)
        if row is None or row.owner_id is None:
            return
        shares = self._shares(collection_id)
        wanted = self._wanted(row.owner_id, row.name, shares)
        have = {each.principal_id: each for each in self._subscribed(collection_id)}
        have.pop(row.owner_id, None)
        gone = [number for number, each in have.items() if each.access and not each.plain and number not in wanted]
        changed = [found for each in have.values() if (found := _changed(each, wanted.get(each.principal_id)))]
        new = sorted(wanted.keys() - have.keys())
        marked = bool(shares) != bool(row.shared)
        if not (gone or changed or new or marked):
            return
        seq = self._tx.tick()[0]
        # Those who see it otherwise from now on get another head, above which all their tokens will be.
        self._mark(collection_id, seq, shared=bool(shares))
        anew = [each for each in changed if _shows_otherwise(each.row.access, each.access)]
        ended = {each.row.principal_id for each in anew}
        self._set(collection_id, [*gone, *sorted(ended)], {"ended": seq, "seq": seq})
        kept: dict[tuple[str, bool], list[int]] = {}
        for each in changed:
            if each.row.principal_id not in ended:
                kept.setdefault((each.access, each.plain), []).append(each.row.principal_id)
        for (access, plain), people in sorted(kept.items()):
            self._set(collection_id, people, {"access": access, "plain": plain, "seq": seq})
        rows = [dict(each.row._mapping) | {"access": each.access, "plain": each.plain} for each in anew]
        self._begin([*rows, *self._new_rows(collection_id, new, wanted)], seq)
        if marked:
            self._set(collection_id, [row.owner_id], {"seq": seq})

    def _begin(self, rows: Sequence[Mapping[str, Any]], seq: int) -> None:
        fixed = {"school_id": self._tx.school_id, "born": seq, "seq": seq, "ended": None}
        if rows:
            self._tx.connection.execute(insert(subscription), [{**each, **fixed} for each in rows])

    def owner(self, collection_id: int) -> int:
        """Return whose a calendar is; raises NotFound."""
        row = self._calendar(collection_id)
        if row is None or row.owner_id is None:
            raise NotFound("collection", collection_id)
        return int(row.owner_id)

    def _calendar(self, collection_id: int) -> Any:
        c, owner = calendar.c, and_(_s.school_id == calendar.c.school_id, _s.principal_id == calendar.c.owner_id)
        mine = and_(owner, _s.collection_id == c.id, _s.ended.is_(None))
        query = (
            select(c.owner_id, c.shared, func.coalesce(_s.name, c.name).label("name"))
            .select_from(calendar.outerjoin(subscription, mine))
            .where(c.school_id == self._tx.school_id, c.id == collection_id, c.ended.is_(None))
        )
        return self._tx.connection.execute(query).first()

    def _shares(self, collection_id: int) -> list[Any]:
        """Return the shares of a calendar, those with people with the role that an open account has."""
        s, p, a = share.c, principal.c, account.c
        joined = share.outerjoin(principal, and_(p.school_id == s.school_id, p.id == s.principal_id)).outerjoin(
            account, and_(a.school_id == p.school_id, a.principal_id == p.id, a.active == true())
        )
        query = select(share, case((a.login.is_not(None), p.role)).label("role")).select_from(joined)
        query = query.where(s.school_id == self._tx.school_id, s.collection_id == collection_id).order_by(s.id)
        return list(self._tx.connection.execute(query).all())

    def _subscribed(self, collection_id: int) -> list[Any]:
        columns = (_s.principal_id, _s.collection_id, _s.slug, _s.name, _s.colour, _s.position, _s.synchronise)
        here = and_(_s.school_id == self._tx.school_id, _s.collection_id == collection_id, _s.ended.is_(None))
        query = select(*columns, _s.access, _s.plain, _s.remark, _s.opaque).where(here)
        return list(self._tx.connection.execute(query).all())

    def _wanted(self, owner_id: int, name: str, shares: Iterable[Any]) -> Mapping[int, _Wanted]:
        """Return what each person is to have: the most of what is granted, named by the first share."""
        owner = self._owner(owner_id)
        granted: dict[int, list[tuple[Access, str]]] = {}
        for each in shares:
            title = each.name or each.summary or f"{name} – {owner.name}"
            for number in self._grantees(each, owner):
                granted.setdefault(number, []).append((Access(each.access), title))
        found = {}
        for number, grants in granted.items():
            most = policy.greatest_access(access for access, _ in grants)
            if most is not None and number != owner_id:
                found[number] = _Wanted(most, grants[0][1])
        return found

    def _owner(self, owner_id: int) -> Any:
        own = and_(account.c.school_id == principal.c.school_id, account.c.principal_id == principal.c.id)
        query = (
            select(principal.c.name, principal.c.role, account.c.active)
            .select_from(principal.join(account, own))
            .where(principal.c.school_id == self._tx.school_id, principal.c.id == owner_id)
        )
        return self._tx.connection.execute(query).one()

    def _grantees(self, row: Any, owner: Any) -> Iterable[int]:
        """Return who has a calendar by one share: a person who accepted, or the members that have not refused it.

        What could not be shared now, for somebody has another role or a closed account, is not had either; the share
        stands and counts again when it may.
        """
        role = Role(owner.role)
        if not owner.active or (row.group_key and not policy.may_share_with_groups(role)):
            return ()
        if not row.group_key:
            known = row.role is not None and policy.knows(role, Role(row.role))
            return (row.principal_id,) if known and row.status == ACCEPTED else ()
        refused = self.refusals(row.id)
        members: tuple[Principal, ...] = self._tx.groups.members(row.group_key)
        return [each.id for each in members if each.id not in refused and policy.knows(role, each.role)]

    def refusals(self, share_id: int) -> frozenset[int]:
        """Return the members of a group who do not want what is shared with it."""
        query = select(share_refusal.c.principal_id).where(
            share_refusal.c.school_id == self._tx.school_id, share_refusal.c.share_id == share_id
        )
        return frozenset(self._tx.connection.execute(query).scalars())

    def _new_rows(
        self, collection_id: int, people: Sequence[int], wanted: Mapping[int, _Wanted]
    ) -> list[dict[str, Any]]:
        if not people:
            return []
        slug = f"partage-{collection_id}"
        mine = and_(_s.school_id == self._tx.school_id, _s.ended.is_(None))
        query = select(_s.principal_id, func.max(_s.position)).where(mine).group_by(_s.principal_id)
        last: dict[int, int] = dict(self._tx.connection.execute(query).all())
        taken = set(self._tx.connection.execute(select(_s.principal_id).where(mine, _s.slug == slug)).scalars())
        rows = []
        for number in people:
            free = slug if number not in taken else f"{slug}-{self._tx.changes.clock()}"
            row = subscription_row(number, collection_id, free, wanted[number].name, 0)
            row |= {
                "plain": False,
                "access": wanted[number].access.value,
                "position": min(last.get(number, 0) + 1, 2**31 - 1),
            }
            rows.append(row | {"remark": None, "opaque": False})
        return rows

    def _set(self, collection_id: int, people: Sequence[int], values: Mapping[str, Any]) -> None:
        this = and_(_s.school_id == self._tx.school_id, _s.collection_id == collection_id, _s.ended.is_(None))
        for at in range(0, len(people), CHUNK):
            some = _s.principal_id.in_(people[at : at + CHUNK])
            self._tx.connection.execute(update(subscription).where(this, some).values(**values))

    def _mark(self, collection_id: int, seq: int, *, shared: bool) -> None:
        this = and_(calendar.c.school_id == self._tx.school_id, calendar.c.id == collection_id)
        self._tx.connection.execute(update(calendar).where(this).values(seq=seq, shared=shared))


def _changed(row: Any, wanted: _Wanted | None) -> _Changed | None:
    """Return what becomes of a subscription, None when it stays or ends."""
    access = "" if wanted is None else wanted.access.value
    if row.access == access or (wanted is None and not row.plain):
        return None
    return _Changed(row, access, plain=wanted is not None and (row.plain or not row.access))


def _shows_otherwise(before: str, after: str) -> bool:
    """Tell whether a change of access hides or shows something; a plain subscription counts as reading."""
    was, then = (Access(each) if each else Access.READ for each in (before, after))
    return policy.mask(owned=False, access=was) is not policy.mask(owned=False, access=then)
