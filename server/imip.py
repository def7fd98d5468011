"""Letters that come in: the scheduling message in one, and who sent it (RFC 6047, 2)."""

from __future__ import annotations

import codecs
import email
from email.message import Message as Letter
from email.utils import getaddresses
from typing import Final

from storage import contentlines, itip
from storage.deliveries import TO_ATTENDEES, TO_ORGANIZER
from storage.errors import InvalidObject
from storage.itip import Message
from storage.model import Principal
from storage.store import Store

LARGEST: Final = 2 * 1024 * 1024
MOST_PARTS: Final = 50
# What letters are written in; others of Python's codecs are no character sets, and some take minutes.
_CHARSETS: Final = (
    "utf-8",
    "utf-16",
    "ascii",
    "iso8859",
    "iso2022",
    "cp",
    "koi8",
    "mac",
    "gb",
    "big5",
    "euc",
    "shift_jis",
)


class LetterRefused(Exception):
    """A letter holds no message that can be acted on; carries the reason's name."""

    def __init__(self, reason: str) -> None:
        """Keep the reason."""
        super().__init__(reason)
        self.reason = reason


def read(data: bytes, more: frozenset[str] = frozenset()) -> Message:
    """Return the one scheduling message of a letter; raises LetterRefused, or InvalidObject for a bad calendar.

    `more` are methods to be taken besides those that need no envelope.

    The sender is whoever stands alone in From: that it is true is for the mail server to check before (RFC 6047, 3).
    """
    if len(data) > LARGEST:
        raise LetterRefused("too-large")
    try:
        letter = email.message_from_bytes(data)
        text, sender = _calendar(letter), _sender(letter)
    except RecursionError as error:
        # Parts in parts, or comments in comments, by the thousand: nobody writes so but to harm.
        raise LetterRefused("nesting") from error
    calendar = contentlines.parse(text)
    method = (calendar.text("METHOD") or "").strip().upper()
    if method not in TO_ATTENDEES | TO_ORGANIZER | more:
        raise LetterRefused("method")
    return Message(method, sender, "", calendar)


def _sender(letter: Letter) -> str:
    found = [address for _, address in getaddresses([str(each) for each in letter.get_all("From", [])]) if address]
    if len(found) != 1 or "@" not in found[0]:
        raise LetterRefused("from")
    return itip.address(f"mailto:{found[0]}")


def _calendar(letter: Letter) -> bytes:
    """Return the text of the first calendar part, whose method parameter, if any, is the calendar's own."""
    for number, part in enumerate(letter.walk()):
        if number >= MOST_PARTS:
            break
        if part.get_content_type() == "text/calendar":
            raw = part.get_payload(decode=True)
            if isinstance(raw, bytes):
                return _utf8(raw, str(part.get_content_charset() or "utf-8"))
    raise LetterRefused("no-calendar")


def _utf8(raw: bytes, charset: str) -> bytes:
    try:
        known = codecs.lookup(charset).name
        if known.startswith(_CHARSETS):
            return raw.decode(known).encode()
    except (LookupError, ValueError) as error:
        raise LetterRefused("charset") from error
    raise LetterRefused("charset")


def take(store: Store, message: Message, school_ids: tuple[int, ...]) -> tuple[Principal, ...]:
    """Act on a message in the schools it may be for and return the people who got it; raises SchedulingRefused."""
    took: list[Principal] = []
    for number in school_ids:
        with store.writing(number) as tx:
            took += tx.scheduling.receive(message)
    return tuple(took)


__all__ = ["InvalidObject", "LetterRefused", "read", "take"]
