"""The CalDAV engine's door: a request goes in with a transaction, a response comes out.

Every method makes at most one call that writes, and makes it last: whatever is refused has changed nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from protocols.caldav import errors, if_header, paths
from protocols.caldav.context import Context
from protocols.caldav.dead import Dead
from protocols.caldav.errors import DavError
from protocols.caldav.methods.acl import acl
from protocols.caldav.methods.copy_move import copy, move
from protocols.caldav.methods.delete import delete
from protocols.caldav.methods.get import get, head
from protocols.caldav.methods.mkcalendar import mkcalendar, mkcol
from protocols.caldav.methods.options import COMPLIANCE, allow, options
from protocols.caldav.methods.post import post
from protocols.caldav.methods.propfind import propfind
from protocols.caldav.methods.proppatch import proppatch
from protocols.caldav.methods.put import put
from protocols.caldav.paths import PREFIX, redirect
from protocols.caldav.reports.registry import report
from protocols.caldav.resources import no_such_member
from protocols.wire import Request, Response
from storage.errors import CadranError
from storage.transaction import Transaction

__all__ = ["PREFIX", "handle", "redirect", "writes"]

METHODS: Mapping[str, Callable[[Context], Response]] = {
    "OPTIONS": options,
    "PROPFIND": propfind,
    "PROPPATCH": proppatch,
    "MKCALENDAR": mkcalendar,
    "MKCOL": mkcol,
    "GET": get,
    "HEAD": head,
    "PUT": put,
    "DELETE": delete,
    "COPY": copy,
    "MOVE": move,
    "POST": post,
    "REPORT": report,
    "ACL": acl,
}

_WRITING = frozenset({"PROPPATCH", "MKCALENDAR", "MKCOL", "PUT", "DELETE", "COPY", "MOVE", "POST", "ACL"})


def writes(request: Request) -> bool:
    """Whether the request needs a writing transaction."""
    if request.method == "POST" and request.path.rstrip("/").endswith(f"/{paths.OUTBOX}"):
        return False
    return request.method in _WRITING


def handle(request: Request, tx: Transaction) -> Response:
    """Answer one request; every refusal is in WebDAV's terms (RFC 4918, 16)."""
    try:
        response = _dispatch(request, tx)
    except (CadranError, DavError) as error:
        response = errors.answer(error, request)
    body = b"" if request.method == "HEAD" else response.body
    return replace(response, headers=(*response.headers, COMPLIANCE), body=body)


def _dispatch(request: Request, tx: Transaction) -> Response:
    try:
        target = paths.parse(request.path)
    except paths.BadPath as error:
        raise DavError(400, reason="The path is not percent-encoded UTF-8, or too long.") from error
    if target is None:
        raise no_such_member(request.path)
    method = METHODS.get(request.method)
    if method is None:
        raise DavError(405, reason=f"{request.method} is not known here.", headers=(allow(target.place),))
    context = Context(request, tx, target, Dead(tx, request.principal))
    if_header.check(context)
    return method(context)
