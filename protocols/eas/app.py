"""The ActiveSync engine's door: a request goes in with a transaction, a response or a request to wait comes out.

It is first called in a transaction that only reads; what has to write raises WritingRequired, and the server calls
again in one that writes. So a poll that finds nothing new never takes the writer's turn.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from protocols.eas import answers, autodiscover, families
from protocols.eas.errors import CommandRefused
from protocols.eas.estimate import get_item_estimate
from protocols.eas.folder_edit import folder_create, folder_delete, folder_update
from protocols.eas.folder_sync import folder_sync
from protocols.eas.item_operations import item_operations
from protocols.eas.meeting_response import meeting_response
from protocols.eas.move_items import move_items
from protocols.eas.ping import ping
from protocols.eas.provision import provision
from protocols.eas.query import Query, QueryError, parse
from protocols.eas.refusals import note
from protocols.eas.resolve_recipients import resolve_recipients
from protocols.eas.search import search
from protocols.eas.send_mail import plain, send_mail
from protocols.eas.session import Session, open_session
from protocols.eas.settings import settings
from protocols.eas.sync import sync
from protocols.eas.validate_cert import validate_cert
from protocols.eas.wbxml import Element, WbxmlError, decode
from protocols.wire import Park, Request, Response
from storage import policy
from storage.transaction import Transaction

PATH: Final = "/Microsoft-Server-ActiveSync"
AUTODISCOVER: Final = "/autodiscover/autodiscover.xml"
VERSION_REFUSED: Final = 505

Handler = Callable[[Session, Element], Response | Park]
# Only these may come without a body, and mean "as last time" (MS-ASHTTP 2.2.1.1).
_REPEATABLE: Final[Mapping[str, Callable[[Session, Element | None], Response | Park]]] = {"Sync": sync, "Ping": ping}
COMMANDS: Final[Mapping[str, Handler]] = {
    "FolderCreate": folder_create,
    "FolderDelete": folder_delete,
    "FolderSync": folder_sync,
    "FolderUpdate": folder_update,
    "GetItemEstimate": get_item_estimate,
    "ItemOperations": item_operations,
    "MeetingResponse": meeting_response,
    "MoveItems": move_items,
    "Provision": provision,
    "ResolveRecipients": resolve_recipients,
    "Search": search,
    "SendMail": send_mail,
    "Settings": settings,
    "SmartForward": send_mail,
    "SmartReply": send_mail,
    "ValidateCert": validate_cert,
    **_REPEATABLE,
}


def handle(request: Request, tx: Transaction) -> Response | Park:
    """Answer one request of an authenticated person; every refusal is in the terms of its protocol version."""
    if not policy.writes(request.principal.role):
        # A service reader has no phone.
        return Response(403)
    if request.path.lower().rstrip("/") == AUTODISCOVER:
        return _autodiscover(request)
    if request.method == "OPTIONS":
        return Response(200, (*answers.nothing().headers, *answers.capabilities(_offered(request, tx))))
    if request.method != "POST":
        return Response(405, (("Allow", "OPTIONS, POST"),))
    return _posted(request, tx)


def _posted(request: Request, tx: Transaction) -> Response | Park:
    try:
        query = parse(request.query, request.headers)
    except QueryError as error:
        if error.command:
            return answers.refusal(error.command, error.version, error.status)
        return answers.nothing(error.http)
    if query.command is None:
        return answers.nothing(400)
    family = families.family_asking(request.headers, query)
    if not families.spoken(family, query.version, tx.school.settings):
        return answers.nothing(VERSION_REFUSED)
    try:
        return _run(request, query, query.command, tx)
    except CommandRefused as refused:
        note((request.principal.id, query.device_id), query.command, refused.status, tx)
        return answers.refusal(query.command, query.version, refused.status, refused.limit)


def device_of(query: str, headers: Mapping[str, str]) -> str:
    """Return the id of the device that sends a request, "" where it names none; both query forms are read."""
    try:
        return parse(query, headers).device_id
    except QueryError:
        return ""


def _offered(request: Request, tx: Transaction) -> tuple[str, ...]:
    family = families.family_asking(request.headers)
    return families.offered(family, tx.school.settings)


def _autodiscover(request: Request) -> Response:
    if request.method not in ("GET", "POST"):
        return Response(405, (("Allow", "GET, POST"),))
    # A GET is answered like a POST that asks nothing: its sender learns that it found the right place.
    person = request.principal
    body = autodiscover.answer(request.body, person.email or person.login, person.name, request.base + PATH)
    return Response(200, (("Content-Type", "text/xml; charset=utf-8"), ("Cache-Control", "private")), body)


def _run(request: Request, query: Query, command: str, tx: Transaction) -> Response | Park:
    handler = COMMANDS.get(command)
    if handler is None:
        raise CommandRefused(answers.UNKNOWN_COMMAND)
    root = _document(query, command, request.body)
    if tx.writable:
        # States are read to be replaced: of two requests of one device the second must see what the first did.
        tx.lock()
    session = open_session(request, query, tx)
    if root is None:
        return _REPEATABLE[command](session, None)
    return handler(session, root)


def _document(query: Query, command: str, body: bytes) -> Element | None:
    """Return the request's document, None for an empty body where that is allowed; raises CommandRefused."""
    if query.version < "14.0" and COMMANDS.get(command) is send_mail:
        return plain(query, answers.ROOTS[command][0], body)
    if not body and command in _REPEATABLE:
        return None
    try:
        root = decode(body)
    except WbxmlError as error:
        raise CommandRefused(answers.INVALID_WBXML) from error
    if root.tag != answers.ROOTS[command][0]:
        raise CommandRefused(answers.INVALID_XML)
    return root
