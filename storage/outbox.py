"""Messages that wait to be mailed, each once: what was queued for a change is not queued for it again."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import ColumnElement, and_, case, func, insert, select, update

from storage import contentlines
from storage.contentlines import Component
from storage.ical_by_reference import complete
from storage.identifiers import ordered_id
from storage.itip import Message
from storage.schema import outbox_message

if TYPE_CHECKING:
    from storage.transaction import Transaction

_m = outbox_message.c
WAITING: Final = "waiting"
SENT: Final = "sent"
FAILED: Final = "failed"
# Kinds: what scheduling has to say, what a person wrote in a mail program of a phone, what the server says in words.
SCHEDULING: Final = "imip"
LETTER: Final = "letter"
NOTICE: Final = "notice"
# While one process sends a message, the others leave it alone for so long.
LEASE_SECONDS: Final = 600
FIRST_PAUSE: Final = 60
LONGEST_PAUSE: Final = 6 * 3600
# With pauses that double up to six hours: three days.
MOST_ATTEMPTS: Final = 20


SUBJECT_LENGTH: Final = 200


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter in words to one mailbox; one `key` is posted once, `sender` is a mailbox too."""

    key: str
    sender: str
    recipient: str
    subject: str
    text: str


@dataclass(frozen=True, slots=True)
class OutboxMessage:
    """One message: `state` is "waiting", "sent" or "failed", `error` the mail server's last refusal in its words."""

    id: str
    key: str
    kind: str
    sender: str
    recipient: str
    method: str
    uid: str
    body: bytes
    created: int
    attempts: int
    next_try: int
    state: str
    error: str


class Outbox:
    """The messages of one school."""

    def __init__(self, tx: Transaction) -> None:
        """Share a transaction."""
        self._tx = tx

    def add(self, message: Message, base: int) -> bool:
        """Queue a message for mail; False when the same was queued before for the same change.

        `base` is the number of what the change changed (0 for something new), which tells a change from its replay.
        """
        self._tx.lock()
        key, now = _key(message, base), self._tx.now()
        same = select(_m.id).where(_m.school_id == self._tx.school_id, _m.key == key)
        if self._tx.connection.execute(same).first() is not None:
            return False
        row = {
            "school_id": self._tx.school_id,
            "id": ordered_id(),
            "key": key,
            "kind": SCHEDULING,
            "sender": message.sender,
            "recipient": message.recipient,
            "method": message.method,
            "uid": message.uid,
            "body": complete(contentlines.serialise(message.calendar)),
            "created": now,
            "attempts": 0,
            "next_try": now,
            "state": WAITING,
            "error": "",
        }
        self._tx.connection.execute(insert(outbox_message), row)
        return True

    def add_letter(self, sender: str, recipients: Sequence[str], body: bytes) -> bool:
        """Queue a whole letter for mail addresses; False when the same was queued before."""
        self._tx.lock()
        to, now = ", ".join(recipients), self._tx.now()
        key = hashlib.sha256(b"\0".join((LETTER.encode(), sender.encode(), to.encode(), body))).hexdigest()
        same = select(_m.id).where(_m.school_id == self._tx.school_id, _m.key == key)
        if self._tx.connection.execute(same).first() is not None:
            return False
        row = {"school_id": self._tx.school_id, "id": ordered_id(), "key": key, "kind": LETTER, "sender": sender}
        row |= {"recipient": to, "method": "", "uid": "", "body": body, "created": now, "next_try": now}
        row |= {"attempts": 0, "state": WAITING, "error": ""}
        self._tx.connection.execute(insert(outbox_message), row)
        return True

    def letters_since(self, sender: str, moment: int) -> int:
        """Return how many letters somebody has queued since a moment."""
        here = and_(_m.school_id == self._tx.school_id, _m.kind == LETTER, _m.sender == sender, _m.created >= moment)
        return int(
            self._tx.connection.execute(select(func.count()).select_from(outbox_message).where(here)).scalar_one()
        )

    def post(self, letter: Letter) -> bool:
        """Queue a letter in words; False when one of the same key was queued before."""
        self._tx.lock()
        key, now = hashlib.sha256(letter.key.encode()).hexdigest(), self._tx.now()
        same = select(_m.id).where(_m.school_id == self._tx.school_id, _m.key == key)
        if self._tx.connection.execute(same).first() is not None:
            return False
        row = {
            "school_id": self._tx.school_id,
            "id": ordered_id(),
            "key": key,
            "kind": NOTICE,
            "sender": letter.sender,
            "recipient": letter.recipient,
            "method": "",
            "uid": letter.subject[:SUBJECT_LENGTH],
            "body": letter.text.encode(),
            "created": now,
            "attempts": 0,
            "next_try": now,
            "state": WAITING,
            "error": "",
        }
        self._tx.connection.execute(insert(outbox_message), row)
        return True

    def due(self) -> bool:
        """Tell whether a message should be sent now."""
        return self._tx.connection.execute(select(_m.id).where(self._is_due()).limit(1)).first() is not None

    def _is_due(self) -> ColumnElement[bool]:
        return and_(_m.school_id == self._tx.school_id, _m.state == WAITING, _m.next_try <= self._tx.now())

    def claim(self, limit: int) -> tuple[OutboxMessage, ...]:
        """Take the oldest due messages for this process to send, and count the attempt."""
        self._tx.lock()
        columns = [column for column in _m if column.name != "school_id"]
        query = select(*columns).where(self._is_due()).order_by(_m.id).limit(limit)
        found = tuple(OutboxMessage(*row) for row in self._tx.connection.execute(query))
        if found:
            named = and_(_m.school_id == self._tx.school_id, _m.id.in_([each.id for each in found]))
            leased = {"next_try": self._tx.now() + LEASE_SECONDS, "attempts": _m.attempts + 1}
            self._tx.connection.execute(update(outbox_message).where(named).values(**leased))
        return found

    def sent(self, message_id: str) -> None:
        """Record that the mail server took a message; what a letter said is forgotten, it may hold a secret."""
        self._tx.require_writing()
        here = and_(_m.school_id == self._tx.school_id, _m.id == message_id)
        body = case((_m.kind.in_((LETTER, NOTICE)), b""), else_=_m.body)
        values = {"state": SENT, "error": "", "body": body}
        self._tx.connection.execute(update(outbox_message).where(here).values(**values))

    def waiting(self, message_ids: Sequence[str]) -> tuple[OutboxMessage, ...]:
        """Return those of some messages that are still to be sent."""
        columns = [column for column in _m if column.name != "school_id"]
        here = and_(_m.school_id == self._tx.school_id, _m.id.in_(message_ids), _m.state == WAITING)
        return tuple(OutboxMessage(*row) for row in self._tx.connection.execute(select(*columns).where(here)))

    def refused(self, message_id: str, error: str, *, for_good: bool) -> bool:
        """Record what the mail server said and return whether the message is given up.

        It is tried again later unless it was refused for good or too often.
        """
        here = and_(_m.school_id == self._tx.school_id, _m.id == message_id)
        attempts = int(self._tx.connection.execute(select(_m.attempts).where(here)).scalar() or 0)
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(max(attempts - 1, 0), 20))
        state = FAILED if for_good or attempts >= MOST_ATTEMPTS else WAITING
        self._set(message_id, state=state, error=error[:500], next_try=self._tx.now() + pause)
        return state == FAILED

    def _set(self, message_id: str, **values: object) -> None:
        self._tx.require_writing()
        here = and_(_m.school_id == self._tx.school_id, _m.id == message_id)
        self._tx.connection.execute(update(outbox_message).where(here).values(**values))

    def retry(self, message_id: str) -> None:
        """Send a message again that was given up, or at once one that waits."""
        self._set(message_id, state=WAITING, attempts=0, next_try=self._tx.now())

    def latest(self, limit: int = 100) -> tuple[OutboxMessage, ...]:
        """Return messages, those that are not sent first, newest first."""
        columns = [column for column in _m if column.name != "school_id"]
        rank = case((_m.state == FAILED, 0), (_m.state == WAITING, 1), else_=2)
        query = select(*columns).where(_m.school_id == self._tx.school_id).order_by(rank, _m.id.desc()).limit(limit)
        return tuple(OutboxMessage(*row) for row in self._tx.connection.execute(query))

    def counts(self) -> dict[str, int]:
        """Return how many messages are in each state."""
        query = select(_m.state, func.count()).where(_m.school_id == self._tx.school_id).group_by(_m.state)
        return dict(self._tx.connection.execute(query).all())

    def forget(self, before: int) -> None:
        """Delete what was sent or given up before a moment: it holds what people write."""
        self._tx.require_writing()
        old = and_(_m.school_id == self._tx.school_id, _m.state != WAITING, _m.created < before)
        self._tx.connection.execute(outbox_message.delete().where(old))


def _key(message: Message, base: int) -> str:
    """Return what makes a message the same as another: who, what revision of which instances, and the content."""
    content: Sequence[Component] = [each.without("DTSTAMP") for each in message.components]
    parts = (message.method, message.sender, message.recipient, message.uid, str(base), *map(repr, content))
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
