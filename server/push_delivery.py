"""One message to one push service (RFC 8030, 5), connected to an address that was checked."""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from threading import Timer
from typing import Final

from protocols.outside import OUTSIDE, Destination, Unwelcome, destination

TIMEOUT: Final = 10.0
LONGEST: Final = 30.0
LONGEST_WAIT: Final = 3600
_READ: Final = 4096


class Verdict(Enum):
    """What became of a message: it was taken, it is to be tried again, or there is nobody to send it to."""

    TAKEN = "taken"
    LATER = "later"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a message, the push service's answer in words, and how long it wants to be left alone."""

    verdict: Verdict
    words: str
    wait: int = 0


class _Pinned(http.client.HTTPSConnection):
    """A connection to a checked address that asks for the certificate of the name."""

    def __init__(self, there: Destination, number: str) -> None:
        super().__init__(there.host, there.port, timeout=TIMEOUT, context=_context())
        self._number = number

    def connect(self) -> None:
        bare = socket.create_connection((self._number, self.port), TIMEOUT)
        # What is under way is known from here on: a greeting that comes octet by octet can be ended too.
        self.sock = made = _context().wrap_socket(bare, server_hostname=self.host, do_handshake_on_connect=False)
        made.do_handshake()

    def abort(self) -> None:
        """End what is under way, from another thread."""
        with suppress(OSError):
            if self.sock is not None:
                self.sock.shutdown(socket.SHUT_RDWR)


@lru_cache(maxsize=1)
def _context() -> ssl.SSLContext:
    return ssl.create_default_context()


def post(resource: str, headers: Mapping[str, str], body: bytes) -> Outcome:
    """Send a sealed message; redirections are not followed. Never raises for what the other side does."""
    try:
        there = destination(resource)
        number = OUTSIDE.addresses(there)[0]
        return _posted(there, number, headers, body)
    except Unwelcome as error:
        return Outcome(Verdict.LATER, error.reason)
    except (OSError, http.client.HTTPException, ValueError) as error:
        return Outcome(Verdict.LATER, str(error) or type(error).__name__)


def _posted(there: Destination, number: str, headers: Mapping[str, str], body: bytes) -> Outcome:
    connection = _Pinned(there, number)
    # A time-out for each read does not end an answer that comes octet by octet.
    alarm = Timer(LONGEST, connection.abort)
    alarm.daemon = True
    alarm.start()
    try:
        connection.request("POST", there.path, body, dict(headers))
        answer = connection.getresponse()
        answer.read(_READ)
        return _judged(answer.status, answer.reason, answer.getheader("Retry-After", ""))
    finally:
        alarm.cancel()
        connection.close()


def _judged(status: int, reason: str, retry_after: str) -> Outcome:
    words = "".join(sign for sign in f"{status} {reason}" if sign.isprintable()).strip()
    if 200 <= status < 300:
        return Outcome(Verdict.TAKEN, words)
    if status in {404, 410}:
        return Outcome(Verdict.GONE, words)
    text = retry_after.strip()
    wait = min(int(text), LONGEST_WAIT) if text.isascii() and text.isdigit() and len(text) < 8 else 0
    return Outcome(Verdict.LATER, words, wait)
