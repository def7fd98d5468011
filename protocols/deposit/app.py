"""The deposit folder's door: exports go in and none comes out (R216 to R228).

Nothing documents the dialogue of EDT's export: whatever a WebDAV client may try before or around a PUT is answered so
that it goes on. Many make a folder, write a small file, read it back and delete it before they trust a server: what
cannot be meant as an export is kept for a day for whoever wrote it. An export that cannot be imported is taken all the
same; its report says why, not HTTP.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from email.utils import formatdate
from functools import partial
from typing import Final

from protocols.deposit import locks, paths, properties, xml
from protocols.deposit.paths import PREFIX, BadPath
from protocols.deposit.visit import COMPLIANCE, TEXT, XML, Visit, plain
from protocols.deposit.xml import BadXml
from protocols.wire import Request, Response
from storage.deposit_folder import DEPTH, PROBE_OCTETS, Entry
from storage.deposits import is_second
from storage.errors import LimitReached, NotFound
from storage.transaction import Transaction

__all__ = ["LARGEST", "PREFIX", "handler", "writes"]

LARGEST: Final = 128 * 1024 * 1024
UNNAMED: Final = "export.xml"
EXPORT_ENDINGS: Final = (".xml", ".zip", ".txt", ".csv", ".ics", ".gz", ".tgz", ".tar")
GREETING: Final = (
    "Adresse de dépôt des exports d'EDT et de Pronote : à coller dans le champ « Vers URL ».\n"
    "Address for exports of EDT and Pronote: paste it into the field “Vers URL”.\n"
)
KEPT_BACK: Final = (
    "Un export déposé ne peut pas être relu : il contient les noms des élèves.\n"
    "An export that was deposited cannot be read back: it holds the names of pupils."
)
FULL: Final = (
    "Ce dossier reçoit des exports ; ce n'est pas un espace de stockage.\n"
    "This folder takes exports; it stores no files."
)

Recognise = Callable[[bytes], bool]


def handler(recognised: Recognise) -> Callable[[Request, Transaction], Response]:
    """Return what answers requests; `recognised` tells whether bytes are of any format of timetables or people."""
    return partial(_handle, recognised)


def writes(request: Request) -> bool:
    """Whether the request needs a writing transaction."""
    return request.method in WRITING


def _handle(recognised: Recognise, request: Request, tx: Transaction) -> Response:
    """Answer one request of whoever knows the path; an unknown or revoked access is not found."""
    try:
        target = paths.parse(request.path)
        access = tx.accesses.by_secret(target.secret)
    except (BadPath, NotFound):
        return plain(404)
    visit = Visit(request, tx, target, access)
    if request.method == "PUT":
        return _put(visit, recognised)
    method = METHODS.get(request.method)
    if method is None:
        return plain(405, ("Allow", ALLOW))
    try:
        return method(visit)
    except BadXml:
        return plain(400)


def _options(_visit: Visit) -> Response:
    # Microsoft's clients look for their own header before anything else.
    return Response(200, (COMPLIANCE, ("Allow", ALLOW), ("MS-Author-Via", "DAV")))


def _put(visit: Visit, recognised: Recognise) -> Response:
    """Take a file: 201 for a new name, 204 for one there before; an export is imported later."""
    path = visit.target.path or UNNAMED
    there = visit.tx.deposit_folder.entry(visit.access, path)
    if there is not None and there.folder:
        return plain(405, ("Allow", ALLOW))
    if not visit.is_folder(visit.target.parent):
        # A parent that is missing is a conflict to whoever would write below it (RFC 4918, 9.7.1).
        return plain(409)
    content = visit.request.body
    if _meant_as_export(visit, there) or recognised(content):
        new = visit.tx.deposits.take(visit.access, path, content)
    else:
        try:
            new = visit.tx.deposit_folder.keep(visit.access, path, content)
        except LimitReached:
            return plain(507, words=FULL)
    return Response(201 if new else 204, (COMPLIANCE,))


def _meant_as_export(visit: Visit, there: Entry | None) -> bool:
    """Whether whoever wrote a file wants it imported, whatever is in it: its address, name or size says so."""
    name = visit.target.name
    named = not name or name.lower().endswith(EXPORT_ENDINGS) or is_second(name)
    return named or len(visit.request.body) > PROBE_OCTETS or (there is not None and not there.probe)


def _mkcol(visit: Visit) -> Response:
    """Make a subfolder (RFC 4918, 9.3): a few, not deep, for a day."""
    if visit.request.body:
        return plain(415)
    if not visit.target.path or visit.entry() is not None:
        return plain(405, ("Allow", ALLOW))
    if not visit.is_folder(visit.target.parent):
        return plain(409)
    if visit.target.depth > DEPTH:
        return plain(403, words=FULL)
    try:
        visit.tx.deposit_folder.make(visit.access, visit.target.path)
    except LimitReached:
        return plain(507, words=FULL)
    return Response(201, (COMPLIANCE,))


def _delete(visit: Visit) -> Response:
    """Take a name away, and what is below it (RFC 4918, 9.6); the import of an export goes on.

    A client may delete the last export before it sends the next one: if the next never comes, the last still counts.
    """
    if not visit.target.path:
        return plain(403)
    found = visit.entry()
    if found is None:
        return plain(404)
    if found.folder and visit.request.headers.get("depth", "infinity").strip().lower() != "infinity":
        return plain(400)
    visit.tx.deposit_folder.remove(visit.access, visit.target.path)
    return Response(204, (COMPLIANCE,))


def _get(visit: Visit) -> Response:
    """Give back what was kept to be read back; never an export, which holds the names of minors."""
    if visit.is_folder(visit.target.path):
        return Response(200, (TEXT, COMPLIANCE), GREETING.encode())
    found = visit.entry()
    if found is None:
        return plain(404)
    if not found.probe:
        return plain(403, words=KEPT_BACK)
    return Response(200, _told(found), visit.tx.deposit_folder.content(visit.access, found.path))


def _head(visit: Visit) -> Response:
    if visit.is_folder(visit.target.path):
        return Response(200, (TEXT, COMPLIANCE))
    found = visit.entry()
    if found is None:
        return plain(404)
    return Response(200, (*_told(found), ("Content-Length", str(found.size))))


def _told(file: Entry) -> tuple[tuple[str, str], ...]:
    """Return the headers of a file; no browser shows one as a page."""
    return (
        ("Content-Type", properties.content_type(file)),
        ("ETag", properties.etag(file)),
        ("Last-Modified", formatdate(file.received, usegmt=True)),
        ("Content-Disposition", "attachment"),
        ("X-Content-Type-Options", "nosniff"),
        ("Cache-Control", "no-store"),
        COMPLIANCE,
    )


def _propfind(visit: Visit) -> Response:
    """List names, sizes and dates of what this access deposited (RFC 4918, 9.1)."""
    asked = properties.Asked(visit.request.body)
    target, path = visit.target, visit.target.path
    found = visit.entry() if path else None
    if path and found is None:
        return plain(404)
    if found is not None and not found.folder:
        return Response(207, (XML, COMPLIANCE), xml.multistatus([asked.of(target, found)]))
    answers = [asked.of_home(target) if found is None else asked.of(target, found)]
    depth = visit.request.headers.get("depth", "infinity").strip()
    if depth != "0":
        below = visit.tx.deposit_folder.below(visit.access, path)
        answers += [asked.of(target, each) for each in below if depth != "1" or _holds(path, each)]
    return Response(207, (XML, COMPLIANCE), xml.multistatus(answers))


def _holds(path: str, entry: Entry) -> bool:
    """Whether an entry is directly in a folder."""
    return entry.path.rpartition("/")[0] == path


def _proppatch(visit: Visit) -> Response:
    """Refuse each property one by one (RFC 4918, 9.2): what is told of a file is what is known of it."""
    names = properties.patched(visit.request.body)
    if visit.target.path and visit.entry() is None:
        return plain(404)
    href = visit.target.href(visit.target.path, folder=visit.is_folder(visit.target.path))
    return Response(207, (XML, COMPLIANCE), xml.multistatus([xml.refused(href, names)]))


METHODS: Final[Mapping[str, Callable[[Visit], Response]]] = {
    "OPTIONS": _options,
    "HEAD": _head,
    "GET": _get,
    "PROPFIND": _propfind,
    "PROPPATCH": _proppatch,
    "MKCOL": _mkcol,
    "DELETE": _delete,
    "LOCK": locks.lock,
    "UNLOCK": locks.unlock,
}
WRITING: Final = frozenset({"PUT", "MKCOL", "DELETE", "LOCK"})
ALLOW: Final = ", ".join((*METHODS, "PUT"))
