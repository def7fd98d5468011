"""The post: queued messages are given to the mail server, each until it is taken or refused for good.

Every process looks; a message is leased to the one that sends it. Mail is off while no host is configured: messages
then wait.
"""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import structlog

from server import letters, refusals
from server.config import MailSection
from storage.contentlines import parse
from storage.errors import InvalidObject
from storage.model import School
from storage.outbox import LETTER, SCHEDULING, OutboxMessage
from storage.store import Store

LOOK_SECONDS: Final = 15.0
AT_ONCE: Final = 20
TIMEOUT: Final = 30.0

_log = structlog.get_logger("mail")


class _Refused(Exception):
    """A message was not taken: what the mail server or this one says, and whether that is the last word."""

    def __init__(self, words: str, *, for_good: bool) -> None:
        super().__init__(words)
        self.words = words
        self.for_good = for_good


def work(store: Store, section: MailSection) -> None:
    """Send what is due, school by school; one that fails is logged and tried again at the next look."""
    if not section.host:
        return
    for school in store.directory.schools():
        try:
            refusals.queue(store, school, section.sender)
            while _send_some(store, school, section):
                pass
        except Exception:
            _log.exception("mail failed", school=school.code)


def _send_some(store: Store, school: School, section: MailSection) -> bool:
    """Send a handful of messages; tell whether more may be due."""
    with store.reading(school.id) as tx:
        if not tx.outbox.due():
            return False
    with store.writing(school.id) as tx:
        claimed, zone = tx.outbox.claim(AT_ONCE), tx.zone
    if not claimed:
        return False
    try:
        with _connection(section) as smtp:
            for message in claimed:
                _settle(store, school, message, _outcome(smtp, message, (zone, section.sender)))
    except (OSError, smtplib.SMTPException) as error:
        # Nobody answers: what was claimed and not sent waits, and so does the rest.
        _give_back(store, school, claimed, _words(error))
        return False
    return len(claimed) == AT_ONCE


@contextmanager
def _connection(section: MailSection) -> Iterator[smtplib.SMTP]:
    context = ssl.create_default_context()
    if section.security == "tls":
        smtp: smtplib.SMTP = smtplib.SMTP_SSL(section.host, section.port, timeout=TIMEOUT, context=context)
    else:
        smtp = smtplib.SMTP(section.host, section.port, timeout=TIMEOUT)
    with smtp:
        if section.security == "starttls":
            smtp.starttls(context=context)
        if section.user:
            smtp.login(section.user, section.password)
        yield smtp


def _outcome(smtp: smtplib.SMTP, message: OutboxMessage, how: tuple[object, str]) -> _Refused | None:
    zone, sent_by = how
    try:
        envelope = sent_by or letters.mailbox(message.sender)
        if message.kind == LETTER:
            to = [letters.mailbox(each) for each in message.recipient.split(", ")]
            _tell_refused(message, smtp.sendmail(envelope, to, letters.forwarded(message, sent_by)))
            return None
        letter = letters.compose(message, zone, sent_by)  # type: ignore[arg-type]
        smtp.send_message(letter, from_addr=envelope, to_addrs=[letters.mailbox(message.recipient)])
    except letters.NoAddress as error:
        return _Refused(f"not a mail address: {error}", for_good=True)
    except InvalidObject as error:
        return _Refused(error.reason, for_good=True)
    except smtplib.SMTPRecipientsRefused as error:
        code, words = next(iter(error.recipients.values()))
        return _Refused(f"{code} {words.decode(errors='replace')}", for_good=code >= 500)
    except smtplib.SMTPServerDisconnected:
        raise
    except smtplib.SMTPResponseException as error:
        return _Refused(_words(error), for_good=error.smtp_code >= 500)
    except (smtplib.SMTPNotSupportedError, ValueError) as error:
        return _Refused(_words(error), for_good=True)
    return None


def _tell_refused(message: OutboxMessage, refused: dict[str, tuple[int, bytes]]) -> None:
    """Log who does not get a letter that others get."""
    if refused:
        _log.warning("recipients refused", message=message.id, count=len(refused))


def _settle(store: Store, school: School, message: OutboxMessage, refused: _Refused | None) -> None:
    with store.writing(school.id) as tx:
        if refused is None:
            tx.outbox.sent(message.id)
        elif tx.outbox.refused(message.id, refused.words, for_good=refused.for_good) and message.kind == SCHEDULING:
            tx.scheduling.undelivered(message.sender, message.recipient, message.uid)
    if refused is not None:
        _log.warning("message not taken", school=school.code, message=message.id, for_good=refused.for_good)


def _give_back(store: Store, school: School, claimed: tuple[OutboxMessage, ...], words: str) -> None:
    _log.warning("mail server not reached", school=school.code, error=words)
    with store.writing(school.id) as tx:
        waiting = {each.id for each in tx.outbox.waiting([each.id for each in claimed])}
    for message in claimed:
        if message.id in waiting:
            _settle(store, school, message, _Refused(words, for_good=False))


def _words(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        said = error.smtp_error
        return f"{error.smtp_code} {said.decode(errors='replace') if isinstance(said, bytes) else said}"
    return str(error) or type(error).__name__


def summary_of(message: OutboxMessage) -> str:
    """Return what a queued message is about, in its own words."""
    if message.kind != SCHEDULING:
        return message.uid
    try:
        parts = parse(message.body).components
    except InvalidObject:
        return ""
    return next((text for each in parts if (text := each.text("SUMMARY"))), "")
