"""Who is who, as somebody decided by hand: it survives the next export (R160)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import and_, delete, insert, or_, select

from storage.identifiers import ordered_id
from storage.schema_people import import_decision

if TYPE_CHECKING:
    from storage.transaction import Transaction

MATCH: Final = "match"
REFUSE: Final = "refuse"

_d = import_decision.c


@dataclass(frozen=True, slots=True)
class Decision:
    """A person of timetable files is this account ("match"), or never is ("refuse").

    The person is named by `idpn`, empty when the file gives none, and by `names_key`; `shown` is for people to read.
    """

    names_key: str
    idpn: str
    shown: str
    principal_id: int
    verdict: str
    moment: int = 0
    id: str = ""


class Decisions:
    """The decisions of one school."""

    def __init__(self, tx: Transaction) -> None:
        """Share a transaction."""
        self._tx = tx

    def all(self) -> tuple[Decision, ...]:
        """Return every decision, oldest first."""
        columns = (_d.names_key, _d.idpn, _d.shown, _d.principal_id, _d.verdict, _d.moment, _d.id)
        query = select(*columns).where(_d.school_id == self._tx.school_id).order_by(_d.id)
        return tuple(Decision(*row) for row in self._tx.connection.execute(query))

    def keep(self, decision: Decision) -> None:
        """Keep a decision in place of those it contradicts: one account for a person, one person for an account."""
        self._tx.require_writing()
        here = _d.school_id == self._tx.school_id
        person = and_(_d.names_key == decision.names_key, _d.idpn == decision.idpn)
        replaced = and_(person, _d.principal_id == decision.principal_id)
        if decision.verdict == MATCH:
            replaced = or_(replaced, and_(_d.verdict == MATCH, or_(person, _d.principal_id == decision.principal_id)))
        self._tx.connection.execute(delete(import_decision).where(here, replaced))
        row = {
            "school_id": self._tx.school_id,
            "id": ordered_id(),
            "names_key": decision.names_key,
            "idpn": decision.idpn,
            "shown": decision.shown,
            "principal_id": decision.principal_id,
            "verdict": decision.verdict,
            "moment": self._tx.now(),
        }
        self._tx.connection.execute(insert(import_decision), row)

    def forget(self, decision_id: str) -> None:
        """Take a decision back."""
        self._tx.require_writing()
        this = and_(_d.school_id == self._tx.school_id, _d.id == decision_id)
        self._tx.connection.execute(delete(import_decision).where(this))
