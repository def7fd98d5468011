"""The audit trail: who changed whose access or visibility, and when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select

from storage.identifiers import ordered_id
from storage.schema import audit

if TYPE_CHECKING:
    from storage.transaction import Transaction


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One line: `moment` epoch seconds, `actor` and `subject` logins or names of programs, `detail` plain data."""

    moment: int
    actor: str
    action: str
    subject: str
    detail: Mapping[str, Any]


class Audit:
    """The trail of one school."""

    def __init__(self, tx: Transaction) -> None:
        """Share a transaction."""
        self._tx = tx

    def record(self, actor: str, action: str, subject: str, **detail: Any) -> None:
        """Add a line in the transaction that does what it tells."""
        self._tx.require_writing()
        row = {"school_id": self._tx.school_id, "id": ordered_id(), "moment": self._tx.now()}
        row |= {"actor": actor, "action": action, "subject": subject, "detail": detail}
        self._tx.connection.execute(insert(audit), row)

    def trail(self, limit: int = 100) -> tuple[AuditEntry, ...]:
        """Return the last lines, newest first."""
        query = (
            select(audit.c.moment, audit.c.actor, audit.c.action, audit.c.subject, audit.c.detail)
            .where(audit.c.school_id == self._tx.school_id)
            .order_by(audit.c.moment.desc(), audit.c.id.desc())
            .limit(limit)
        )
        return tuple(AuditEntry(*row) for row in self._tx.connection.execute(query))
