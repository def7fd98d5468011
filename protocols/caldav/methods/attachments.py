"""Managed attachments: POST on an object adds, replaces and removes them, GET reads them (RFC 8607, 3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.message import Message
from email.utils import formatdate
from typing import Final
from urllib.parse import parse_qsl, quote

from protocols.caldav import conditional, item_properties, paths, preconditions, schedule_headers
from protocols.caldav.calendar_properties import MAX_RESOURCE_SIZE
from protocols.caldav.context import REPRESENTED, Context
from protocols.caldav.errors import DavError, missing_privilege
from protocols.caldav.names import cadran, caldav
from protocols.caldav.paths import Place
from protocols.caldav.resources import calendar, stored
from protocols.wire import Request, Response
from storage import attachment_lines, contentlines, itip
from storage.attachment_lines import Label
from storage.attachments import Attachment
from storage.errors import AttachmentRefused, NotFound
from storage.itip import Scheduled
from storage.zones import collection_zone

MOST_PARAMETERS: Final = 16
MANAGED: Final = "Cal-Managed-ID"
# Its own namespace: no RFC has a word for a file that a virus scanner refuses.
CLEAN: Final = cadran("clean-attachment")
_ADD: Final = "attachment-add"
_UPDATE: Final = "attachment-update"
_REMOVE: Final = "attachment-remove"


@dataclass(frozen=True, slots=True)
class Ask:
    """What the query of a POST asks for; `rid` is None where the parameter is missing."""

    action: str
    managed_id: str
    rid: str | None


@dataclass(frozen=True, slots=True)
class Edit:
    """An object after an action, and what the answer tells of the attachment."""

    found: Scheduled
    headers: tuple[tuple[str, str], ...] = ()


def asked(query: str) -> Ask:
    """Read the query of a POST on an object; raises DavError with the preconditions of RFC 8607, 3.11."""
    try:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=MOST_PARAMETERS, errors="strict")
    except ValueError as error:
        raise DavError(400, reason="The query of the address cannot be read.") from error
    named = dict(pairs)
    if len(named) < len(pairs):
        raise DavError(400, reason="A parameter of the query is given twice.")
    ask = Ask(named.get("action", ""), named.get("managed-id", ""), named.get("rid"))
    if ask.action not in _ACTIONS:
        raise AttachmentRefused("valid-action", f"{ask.action[:80]} is no action")
    if ask.action == _UPDATE and ask.rid is not None:
        raise AttachmentRefused("valid-rid", "an update is for all instances")
    if (ask.action == _ADD) is ("managed-id" in named):
        raise AttachmentRefused("valid-managed-id", "managed-id is for updates and removals, and needed there")
    return ask


def manage(context: Context) -> Response:
    """Do one action on the attachments of an object, in all its instances or in those named by `rid`."""
    holder = calendar(context)
    if context.tx.writable:
        context.tx.lock()
    before = stored(context, holder)
    if not holder.collection.rights.write:
        raise missing_privilege(context.request.path, "write-content")
    ask = asked(context.request.query)
    preconditions.check(context, holder)
    wish = schedule_headers.wish(context.request.headers, conditional.expectation(context.request.headers))
    found = itip.read(before.ical, collection_zone(holder.collection, context.tx.zone))
    edit = _ACTIONS[ask.action](context, found, ask)
    text = contentlines.serialise(edit.found.root)
    if len(text) > MAX_RESOURCE_SIZE:
        raise DavError(403, caldav("max-resource-size"), reason="The object grows too large.")
    written = context.tx.scheduling.put(holder.collection, before.href, text, wish)
    context.tx.usage.check_owner(holder.collection)
    tags = (("ETag", conditional.quoted(written.object.etag)), *schedule_headers.tag(written.object))
    headers = (*edit.headers, *tags)
    if not context.wants_representation:
        return Response(201 if ask.action == _ADD else 204, headers)
    kind = ("Content-Type", item_properties.content_type(written.object.component))
    place = ("Content-Location", holder.path + paths.encode(before.href))
    return Response(201 if ask.action == _ADD else 200, (*headers, kind, place, REPRESENTED), written.object.ical)


def _add(context: Context, found: Scheduled, ask: Ask) -> Edit:
    keys = None if ask.rid is None else attachment_lines.instances(found, ask.rid)
    if len(attachment_lines.ids_of(found.root)) >= context.tx.limits.attachments:
        raise AttachmentRefused("max-attachments-per-resource", str(context.tx.limits.attachments))
    made = _made(context, _label(context.request.headers))
    line = _line(context, made)
    return Edit(attachment_lines.added(found, line, keys), ((MANAGED, made.managed_id), ("Location", line.value)))


def _update(context: Context, found: Scheduled, ask: Ask) -> Edit:
    if ask.managed_id not in attachment_lines.ids_of(found.root):
        raise AttachmentRefused("valid-managed-id", ask.managed_id[:80])
    label = _label(context.request.headers)
    if not label.name:
        label = Label(_former_name(context, ask.managed_id), label.media_type)
    made = _made(context, label)
    line = _line(context, made)
    place = ((MANAGED, made.managed_id), ("Location", line.value))
    return Edit(attachment_lines.replaced(found, ask.managed_id, line), place)


def _remove(context: Context, found: Scheduled, ask: Ask) -> Edit:
    keys = None if ask.rid is None else attachment_lines.instances(found, ask.rid)
    return Edit(attachment_lines.removed(found, ask.managed_id, keys))


_ACTIONS: Final[Mapping[str, Callable[[Context, Scheduled, Ask], Edit]]] = {
    _ADD: _add,
    _UPDATE: _update,
    _REMOVE: _remove,
}


def _made(context: Context, label: Label) -> Attachment:
    headers = context.request.headers
    if "content-range" in headers:
        raise DavError(400, reason="Attachments are written whole.")
    # The server has undone gzip, the only coding it lets in.
    return context.tx.attachments.add(context.principal.id, context.request.body, label)


def _line(context: Context, made: Attachment) -> contentlines.Property:
    uri = context.request.base + paths.attachment(made.managed_id, made.name)
    return attachment_lines.line(made.managed_id, Label(made.name, made.media_type), made.size, uri)


def _former_name(context: Context, managed_id: str) -> str:
    try:
        return context.tx.attachments.get(managed_id).name
    except NotFound:
        return ""


def _label(headers: Mapping[str, str]) -> Label:
    """Return what Content-Type and Content-Disposition say (RFC 6266); a name may be bare UTF-8, which clients send."""
    header = Message()
    header["Content-Disposition"] = headers.get("content-disposition", "").replace("\r", " ").replace("\n", " ")
    try:
        name = header.get_filename("")
    except (ValueError, LookupError):
        name = ""
    try:
        name = name.encode("latin-1").decode()
    except UnicodeError:
        name = name.encode("utf-8", "replace").decode()
    return Label.of(name, headers.get("content-type", ""))


def download(context: Context) -> Response:
    """Return an attachment to whoever sees an object that refers to it; for everybody else there is nothing."""
    found = context.tx.attachments.readable(context.principal, context.target.slug)
    fixed = (
        ("ETag", conditional.quoted(found.digest[:32])),
        ("Last-Modified", formatdate(found.created, usegmt=True)),
        ("Cache-Control", "private, no-cache"),
        # What somebody else wrote is kept as a file and never run as a page of this server.
        ("Content-Security-Policy", "default-src 'none'; sandbox"),
        ("Content-Disposition", _disposition(found.name)),
    )
    conditional.required(context.request.headers, found.digest[:32])
    if context.request.headers.get("if-none-match") and conditional.excluded(
        context.request.headers, found.digest[:32]
    ):
        return Response(304, fixed)
    return Response(200, (("Content-Type", found.media_type), *fixed), context.tx.attachments.content(found))


def _disposition(name: str) -> str:
    """Return Content-Disposition with the name in both forms of RFC 6266, 4.3."""
    if not name:
        return "attachment"
    plain = "".join(mark if mark.isascii() and mark not in '"\\%' else "_" for mark in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def carried(request: Request) -> bool:
    """Tell whether a request brings the content of an attachment, which may have to be looked at first."""
    if request.method != "POST" or not request.query:
        return False
    try:
        target = paths.parse(request.path)
        return target is not None and target.place is Place.OBJECT and asked(request.query).action != _REMOVE
    except (paths.BadPath, DavError, AttachmentRefused):
        return False


def unclean() -> DavError:
    """Return the refusal of a file in which something harmful was found."""
    return DavError(403, CLEAN, reason="The virus scanner refuses this file.")


def unscanned() -> DavError:
    """Return the refusal of a file that could not be looked at now."""
    return DavError(503, reason="The virus scanner does not answer.", headers=(("Retry-After", "60"),))
