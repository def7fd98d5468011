"""Reading objects through what a collection shows: one, many, all, by time, by nearness to a day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import ColumnElement, and_, bindparam, case, func, or_, select, union_all

from storage import shown, spelling
from storage.errors import NotFound, TooMuch
from storage.model import FOREVER, CalendarObject, Collection, Entry
from storage.occurrences import overlapping
from storage.ready import Ready
from storage.schema import calendar_object, feed, occurrence

if TYPE_CHECKING:
    from storage.transaction import Transaction

CHUNK: Final = 200
MOST_RESPELLED: Final = 500

_o = calendar_object.c
WHOLE: Final[tuple[ColumnElement[Any], ...]] = (
    _o.id,
    _o.item,
    _o.calendar_id,
    _o.href,
    _o.uid,
    _o.component,
    _o.etag,
    _o.ical,
    _o.starts,
    _o.ends,
    _o.recurring,
    _o.born,
    _o.seq,
    _o.modified,
    _o.schedule_tag,
    _o.private,
    _o.created,
)
_ENTRY: Final[tuple[ColumnElement[Any], ...]] = (
    _o.item,
    _o.href,
    _o.etag,
    _o.component,
    _o.size,
    _o.modified,
    _o.starts,
    _o.ends,
    _o.schedule_tag,
    _o.private,
    _o.created,
)

_live = and_(_o.school_id == bindparam("school"), _o.ended.is_(None))
_BY_HREF = Ready(select(*WHOLE).where(_live, _o.href == bindparam("key"), shown.fed()))
_BY_UID = Ready(select(*WHOLE).where(_live, _o.uid == bindparam("key"), shown.fed()))
_BY_ITEM = Ready(select(*WHOLE).where(_live, _o.item == bindparam("key"), shown.fed()))
_BY_HREFS = select(*WHOLE).where(_live, _o.href.in_(bindparam("keys", expanding=True)), shown.fed())
_GONE = select(_o.href, _o.uid).where(
    _o.school_id == bindparam("school"),
    _o.ended.is_not(None),
    _o.href.in_(bindparam("keys", expanding=True)),
    _o.calendar_id.in_(select(feed.c.calendar_id).where(shown.live_feed)),
)
_BY_ITEMS = select(*WHOLE).where(_live, _o.item.in_(bindparam("keys", expanding=True)), shown.fed())

_source = feed.join(calendar_object, shown.same_calendar)
_shown = and_(shown.live_feed, shown.visible_now)
_ENTRIES = select(*_ENTRY).select_from(_source).where(_shown)
_BY_UID_PART = _ENTRIES.where(func.lower(_o.uid).like(bindparam("pattern"), escape="\\"))
_TEXTS = select(*WHOLE).select_from(_source).where(_shown).order_by(_o.starts, _o.item)
_RECENT = select(*WHOLE).select_from(_source).where(_shown, _o.ends > bindparam("since")).order_by(_o.starts, _o.item)
_COUNT = select(func.count()).select_from(_source).where(_shown)
_LEAVING = (
    select(*_ENTRY)
    .select_from(_source)
    .where(_shown, shown.born <= bindparam("born_by"), _o.ends > bindparam("low"), _o.ends <= bindparam("high"))
)

_distance = case(
    (_o.starts > bindparam("pivot"), _o.starts - bindparam("pivot")),
    (_o.ends < bindparam("pivot"), bindparam("pivot") - _o.ends),
    else_=0,
)
_NEAREST = (
    select(_distance.label("distance"), *WHOLE)
    .select_from(_source)
    .where(
        _shown,
        shown.born <= bindparam("born_by"),
        _o.ends > bindparam("ends_from"),
        or_(_distance > bindparam("distance"), and_(_distance == bindparam("distance"), _o.item > bindparam("item"))),
    )
    .order_by("distance", _o.item)
    .limit(bindparam("limit"))
)

_indexed = feed.join(
    occurrence, and_(occurrence.c.school_id == feed.c.school_id, occurrence.c.calendar_id == feed.c.calendar_id)
)
# One look at the index per length class: SQLite cannot split an OR over a join and would read the whole school.
_happens = union_all(
    *(select(occurrence.c.object_id).select_from(_indexed).where(shown.live_feed, near) for near in overlapping())
)
_IN_RANGE = select(*_ENTRY).where(_live, _o.id.in_(_happens), shown.fed())
_BEYOND = (
    select(*_ENTRY).select_from(_source).where(_shown, _o.indexed_until < FOREVER, _o.indexed_until <= bindparam("end"))
)


@dataclass(frozen=True, slots=True)
class RangeHits:
    """Objects that happen in a range; `unsure` are endless series not indexed so far ahead: expand these."""

    entries: tuple[Entry, ...]
    unsure: tuple[Entry, ...]


class Listings:
    """What a collection shows now; every question is one statement, whatever the calendar's size."""

    def __init__(self, tx: Transaction) -> None:
        """Share a transaction."""
        self._tx = tx

    def _rows(self, statement: Any, collection: Collection, **values: Any) -> Any:
        named = {"school": self._tx.school_id, "collection": collection.id, **values}
        return self._tx.connection.execute(statement, named)

    def _entries(self, statement: Any, collection: Collection, **values: Any) -> list[Entry]:
        return self._tx.personal.seen_rows(map(Entry._make, self._rows(statement, collection, **values)), collection)

    def _one(self, statement: Ready, collection: Collection, key: str | int) -> CalendarObject | None:
        named = {"school": self._tx.school_id, "collection": collection.id, "key": key}
        found = statement.rows(self._tx.connection, **named)
        return self._tx.personal.seen(self._bearable(CalendarObject(*found[0])), collection) if found else None

    def _bearable(self, found: CalendarObject) -> CalendarObject:
        if self._tx.longest and len(found.ical) > self._tx.longest:
            raise TooMuch(len(found.ical))
        return found

    def get(self, collection: Collection, href: str) -> CalendarObject:
        """Return the object of a name, or of another spelling of it when there is none; raises NotFound."""
        found = self._one(_BY_HREF, collection, href) or self._respelled(collection, (href,)).get(href)
        if found is None:
            raise NotFound("object", href)
        return found

    def meant(self, collection: Collection, href: str, uid: str) -> CalendarObject | None:
        """Return what a text of some UID would replace: the object of the name, or its own one spelled otherwise."""
        found = self._one(_BY_HREF, collection, href)
        if found is not None or not spelling.varies(href):
            return found
        holder = self.by_uid(collection, uid)
        return holder if holder is not None and spelling.same(holder.href, href) else None

    def get_item(self, collection: Collection, item: int) -> CalendarObject:
        """Return the object of an item number; raises NotFound."""
        found = self._one(_BY_ITEM, collection, item)
        if found is None:
            raise NotFound("item", item)
        return found

    def by_uid(self, collection: Collection, uid: str) -> CalendarObject | None:
        """Return the object of a UID, if the collection shows one."""
        return self._one(_BY_UID, collection, uid)

    def _several(self, statement: Any, collection: Collection, keys: Sequence[Any]) -> Iterator[CalendarObject]:
        for at in range(0, len(keys), CHUNK):
            rows = self._rows(statement, collection, keys=list(keys[at : at + CHUNK])).all()
            yield from self._tx.personal.seen_all([self._bearable(CalendarObject(*row)) for row in rows], collection)

    def many(self, collection: Collection, hrefs: Sequence[str]) -> dict[str, CalendarObject]:
        """Return the objects of many names, by name; absent ones are left out."""
        return {each.href: each for each in self._several(_BY_HREFS, collection, hrefs)}

    def find(self, collection: Collection, hrefs: Sequence[str]) -> dict[str, CalendarObject]:
        """Return what `get` would for many names, by the name asked for; absent ones are left out."""
        found = self.many(collection, hrefs)
        return found | self._respelled(collection, [href for href in hrefs if href not in found])

    def _respelled(self, collection: Collection, hrefs: Sequence[str]) -> dict[str, CalendarObject]:
        """Return the objects of other spellings of names, by these names: of several the one that was first.

        Only the first few hundred names are looked for: nobody who spells differently asks for more at once.
        """
        some = [href for href in hrefs if spelling.varies(href)][:MOST_RESPELLED]
        others = dict.fromkeys(other for href in some for other in spelling.others(href))
        if not others:
            return {}
        found = sorted(self.many(collection, list(others)).values(), key=lambda each: each.item, reverse=True)
        known = {spelling.plain(each.href): each for each in found}
        meant = {href: known[text] for href in some if (text := spelling.plain(href)) in known}
        return self._never_other(collection, meant)

    def _never_other(self, collection: Collection, meant: Mapping[str, CalendarObject]) -> dict[str, CalendarObject]:
        """Return what names stand for, those left out that once had an object of their own.

        A request repeated because its answer was lost must not reach another object than the first time.
        """
        if not meant:
            return {}
        names = list(meant)
        gone: set[tuple[str, str]] = set()
        for at in range(0, len(names), CHUNK):
            gone.update((row.href, row.uid) for row in self._rows(_GONE, collection, keys=names[at : at + CHUNK]))
        had = {href for href, _ in gone}
        return {href: each for href, each in meant.items() if href not in had or (href, each.uid) in gone}

    def many_items(self, collection: Collection, items: Sequence[int]) -> dict[int, CalendarObject]:
        """Return the objects of many item numbers, by number; absent ones are left out."""
        return {each.item: each for each in self._several(_BY_ITEMS, collection, items)}

    def entries(self, collection: Collection) -> list[Entry]:
        """Return every object without its text."""
        return self._entries(_ENTRIES, collection)

    def entries_by_uid(self, collection: Collection, fragment: str) -> list[Entry]:
        """Return the objects whose UID holds ASCII text, its letters in any case; texts are not read."""
        quoted = fragment.lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        return self._entries(_BY_UID_PART, collection, pattern=f"%{quoted}%")

    def texts(self, collection: Collection) -> Iterator[bytes]:
        """Yield every text, in order of start."""
        for found in self._streamed(_TEXTS, collection):
            yield found.ical

    def recent_texts(self, collection: Collection, since: int) -> Iterator[tuple[str, bytes]]:
        """Yield component and text of what is not over since a moment, epoch seconds, in order of start."""
        for found in self._streamed(_RECENT, collection, since=since):
            yield found.component, found.ical

    def _streamed(self, statement: Any, collection: Collection, **values: Any) -> Iterator[CalendarObject]:
        """Yield objects one by one, so that a whole calendar is never held at once."""
        seen = self._tx.personal.viewer(collection)
        for row in self._rows(statement, collection, **values):
            yield seen(CalendarObject(*row))

    def count(self, collection: Collection) -> int:
        """Return how many objects the collection shows (R19)."""
        return int(self._rows(_COUNT, collection).scalar_one())

    def in_range(
        self, collection: Collection, start: int, end: int, components: Sequence[str] | None = None
    ) -> RangeHits:
        """Return the objects that happen in [start, end), epoch seconds, from the index alone (RFC 4791, 9.9)."""
        wanted = None if components is None else frozenset(components)
        hits = sorted(self._entries(_IN_RANGE, collection, start=start, end=end), key=_by_start)
        found = {each.item for each in hits}
        beyond = self._entries(_BEYOND, collection, end=end)
        unsure = sorted(each for each in beyond if each.item not in found)
        return RangeHits(_of(hits, wanted), _of(unsure, wanted))

    def nearest(
        self,
        collection: Collection,
        *,
        born_by: int,
        pivot: int,
        after: tuple[int, int] | None,
        limit: int,
        ends_from: int,
    ) -> tuple[tuple[int, CalendarObject], ...]:
        """Return objects with their distance in seconds from a moment, nearest first, after a (distance, item) place.

        Only those shown since `born_by` at the latest and ending after `ends_from`: a phone's first load.
        """
        distance, item = after or (-1, -1)
        rows = self._rows(
            _NEAREST,
            collection,
            born_by=born_by,
            pivot=pivot,
            ends_from=ends_from,
            distance=distance,
            item=item,
            limit=limit,
        ).all()
        distances, found = [row[0] for row in rows], [CalendarObject(*row[1:]) for row in rows]
        return tuple(zip(distances, self._tx.personal.seen_all(found, collection), strict=True))

    def leaving(self, collection: Collection, low: int, high: int, born_by: int) -> tuple[Entry, ...]:
        """Return objects that end in (low, high] and were shown by a number: what a moving filter date drops."""
        return tuple(sorted(self._entries(_LEAVING, collection, low=low, high=high, born_by=born_by)))


def _by_start(entry: Entry) -> tuple[int, int]:
    return entry.starts, entry.item


def _of(entries: Sequence[Entry], components: frozenset[str] | None) -> tuple[Entry, ...]:
    """Keep the entries of some components."""
    return tuple(each for each in entries if components is None or each.component in components)
