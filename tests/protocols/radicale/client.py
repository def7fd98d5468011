"""Radicale in this process, spoken to through WSGI, without a socket."""

from __future__ import annotations

import io
import sys
from base64 import b64encode
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from radicale import config
from radicale.app import Application

from protocols.wire import Response
from storage.model import Principal
from storage.store import Store
from tests.protocols.caldav.client import SPACES, Answer, props, read


@dataclass(frozen=True)
class Person:
    """Someone with a password, in a store."""

    store: Store
    principal: Principal
    password: str

    @property
    def home(self) -> str:
        """The address of the home."""
        return f"/{self.principal.login}/"

    @property
    def agenda(self) -> str:
        """The address of the default calendar."""
        return self.home + "agenda/"

    @property
    def timetable(self) -> str:
        """The address of the timetable, read-only."""
        return self.home + "emploi-du-temps/"


class Radicale:
    """An unmodified Radicale with our three plug-ins."""

    def __init__(self, url: str, **storage: str) -> None:
        configuration = config.load()
        configuration.update(
            {
                "auth": {"type": "protocols.radicale.auth", "delay": "0"},
                "rights": {"type": "protocols.radicale.rights"},
                "storage": {"type": "protocols.radicale.storage", "database": url, **storage},
                "web": {"type": "none"},
                "logging": {"level": "critical"},
            },
            "test",
        )
        self.application = Application(configuration)

    def send(self, person: Person | None, method: str, path: str, body: str | bytes = b"", **headers: str) -> Answer:
        """Send one request; header names take _ for -. The path goes in decoded, as Radicale's own server does it."""
        raw = body.encode() if isinstance(body, str) else body
        environ: dict[str, Any] = {
            "REQUEST_METHOD": method,
            "PATH_INFO": unquote(path),
            "SERVER_NAME": "cadran.example",
            "SERVER_PORT": "443",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "wsgi.url_scheme": "https",
            "wsgi.input": io.BytesIO(raw),
            "wsgi.errors": sys.stderr,
            "CONTENT_LENGTH": str(len(raw)),
        }
        if person is not None:
            credentials = f"{person.principal.login}:{person.password}".encode()
            environ["HTTP_AUTHORIZATION"] = "Basic " + b64encode(credentials).decode()
        for name, value in headers.items():
            environ["CONTENT_TYPE" if name == "content_type" else f"HTTP_{name.upper()}"] = value
        return self._call(environ)

    def _call(self, environ: dict[str, Any]) -> Answer:
        told: list[tuple[str, list[tuple[str, str]]]] = []
        chunks = self.application(environ, lambda status, headers, *_: told.append((status, headers)))
        status, headers = told[0]
        return read(Response(int(status.split()[0]), tuple(headers), b"".join(chunks)))

    def propfind(self, person: Person, path: str, *names: str, depth: str = "0") -> Answer:
        """Ask for properties."""
        body = f'<?xml version="1.0"?><D:propfind {SPACES}>{props(*names)}</D:propfind>'
        return self.send(person, "PROPFIND", path, body, depth=depth)

    def put(self, person: Person, path: str, text: str, **headers: str) -> Answer:
        """Write an object."""
        return self.send(person, "PUT", path, text, **{"content_type": "text/calendar; charset=utf-8", **headers})

    def report(self, person: Person, path: str, body: str) -> Answer:
        """Run a report whose body lacks only its namespaces."""
        return self.send(person, "REPORT", path, body.replace(" xmlns", f" {SPACES}", 1), depth="1")

    def sync(self, person: Person, path: str, token: str = "") -> Answer:
        """Ask what changed."""
        body = f"<D:sync-collection xmlns><D:sync-token>{token}</D:sync-token><D:sync-level>1</D:sync-level>"
        return self.report(person, path, f"{body}<D:prop><D:getetag/></D:prop></D:sync-collection>")

    def query(self, person: Person, path: str, conditions: str, asked: str = "<D:getetag/>") -> Answer:
        """Search objects; the conditions are what stands in the comp-filter of VCALENDAR."""
        top = f'<C:filter><C:comp-filter name="VCALENDAR">{conditions}</C:comp-filter></C:filter>'
        return self.report(person, path, f"<C:calendar-query xmlns><D:prop>{asked}</D:prop>{top}</C:calendar-query>")
