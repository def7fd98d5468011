"""A CalDAV client of our own for tests: builds requests, reads answers with another reader than the engine's writer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from xml.etree import ElementTree

from sqlalchemy import event

from protocols.caldav import app, paths
from protocols.wire import Request, Response
from storage.errors import WritingRequired
from storage.model import Principal
from storage.store import Store

D = "{DAV:}"
C = "{urn:ietf:params:xml:ns:caldav}"
CS = "{http://calendarserver.org/ns/}"
A = "{http://apple.com/ns/ical/}"
SPACES = 'xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:CS="http://calendarserver.org/ns/" '
SPACES += 'xmlns:A="http://apple.com/ns/ical/"'
BASE = "https://cadran.example"


class _Undone(Exception):
    """Leaves a writing transaction without committing it."""


@dataclass(frozen=True)
class Row:
    """One DAV:response: its properties by status, and its own status when it has one."""

    href: str
    status: int | None
    props: dict[int, dict[str, ElementTree.Element]]
    errors: tuple[str, ...] = ()

    def text(self, name: str) -> str:
        """Return the text of a property that was found."""
        return "".join(self.props[200][name].itertext())

    def names(self, name: str) -> set[str]:
        """Return the names of all elements in a property that was found."""
        return {each.tag for each in self.props[200][name].iter()} - {name}


@dataclass(frozen=True)
class Answer:
    """A response, with its multistatus read."""

    status: int
    headers: dict[str, str]
    body: bytes
    rows: dict[str, Row] = field(default_factory=dict)
    token: str = ""

    @property
    def errors(self) -> tuple[str, ...]:
        """Return the preconditions of a DAV:error."""
        root = ElementTree.fromstring(self.body)
        assert root.tag == D + "error"
        return tuple(each.tag for each in root)

    @property
    def tree(self) -> ElementTree.Element:
        """Return the body of another kind of XML answer."""
        return ElementTree.fromstring(self.body)

    @property
    def etag(self) -> str:
        """Return the entity tag."""
        return self.headers["ETag"]

    @property
    def row(self) -> Row:
        """Return the only row."""
        (only,) = self.rows.values()
        return only


def _status(node: ElementTree.Element) -> int:
    line = node.findtext(D + "status")
    assert line is not None
    return int(line.split()[1])


def _row(node: ElementTree.Element) -> Row:
    props = {
        _status(stat): {prop.tag: prop for prop in stat.find(D + "prop") or ()} for stat in node.findall(D + "propstat")
    }
    alone = _status(node) if node.find(D + "status") is not None else None
    errors = tuple(each.tag for error in node.iter(D + "error") for each in error)
    return Row(node.findtext(D + "href") or "", alone, props, errors)


def read(response: Response) -> Answer:
    """Read a response; a multistatus must be well formed and name each resource once."""
    headers = dict(response.headers)
    if response.status != 207:
        return Answer(response.status, headers, response.body)
    root = ElementTree.fromstring(response.body)
    rows = [_row(node) for node in root.findall(D + "response")]
    assert len({row.href for row in rows}) == len(rows)
    token = root.findtext(D + "sync-token") or ""
    return Answer(207, headers, response.body, {row.href: row for row in rows}, token)


def props(*names: str) -> str:
    """Return a DAV:prop of Clark names."""
    inner = "".join(
        f'<x:{local} xmlns:x="{space}"/>' for space, local in (name[1:].rsplit("}", 1) for name in names if name)
    )
    return f"<D:prop>{inner}</D:prop>"


class Dav:
    """A person's client of one server."""

    def __init__(self, store: Store, person: Principal) -> None:
        self.store = store
        self.person = person
        self.home = paths.home(person.login)
        self.principal = paths.principal(person.login)
        self.agenda = self.home + "agenda/"
        self.timetable = self.home + "emploi-du-temps/"
        self.tasks = self.home + "taches/"

    def send(self, method: str, path: str, body: str | bytes = b"", **headers: str) -> Answer:
        """Send one request as the server would hand it over; header names take _ for -."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        raw = body.encode() if isinstance(body, str) else body
        path, _, query = path.partition("?")
        request = Request(method, path, query, named, raw, self.person, BASE)
        return read(self._handled(request))

    def _handled(self, request: Request) -> Response:
        """Handle a request as the server does: reading first, and what is refused is undone."""
        school = self.person.school_id
        if not app.writes(request):
            with suppress(WritingRequired), self.store.reading(school) as tx:
                return app.handle(request, tx)
        with suppress(_Undone), self.store.writing(school) as tx:
            response = app.handle(request, tx)
            if response.status >= 400:
                raise _Undone
        return response

    def propfind(self, path: str, *names: str, depth: str = "0", **headers: str) -> Answer:
        """Ask for properties."""
        body = f'<?xml version="1.0"?><D:propfind {SPACES}>{props(*names)}</D:propfind>'
        return self.send("PROPFIND", path, body, depth=depth, **headers)

    def put(self, path: str, text: str, **headers: str) -> Answer:
        """Write an object."""
        return self.send("PUT", path, text, **{"content_type": "text/calendar; charset=utf-8", **headers})

    def sync(self, path: str, token: str = "", names: Sequence[str] = (D + "getetag",), extra: str = "") -> Answer:
        """Ask what changed."""
        body = f"<D:sync-collection {SPACES}><D:sync-token>{token}</D:sync-token><D:sync-level>1</D:sync-level>"
        return self.send("REPORT", path, f"{body}{extra}{props(*names)}</D:sync-collection>", depth="1")

    def multiget(self, path: str, hrefs: Sequence[str], data: str = "<C:calendar-data/>", **headers: str) -> Answer:
        """Read objects."""
        listed = "".join(f"<D:href>{href}</D:href>" for href in hrefs)
        body = f"<C:calendar-multiget {SPACES}><D:prop><D:getetag/>{data}</D:prop>{listed}</C:calendar-multiget>"
        return self.send("REPORT", path, body, **headers)

    def query(self, path: str, conditions: str, asked: str = "<D:getetag/>", **headers: str) -> Answer:
        """Search objects; the conditions are what stands in the comp-filter of VCALENDAR."""
        top = f'<C:filter><C:comp-filter name="VCALENDAR">{conditions}</C:comp-filter></C:filter>'
        body = f"<C:calendar-query {SPACES}><D:prop>{asked}</D:prop>{top}</C:calendar-query>"
        return self.send("REPORT", path, body, **{"depth": "1", **headers})

    def names(self, answer: Answer, path: str | None = None) -> set[str]:
        """Return the names of the objects in an answer."""
        return {href.removeprefix(path or self.agenda) for href in answer.rows}

    @contextmanager
    def counting(self) -> Iterator[list[str]]:
        """Collect the statements that run meanwhile."""
        seen: list[str] = []

        def note(connection: object, cursor: object, statement: str, *rest: object) -> None:
            if not statement.startswith("BEGIN"):
                seen.append(statement)

        event.listen(self.store.engine, "before_cursor_execute", note)
        yield seen
        event.remove(self.store.engine, "before_cursor_execute", note)


def event_text(uid: str, summary: str = "Cours", start: str = "20261123T080000Z", *more: str) -> str:
    """Return one event of an hour, or what `more` says of its end."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Cadran//Tests//EN", "BEGIN:VEVENT", f"UID:{uid}"]
    lines += ["DTSTAMP:20261120T080000Z", f"DTSTART:{start}", f"SUMMARY:{summary}"]
    lines += more or ("DURATION:PT1H",)
    return "\r\n".join([*lines, "END:VEVENT", "END:VCALENDAR", ""])


def task_text(uid: str, summary: str = "Rendre la copie", *more: str) -> str:
    """Return one task."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Cadran//Tests//EN", "BEGIN:VTODO", f"UID:{uid}"]
    lines += ["DTSTAMP:20261120T080000Z", f"SUMMARY:{summary}", *more]
    return "\r\n".join([*lines, "END:VTODO", "END:VCALENDAR", ""])
