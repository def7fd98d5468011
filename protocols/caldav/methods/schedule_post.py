"""POST to the outbox: when the attendees of a planned meeting are busy (RFC 6638, 5)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from protocols.caldav import subject, xml_out
from protocols.caldav.context import Context
from protocols.caldav.errors import DavError
from protocols.caldav.methods import put
from protocols.caldav.names import caldav
from protocols.caldav.resources import writable_home
from protocols.wire import Response
from storage import addresses, availability, contentlines, ical, itip, policy
from storage.contentlines import Component, Property
from storage.errors import InvalidObject
from storage.model import Principal

MOST_ATTENDEES: Final = 200
LONGEST: Final = timedelta(days=400)

SUCCESS: Final = "2.0;Success"
NOBODY: Final = "3.7;Invalid calendar user"
NOT_ALLOWED: Final = "3.8;No authority"


@dataclass(frozen=True, slots=True)
class Question:
    """Who asks, about whom, from when to when, and the meeting being planned, which does not count."""

    request: Component
    attendees: tuple[Property, ...]
    start: datetime
    end: datetime
    without: str


def free_busy(context: Context) -> Response:
    """Answer for each attendee when that person is busy, or why it is not said."""
    asker = writable_home(context, "schedule-send-freebusy").principal
    put.check_content(context)
    question = _question(subject.text_of(context))
    by = question.request.first("ORGANIZER")
    if by is None or addresses.resolved(by.value) not in addresses.of(asker):
        raise DavError(403, caldav("valid-organizer"), reason="The ORGANIZER is not the owner of this outbox.")
    answers = "".join(_answer(each, question, asker, context) for each in question.attendees)
    return Response(200, (xml_out.CONTENT_TYPE,), xml_out.document(caldav("schedule-response"), answers))


def _question(body: bytes) -> Question:
    """Read a VFREEBUSY request; raises DavError (RFC 6638, 5)."""
    try:
        root = contentlines.parse(body)
        return _read(root)
    except InvalidObject as error:
        raise DavError(403, caldav("valid-calendar-data"), reason=error.reason) from error


def _read(root: Component) -> Question:
    requests = root.children("VFREEBUSY")
    method = (root.text("METHOD") or "").strip().upper()
    others = [each for each in root.components if each.name not in {"VFREEBUSY", "VTIMEZONE"}]
    if method != "REQUEST" or len(requests) != 1 or others:
        raise _invalid("The outbox takes one VFREEBUSY of METHOD REQUEST.")
    request = requests[0]
    attendees = request.all("ATTENDEE")
    if not attendees or len(attendees) > MOST_ATTENDEES:
        raise _invalid(f"A request is about 1 to {MOST_ATTENDEES} attendees.")
    start, end = _instant(root, request, "DTSTART"), _instant(root, request, "DTEND")
    if not start < end or end - start > LONGEST:
        raise _invalid(f"A request ends after it starts and spans at most {LONGEST.days} days.")
    without = request.text("X-CALENDARSERVER-MASK-UID") or ""
    return Question(request, attendees, start, end, without.strip())


def _instant(root: Component, request: Component, name: str) -> datetime:
    prop = request.first(name)
    found = None if prop is None else ical.moment(prop, root, UTC)
    if not isinstance(found, datetime):
        raise _invalid(f"{name} is a moment.")
    try:
        return found.astimezone(UTC)
    except OverflowError as error:
        raise _invalid(f"{name} is out of range.") from error


def _invalid(reason: str) -> DavError:
    return DavError(403, caldav("valid-scheduling-message"), reason=reason)


def _answer(attendee: Property, question: Question, asker: Principal, context: Context) -> str:
    recipient = xml_out.element(caldav("recipient"), xml_out.href(attendee.value.strip()))
    person = context.tx.address_book.holder(asker, attendee.value)
    if not policy.may_see_busy(asker.role) and (person is None or person.id != asker.id):
        # Whether there is such a person is not told either.
        return _response(recipient, NOT_ALLOWED)
    if person is None:
        return _response(recipient, NOBODY)
    periods = availability.busy(context.tx, person, question.start, question.end, question.without, asker)
    body = contentlines.serialise(_reply(question, attendee, availability.merged(periods), context.tx.now()))
    data = xml_out.element(caldav("calendar-data"), xml_out.escape(body.decode()))
    return _response(recipient, SUCCESS, data)


def _response(recipient: str, status: str, data: str = "") -> str:
    told = xml_out.element(caldav("request-status"), status)
    return xml_out.element(caldav("response"), recipient + told + data)


def _reply(question: Question, attendee: Property, periods: Iterable[tuple[int, int, str]], now: int) -> Component:
    """Return the VFREEBUSY of one attendee (RFC 5546, 3.3.3)."""
    uid, by = question.request.first("UID"), question.request.first("ORGANIZER")
    lines = [
        Property.make("DTSTAMP", itip.instant(now)),
        Property.make("DTSTART", itip.instant(question.start)),
        Property.make("DTEND", itip.instant(question.end)),
        *filter(None, (uid, by)),
        Property.make("ATTENDEE", attendee.value),
        *_lines(periods),
    ]
    head = (("VERSION", "2.0"), ("PRODID", itip.PRODUCT), ("METHOD", "REPLY"))
    return Component("VCALENDAR", tuple(Property.make(*each) for each in head), (Component("VFREEBUSY", tuple(lines)),))


def _lines(periods: Iterable[tuple[int, int, str]]) -> Iterator[Property]:
    for starts, ends, kind in periods:
        yield Property.make("FREEBUSY", f"{itip.instant(starts)}/{itip.instant(ends)}", FBTYPE=kind)
