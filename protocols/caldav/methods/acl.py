"""ACL: who else has a calendar, said as access control elements (RFC 3744, 8.1).

An element that grants is a share that nobody is asked about; shares that the new list does not name end. The owner's
own element is protected and need not be sent.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lxml import etree

from protocols.caldav import grantees, paths, xml_in
from protocols.caldav.context import Context
from protocols.caldav.errors import DavError, missing_privilege
from protocols.caldav.names import caldav, dav
from protocols.caldav.paths import Place
from protocols.caldav.resources import Calendar, calendar, resolve
from protocols.wire import Response
from storage import policy
from storage.errors import Forbidden, NotFound
from storage.groups import Group
from storage.model import Access
from storage.sharing import MOST_SHARES, Grantee, Offer

_BUSY: Final = frozenset({caldav("read-free-busy")})
_READ: Final = _BUSY | {dav("read"), dav("read-acl"), dav("read-current-user-privilege-set")}
_WRITE_PARTS: Final = frozenset(map(dav, ("write-properties", "write-content", "bind", "unbind")))
_WRITE: Final = frozenset({dav("write")})
# Principals that RFC 3744, 5.5.1 knows and that are no one in particular.
_ANYBODY: Final = frozenset(map(dav, ("all", "authenticated", "unauthenticated", "self", "property")))


def acl(context: Context) -> Response:
    """Replace who has a calendar, all or nothing; raises DavError with the precondition (RFC 3744, 8.1.1)."""
    root = xml_in.parse_root(context.request.body, dav("acl"))
    if context.target.place is not Place.COLLECTION:
        resolve(context)
        raise missing_privilege(context.request.path, "write-acl")
    holder = calendar(context)
    if not policy.shareable(holder.collection):
        raise missing_privilege(context.request.path, "write-acl")
    wanted = _wanted(root, holder, context)
    if len(wanted) > MOST_SHARES:
        raise _refusal("limited-number-of-aces", f"A calendar is shared {MOST_SHARES} times at most.")
    _apply(wanted, holder, context)
    return Response(200)


def _apply(wanted: dict[str, tuple[Grantee, Access]], holder: Calendar, context: Context) -> None:
    owner, sharing, collection = context.principal, context.tx.sharing, holder.collection
    for _share, grantee in sharing.with_grantees(collection.id):
        if _key(grantee) not in wanted:
            sharing.withdraw(owner, collection, grantee, owner.login)
    for grantee, access in wanted.values():
        sharing.offer(owner, collection, grantee, Offer(access, owner.login, settled=True))


def _key(grantee: Grantee) -> str:
    return f"group {grantee.key}" if isinstance(grantee, Group) else f"person {grantee.login}"


def _wanted(root: etree._Element, holder: Calendar, context: Context) -> dict[str, tuple[Grantee, Access]]:
    """Return whom the elements grant what; several about one principal add up."""
    found: dict[str, tuple[Grantee, Access]] = {}
    for node in _aces(root):
        grantee = _grantee(node, holder, context)
        access = _access(xml_in.child(node, dav("grant")))
        if grantee is None:
            continue
        before = found.get(_key(grantee))
        most = policy.greatest_access((access, before[1])) if before else access
        found[_key(grantee)] = (grantee, most or access)
    return found


def _aces(root: etree._Element) -> Iterator[etree._Element]:
    """Yield the elements, each of which is one that can be set here."""
    for name, node in xml_in.children(root):
        if name != dav("ace"):
            raise DavError(400, reason="An acl holds elements of the name ace.")
        parts = xml_in.names(node)
        if dav("inherited") in parts:
            raise _refusal("no-inherited-ace-conflict", "Calendars inherit nothing.")
        if dav("invert") in parts:
            raise _refusal("no-invert", "Nothing is granted to all but some.")
        if dav("deny") in parts:
            raise _refusal("grant-only", "What is not granted is denied.")
        if dav("principal") not in parts or dav("grant") not in parts:
            raise DavError(400, reason="An ace grants something to a principal.")
        yield node


def _grantee(node: etree._Element, holder: Calendar, context: Context) -> Grantee | None:
    """Return whom an element is about; None for the owner, who has everything anyway."""
    principal = xml_in.child(node, dav("principal"))
    names = xml_in.names(principal)
    if principal is None or len(names) != 1:
        raise DavError(400, reason="An ace is about one principal.")
    if names[0] == dav("property") and xml_in.names(xml_in.child(principal, names[0])) == (dav("owner"),):
        return None
    if names[0] in _ANYBODY:
        raise _refusal("allowed-principal", "Calendars are shared with people and groups.")
    address = xml_in.text(xml_in.child(principal, dav("href")))
    target = paths.parse_href(address)
    if names[0] != dav("href") or target is None or target.place not in {Place.PRINCIPAL, Place.GROUP}:
        raise _refusal("recognized-principal", "There is no such principal.")
    if target.place is Place.PRINCIPAL and target.login.casefold() == context.principal.login:
        return None
    return _allowed(address, holder, context)


def _allowed(address: str, holder: Calendar, context: Context) -> Grantee:
    try:
        found = grantees.find(address, context)
        context.tx.sharing.check(context.principal, holder.collection, found)
    except NotFound as error:
        raise _refusal("recognized-principal", "There is no such principal.") from error
    except Forbidden as error:
        raise _refusal("allowed-principal", "Only those who work in the school share with groups.") from error
    return found


def _access(grant: etree._Element | None) -> Access:
    """Return the access that privileges make together."""
    asked: set[str] = set()
    for name, node in xml_in.children(grant if grant is not None else etree.Element("none")):
        if name != dav("privilege"):
            raise DavError(400, reason="A grant holds privileges.")
        asked.update(xml_in.names(node))
    if not asked:
        raise DavError(400, reason="A grant holds at least one privilege.")
    writes = asked >= _WRITE or asked >= _WRITE_PARTS
    if asked - _READ - (_WRITE | _WRITE_PARTS if writes else frozenset()):
        raise _refusal("not-supported-privilege", "Granted are DAV:read, DAV:write as a whole, and C:read-free-busy.")
    if writes:
        return Access.WRITE
    return Access.BUSY if asked == _BUSY else Access.READ


def _refusal(precondition: str, reason: str) -> DavError:
    return DavError(403, dav(precondition), reason=reason)
