"""Read the mail that a phone hands over, within bounds, and write it as it goes out (RFC 5322; MS-ASCMD 2.2.1.17)."""

from __future__ import annotations

import email
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from email.header import Header
from email.message import Message
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.utils import formataddr, formatdate, getaddresses
from typing import Final

from protocols.eas.answers import INVALID_MIME
from protocols.eas.errors import CommandRefused

NO_RECIPIENT: Final = 119
TOO_LARGE: Final = 122
UNKNOWN_RECIPIENT: Final = 116

LARGEST: Final = 8 * 1024 * 1024
MAX_PARTS: Final = 100
MAX_RECIPIENTS: Final = 100
MAX_CALENDAR: Final = 1024 * 1024

_ADDRESS: Final = re.compile(r"[^\s@<>()\[\],;:\\\"]{1,64}@[A-Za-z0-9.-]{1,255}")
# Who writes is known here, and the way a letter took before is nobody's business.
_DROPPED: Final = frozenset(
    {"from", "sender", "bcc", "return-path", "received", "reply-to", "dkim-signature", "delivered-to"}
)


@dataclass(frozen=True, slots=True)
class Letter:
    """One letter: who gets it, in lower case, and the calendar it carries, if any, as UTF-8."""

    message: Message
    recipients: tuple[str, ...]
    calendar: bytes | None


def read(data: bytes) -> Letter:
    """Return a letter; raises CommandRefused for what is none, is too large or is addressed to nobody."""
    if len(data) > LARGEST:
        raise CommandRefused(TOO_LARGE)
    if not data.strip() or data.lower().count(b"content-type") > MAX_PARTS:
        # The parser goes down as deep as parts nest, and each part has its line.
        raise CommandRefused(INVALID_MIME)
    try:
        message = email.message_from_bytes(data)
        letter = Letter(message, _recipients(message), _calendar(message))
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        # What the library raises for headers that contradict themselves.
        raise CommandRefused(INVALID_MIME) from error
    if not letter.recipients:
        raise CommandRefused(NO_RECIPIENT)
    return letter


def addressed(people: Sequence[tuple[str, str]], subject: str, text: bytes) -> bytes:
    """Return a letter to people (name, address); `text` is a letter of which only what it says is taken.

    Raises CommandRefused for nobody, for too many and for an address that is none.
    """
    if not people:
        raise CommandRefused(NO_RECIPIENT)
    if len(people) > MAX_RECIPIENTS or not all(_ADDRESS.fullmatch(each) and each.isascii() for _, each in people):
        raise CommandRefused(UNKNOWN_RECIPIENT)
    made = email.message_from_bytes(text) if text.strip() else Message()
    for name in ("To", "Cc", "Bcc"):
        del made[name]
    try:
        made["To"] = ", ".join(formataddr(each) for each in people)
        if "Subject" not in made:
            made["Subject"] = Header(subject, "utf-8").encode()
        return made.as_bytes()
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise CommandRefused(INVALID_MIME) from error


def _recipients(message: Message) -> tuple[str, ...]:
    lines = [str(line) for name in ("To", "Cc", "Bcc") for line in message.get_all(name, [])]
    found = list(dict.fromkeys(address.strip().casefold() for _, address in getaddresses(lines) if address.strip()))
    if len(found) > MAX_RECIPIENTS or not all(_ADDRESS.fullmatch(each) and each.isascii() for each in found):
        raise CommandRefused(UNKNOWN_RECIPIENT)
    return tuple(found)


def _calendar(message: Message) -> bytes | None:
    for number, part in enumerate(message.walk()):
        if number >= MAX_PARTS:
            raise CommandRefused(INVALID_MIME)
        raw = part.get_payload(decode=True) if part.get_content_type() == "text/calendar" else None
        if isinstance(raw, bytes) and len(raw) <= MAX_CALENDAR:
            return raw.decode(str(part.get_content_charset() or "utf-8"), "replace").encode()
    return None


def written(letter: Letter, sender: tuple[str, str], now: int, attached: bytes | None = None) -> bytes:
    """Return a letter as it goes out: in the name of its sender (name, address), blind copies not told.

    `attached` is a calendar to send along. Raises CommandRefused for a letter that cannot be written.
    """
    try:
        kept = _with(letter.message, attached) if attached is not None else letter.message
        head = [(name, value) for name, value in kept.items() if not _dropped(name)]
        for name in set(kept.keys()):
            del kept[name]
        kept["From"] = formataddr(sender)
        for name, value in head:
            kept[name] = value
        if "Date" not in kept:
            kept["Date"] = formatdate(now)
        return kept.as_bytes(policy=kept.policy.clone(linesep="\r\n"))
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise CommandRefused(INVALID_MIME) from error


def _dropped(name: str) -> bool:
    return name.lower() in _DROPPED or name.lower().startswith("resent-")


def _with(message: Message, attached: bytes) -> Message:
    """Return a letter with a calendar beside what it is made of."""
    outer, inner = MIMEMultipart("mixed"), Message()
    _spread(message.items(), outer, inner)
    inner.set_payload(message.get_payload())
    outer.attach(inner)
    event = MIMEText(attached.decode(), "calendar", "utf-8")
    event.add_header("Content-Disposition", "attachment", filename="event.ics")
    outer.attach(event)
    return outer


def _spread(head: Iterable[tuple[str, str]], outer: Message, inner: Message) -> None:
    for name, value in head:
        if name.lower().startswith("content-"):
            inner[name] = value
        elif name.lower() != "mime-version":
            outer[name] = value
