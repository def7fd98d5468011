"""The trash: what people deleted from calendars of their own, kept for a while in case they want it back.

Rows of the trash are no part of any collection: the deletion is what every client is told, and what comes back is new.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import and_, delete, func, insert, literal, select, update
from sqlalchemy.sql.elements import ColumnElement

from storage import contentlines, itip_restored, policy, spelling
from storage.errors import InvalidObject, NameTaken, NotFound, SchedulingRefused, UidConflict
from storage.model import CalendarObject, Client, ClientKind, Collection, Expect, NewCalendar, Principal, Written
from storage.scheduling import Wish
from storage.schema import calendar, calendar_object, subscription
from storage.schema_trash import trash_item

if TYPE_CHECKING:
    from storage.transaction import Transaction

OBJECT: Final = "object"
CALENDAR: Final = "calendar"
TITLE_LENGTH: Final = 255
# Of a former name, beside the number that makes it another one.
HREF_LENGTH: Final = 200
_DAY: Final = 86_400
_ATTACHED: Final = "attachments"
_ALL = Client(ClientKind.WEB)

_t = trash_item.c
_o = calendar_object.c
_LISTED: Final = (_t.id, _t.calendar_id, _t.kind, _t.name, _t.title, _t.component, _t.uid, _t.etag, _t.size, _t.deleted)


@dataclass(frozen=True, slots=True)
class Trashed:
    """One thing in a trash: `kind` "object" or "calendar", `name` its href or slug, `deleted` epoch seconds.

    `slug` and `calendar` tell where it was: the owner's slug, "" when that calendar is gone too, and its name.
    """

    id: int
    calendar_id: int
    kind: str
    name: str
    title: str
    component: str
    uid: str
    etag: str
    size: int
    deleted: int
    slug: str = ""
    calendar: str = ""


class Trash:
    """The trashes of one school."""

    def __init__(self, tx: Transaction) -> None:
        """Share a transaction."""
        self._tx = tx
        self._kept_now: dict[int, list[int]] = {}

    def _keeps(self, collection: Collection) -> bool:
        return self._tx.school.settings.trash_days > 0 and collection.kind in policy.WRITABLE

    def keep(self, collection: Collection, gone: CalendarObject, attached: frozenset[str] = frozenset()) -> None:
        """Keep an object that is being deleted, if it was in a calendar that its owner writes.

        `attached` are the managed attachments that it gave access to, which it gives again when it comes back.
        """
        if not self._keeps(collection):
            return
        row = self._row(collection) | {
            "id": gone.id,
            "whole_id": None,
            "kind": OBJECT,
            "name": gone.href,
            "title": _title(gone.ical),
            "component": gone.component,
            "uid": gone.uid,
            "etag": gone.etag,
            "size": len(gone.ical),
            "ical": gone.ical,
            "detail": _attached(attached),
        }
        self._tx.connection.execute(insert(trash_item), row)
        self._kept_now.setdefault(collection.id, []).append(gone.id)

    def _row(self, collection: Collection) -> dict[str, Any]:
        row = {"school_id": self._tx.school_id, "principal_id": collection.owner_id}
        return row | {"calendar_id": collection.id, "deleted": self._tx.now()}

    def keep_calendar(self, collection: Collection) -> None:
        """Keep a calendar that is being deleted, with its objects and those this transaction deleted before it."""
        if not self._keeps(collection):
            return
        detail = {"colour": collection.colour, "position": collection.position, "description": collection.description}
        detail |= {"timezone": collection.timezone, "components": list(collection.components)}
        row = self._row(collection) | {
            "id": collection.id,
            "whole_id": None,
            "kind": CALENDAR,
            "name": collection.slug,
            "title": collection.name,
            "component": "",
            "uid": "",
            "etag": f"{collection.id}-{collection.head}",
            "size": 0,
            "ical": b"",
            "detail": detail | {"transparent": collection.transparent},
        }
        self._tx.connection.execute(insert(trash_item), row)
        mine = and_(_t.school_id == self._tx.school_id, _t.id.in_(self._kept_now.pop(collection.id, [])))
        self._tx.connection.execute(update(trash_item).where(mine).values(whole_id=collection.id))
        self._keep_content(collection)

    def _keep_content(self, collection: Collection) -> None:
        columns = {
            "school_id": _o.school_id,
            "id": _o.id,
            "principal_id": literal(collection.owner_id, _t.principal_id.type),
            "calendar_id": _o.calendar_id,
            "whole_id": _o.calendar_id,
            "kind": literal(OBJECT),
            "name": _o.href,
            "title": literal(""),
            "component": _o.component,
            "uid": _o.uid,
            "etag": _o.etag,
            "size": _o.size,
            "deleted": literal(self._tx.now(), _t.deleted.type),
            "ical": _o.ical,
            "detail": literal({}, _t.detail.type),
        }
        alive = and_(
            _o.school_id == self._tx.school_id,
            _o.calendar_id == collection.id,
            _o.ended.is_(None),
            _o.ical.is_not(None),
        )
        content = select(*(value.label(name) for name, value in columns.items())).where(alive)
        self._tx.connection.execute(insert(trash_item).from_select(list(columns), content))
        for number, attached in self._tx.attachments.uses_in(collection.id).items():
            this = and_(_t.school_id == self._tx.school_id, _t.id == number)
            self._tx.connection.execute(update(trash_item).where(this).values(detail=_attached(attached)))

    def _mine(self, owner: Principal) -> ColumnElement[bool]:
        return and_(_t.school_id == self._tx.school_id, _t.principal_id == owner.id, _t.whole_id.is_(None))

    def of(self, owner: Principal) -> tuple[Trashed, ...]:
        """Return what is in a person's trash, latest first; what a deleted calendar held is not told by itself."""
        return self._read(self._mine(owner))

    def get(self, owner: Principal, number: int) -> Trashed:
        """Return one thing of a person's trash; raises NotFound."""
        for each in self._read(and_(self._mine(owner), _t.id == number)):
            return each
        raise NotFound("trashed", number)

    def _read(self, wanted: ColumnElement[bool]) -> tuple[Trashed, ...]:
        there = trash_item.outerjoin(
            calendar, and_(calendar.c.school_id == _t.school_id, calendar.c.id == _t.calendar_id)
        ).outerjoin(
            subscription,
            and_(
                subscription.c.school_id == _t.school_id,
                subscription.c.principal_id == _t.principal_id,
                subscription.c.collection_id == _t.calendar_id,
                subscription.c.ended.is_(None),
            ),
        )
        slug, name = func.coalesce(subscription.c.slug, ""), func.coalesce(subscription.c.name, calendar.c.name, "")
        query = select(*_LISTED, slug, name).select_from(there).where(wanted)
        rows = self._tx.connection.execute(query.order_by(_t.deleted.desc(), _t.id.desc()))
        return tuple(Trashed(*row) for row in rows)

    def text(self, found: Trashed) -> bytes:
        """Return the iCalendar text of an object in a trash."""
        here = and_(_t.school_id == self._tx.school_id, _t.id == found.id)
        return bytes(self._tx.connection.execute(select(_t.ical).where(here)).scalar_one())

    def _had(self, found: Trashed) -> frozenset[str]:
        here = and_(_t.school_id == self._tx.school_id, _t.id == found.id)
        return frozenset(self._tx.connection.execute(select(_t.detail).where(here)).scalar_one().get(_ATTACHED, ()))

    def erase(self, owner: Principal, number: int) -> None:
        """Erase one thing for good, a calendar with what it held; raises NotFound."""
        self._tx.lock()
        found = self.get(owner, number)
        this = (_t.id == found.id) if found.kind == OBJECT else ((_t.id == found.id) | (_t.whole_id == found.id))
        self._tx.connection.execute(delete(trash_item).where(_t.school_id == self._tx.school_id, this))

    def restore(self, owner: Principal, number: int, to: tuple[Collection, str] | None = None) -> Written:
        """Put an object back into its calendar, under its name if that is free, or where `to` says.

        It is new to every client; an organizer's meeting invites its attendees anew. Raises NotFound, also when its
        calendar is gone, UidConflict when its UID is in use meanwhile, PreconditionFailed when the name of `to` is
        taken, and what Scheduling.put raises.
        """
        self._tx.lock()
        found = self.get(owner, number)
        if found.kind != OBJECT:
            raise NotFound("trashed object", number)
        collection, href = to or (self._origin(owner, found), found.name)
        if to is None and self._tx.objects.many(collection, [href]):
            href = f"{found.id}-{spelling.cut(href, HREF_LENGTH)}"
        self._check_uid(collection, href, found.uid)
        text = self._tx.attachments.restored(itip_restored.anew(self.text(found), owner), owner, self._had(found))
        written = self._tx.scheduling.put(collection, href, text, Wish(Expect(absent=True)))
        self.erase(owner, number)
        return written

    def _origin(self, owner: Principal, found: Trashed) -> Collection:
        return self._tx.collections.by_id(owner, found.calendar_id, _ALL)

    def _check_uid(self, collection: Collection, href: str, uid: str) -> None:
        holder = self._tx.objects.by_uid(collection, uid)
        if holder is not None and holder.href != href:
            raise UidConflict(uid, holder.href)

    def restore_calendar(self, owner: Principal, number: int, slug: str = "") -> Collection:
        """Make a deleted calendar again with its objects, name and colour, under its slug if that is free.

        Every client sees a new calendar. Raises NotFound, NameTaken when a `slug` that is asked for is in use, and
        LimitReached. An object that cannot be stored any more stays in the trash by itself.
        """
        self._tx.lock()
        found = self.get(owner, number)
        if found.kind != CALENDAR:
            raise NotFound("trashed calendar", number)
        made = self._make(owner, found, slug)
        here = and_(_t.school_id == self._tx.school_id, _t.calendar_id == found.calendar_id)
        for item in self._tx.connection.execute(
            select(_t.id).where(here, _t.whole_id == found.id).order_by(_t.id)
        ).all():
            self._tx.connection.execute(update(trash_item).where(here, _t.id == item.id).values(whole_id=None))
            self._put_back(owner, item.id, made)
        self._tx.connection.execute(update(trash_item).where(here).values(calendar_id=made.id))
        self.erase(owner, number)
        return made

    def _put_back(self, owner: Principal, number: int, made: Collection) -> None:
        found = self.get(owner, number)
        try:
            self.restore(owner, number, (made, found.name))
        except (InvalidObject, SchedulingRefused, UidConflict):
            text = _title(self.text(found))
            this = and_(_t.school_id == self._tx.school_id, _t.id == number)
            self._tx.connection.execute(update(trash_item).where(this).values(title=text))

    def _make(self, owner: Principal, found: Trashed, slug: str) -> Collection:
        here = and_(_t.school_id == self._tx.school_id, _t.id == found.id)
        detail = dict(self._tx.connection.execute(select(_t.detail).where(here)).scalar_one())
        components = tuple(detail.pop("components"))
        try:
            new = NewCalendar(slug or found.name, found.title, components=components, **detail)
            return self._tx.collections.create(owner, new)
        except NameTaken:
            if slug:
                raise
        new = NewCalendar(f"{spelling.cut(found.name, 100)}-{found.id}", found.title, components=components, **detail)
        return self._tx.collections.create(owner, new)

    def purge(self) -> int:
        """Erase what has been in the trash for longer than the school keeps it; return how many things."""
        self._tx.lock()
        limit = self._tx.now() - self._tx.school.settings.trash_days * _DAY
        old = and_(_t.school_id == self._tx.school_id, _t.deleted < limit)
        return self._tx.connection.execute(delete(trash_item).where(old)).rowcount

    def forget_person(self, principal_id: int) -> None:
        """Erase a person's trash: the person leaves."""
        mine = and_(_t.school_id == self._tx.school_id, _t.principal_id == principal_id)
        self._tx.connection.execute(delete(trash_item).where(mine))


def _attached(managed_ids: frozenset[str]) -> dict[str, Any]:
    return {_ATTACHED: sorted(managed_ids)} if managed_ids else {}


def _title(text: bytes) -> str:
    """Return the summary of a text, for people who look for it."""
    try:
        root = contentlines.parse(text)
    except InvalidObject:
        return ""
    titles = (each.text("SUMMARY") for each in root.components if each.name != "VTIMEZONE")
    return next((contentlines.unescaped(each).strip()[:TITLE_LENGTH] for each in titles if each), "")
