"""A listener for letters with invitations and answers: the server's side of LMTP (RFC 2033, RFC 5321, RFC 2034).

A letter is told to be taken only when what it changes is committed; each recipient gets a reply of their own.
"""

# mypy: disallow-untyped-calls=False
# Twisted annotates only part of what is used here.

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Final

from twisted.internet.defer import Deferred
from twisted.internet.protocol import Factory, connectionDone
from twisted.protocols.basic import LineReceiver
from twisted.protocols.policies import TimeoutMixin
from twisted.python.failure import Failure

from server.courier import Courier, Verdict
from server.imip import LARGEST

IDLE_SECONDS: Final = 300
MOST_RECIPIENTS: Final = 50
# Addresses looked for on behalf of one letter, most of which may be nobody's here.
MOST_ASKED: Final = 200
MOST_CONNECTIONS: Final = 50
LONGEST_COMMAND: Final = 2048
LONGEST_LINE: Final = 64 * 1024
MOST_ERRORS: Final = 20
# A letter is read to its end to be refused politely, unless it has none.
ENDLESS: Final = 16 * LARGEST

_PATH: Final = re.compile(rb"<(?:@[^:>]*:)?([^<>\x00-\x20\x7f]*)>((?: [\x21-\x7e]+)*)")
_SIZE: Final = re.compile(rb" SIZE=(\d{1,12})(?: |$)", re.IGNORECASE)
_GREETING: Final = Verdict(220, "", "Cadran LMTP")
_FAULT: Final = Verdict(451, "4.3.0", "Not now")
_EXTENSIONS: Final = ("PIPELINING", "ENHANCEDSTATUSCODES", "8BITMIME", f"SIZE {LARGEST}")

InThread = Callable[[Callable[[], Any]], Deferred[Any]]


class LetterBox(LineReceiver, TimeoutMixin):
    """One connection of a mail server."""

    delimiter = b"\r\n"
    MAX_LENGTH = LONGEST_LINE

    def __init__(self, factory: LetterBoxes) -> None:
        """Belong to the factory that knows where letters go."""
        self._boxes = factory
        self._greeted = False
        self._errors = 0
        self._reading = False
        self._start()

    def _start(self) -> None:
        self._sender: bytes | None = None
        self._recipients: list[str] = []
        self._asked = 0
        self._lines: list[bytes] = []
        self._octets = 0

    def connectionMade(self) -> None:
        """Greet, or send away one too many."""
        if len(self._boxes.open) >= MOST_CONNECTIONS:
            self._say(Verdict(421, "4.3.2", "Too many connections"))
            self._leave()
            return
        self._boxes.open.add(self)
        self.setTimeout(IDLE_SECONDS)
        self._say(_GREETING)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Forget what was not yet given over."""
        self.setTimeout(None)
        self._boxes.open.discard(self)
        self._start()

    def timeoutConnection(self) -> None:
        """Close a connection on which nothing comes."""
        self._say(Verdict(421, "4.4.2", "Nothing came for too long"))
        self._leave()

    def lineLengthExceeded(self, line: bytes) -> None:
        """Close a connection whose lines have no end."""
        self._say(Verdict(500, "5.5.6", "Line too long"))
        self._leave()

    def lineReceived(self, line: bytes) -> None:
        """Take a command, or a line of a letter."""
        self.resetTimeout()
        if self._reading:
            self._take(line)
            return
        word, _, rest = line.partition(b" ")
        command = _COMMANDS.get(word.upper()) if len(line) <= LONGEST_COMMAND else None
        if command is None:
            self._wrong(Verdict(500, "5.5.2", "Unknown command"))
        else:
            command(self, rest.strip())

    def _leave(self) -> None:
        transport: Any = self.transport
        transport.loseConnection()

    def _say(self, verdict: Verdict, more: Sequence[str] = ()) -> None:
        words = " ".join(filter(None, (verdict.enhanced, verdict.words)))
        lines = [words, *more]
        for number, text in enumerate(lines, 1):
            mark = " " if number == len(lines) else "-"
            self.sendLine(f"{verdict.code}{mark}{text}".encode("ascii", "replace"))

    def _wrong(self, verdict: Verdict) -> None:
        self._errors += 1
        self._say(verdict)
        if self._errors >= MOST_ERRORS:
            self._leave()

    def hello(self, rest: bytes) -> None:
        """Answer LHLO with what is understood here."""
        if not rest:
            self._wrong(Verdict(501, "5.5.4", "LHLO names the client"))
            return
        self._greeted = True
        self._start()
        self._say(Verdict(250, "", "Cadran"), _EXTENSIONS)

    def not_here(self, rest: bytes) -> None:
        """Refuse HELO and EHLO (RFC 2033, 4.1)."""
        self._wrong(Verdict(500, "5.5.1", "This is LMTP: LHLO"))

    def mail(self, rest: bytes) -> None:
        """Begin a letter."""
        found = _PATH.fullmatch(rest[5:].strip()) if rest[:5].upper() == b"FROM:" else None
        size = _SIZE.search(found[2]) if found else None
        if not self._greeted or self._sender is not None:
            self._wrong(Verdict(503, "5.5.1", "Not now"))
        elif found is None:
            self._wrong(Verdict(501, "5.5.4", "MAIL FROM:<address>"))
        elif size is not None and int(size[1]) > LARGEST:
            self._say(Verdict(552, "5.3.4", "Too large"))
        else:
            self._sender = found[1]
            self._say(Verdict(250, "2.1.0", "Go on"))

    def recipient(self, rest: bytes) -> None:
        """Add a recipient, who must be somebody of a school here."""
        found = _PATH.fullmatch(rest[3:].strip()) if rest[:3].upper() == b"TO:" else None
        if self._sender is None:
            self._wrong(Verdict(503, "5.5.1", "MAIL first"))
        elif found is None or not found[1]:
            self._wrong(Verdict(501, "5.5.4", "RCPT TO:<address>"))
        elif len(self._recipients) >= MOST_RECIPIENTS or self._asked >= MOST_ASKED:
            self._say(Verdict(452, "4.5.3", "Too many recipients"))
        else:
            address = found[1].decode("utf-8", "replace")
            self._wait(lambda: self._boxes.courier.knows(address), lambda verdict: self._admitted(address, verdict))

    def _admitted(self, address: str, verdict: Verdict) -> None:
        if verdict.code < 300:
            self._recipients.append(address)
        self._asked += 1
        self._say(verdict)

    def data(self, rest: bytes) -> None:
        """Begin the text of a letter."""
        if not self._recipients:
            self._wrong(Verdict(503, "5.5.1", "No recipients"))
            return
        self._reading = True
        self._say(Verdict(354, "", "Go on"))

    def _take(self, line: bytes) -> None:
        if line == b".":
            self._reading = False
            self._give_over()
            return
        line = line[1:] if line.startswith(b".") else line
        self._octets += len(line) + 2
        if self._octets <= LARGEST:
            self._lines.append(line)
            return
        self._lines.clear()
        if self._octets > ENDLESS:
            self._say(Verdict(552, "5.3.4", "Too large"))
            self._leave()

    def _give_over(self) -> None:
        recipients = tuple(self._recipients)
        if self._octets > LARGEST:
            verdicts = (Verdict(552, "5.3.4", "Too large"),) * len(recipients)
            self._start()
            self._say_each(verdicts)
            return
        letter = b"\r\n".join([*self._lines, b""])
        self._start()
        self._wait(lambda: self._boxes.courier.take(letter, recipients), self._say_each, len(recipients))

    def _say_each(self, verdicts: Sequence[Verdict]) -> None:
        for verdict in verdicts:
            self._say(verdict)

    def _wait(self, work: Callable[[], Any], done: Callable[[Any], None], replies: int = 0) -> None:
        """Do something in a thread; what the client sends meanwhile waits."""
        self.pauseProducing()
        self.setTimeout(None)

        def finish(outcome: Any) -> None:
            if self not in self._boxes.open:
                return
            if isinstance(outcome, Failure):
                outcome = (_FAULT,) * replies if replies else _FAULT
            done(outcome)
            self.setTimeout(IDLE_SECONDS)
            self.resumeProducing()

        self._boxes.in_thread(work).addBoth(finish)

    def reset(self, rest: bytes) -> None:
        """Forget the letter that was begun."""
        self._start()
        self._say(Verdict(250, "2.0.0", "Forgotten"))

    def nothing(self, rest: bytes) -> None:
        """Answer that somebody is here."""
        self._say(Verdict(250, "2.0.0", "Here"))

    def verify(self, rest: bytes) -> None:
        """Say nothing about who is here."""
        self._say(Verdict(252, "2.5.0", "Try it"))

    def quit(self, rest: bytes) -> None:
        """Take leave."""
        self._say(Verdict(221, "2.0.0", "Goodbye"))
        self._leave()


_COMMANDS: Final[dict[bytes, Callable[[LetterBox, bytes], None]]] = {
    b"LHLO": LetterBox.hello,
    b"HELO": LetterBox.not_here,
    b"EHLO": LetterBox.not_here,
    b"MAIL": LetterBox.mail,
    b"RCPT": LetterBox.recipient,
    b"DATA": LetterBox.data,
    b"RSET": LetterBox.reset,
    b"NOOP": LetterBox.nothing,
    b"VRFY": LetterBox.verify,
    b"QUIT": LetterBox.quit,
}


class LetterBoxes(Factory):
    """Makes one letter box for each connection."""

    noisy = False

    def __init__(self, courier: Courier, in_thread: InThread) -> None:
        """Give letters to a courier, whose work `in_thread` does away from the reactor."""
        self.courier = courier
        self.in_thread = in_thread
        self.open: set[LetterBox] = set()

    def buildProtocol(self, addr: Any) -> LetterBox:
        """Return a letter box for a connection."""
        return LetterBox(self)
