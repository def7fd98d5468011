"""The night's work: every school's history is trimmed and its endless series are indexed further ahead.

Each process looks now and then; who comes first does it, the others find it done. The work is committed in small
pieces, so that nobody waits long for their turn to write.
"""

from __future__ import annotations

from typing import Final

import structlog

from storage import maintenance
from storage.store import Store

LOOK_SECONDS: Final = 900.0

_log = structlog.get_logger("nightly")


def work(store: Store) -> None:
    """Do what is due, school by school; one that fails is logged and tried again at the next look."""
    for school in store.directory.schools():
        try:
            with store.reading(school.id) as tx:
                due = maintenance.due(tx)
            if due:
                _log.info("night's work done", school=school.code, purged=_work(store, school.id))
        except Exception:
            _log.exception("night's work failed", school=school.code)


def _work(store: Store, school_id: int) -> int:
    """Do one school's work and return how many rows were purged."""
    with store.writing(school_id) as tx:
        last = maintenance.extend_index(tx)
    while last:
        with store.writing(school_id) as tx:
            last = maintenance.extend_index(tx, last)
    with store.writing(school_id) as tx:
        return maintenance.trim(tx)
