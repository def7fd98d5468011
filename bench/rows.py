"""The requests that are measured: what each asks, how its answer is checked, and what we promise for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import repeat as always
from typing import Final

from lxml import etree

from bench import events
from bench.connection import PATIENCE, Answer, Connection, request_bytes
from bench.figures import MOST, WARMING

DELTA: Final = 10
MULTIGET: Final = 50
PAGE: Final = 100

_NAMES: Final = 'xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:S="http://calendarserver.org/ns/"'
_POLL: Final = f"<propfind {_NAMES}><prop><S:getctag/><sync-token/></prop></propfind>"
_SYNC: Final = (
    "<sync-collection xmlns='DAV:'><sync-token>{token}</sync-token><sync-level>1</sync-level>"
    "<prop><getetag/></prop></sync-collection>"
)
_WEEK: Final = (
    f"<C:calendar-query {_NAMES}><prop><getetag/><C:calendar-data/></prop><C:filter><C:comp-filter name='VCALENDAR'>"
    "<C:comp-filter name='VEVENT'><C:time-range start='{}' end='{}'/></C:comp-filter></C:comp-filter></C:filter>"
    "</C:calendar-query>"
)
_MULTIGET: Final = f"<C:calendar-multiget {_NAMES}><prop><getetag/><C:calendar-data/></prop>{{}}</C:calendar-multiget>"


class WrongAnswer(Exception):
    """An answer that is not what its row measures: the row, then what came."""


@dataclass(frozen=True, slots=True)
class Place:
    """A calendar on a running server: port, path with its last slash, number of events, credentials, patience (s)."""

    port: int
    path: str
    size: int
    authorization: str
    patience: float = PATIENCE


@dataclass(slots=True)
class Session:
    """One connection to one calendar."""

    place: Place
    connection: Connection = field(init=False)
    put: int = 0

    def __post_init__(self) -> None:
        self.connection = Connection(self.place.port, self.place.patience)

    def request(self, method: str, name: str = "", body: bytes = b"", **more: str) -> bytes:
        """Return a request for the calendar, or for something in it."""
        headers = {"Host": f"127.0.0.1:{self.place.port}", "Authorization": self.place.authorization}
        headers |= {key.replace("_", "-"): value for key, value in more.items()}
        return request_bytes(method, self.place.path + name, headers, body)

    def xml(self, method: str, body: str, depth: str) -> bytes:
        """Return a request whose body is XML."""
        return self.request(method, "", body.encode(), Depth=depth, Content_Type="application/xml; charset=utf-8")

    def store(self, number: int, version: int = 0) -> bytes:
        """Return the request that stores an event."""
        return self.request("PUT", events.href(number), events.event(number, version), Content_Type="text/calendar")

    def ask(self, request: bytes, status: int = 207) -> Answer:
        """Return the answer to a request; raises WrongAnswer unless it has the status."""
        answer = self.connection.ask(request)
        if answer.status != status:
            raise WrongAnswer(request.split(b" ", 1)[0].decode(), answer.status, answer.body[:300])
        return answer

    def token(self) -> str:
        """Return the present sync-token."""
        found = etree.fromstring(self.ask(self.xml("PROPFIND", _POLL, "0")).body).findtext(".//{DAV:}sync-token")
        if not found:
            raise WrongAnswer("PROPFIND", "no sync-token")
        return found


Requests = Iterable[bytes]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: its promise in milliseconds, how its requests are made, what the answers are like.

    `responses` is the least number of `response` elements in an answer; 0 where there is no multistatus.
    """

    title: str
    promise: float
    requests: Callable[[Session], Requests]
    responses: Callable[[Session], int]
    statuses: frozenset[int] = frozenset({207})


@dataclass(slots=True)
class Run:
    """A row on its way: each call sends its next request, and the last answer is kept to be checked."""

    row: Row
    session: Session
    pending: Iterator[bytes]
    answer: Answer | None = None

    def __call__(self) -> None:
        """Send the next request; raises WrongAnswer when its status is not the row's."""
        self.answer = self.session.connection.ask(next(self.pending))
        if self.answer.status not in self.row.statuses:
            raise WrongAnswer(self.row.title, self.answer.status, self.answer.body[:300])

    def check(self) -> None:
        """Raise WrongAnswer when the last answer holds less than it must."""
        least = self.row.responses(self.session)
        if self.answer is None or not least:
            return
        found = len(etree.fromstring(self.answer.body, etree.XMLParser(huge_tree=True)).findall("{DAV:}response"))
        if found < least:
            raise WrongAnswer(self.row.title, found, least)


def begin(row: Row, session: Session) -> Run:
    """Return a row ready to be called; what it needs on the server is done."""
    return Run(row, session, iter(row.requests(session)))


def _poll(session: Session) -> Requests:
    return always(session.xml("PROPFIND", _POLL, "0"))


def _sync(session: Session) -> Requests:
    return always(session.xml("REPORT", _SYNC.format(token=session.token()), "1"))


def _delta(session: Session) -> Requests:
    token = session.token()
    for number in range(session.place.size - DELTA, session.place.size):
        answer = session.connection.ask(session.store(number, version=1))
        if answer.status not in {200, 201, 204}:
            raise WrongAnswer("PUT", answer.status, answer.body[:300])
    return always(session.xml("REPORT", _SYNC.format(token=token), "1"))


def _listing(session: Session) -> Requests:
    return always(session.xml("REPORT", _SYNC.format(token=""), "1"))


def _first_page(session: Session) -> Requests:
    limited = _SYNC.format(token="").replace("<prop>", f"<limit><nresults>{PAGE}</nresults></limit><prop>")
    return always(session.xml("REPORT", limited, "1"))


def _week(session: Session) -> Requests:
    return always(session.xml("REPORT", _WEEK.format(*events.queried_week()), "1"))


def _multiget(session: Session) -> Requests:
    step = session.place.size // MULTIGET
    names = (events.href(number * step + 1) for number in range(MULTIGET))
    hrefs = "".join(f"<href>{session.place.path}{name}</href>" for name in names)
    return always(session.xml("REPORT", _MULTIGET.format(hrefs), "1"))


def _get(session: Session) -> Requests:
    return always(session.request("GET", events.href(session.place.size // 2)))


def _put(session: Session) -> Requests:
    return tuple(session.store(session.place.size + number) for number in range(MOST + WARMING))


ROWS: Final = (
    Row("Poll (PROPFIND ctag, sync-token)", 2, _poll, lambda _: 1),
    Row("Empty sync-collection", 2, _sync, lambda _: 0),
    Row(f"Delta of {DELTA}", 2, _delta, lambda _: DELTA),
    Row("Initial sync listing", 80, _listing, lambda session: session.place.size),
    Row(f"First {PAGE} of a first sync", 5, _first_page, lambda _: PAGE),
    Row("Week query with data", 10, _week, lambda _: events.WEEKLY),
    Row(f"Multiget of {MULTIGET}", 5, _multiget, lambda _: MULTIGET),
    Row("GET one event", 2, _get, lambda _: 0, frozenset({200})),
    Row("PUT a new event", 5, _put, lambda _: 0, frozenset({200, 201, 204})),
)
