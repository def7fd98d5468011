"""Nightly work on one school: remember the clock, purge what nobody needs, extend the occurrence index."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import and_, bindparam, delete, func, insert, select, update

from storage import attachments, occurrences
from storage.reindexing import reindex
from storage.schema import calendar, calendar_object, clock_log, feed, membership, subscription
from storage.shown import greatest
from storage.zones import floating_zone

if TYPE_CHECKING:
    from storage.transaction import Transaction

EXTEND_AT_ONCE: Final = 100
RETENTION_SECONDS: Final = 180 * 86_400
DAY_SECONDS: Final = 86_400
JOURNALS_KEPT: Final = 10
OUTBOX_SECONDS: Final = 30 * 86_400
NOTICES_SECONDS: Final = 30 * 86_400
NIGHT_HOURS: Final = range(2, 5)
MISSED_SECONDS: Final = 30 * 3600

_o = calendar_object.c
_RAISE = (
    update(calendar)
    .where(calendar.c.school_id == bindparam("b_school"), calendar.c.id == bindparam("b_id"))
    .values(purged=greatest(calendar.c.purged, bindparam("b_purged")))
)


def note_clock(tx: Transaction) -> None:
    """Remember the clock's number with the time, so that a retention time can be told as a number later."""
    now = tx.now()
    this = and_(clock_log.c.school_id == tx.school_id, clock_log.c.moment == now)
    tx.require_writing()
    tx.connection.execute(delete(clock_log).where(this))
    tx.connection.execute(insert(clock_log).values(school_id=tx.school_id, moment=now, seq=tx.changes.clock()))


def number_at(tx: Transaction, moment: int) -> int:
    """Return the clock's number at a past moment, epoch seconds, as last noted before it; 0 when never."""
    query = select(func.max(clock_log.c.seq)).where(clock_log.c.school_id == tx.school_id, clock_log.c.moment <= moment)
    return int(tx.connection.execute(query).scalar() or 0)


def purge(tx: Transaction, below: int) -> int:
    """Delete rows that ended before a number and return how many; tokens that still need them expire (invariant 6)."""
    tx.lock()
    raised = _greatest_ended(tx, calendar_object, _o.calendar_id, below)
    for number, seq in _greatest_ended(tx, feed, feed.c.collection_id, below).items():
        raised[number] = max(seq, raised.get(number, 0))
    rows = [{"b_school": tx.school_id, "b_id": number, "b_purged": seq} for number, seq in sorted(raised.items())]
    if rows:
        tx.connection.execute(_RAISE, rows)
    gone = 0
    for table in (calendar_object, feed, subscription, membership, calendar):
        old = and_(table.c.school_id == tx.school_id, table.c.ended < below)
        gone += tx.connection.execute(delete(table).where(old)).rowcount
    return gone


def _greatest_ended(tx: Transaction, table: Any, owner: Any, below: int) -> dict[int, int]:
    query = select(owner, func.max(table.c.ended)).where(table.c.school_id == tx.school_id, table.c.ended < below)
    return dict(tx.connection.execute(query.group_by(owner)).all())


def extend_index(tx: Transaction, after: int = 0, most: int = EXTEND_AT_ONCE) -> int:
    """Index some endless series further ahead: those after an object's id; return the last id, 0 when none was left.

    A series that has become too long to list keeps what is indexed: queries beyond that expand it themselves
    (invariant 9).
    """
    tx.lock()
    horizon = tx.now() + occurrences.HORIZON_SECONDS
    here = and_(calendar.c.school_id == _o.school_id, calendar.c.id == _o.calendar_id)
    due = and_(
        _o.school_id == tx.school_id,
        _o.ended.is_(None),
        _o.indexed_until < horizon - occurrences.HORIZON_SECONDS // 6,
        _o.id > after,
    )
    query = select(_o.id, _o.calendar_id, _o.ical, calendar.c.timezone).join(calendar, here).where(due)
    rows = tx.connection.execute(query.order_by(_o.id).limit(most)).all()
    for row in rows:
        reindex(tx, row, floating_zone(row.timezone, tx.zone), horizon)
    return rows[-1].id if rows else 0


def due(tx: Transaction) -> bool:
    """Tell whether the night's work is to be done: it is night in the school, or the last night was missed."""
    latest = select(func.max(clock_log.c.moment)).where(clock_log.c.school_id == tx.school_id)
    age = tx.now() - int(tx.connection.execute(latest).scalar() or 0)
    hour = datetime.fromtimestamp(tx.now(), tx.zone).hour
    return age > MISSED_SECONDS or (age > MISSED_SECONDS // 2 and hour in NIGHT_HOURS)


def trim(tx: Transaction) -> int:
    """Note the clock and purge what ended before the retention time; return how many rows were purged."""
    note_clock(tx)
    _forget_imports(tx)
    tx.deposit_folder.trim()
    tx.people_feeds.forget_changes(tx.now() - tx.school.settings.import_reports_days * DAY_SECONDS)
    tx.outbox.forget(tx.now() - OUTBOX_SECONDS)
    tx.push.trim()
    tx.trash.purge()
    tx.links.trim()
    tx.attachments.purge(tx.now() - attachments.GRACE_SECONDS)
    tx.usage.forget()
    tx.sharing.sharees.settle_all()
    tx.refusals.forget(tx.now() - NOTICES_SECONDS)
    gone = purge(tx, number_at(tx, tx.now() - RETENTION_SECONDS))
    tx.overlays.clean()
    tx.personal.clean()
    tx.origins.forget_gone()
    return gone


def _forget_imports(tx: Transaction) -> None:
    """Forget what imports hold of people once the school's own times have passed: files, names, journals."""
    settings = tx.school.settings
    tx.import_files.forget(tx.now() - settings.import_files_days * DAY_SECONDS)
    reported = tx.now() - settings.import_reports_days * DAY_SECONDS
    tx.imports.forget_names(reported)
    tx.imports.forget_journals(JOURNALS_KEPT, reported)
    # A draft is of no use without its file.
    days = min(settings.import_drafts_days, settings.import_files_days)
    for draft in tx.import_drafts.expire(tx.now() - days * DAY_SECONDS):
        tx.audit.record("cadran", "import-draft-expired", draft.id, begun=draft.started, days=days)
