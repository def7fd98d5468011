"""Sharing: an owner offers a calendar to a person, who answers, or to a group, whose members have it at once.

What is offered and answered stands here; who has a calendar because of it is `storage/sharees.py`.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import and_, delete, insert, select, update

from storage import policy
from storage.errors import Forbidden, LimitReached, NotFound, ReadOnly
from storage.groups import Group, GroupKind
from storage.model import Access, Collection, Principal
from storage.notices import Notice
from storage.schema_sharing import share, share_refusal
from storage.sharees import Sharees

if TYPE_CHECKING:
    from storage.transaction import Transaction

MOST_SHARES: Final = 200
MOST_SUMMARY: Final = 255
_DELETED: Final = "deleted"


class Status(StrEnum):
    """What a person said to an invitation; groups do not answer."""

    NEEDS_ACTION = "needs-action"
    ACCEPTED = "accepted"
    DECLINED = "declined"


@dataclass(frozen=True, slots=True)
class Share:
    """One calendar shared with one person, or with the group of a key; `name` is what the sharee calls it."""

    id: int
    collection_id: int
    principal_id: int
    group_key: str
    access: Access
    status: Status
    summary: str
    name: str
    uid: str


@dataclass(frozen=True, slots=True)
class Offer:
    """What is offered; `settled` when nobody is asked first; `actor` is who does it, for the audit trail."""

    access: Access
    actor: str
    summary: str = ""
    settled: bool = False


Grantee = Principal | Group


class Sharing:
    """The shares of one school."""

    def __init__(self, tx: Transaction) -> None:
        """Share a transaction."""
        self._tx = tx

    @cached_property
    def sharees(self) -> Sharees:
        """Who has what because of shares."""
        return Sharees(self._tx)

    def of(self, collection_id: int) -> tuple[Share, ...]:
        """Return the shares of a calendar, in the order in which they were made."""
        return self._select(share.c.collection_id == collection_id)

    def _select(self, *conditions: Any) -> tuple[Share, ...]:
        columns = [column for column in share.c if column.name != "school_id"]
        query = select(*columns).where(share.c.school_id == self._tx.school_id, *conditions).order_by(share.c.id)
        return tuple(map(_to_share, self._tx.connection.execute(query)))

    def check(self, owner: Principal, collection: Collection, grantee: Grantee) -> None:
        """Raise ReadOnly, Forbidden or NotFound unless an owner may share this with that."""
        if not policy.shareable(collection) or collection.owner_id != owner.id:
            raise ReadOnly(collection.id, "write-acl")
        if isinstance(grantee, Group):
            if not policy.may_share_with_groups(owner.role):
                raise Forbidden
            return
        known = grantee.active and policy.knows(owner.role, grantee.role)
        if not known or grantee.id == owner.id or grantee.school_id != owner.school_id:
            raise NotFound("principal", grantee.login)

    def offer(self, owner: Principal, collection: Collection, grantee: Grantee, offer: Offer) -> Share:
        """Share a calendar, or change what it is shared for; the same offer again changes and tells nothing.

        A group has it at once. A person is asked, unless the offer is settled; one who declined is asked again. Raises
        what `check` raises, and LimitReached.
        """
        self.check(owner, collection, grantee)
        self._tx.lock()
        access = policy.grantable(collection.kind, offer.access)
        summary = offer.summary[:MOST_SUMMARY]
        found = self._with(collection.id, grantee)
        settled = offer.settled or isinstance(grantee, Group)
        if found is None:
            made = self._new(collection, grantee, (access, summary), settled=settled)
        else:
            status = Status.ACCEPTED if settled else found.status
            if status is Status.DECLINED:
                status = Status.NEEDS_ACTION
            made = replace(found, access=access, summary=summary or found.summary, status=status)
            if made == found and not self._refused(found):
                return found
            self._write(made)
        if isinstance(grantee, Group):
            self._forget_refusals(made.id)
        self.sharees.settle(collection.id)
        if isinstance(grantee, Principal):
            self._invite(owner, collection, grantee, made)
        self._audit(offer.actor, "calendar-shared", (owner, collection), grantee, access=access.value)
        return made

    def withdraw(self, owner: Principal, collection: Collection, grantee: Grantee, actor: str) -> bool:
        """Stop sharing with somebody, who is told; False when it was not shared with them."""
        if collection.owner_id != owner.id or not collection.owned:
            raise ReadOnly(collection.id, "write-acl")
        self._tx.lock()
        found = self._with(collection.id, grantee)
        if found is None:
            return False
        self._delete(found)
        self.sharees.settle(collection.id)
        if isinstance(grantee, Principal):
            self._invite(owner, collection, grantee, found, _DELETED)
        self._audit(actor, "calendar-unshared", (owner, collection), grantee)
        return True

    def close(self, owner: Principal, collection: Collection) -> None:
        """Stop sharing a calendar with everybody: it is about to be deleted."""
        for _found, grantee in self.with_grantees(collection.id):
            self.withdraw(owner, collection, grantee, owner.login)

    def with_grantees(self, collection_id: int) -> tuple[tuple[Share, Grantee], ...]:
        """Return the shares of a calendar, each with whom it is with; a group that is no more is known by its key."""
        found = self.of(collection_id)
        people = self._tx.principals.several([each.principal_id for each in found if not each.group_key])
        groups = {each.key: each for each in self._tx.groups.all()} if any(each.group_key for each in found) else {}
        return tuple(
            (each, people[each.principal_id] if not each.group_key else groups.get(each.group_key, _gone(each)))
            for each in found
            if each.group_key or each.principal_id in people
        )

    def answer(self, person: Principal, uid: str, *, accepted: bool, summary: str = "") -> Collection | None:
        """Accept or decline an invitation; return the calendar as the person has it then, None when declined.

        Raises NotFound when there is no such invitation for the person.
        """
        self._tx.lock()
        found = next(iter(self._select(share.c.uid == uid)), None)
        if found is None or not self._concerns(found, person):
            raise NotFound("invitation", uid)
        self._settle_answer(found, person, accepted=accepted, summary=summary[:MOST_SUMMARY])
        if not accepted:
            return None
        mine = (each for each in self._tx.collections.subscribed(person) if each.id == found.collection_id)
        return next(mine, None)

    def leave(self, person: Principal, collection: Collection) -> None:
        """Take a shared calendar off a person's list: all that gave it is declined."""
        self._tx.lock()
        for found in self.of(collection.id):
            if self._concerns(found, person):
                self._settle_answer(found, person, accepted=False, summary="")

    def _settle_answer(self, found: Share, person: Principal, *, accepted: bool, summary: str) -> None:
        self._tx.lock()
        if found.group_key:
            self._refuse(found, person, refused=not accepted)
        else:
            status = Status.ACCEPTED if accepted else Status.DECLINED
            self._write(replace(found, status=status, name=summary or found.name))
        self.sharees.settle(found.collection_id)
        self._tx.notices.drop(person, f"{found.uid}.xml")
        if not found.group_key:
            self._reply(found, person, Status.ACCEPTED if accepted else Status.DECLINED, summary)
        action = "share-accepted" if accepted else "share-declined"
        self._tx.audit.record(person.login, action, person.login, collection=found.collection_id)

    def _concerns(self, found: Share, person: Principal) -> bool:
        if not found.group_key:
            return found.principal_id == person.id
        return any(each.id == person.id for each in self._tx.groups.members(found.group_key))

    def forget_person(self, person: Principal) -> None:
        """End what a person shares and what is shared with them: they leave."""
        self._tx.lock()
        mine = [each for each in self._tx.collections.subscribed(person) if policy.shareable(each)]
        for collection in mine:
            self.close(person, collection)
        for found in self._select(share.c.principal_id == person.id):
            self._delete(found)
            self.sharees.settle(found.collection_id)
        here = and_(share_refusal.c.school_id == self._tx.school_id, share_refusal.c.principal_id == person.id)
        self._tx.connection.execute(delete(share_refusal).where(here))

    def _with(self, collection_id: int, grantee: Grantee) -> Share | None:
        number, key = _ids(grantee)
        here = (share.c.collection_id == collection_id, share.c.principal_id == number, share.c.group_key == key)
        return next(iter(self._select(*here)), None)

    def _new(self, collection: Collection, grantee: Grantee, granted: tuple[Access, str], *, settled: bool) -> Share:
        if len(self.of(collection.id)) >= MOST_SHARES:
            raise LimitReached("share", MOST_SHARES)
        status = Status.ACCEPTED if settled else Status.NEEDS_ACTION
        number = self._tx.tick()[0]
        made = Share(number, collection.id, *_ids(grantee), granted[0], status, granted[1], "", str(uuid.uuid4()))
        row: Mapping[str, Any] = {name: getattr(made, name) for name in Share.__dataclass_fields__}
        self._tx.connection.execute(insert(share), {"school_id": self._tx.school_id, **row})
        return made

    def _write(self, changed: Share) -> None:
        this = and_(share.c.school_id == self._tx.school_id, share.c.id == changed.id)
        values = {name: getattr(changed, name) for name in ("access", "status", "summary", "name")}
        self._tx.connection.execute(update(share).where(this).values(**values))

    def _delete(self, found: Share) -> None:
        self._forget_refusals(found.id)
        this = and_(share.c.school_id == self._tx.school_id, share.c.id == found.id)
        self._tx.connection.execute(delete(share).where(this))

    def _refused(self, found: Share) -> bool:
        return bool(found.group_key) and bool(self.sharees.refusals(found.id))

    def _forget_refusals(self, share_id: int) -> None:
        here = and_(share_refusal.c.school_id == self._tx.school_id, share_refusal.c.share_id == share_id)
        self._tx.connection.execute(delete(share_refusal).where(here))

    def _refuse(self, found: Share, person: Principal, *, refused: bool) -> None:
        row = {"school_id": self._tx.school_id, "share_id": found.id, "principal_id": person.id}
        here = and_(*(share_refusal.c[name] == value for name, value in row.items()))
        self._tx.connection.execute(delete(share_refusal).where(here))
        if refused:
            self._tx.connection.execute(insert(share_refusal), row)

    def _invite(
        self, owner: Principal, collection: Collection, sharee: Principal, made: Share, status: str = ""
    ) -> None:
        """Tell a person what is shared with them now."""
        told = self._notice("invite", made, (owner, sharee), collection)
        self._tx.notices.add(sharee, replace(told, status=status or made.status.value))

    def _reply(self, found: Share, person: Principal, status: Status, summary: str) -> None:
        """Tell the owner what a person answered."""
        owner = self._tx.principals.get(self.sharees.owner(found.collection_id))
        mine = (each for each in self._tx.collections.subscribed(owner) if each.id == found.collection_id)
        collection = next(mine, None)
        if collection is not None:
            told = self._notice("reply", found, (owner, person), collection)
            self._tx.notices.add(owner, replace(told, status=status.value, summary=summary))

    def _notice(self, kind: str, found: Share, people: tuple[Principal, Principal], collection: Collection) -> Notice:
        owner, sharee = people
        return Notice(
            kind=kind,
            uid=found.uid,
            status=found.status.value,
            access=found.access.value,
            owner=(owner.login, owner.name),
            sharee=(sharee.login, sharee.name),
            calendar=collection.slug,
            summary=found.summary,
            components=collection.components,
            at=self._tx.now(),
        )

    def _audit(
        self, actor: str, action: str, what: tuple[Principal, Collection], grantee: Grantee, **detail: str
    ) -> None:
        owner, collection = what
        subject = grantee.login if isinstance(grantee, Principal) else grantee.key
        self._tx.audit.record(actor, action, subject, owner=owner.login, calendar=collection.slug, **detail)


def _gone(found: Share) -> Group:
    return Group(found.group_key, GroupKind.COURSE, found.group_key)


def _to_share(row: Any) -> Share:
    number, collection_id, principal_id, group_key, access, status, *rest = row
    return Share(number, collection_id, principal_id, group_key, Access(access), Status(status), *rest)


def _ids(grantee: Grantee) -> tuple[int, str]:
    return (grantee.id, "") if isinstance(grantee, Principal) else (0, grantee.key)
