"""What changed in a collection since a token: the only place that compares sequence numbers.

The algebra is design section 3 and reference/sync-core.md. One rule is sharper here than in the prototype: an object
that is new to the reader keeps its place in the run at its birth, whatever happens to it later, so that a client that
pages while others write is never told of a change to something it has not been given.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    and_,
    bindparam,
    case,
    literal,
    or_,
    select,
    type_coerce,
    union_all,
)

from storage import shown
from storage.errors import TokenExpired, TokenInvalid
from storage.model import Change, ChangePage, Collection, Mask, Moved, SyncToken, Watch
from storage.ready import Ready
from storage.schema import calendar, calendar_object, clock, feed, subscription
from storage.shown import END

if TYPE_CHECKING:
    from storage.transaction import Transaction

_BASE = bindparam("base", type_=calendar.c.seq.type)
_TOP = bindparam("top", type_=calendar.c.seq.type)
_SEQ = bindparam("seq", type_=calendar.c.seq.type)
_ROW = bindparam("row", type_=calendar.c.seq.type)

_school = calendar.c.school_id == bindparam("school")
_own = and_(_school, calendar.c.id == bindparam("collection"))
_fed_calendar = and_(calendar.c.school_id == feed.c.school_id, calendar.c.id == feed.c.calendar_id)
_pair = and_(feed.c.school_id == bindparam("school"), feed.c.collection_id == bindparam("collection"))

_CLOCK = Ready(select(clock.c.seq).where(clock.c.school_id == bindparam("school")))
_HEAD = Ready(
    union_all(
        select(calendar.c.seq).where(_own),
        select(calendar.c.seq).select_from(feed.join(calendar, _fed_calendar)).where(_pair, feed.c.ended.is_(None)),
    )
)
_FLOOR = Ready(
    union_all(
        select(calendar.c.purged).where(_own),
        select(calendar.c.purged)
        .select_from(feed.join(calendar, _fed_calendar))
        .where(
            _pair, feed.c.born <= bindparam("number"), or_(feed.c.ended.is_(None), feed.c.ended > bindparam("number"))
        ),
    )
)

# A stay that began or ended after the position can move any object; other stays only those stamped since.
_shifted = or_(feed.c.born >= _SEQ, feed.c.ended >= _SEQ, feed.c.narrowed >= _SEQ)
_steady = and_(feed.c.born < _SEQ, feed.c.ended.is_(None), or_(feed.c.narrowed.is_(None), feed.c.narrowed < _SEQ))
_o = calendar_object.c
# A truth that is not decoded row by row: listings are long.
_PRIVATE = type_coerce(_o.private, Integer).label("private")


def _met(stay: ColumnElement[bool]) -> Select[Any]:
    """Build the query for where stays of one kind meet lives."""
    return (
        select(
            _o.id,
            _o.item,
            _o.href,
            _o.etag,
            _o.seq,
            _o.component,
            _o.size,
            _o.modified,
            _o.starts,
            _o.ends,
            _o.schedule_tag,
            _PRIVATE,
            _o.created,
            shown.born.label("since"),
            shown.ended.label("until"),
        )
        .select_from(feed.join(calendar_object, shown.same_calendar))
        .where(_pair, stay, shown.in_window)
    )


_met_rows = union_all(_met(_shifted), _met(and_(_steady, _o.seq >= _SEQ))).subquery("met")
_m = _met_rows.c
_new = _m.since > _BASE
_gone = _m.until < END
_placed = (
    select(
        *_met_rows.c,
        case((_gone, _m.until), (_new, _m.since), else_=_m.seq).label("at"),
        _gone.label("gone"),
        _new.label("new"),
    )
    .where(_m.since < _m.until, or_(_m.until == END, _m.since <= _BASE))
    .subquery("placed")
)
_p = _placed.c
_run = (
    select(*_placed.c).where(_p.at <= _TOP, or_(_p.at > _SEQ, and_(_p.at == _SEQ, _p.id > _ROW))).order_by(_p.at, _p.id)
)
_PAGE = Ready(_run)
_LIMITED = Ready(_run.limit(bindparam("limit")))
# What a Change of a first sync is made of.
_NEW = (
    _o.item,
    _o.href,
    _o.etag,
    literal(True).label("new"),
    _o.seq,
    _o.component,
    _o.size,
    _o.modified,
    _o.starts,
    _o.ends,
    _o.schedule_tag,
    _PRIVATE,
    _o.created,
)
_EVERYTHING = Ready(
    select(*_NEW)
    .select_from(feed.join(calendar_object, shown.same_calendar))
    .where(shown.live_feed, shown.visible_now, shown.born <= _TOP)
)

# The pages of a first sync go along the birth of the objects, which is their number: no page reads the others.
_STAYS = Ready(select(feed.c.calendar_id, feed.c.born).where(_pair, feed.c.ended.is_(None)).limit(2))
_BORN_AFTER = Ready(
    select(_o.id, *_NEW)
    .where(
        _o.school_id == bindparam("school"),
        _o.calendar_id == bindparam("calendar"),
        _o.ended.is_(None),
        _o.id > bindparam("after"),
        _o.id <= _TOP,
        shown.fed(),
    )
    .order_by(_o.id)
    .limit(bindparam("limit"))
)

_moved = select(calendar.c.id).where(_school, calendar.c.seq > bindparam("number"))
_MOVED_CALENDARS = Ready(_moved)
# The sum keeps SQLite from looking for each collection once by going through the school's stays in that order.
_MOVED_COLLECTIONS = Ready(
    select((feed.c.collection_id + 0).label("collection_id"))
    .distinct()
    .where(feed.c.school_id == bindparam("school"), feed.c.calendar_id.in_(_moved), feed.c.ended.is_(None))
)
_MOVED_HOMES = Ready(
    select(subscription.c.principal_id)
    .distinct()
    .where(subscription.c.school_id == bindparam("school"), subscription.c.seq > bindparam("number"))
)


class Changes:
    """Heads, pages of changes, and what moved, for one school."""

    def __init__(self, tx: Transaction) -> None:
        """Share a transaction."""
        self._tx = tx

    def _numbers(self, statement: Ready, **values: int) -> list[int]:
        return [row[0] for row in statement.rows(self._tx.connection, school=self._tx.school_id, **values)]

    def clock(self) -> int:
        """Return the school's number now."""
        return self._numbers(_CLOCK)[0]

    def head(self, collection_id: int) -> int:
        """Return the number of the last change a client of the collection could see; it never goes back."""
        return max(self._numbers(_HEAD, collection=collection_id), default=0)

    def _check(self, token: SyncToken, head: int) -> None:
        """Refuse tokens from the future and tokens whose holder may hold something purged."""
        if token.base > head or (token.top is not None and not token.base < token.seq <= token.top <= head):
            raise TokenInvalid
        if token.base and self._floor(token.collection, token.base) > token.base:
            raise TokenExpired
        if token.top is not None and self._floor(token.collection, token.top) > token.top:
            raise TokenExpired

    def _floor(self, collection_id: int, number: int) -> int:
        """Return the greatest number purged from what the collection showed after a number."""
        return max(self._numbers(_FLOOR, collection=collection_id, number=number), default=0)

    def of(self, collection: Collection, token: SyncToken, limit: int | None = None) -> ChangePage:
        """Return what happened to a collection after a token as the person sees it who sees the collection so.

        Raises what `since` raises, and TokenExpired for a token from before another's calendar was last shared with
        the person, when more or less of it may have been hidden.
        """
        if token.base and token.base < collection.since:
            raise TokenExpired
        page = self.since(token, limit)
        if collection.mask is Mask.NONE:
            return page
        return ChangePage(tuple(self._tx.personal.seen_rows(page.changes, collection)), page.token, page.more)

    def since(self, token: SyncToken, limit: int | None = None) -> ChangePage:
        """Return what happened to a collection after a token, oldest first.

        The run is frozen at the head read on its first page: what changes meanwhile waits for the next run, so that a
        client is never told twice that an object is new. Raises TokenInvalid for a token from the future and
        TokenExpired when something the client may hold has been purged (RFC 6578, 3.2 and 3.6).
        """
        head = self.head(token.collection)
        self._check(token, head)
        if token.top is None and token.base == head:
            return ChangePage((), token, more=False)
        if token == SyncToken(token.collection) and limit is None:
            return ChangePage(self._everything(token.collection, head), SyncToken(token.collection, head), more=False)
        top = head if token.top is None else token.top
        # A fresh run starts after every row stamped with base; END as the row says so.
        seq, row = (token.base, END) if token.top is None else (token.seq, token.row)
        values = {
            "school": self._tx.school_id,
            "collection": token.collection,
            "base": token.base,
            "top": top,
            "seq": seq,
            "row": row,
        }
        if limit is not None and not token.base and (page := self._newborn(token, (top, seq, row), limit)) is not None:
            return page
        if limit is None:
            found = _PAGE.rows(self._tx.connection, **values)
        else:
            found = _LIMITED.rows(self._tx.connection, **values, limit=limit + 2)
        rows, more = _cut([_Row._make(row) for row in found], limit)
        after = SyncToken(token.collection, token.base, top, rows[-1].at, rows[-1].id) if more else None
        return ChangePage(_folded(rows), after or SyncToken(token.collection, top), more)

    def _newborn(self, token: SyncToken, place: tuple[int, int, int], limit: int) -> ChangePage | None:
        """Return a page of a first sync after a place (top, number, row); None where several calendars are mixed."""
        top, seq, row = place
        stays = _STAYS.rows(self._tx.connection, school=self._tx.school_id, collection=token.collection)
        if len(stays) != 1 or stays[0][1] > top:
            return None
        source, joined = stays[0]
        values = {"school": self._tx.school_id, "collection": token.collection, "calendar": source, "top": top}
        after = _born_after(joined, seq, row)
        found = _BORN_AFTER.rows(self._tx.connection, **values, after=after, limit=limit + 1)
        changes = tuple(Change._make(each[1:]) for each in found[:limit])
        if len(found) <= limit:
            return ChangePage(changes, SyncToken(token.collection, top), more=False)
        last = found[limit - 1][0]
        return ChangePage(changes, SyncToken(token.collection, 0, top, max(joined, last), last), more=True)

    def _everything(self, collection_id: int, head: int) -> tuple[Change, ...]:
        """Return all a collection shows as new: a first sync in one page needs neither order nor places."""
        values = {"school": self._tx.school_id, "collection": collection_id, "top": head}
        return tuple(map(Change._make, _EVERYTHING.rows(self._tx.connection, **values)))

    def moved_since(self, number: int) -> Moved:
        """Return which collections and homes were stamped after a number, for those who wait."""
        head = self.clock()
        if head <= number:
            return Moved(head, frozenset())
        collections = {*self._numbers(_MOVED_CALENDARS, number=number)}
        collections.update(self._numbers(_MOVED_COLLECTIONS, number=number))
        homes = self._numbers(_MOVED_HOMES, number=number)
        watches = {Watch("collection", each) for each in collections} | {Watch("home", each) for each in homes}
        return Moved(head, frozenset(watches))


class _Row(NamedTuple):
    """One row of a run, as _placed gives it."""

    id: int
    item: int
    href: str
    etag: str
    seq: int
    component: str
    size: int
    modified: int
    starts: int
    ends: int
    schedule_tag: str
    private: int
    created: int
    since: int
    until: int
    at: int
    gone: bool
    new: bool


def _born_after(joined: int, seq: int, row: int) -> int:
    """Return the number of the object that a place of a run stands on, or after, in a calendar joined at a number.

    What was born before the calendar joined has its place at the joining, in order of birth.
    """
    if seq < joined:
        return 0
    if seq == joined:
        return min(row, joined)
    return seq if row >= seq else seq - 1


def _cut(rows: Sequence[_Row], limit: int | None) -> tuple[Sequence[_Row], bool]:
    """Return one page and whether more follows; an object that moved between calendars is not cut in two."""
    if limit is None or len(rows) <= limit:
        return rows, False
    end = limit + 1 if rows[limit - 1].item == rows[limit].item else limit
    return rows[:end], len(rows) > end


def _folded(rows: Sequence[_Row]) -> tuple[Change, ...]:
    """Keep the last row of each item; one that left and came back within the page is not new."""
    cut = {row.item for row in rows if row.gone}
    last: dict[int, Change] = {}
    for (
        _,
        item,
        href,
        etag,
        seq,
        component,
        size,
        modified,
        starts,
        ends,
        tag,
        private,
        made,
        _,
        _,
        _,
        gone,
        new,
    ) in rows:
        last.pop(item, None)
        times, state = (modified, starts, ends), (tag, bool(private), made)
        fresh, left = bool(new) and item not in cut, None if gone else etag
        last[item] = Change(item, href, left, fresh, seq, component, size, *times, *state)
    return tuple(last.values())
