"""Reading a push-register body (draft-bitfire-webdav-push, "Subscription Registration")."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime

from lxml import etree

from protocols.caldav import xml_in
from protocols.caldav.errors import DavError
from protocols.caldav.names import dav, push
from protocols.outside import OUTSIDE, Unanswered, Unwelcome, destination
from storage.model import Principal
from storage.push import Subscriber
from storage.push_keys import decoded, is_public_key

LIMIT = 64 * 1024
_SECRET_OCTETS = 16
_LATER = (("Retry-After", "60"),)
# The draft has called the client's key by two names; programs with either are in use.
_KEYS = (push("subscription-public-key"), push("client-public-key"))


@dataclass(frozen=True, slots=True)
class Triggers:
    """What a client asks to be told: content to a level ("" for not at all), properties."""

    content: str
    properties: bool


def parse(body: bytes) -> etree._Element:
    """Return the root of the body; raises DavError."""
    root = xml_in.parse(body, LIMIT)
    if root.tag != push("push-register"):
        raise DavError(400, reason=f"The body is a {root.tag}, not a push-register.")
    return root


def subscriber(root: etree._Element) -> Subscriber:
    """Return whom to tell, checked as far as can be without calling; raises DavError `invalid-subscription`."""
    holders = _named(root, push("subscription"))
    found = _named(holders[0], push("web-push-subscription")) if len(holders) == 1 else []
    if len(found) != 1:
        raise invalid("There is no web-push-subscription, or several.")
    resources = _named(found[0], push("push-resource"))
    keys = [node for name in _KEYS for node in _named(found[0], name)]
    secrets = _named(found[0], push("auth-secret"))
    if (len(resources), len(keys), len(secrets)) != (1, 1, 1):
        raise invalid("A subscription has one push-resource, one subscription-public-key and one auth-secret.")
    _check_coding(found[0])
    subscribed = Subscriber(*(xml_in.text(node[0]) for node in (resources, keys, secrets)))
    _check(subscribed, keys[0].get("type", ""))
    return subscribed


def check_address(subscribed: Subscriber, asker: Principal) -> None:
    """Refuse a push service that must not be called; asks for its address by name. Raises DavError.

    It is looked up again whenever something is sent: what it says now is no promise.
    """
    try:
        OUTSIDE.check(destination(subscribed.resource), (asker.school_id, asker.id))
    except Unanswered as error:
        raise DavError(503, reason="This push service cannot be looked up now.", headers=_LATER) from error
    except Unwelcome as error:
        # Which of the names inside the school's network there are is nobody's business.
        raise invalid("This push service cannot be called.") from error


def triggers(root: etree._Element) -> Triggers:
    """Return what the client wants to be told of; levels that nobody knows count as the lowest."""
    node = xml_in.child(root, push("trigger"))
    content = None if node is None else xml_in.child(node, push("content-update"))
    properties = None if node is None else xml_in.child(node, push("property-update"))
    return Triggers("" if content is None else _level(content), properties is not None)


def expires(root: etree._Element, now: int) -> int | None:
    """Return when the client wants the registration to end, epoch seconds; raises DavError for what is no date."""
    text = xml_in.text(xml_in.child(root, push("expires")))
    if not text:
        return None
    try:
        found = parsedate_to_datetime(text)
        moment = int((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp())
    except (ValueError, TypeError, IndexError, OverflowError) as error:
        raise DavError(400, reason="The expires element holds no date as HTTP writes it.") from error
    if moment <= now:
        raise DavError(400, reason="The registration would have ended already.")
    return moment


def invalid(reason: str) -> DavError:
    """Return the refusal of a subscription that cannot be used."""
    return DavError(403, push("invalid-subscription"), reason=reason)


def _named(parent: etree._Element, name: str) -> list[etree._Element]:
    return [child for tag, child in xml_in.children(parent) if tag == name]


def _check_coding(node: etree._Element) -> None:
    codings = [xml_in.text(each).lower() for each in _named(node, push("content-encoding"))]
    if codings and "aes128gcm" not in codings:
        raise invalid("Messages are sealed as aes128gcm only.")


def _check(subscribed: Subscriber, kind: str) -> None:
    if kind != "p256dh" or not is_public_key(subscribed.public_key):
        raise invalid("The public key is no uncompressed point of P-256, of type p256dh.")
    try:
        size = len(decoded(subscribed.secret))
    except ValueError:
        size = 0
    if size != _SECRET_OCTETS:
        raise invalid(f"The auth-secret has not {_SECRET_OCTETS} octets.")
    try:
        destination(subscribed.resource)
    except Unwelcome as error:
        raise invalid(error.reason) from error


def _level(node: etree._Element) -> str:
    """Return "infinite" or "1"; older drafts say depth where the newer say sync-level."""
    told = xml_in.text(xml_in.child(node, dav("sync-level"))) or xml_in.text(xml_in.child(node, dav("depth")))
    return "infinite" if told in {"infinite", "infinity"} else "1"
