"""The deposit folder's door: files go in, none come out (R216 to R228).

Nothing documents the dialogue of EDT's export: whatever a WebDAV client may try before or around a PUT is answered so
that it goes on. A file that cannot be imported is taken all the same; its report says why, not HTTP.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import formatdate
from typing import Final
from urllib.parse import quote

from protocols.deposit import paths, properties, xml
from protocols.deposit.paths import PREFIX, BadPath, Target
from protocols.deposit.xml import DAV, BadXml
from protocols.wire import Request, Response
from storage.accesses import Access
from storage.deposits import Deposited
from storage.errors import NotFound
from storage.transaction import Transaction

__all__ = ["LARGEST", "PREFIX", "handle", "writes"]

LARGEST: Final = 128 * 1024 * 1024
UNNAMED: Final = "export.xml"
LOCK_SECONDS: Final = 600
COMPLIANCE: Final = ("DAV", "1, 2")
XML: Final = ("Content-Type", "application/xml; charset=utf-8")
TEXT: Final = ("Content-Type", "text/plain; charset=utf-8")
GREETING: Final = (
    "Adresse de dépôt des exports d'EDT et de Pronote : à coller dans le champ « Vers URL ».\n"
    "Address for exports of EDT and Pronote: paste it into the field “Vers URL”.\n"
)
_TOKEN: Final = re.compile(r"<(opaquelocktoken:[0-9a-f-]{36})>")


@dataclass(frozen=True, slots=True)
class _Visit:
    """One request with what it concerns."""

    request: Request
    tx: Transaction
    target: Target
    access: Access

    def file(self) -> Deposited | None:
        """Return the file that the path names, None when it was never deposited."""
        return self.tx.deposits.named(self.access, self.target.name)


def writes(request: Request) -> bool:
    """Whether the request needs a writing transaction."""
    return request.method == "PUT"


def handle(request: Request, tx: Transaction) -> Response:
    """Answer one request of whoever knows the path; an unknown or revoked access is not found."""
    try:
        target = paths.parse(request.path)
        access = tx.accesses.by_secret(target.secret)
    except (BadPath, NotFound):
        return _plain(404)
    if target.deep:
        # A parent that is missing is a conflict to whoever would write below it (RFC 4918, 9.7.1).
        return _plain(409 if request.method == "PUT" else 404)
    method = METHODS.get(request.method)
    if method is None:
        return _plain(405, ("Allow", ALLOW))
    try:
        return method(_Visit(request, tx, target, access))
    except BadXml:
        return _plain(400)


def _plain(status: int, *headers: tuple[str, str]) -> Response:
    return Response(status, (TEXT, COMPLIANCE, *headers), f"{status}\n".encode())


def _options(_visit: _Visit) -> Response:
    # Microsoft's clients look for their own header before anything else.
    return Response(200, (COMPLIANCE, ("Allow", ALLOW), ("MS-Author-Via", "DAV")))


def _put(visit: _Visit) -> Response:
    """Take a file: 201 for a new name, 204 for one deposited before; it is imported later."""
    new = visit.tx.deposits.take(visit.access, visit.target.name or UNNAMED, visit.request.body)
    return Response(201 if new else 204, (COMPLIANCE,))


def _get(visit: _Visit) -> Response:
    """Give no file back: it holds the names of minors, and whoever deposits it has it."""
    if not visit.target.name:
        return Response(200, (TEXT, COMPLIANCE), GREETING.encode())
    return _plain(404 if visit.file() is None else 403)


def _head(visit: _Visit) -> Response:
    if not visit.target.name:
        return Response(200, (TEXT, COMPLIANCE))
    file = visit.file()
    if file is None:
        return _plain(404)
    told = ("Content-Type", properties.CONTENT_TYPE), ("Content-Length", str(file.size))
    return Response(200, (*told, ("ETag", properties.etag(file)), ("Last-Modified", _date(file)), COMPLIANCE))


def _date(file: Deposited) -> str:
    return formatdate(file.received, usegmt=True)


def _propfind(visit: _Visit) -> Response:
    """List names, sizes and dates of what this access deposited; the folder has one level, whatever the depth."""
    asked = properties.Asked(visit.request.body)
    folder = visit.target.href
    if visit.target.name:
        file = visit.file()
        if file is None:
            return _plain(404)
        found = [asked.of_file(folder + quote(file.name), file)]
    else:
        found = [asked.of_folder(folder)]
        if visit.request.headers.get("depth", "infinity").strip() != "0":
            files = visit.tx.deposits.listed(visit.access)
            found += [asked.of_file(folder + quote(file.name), file) for file in files]
    return Response(207, (XML, COMPLIANCE), xml.multistatus(found))


def _lock(visit: _Visit) -> Response:
    """Give out a lock that keeps nobody out: each deposit is a run of its own (RFC 4918, 9.10)."""
    info = xml.root(visit.request.body, "lockinfo")
    held = _TOKEN.search(visit.request.headers.get("if", ""))
    if info is None and held is None:
        return _plain(400)
    token = held[1] if info is None and held is not None else f"opaquelocktoken:{uuid.uuid4()}"
    shared = info is not None and info.find(f"{DAV}lockscope/{DAV}shared") is not None
    href = visit.target.href + quote(visit.target.name)
    active = (
        f"<D:locktype><D:write/></D:locktype><D:lockscope><D:{'shared' if shared else 'exclusive'}/></D:lockscope>"
        f"<D:depth>0</D:depth><D:timeout>Second-{LOCK_SECONDS}</D:timeout>"
        f"<D:locktoken><D:href>{token}</D:href></D:locktoken><D:lockroot><D:href>{href}</D:href></D:lockroot>"
    )
    body = f'{xml.HEAD}<D:prop xmlns:D="DAV:"><D:lockdiscovery><D:activelock>{active}</D:activelock></D:lockdiscovery>'
    return Response(200, (XML, COMPLIANCE, ("Lock-Token", f"<{token}>")), f"{body}</D:prop>".encode())


def _unlock(visit: _Visit) -> Response:
    if not _TOKEN.search(visit.request.headers.get("lock-token", "")):
        return _plain(400)
    return Response(204, (COMPLIANCE,))


METHODS: Final[Mapping[str, Callable[[_Visit], Response]]] = {
    "OPTIONS": _options,
    "HEAD": _head,
    "GET": _get,
    "PROPFIND": _propfind,
    "PUT": _put,
    "LOCK": _lock,
    "UNLOCK": _unlock,
}
ALLOW: Final = ", ".join(METHODS)
