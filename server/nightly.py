"""The night's work: every school's history is trimmed and its endless series are indexed further ahead.

Each process looks now and then; who comes first does it, the others find it done.
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
                with store.writing(school.id) as tx:
                    purged = maintenance.nightly(tx)
                _log.info("night's work done", school=school.code, purged=purged)
        except Exception:
            _log.exception("night's work failed", school=school.code)
