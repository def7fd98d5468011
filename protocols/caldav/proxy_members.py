"""Naming one's delegates: group-member-set as it is written (RFC 3744, 4.3; caldav-proxy, 5)."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from lxml import etree

from protocols.caldav import paths, writable, xml_in
from protocols.caldav.context import Context
from protocols.caldav.errors import missing_privilege
from protocols.caldav.names import dav
from protocols.caldav.paths import Place
from protocols.caldav.resources import ProxyGroup, known
from protocols.caldav.writable import Outcome, Unfit
from storage import policy
from storage.delegations import MOST_DELEGATES
from storage.errors import NotFound
from storage.model import Principal

_MEMBERS: Final = dav("group-member-set")
_UNKNOWN: Final = Outcome(403, dav("recognized-principal"))
_REFUSED: Final = Outcome(403, dav("allowed-principal"))


def write(group: ProxyGroup, wishes: writable.Wishes, context: Context) -> dict[str, Outcome]:
    """Name the delegates of a group anew, all or nothing; raises DavError to whom it is not for to name them."""
    if group.principal.id != context.principal.id or not policy.chooses_delegates(context.principal.role):
        raise missing_privilege(context.request.path, "write-properties")
    outcomes: dict[str, Outcome] = {}
    wanted: tuple[Principal, ...] | None = None
    for name, node in wishes:
        outcomes[name] = writable.refusal(name)
        if name != _MEMBERS:
            continue
        try:
            wanted = () if node is None else _people(group, node, context)
            outcomes[name] = writable.DONE
        except Unfit as error:
            outcomes[name] = error.outcome
    settled = writable.settled(outcomes)
    if wanted is not None and settled[_MEMBERS] is writable.DONE:
        context.tx.delegations.replace(context.principal.login, group.principal, group.access, wanted)
    return settled


def _people(group: ProxyGroup, node: etree._Element, context: Context) -> tuple[Principal, ...]:
    """Return the people that hrefs name; raises Unfit for one who is unknown or may not be a delegate."""
    hrefs = [xml_in.text(each) for tag, each in xml_in.children(node) if tag == dav("href")]
    if len(hrefs) > MOST_DELEGATES:
        raise Unfit(writable.FULL)
    found = tuple(_person(each, context) for each in hrefs)
    for each in found:
        allowed = policy.may_be_delegate(group.principal.role, each.role, group.access)
        if not allowed or each.id == group.principal.id:
            raise Unfit(_REFUSED)
    return found


def _person(text: str, context: Context) -> Principal:
    target = paths.parse_href(text)
    if target is None or target.place is not Place.PRINCIPAL:
        raise Unfit(_UNKNOWN)
    try:
        return known(replace(context, target=target))
    except NotFound as error:
        raise Unfit(_UNKNOWN) from error
