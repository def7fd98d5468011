"""The queue of automatic imports over the whole server: which runs wait, which run, which are to be told of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Engine, and_, select

from storage.imports import QUEUED, RUNNING
from storage.schema import import_run
from storage.schema_deposit import import_access, import_untold

MOST: Final = 1000
_r = import_run.c


@dataclass(frozen=True, slots=True)
class Place:
    """A run and its school; `started` is when it was asked for (epoch seconds)."""

    school_id: int
    run_id: str
    started: int


class ImportQueue:
    """The runs of every school; each call is one read of its own."""

    def __init__(self, engine: Engine) -> None:
        """Use an engine."""
        self._engine = engine

    def waiting(self) -> tuple[Place, ...]:
        """Return the runs that wait, the oldest first: a run's index is its position (R172)."""
        return self._with(QUEUED)

    def running(self) -> tuple[Place, ...]:
        """Return the runs said to run, whether or not whoever runs them still lives."""
        return self._with(RUNNING)

    def untold(self) -> tuple[Place, ...]:
        """Return the runs that have ended and of which nobody was told yet."""
        this = and_(import_untold.c.school_id == _r.school_id, import_untold.c.run_id == _r.id)
        query = select(_r.school_id, _r.id, _r.started).select_from(import_untold.join(import_run, this))
        return self._places(query.where(_r.status.not_in((QUEUED, RUNNING))).order_by(_r.id).limit(MOST))

    def secret_hashes(self) -> frozenset[str]:
        """Return the hashes of the secret paths at which somebody may deposit, in any school."""
        query = select(import_access.c.secret_hash).where(import_access.c.revoked.is_(None))
        with self._engine.connect() as connection:
            return frozenset(connection.execute(query).scalars())

    def _with(self, status: str) -> tuple[Place, ...]:
        query = select(_r.school_id, _r.id, _r.started).where(_r.status == status)
        return self._places(query.order_by(_r.started, _r.id).limit(MOST))

    def _places(self, query: object) -> tuple[Place, ...]:
        with self._engine.connect() as connection:
            return tuple(Place(*row) for row in connection.execute(query))  # type: ignore[call-overload]
