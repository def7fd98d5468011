"""What becomes of a letter for each of its recipients, in the words of a mail server (RFC 3463)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

import structlog

from server import imip
from server.imip import LetterRefused
from storage.deliveries import PUBLISH
from storage.errors import Busy, CadranError, InvalidObject, SchedulingRefused, StorageFull
from storage.itip import Message, address
from storage.store import Store

_log = structlog.get_logger("courier")


@dataclass(frozen=True, slots=True)
class Verdict:
    """A reply of a mail server: its code, the enhanced one ("" for none), and words in ASCII."""

    code: int
    enhanced: str
    words: str


WELCOME: Final = Verdict(250, "2.1.5", "Go on")
TAKEN: Final = Verdict(250, "2.0.0", "Taken")
NOBODY: Final = Verdict(550, "5.1.1", "Nobody here has this address alone")
NO_CALENDAR: Final = Verdict(554, "5.6.0", "No calendar message that can be acted on")
NOT_ALLOWED: Final = Verdict(550, "5.7.1", "The sender may not say this to this recipient")
BUSY: Final = Verdict(451, "4.3.2", "Busy, try again")
FULL: Final = Verdict(452, "4.3.1", "No room, try again later")
FAULT: Final = Verdict(451, "4.3.0", "Something is wrong here, try again")


class Courier:
    """Takes letters to the people of all schools of a store; may be called from any thread."""

    def __init__(self, store: Store) -> None:
        """Deliver into one store."""
        self._store = store

    def knows(self, recipient: str) -> Verdict:
        """Tell whether somebody has an address, alone in a school."""
        try:
            return WELCOME if self._schools([recipient])[recipient] else NOBODY
        except Busy:
            return BUSY

    def take(self, data: bytes, recipients: tuple[str, ...]) -> tuple[Verdict, ...]:
        """Act on a letter for each recipient, and say what became of it; what is taken is committed.

        A message that is older than what is known, or about a meeting that is no more, is taken and changes nothing:
        its sender could do nothing about it.
        """
        try:
            message = imip.read(data, more=frozenset({PUBLISH}))
        except (LetterRefused, InvalidObject):
            return (NO_CALENDAR,) * len(recipients)
        try:
            schools = self._schools(recipients)
        except Busy:
            return (BUSY,) * len(recipients)
        return tuple(self._deliver(message, each, schools[each]) for each in recipients)

    def _deliver(self, message: Message, recipient: str, schools: tuple[int, ...]) -> Verdict:
        mine = replace(message, recipient=address(f"mailto:{recipient}"))
        try:
            imip.take(self._store, mine, schools)
        except SchedulingRefused:
            return NOT_ALLOWED
        except InvalidObject:
            return NO_CALENDAR
        except Busy:
            return BUSY
        except StorageFull:
            return FULL
        except CadranError:
            _log.warning("letter not taken", method=message.method, exc_info=True)
            return NO_CALENDAR
        except Exception:
            _log.exception("letter failed", method=message.method)
            return FAULT
        return TAKEN if schools else NOBODY

    def _schools(self, recipients: Iterable[str]) -> dict[str, tuple[int, ...]]:
        """Return in which schools somebody has each address: one look for all schools and all recipients."""
        wanted = {each: address(f"mailto:{each}") for each in recipients}
        found = self._store.directory.mailboxes(wanted.values())
        return {each: found[wanted[each]] for each in wanted}
