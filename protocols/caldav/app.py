"""The CalDAV engine's door: a request goes in with a transaction, a response comes out.

Every method makes at most one call that writes, and makes it last: whatever is refused has changed nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from protocols.caldav import errors, if_header, media, paths, push_quiet
from protocols.caldav.allowed import allow
from protocols.caldav.context import WRITING, Context
from protocols.caldav.dead import Dead
from protocols.caldav.errors import DavError, missing_privilege
from protocols.caldav.methods import attachments, push_register
from protocols.caldav.methods.acl import acl
from protocols.caldav.methods.copy_move import copy, move
from protocols.caldav.methods.delete import delete
from protocols.caldav.methods.get import get, head
from protocols.caldav.methods.mkcalendar import mkcalendar, mkcol
from protocols.caldav.methods.options import compliance, options
from protocols.caldav.methods.post import post
from protocols.caldav.methods.propfind import propfind
from protocols.caldav.methods.proppatch import proppatch
from protocols.caldav.methods.put import put
from protocols.caldav.paths import PREFIX, redirect
from protocols.caldav.reports.registry import report
from protocols.caldav.resources import no_such_member
from protocols.wire import Request, Response
from storage import policy
from storage.errors import CadranError
from storage.transaction import Transaction

__all__ = ["PREFIX", "carries_file", "compliance", "handle", "light", "redirect", "unclean", "unscanned", "writes"]

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


# A text above this size, or with a rule, may take long to read: that is done before the school's turn is taken.
_LIGHT = 16 * 1024
# Slashes between the home sets and the name of an object: after the login and after the calendar.
_OBJECT_DEPTH = 2


def writes(request: Request) -> bool:
    """Whether the request needs a writing transaction from its beginning."""
    if request.method == "PUT" and (len(request.body) > _LIGHT or b"RRULE" in request.body or b"RDATE" in request.body):
        return False
    if request.method == "POST" and request.path.rstrip("/").endswith(f"/{paths.OUTBOX}"):
        return False
    # A push service is looked up by name before the school's turn to write is taken.
    return request.method in WRITING and not push_register.meant(request)


def light(method: str, path: str, headers: Mapping[str, str], octets: int) -> bool:
    """Whether a request reads a few rows, whatever the calendar holds: a poll of one resource, or one event.

    `octets` is the length of its body.
    """
    if not path.startswith(paths.HOMES) or octets > _LIGHT or "content-encoding" in headers:
        return False
    if method == "PROPFIND":
        return headers.get("depth", "") == "0"
    plain = method in {"GET", "HEAD"} and not media.prefers_jcal(headers.get("accept", ""))
    return plain and path.count("/", len(paths.HOMES)) == _OBJECT_DEPTH and not path.endswith("/")


def carries_file(request: Request) -> bool:
    """Whether the body is an attachment, to be looked at before anything else."""
    return attachments.carried(request)


def unclean(request: Request) -> Response:
    """Answer a request whose attachment holds something harmful."""
    return _refused(attachments.unclean(), request)


def unscanned(request: Request) -> Response:
    """Answer a request whose attachment could not be looked at."""
    return _refused(attachments.unscanned(), request)


def _refused(error: DavError, request: Request) -> Response:
    response = errors.answer(error, request)
    return replace(response, headers=(*response.headers, compliance()))


def handle(request: Request, tx: Transaction) -> Response:
    """Answer one request; every refusal is in WebDAV's terms (RFC 4918, 16)."""
    try:
        response = _dispatch(request, tx)
    except (CadranError, DavError) as error:
        response = errors.answer(error, request)
    body = b"" if request.method == "HEAD" else response.body
    return replace(response, headers=(*response.headers, compliance()), body=body)


def _nowhere(request: Request) -> DavError:
    """Return the error of an address that can name nothing; where a parent would be needed, 409 (RFC 4918, 9.7.1)."""
    if request.method in {"PUT", "MKCOL", "MKCALENDAR"} and request.path.startswith(paths.HOMES):
        return DavError(409, reason="Nothing can be made here: homes hold calendars, and calendars objects.")
    return no_such_member(request.path)


def _dispatch(request: Request, tx: Transaction) -> Response:
    try:
        target = paths.parse(request.path)
    except paths.LongPath as error:
        raise DavError(414, reason="A part of the path is too long to be a name.") from error
    except paths.BadPath as error:
        raise DavError(400, reason="The path is not percent-encoded UTF-8.") from error
    if target is None:
        raise _nowhere(request)
    method = METHODS.get(request.method)
    if method is None:
        raise DavError(405, reason=f"{request.method} is not known here.", headers=(allow(target),))
    if request.method in WRITING and not policy.writes(request.principal.role):
        raise missing_privilege(request.path, "write")
    context = Context(request, tx, target, Dead(tx, request.principal))
    if_header.check(context)
    tx.attachments.act_for(request.principal)
    if request.method not in WRITING:
        return method(context)
    quiet = push_quiet.wanted(context)
    response = method(context)
    tx.usage.check(request.principal.id)
    quiet.keep(context)
    return response
