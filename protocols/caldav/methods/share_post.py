"""POST of XML: an owner shares a calendar, a sharee answers an invitation (caldav-sharing, 5.3.2 and 5.4.1)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from lxml import etree

from protocols.caldav import grantees, paths, sharing_words, xml_in, xml_out
from protocols.caldav.context import Context, multistatus_response
from protocols.caldav.errors import DavError, missing_privilege
from protocols.caldav.names import calserver, dav
from protocols.caldav.paths import Place
from protocols.caldav.resources import Calendar, calendar, own
from protocols.wire import Response
from storage import policy
from storage.errors import Forbidden, NotFound
from storage.model import Access
from storage.sharing import Offer

MOST_AT_ONCE: Final = 100
TEXT_LENGTH: Final = 255

_TYPES: Final = frozenset({"application/xml", "text/xml"})
_BY_NAME: Final = {name: access for access, name in sharing_words.ACCESS.items()}
_FRESH: Final = ("Cache-Control", "no-cache")
_REFUSED: Final = calserver("valid-request")


@dataclass(frozen=True, slots=True)
class Wish:
    """One change of who has a calendar: whom, and for what; no access takes it away."""

    address: str
    access: Access | None
    summary: str


def is_xml(context: Context) -> bool:
    """Whether a request carries XML."""
    kind = context.request.headers.get("content-type", "").partition(";")[0]
    return kind.strip().lower() in _TYPES


def post(context: Context) -> Response:
    """Share a calendar, or answer an invitation in the home."""
    if context.target.place is Place.HOME:
        return _reply(context)
    root = xml_in.parse_root(context.request.body, calserver("share"))
    wishes = tuple(_wishes(root))
    if not 0 < len(wishes) <= MOST_AT_ONCE:
        raise DavError(400, reason=f"Between 1 and {MOST_AT_ONCE} changes are made at once.")
    holder = calendar(context)
    if not policy.shareable(holder.collection):
        raise missing_privilege(context.request.path, "write-acl")
    refused = {wish.address: error for wish in wishes if (error := _carried_out(wish, holder, context)) is not None}
    if not refused:
        return Response(200, (_FRESH,))
    if len(wishes) == 1:
        raise next(iter(refused.values()))
    responses = (_outcome(address, refused) for address in dict.fromkeys(wish.address for wish in wishes))
    return multistatus_response(context, xml_out.multistatus(responses))


def _outcome(address: str, refused: dict[str, DavError]) -> str:
    if address not in refused:
        return xml_out.status_response(address, 200)
    return xml_out.status_response(address, 403, xml_out.element(refused[address].precondition))


def _wishes(root: etree._Element) -> Iterator[Wish]:
    """Read the changes in their order; raises DavError."""
    for name, node in xml_in.children(root):
        if name not in {calserver("set"), calserver("remove")}:
            continue
        address = xml_in.text(xml_in.child(node, dav("href")))
        if not address:
            raise DavError(400, reason="A change names whom it is about.")
        granted = [_BY_NAME[tag] for tag, _ in xml_in.children(node) if tag in _BY_NAME]
        if name == calserver("remove"):
            yield Wish(address, None, "")
        elif len(granted) == 1:
            yield Wish(address, granted[0], xml_in.text(xml_in.child(node, calserver("summary")))[:TEXT_LENGTH])
        else:
            raise DavError(400, reason="A calendar is shared to read, to read and write, or to see when one is busy.")


def _carried_out(wish: Wish, holder: Calendar, context: Context) -> DavError | None:
    """Do what is wanted; return why it is not done."""
    owner, sharing = context.principal, context.tx.sharing
    try:
        if wish.access is None:
            grantee = grantees.shared_with(wish.address, holder.collection, context)
            sharing.withdraw(owner, holder.collection, grantee, owner.login)
        else:
            offer = Offer(wish.access, owner.login, wish.summary)
            sharing.offer(owner, holder.collection, grantees.find(wish.address, context), offer)
    except (NotFound, Forbidden):
        return DavError(403, _REFUSED, reason="This cannot be shared with whom it names.")
    return None


def _reply(context: Context) -> Response:
    """Accept or decline an invitation; the answer to acceptance tells where the calendar is."""
    root = xml_in.parse_root(context.request.body, calserver("invite-reply"))
    person = own(context)
    said = [
        tag for tag, _ in xml_in.children(root) if tag in {calserver("invite-accepted"), calserver("invite-declined")}
    ]
    uid = xml_in.text(xml_in.child(root, calserver("in-reply-to")))
    if len(said) != 1 or not uid:
        raise DavError(400, reason="An answer accepts or declines one invitation.")
    summary = xml_in.text(xml_in.child(root, calserver("summary")))[:TEXT_LENGTH]
    try:
        found = context.tx.sharing.answer(
            person, uid, accepted=said[0] == calserver("invite-accepted"), summary=summary
        )
    except NotFound as error:
        raise DavError(403, _REFUSED, reason="There is no such invitation.") from error
    if found is None:
        return Response(200, (_FRESH,))
    href = xml_out.href(paths.collection(person.login, found.slug))
    return Response(200, (xml_out.CONTENT_TYPE, _FRESH), xml_out.document(calserver("shared-as"), href))
