"""What undoing an import takes away and gives back: calendars that show nothing, identifiers, places in lists."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import and_, select, update

from storage.schema import calendar, identity, membership, subscription

if TYPE_CHECKING:
    from storage.transaction import Transaction

CHUNK: Final = 500
OWN: Final = ("name", "colour", "position", "synchronise", "remark", "opaque", "spelled")

_s = subscription.c


def remove_calendars(tx: Transaction, numbers: Iterable[int]) -> None:
    """End calendars whose lessons and stays have ended, with the places that people have in them and in lists.

    Their keys are free again: the next import makes calendars anew.
    """
    ordered = sorted(set(numbers))
    if not ordered:
        return
    seq = tx.tick()[0]
    listed: set[int] = set()
    for at in range(0, len(ordered), CHUNK):
        some = ordered[at : at + CHUNK]
        here = and_(calendar.c.school_id == tx.school_id, calendar.c.id.in_(some), calendar.c.ended.is_(None))
        tx.connection.execute(update(calendar).where(here).values(key=None, ended=seq, seq=seq))
        seen = and_(_s.school_id == tx.school_id, _s.collection_id.in_(some), _s.ended.is_(None))
        listed.update(tx.connection.execute(select(_s.collection_id).where(seen)).scalars())
        tx.connection.execute(update(subscription).where(seen).values(ended=seq, seq=seq))
        m = membership.c
        inside = and_(m.school_id == tx.school_id, m.collection_id.in_(some), m.ended.is_(None))
        tx.connection.execute(update(membership).where(inside).values(ended=seq))
    for number in sorted(listed):
        tx.dead_properties.forget_collection(number)
        tx.personal.forget(collection=number)


def last_seen(tx: Transaction, system: str) -> dict[tuple[str, int], int]:
    """Return when each identifier of a system was seen last, by value and person."""
    query = select(identity.c.value, identity.c.principal_id, identity.c.last_seen)
    rows = tx.connection.execute(query.where(identity.c.school_id == tx.school_id, identity.c.system == system))
    return {(value, person): moment for value, person, moment in rows}


def set_last_seen(tx: Transaction, system: str, seen: Mapping[tuple[str, int], int | None]) -> None:
    """Give identifiers back the moment at which they were seen before; None forgets one."""
    tx.require_writing()
    here = and_(identity.c.school_id == tx.school_id, identity.c.system == system)
    for (value, person), moment in sorted(seen.items(), key=lambda item: item[0]):
        this = and_(here, identity.c.value == value, identity.c.principal_id == person)
        if moment is None:
            tx.connection.execute(identity.delete().where(this))
        else:
            tx.connection.execute(update(identity).where(this).values(last_seen=moment))


def give_back_lists(tx: Transaction, lost: tuple[int, int], regained: int) -> None:
    """Give the calendars that people have again since a number the name, colour and switch they had before.

    They had lost them at numbers above `lost[0]` and up to `lost[1]`.
    """
    columns = [_s[name] for name in OWN]
    here = _s.school_id == tx.school_id
    gone = and_(here, _s.ended > lost[0], _s.ended <= lost[1])
    query = select(_s.principal_id, _s.collection_id, *columns).where(gone).order_by(_s.ended)
    former = {(row[0], row[1]): tuple(row[2:]) for row in tx.connection.execute(query)}
    if not former:
        return
    again = and_(here, _s.ended.is_(None), _s.born > regained)
    query = select(_s.principal_id, _s.collection_id, *columns).where(again)
    held = {(row[0], row[1]): tuple(row[2:]) for row in tx.connection.execute(query)}
    changed = [pair for pair in sorted(held.keys() & former.keys()) if held[pair] != former[pair]]
    if changed:
        _write_lists(tx, changed, former)


def _write_lists(
    tx: Transaction, pairs: Sequence[tuple[int, int]], values: Mapping[tuple[int, int], tuple[Any, ...]]
) -> None:
    seq = tx.tick()[0]
    for person, number in pairs:
        own = dict(zip(OWN, values[person, number], strict=True))
        this = and_(_s.school_id == tx.school_id, _s.principal_id == person, _s.collection_id == number)
        tx.connection.execute(update(subscription).where(this, _s.ended.is_(None)).values(seq=seq, **own))
