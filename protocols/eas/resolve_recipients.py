"""Answer ResolveRecipients: who is meant, and when they are free (MS-ASCMD 2.2.1.15; reference/eas.md section 10.6).

Only people whom the asker may know are found, and only those may ask for the time of others who may see it over CalDAV
too. Nobody has a certificate or a picture here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from protocols.eas.answers import document
from protocols.eas.body import one_line
from protocols.eas.codepages import ResolveRecipients as Tags
from protocols.eas.errors import CommandRefused, ItemRefused
from protocols.eas.session import Session
from protocols.eas.sync_request import number
from protocols.eas.times import read_compact
from protocols.eas.wbxml import E, Element
from protocols.wire import Response
from storage import availability, policy
from storage.model import Principal

OK: Final = 1
AMBIGUOUS: Final = 2
AMBIGUOUS_IN_PART: Final = 3
NOBODY: Final = 4
BAD_ARGUMENTS: Final = 5

NO_CERTIFICATE: Final = 7
TOO_MANY_ASKED: Final = 160
NOT_KNOWN: Final = 163
NO_PICTURE: Final = 173

IN_DIRECTORY: Final = 1
MAX_NAMES: Final = 100
MAX_NAME: Final = 256
MAX_BUSY: Final = 100
SUGGESTED: Final = 19
MOST_SUGGESTED: Final = 100
LONGEST: Final = timedelta(days=42)
USUAL: Final = timedelta(days=7)
STEP: Final = 30 * 60
_RETRIEVE_NONE: Final = 1
_DIGITS: Final = {"FREE": 0, "BUSY-TENTATIVE": 1, "BUSY": 2, "BUSY-UNAVAILABLE": 3}


@dataclass(frozen=True, slots=True)
class _Options:
    """What is asked of each person besides who they are."""

    span: tuple[datetime, datetime] | None
    suggested: int
    certificates: bool
    pictures: bool


def resolve_recipients(session: Session, root: Element) -> Response:
    """Answer each name in order; raises CommandRefused(5) for options that mean nothing."""
    names = [each.content.strip() for each in root.all(Tags.To)]
    if not names or len(names) > MAX_NAMES or len(root.all(Tags.Options)) > 1:
        raise CommandRefused(BAD_ARGUMENTS)
    if not all(0 < len(each) <= MAX_NAME for each in names):
        raise CommandRefused(BAD_ARGUMENTS)
    asked = _Names(session, _options(session, root.find(Tags.Options)))
    return document(E(Tags.ResolveRecipients, E(Tags.Status, OK), *(asked.response(each) for each in names)))


def _options(session: Session, options: Element | None) -> _Options:
    if options is None:
        return _Options(None, SUGGESTED, certificates=False, pictures=False)
    try:
        most = number(options.value(Tags.MaxAmbiguousRecipients))
        retrieval = number(options.value(Tags.CertificateRetrieval)) or _RETRIEVE_NONE
    except CommandRefused as error:
        raise CommandRefused(BAD_ARGUMENTS) from error
    if len({each.tag for each in options.children}) < len(options.children) or retrieval > 3:
        raise CommandRefused(BAD_ARGUMENTS)
    times = options.find(Tags.Availability) if session.version >= "14.0" else None
    return _Options(
        None if times is None else _span(times),
        min(SUGGESTED if most is None else most, MOST_SUGGESTED),
        certificates=retrieval != _RETRIEVE_NONE,
        pictures=session.version >= "14.1" and options.has(Tags.Picture),
    )


def _span(times: Element) -> tuple[datetime, datetime]:
    """Return from when to when availability is asked; a week when the end is not said."""
    try:
        start = read_compact(times.value(Tags.StartTime) or "")
        text = times.value(Tags.EndTime)
        end = read_compact(text) if text else start + USUAL
    except ItemRefused as error:
        raise CommandRefused(BAD_ARGUMENTS) from error
    if not start < end <= start + LONGEST:
        raise CommandRefused(BAD_ARGUMENTS)
    return start, end


class _Names:
    """The names of one request; times are looked up for MAX_BUSY people at most."""

    def __init__(self, session: Session, options: _Options) -> None:
        self._session = session
        self._options = options
        self._looked_up = 0

    def response(self, name: str) -> Element:
        """Return who is meant by one name."""
        people = self._people(name)
        shown = people if len(people) == 1 else people[: self._options.suggested]
        status = OK if len(people) == 1 else _unclear(len(people), len(shown))
        count = E(Tags.RecipientCount, len(people))
        return E(Tags.Response, E(Tags.To, name), E(Tags.Status, status), count, *map(self._recipient, shown))

    def _people(self, name: str) -> tuple[Principal, ...]:
        book, asker = self._session.tx.address_book, self._session.principal
        found = book.at(asker, name) if "@" in name else book.find(asker, name)
        return tuple(each for each in found if each.email)

    def _recipient(self, person: Principal) -> Element:
        options = self._options
        none = E(Tags.Certificates, E(Tags.Status, NO_CERTIFICATE), E(Tags.CertificateCount, 0))
        return E(
            Tags.Recipient,
            E(Tags.Type, IN_DIRECTORY),
            E(Tags.DisplayName, one_line(person.name)),
            E(Tags.EmailAddress, person.email),
            None if options.span is None else self._availability(person, options.span),
            none if options.certificates else None,
            E(Tags.Picture, E(Tags.Status, NO_PICTURE)) if options.pictures else None,
        )

    def _availability(self, person: Principal, span: tuple[datetime, datetime]) -> Element:
        asker = self._session.principal
        if person.id != asker.id and not policy.may_see_busy(asker.role):
            return E(Tags.Availability, E(Tags.Status, NOT_KNOWN))
        self._looked_up += 1
        if self._looked_up > MAX_BUSY:
            return E(Tags.Availability, E(Tags.Status, TOO_MANY_ASKED))
        digits = merged(availability.busy(self._session.tx, person, *span), span)
        return E(Tags.Availability, E(Tags.Status, OK), E(Tags.MergedFreeBusy, digits))


def _unclear(known: int, shown: int) -> int:
    if not known:
        return NOBODY
    return AMBIGUOUS if shown == known else AMBIGUOUS_IN_PART


def merged(periods: Iterable[tuple[int, int, str]], span: tuple[datetime, datetime]) -> str:
    """Return a digit for each half hour begun in a span: 0 free, 1 tentative, 2 busy, 3 away; the highest counts."""
    start, end = (int(each.timestamp()) for each in span)
    digits = [0] * -(-(end - start) // STEP)
    for begins, ends, kind in periods:
        first, last = max(0, (begins - start) // STEP), min(len(digits), -(-(ends - start) // STEP))
        for at in range(first, last):
            digits[at] = max(digits[at], _DIGITS.get(kind, _DIGITS["BUSY"]))
    return "".join(map(str, digits))
