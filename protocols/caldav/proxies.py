"""Delegation as Apple's clients know it: two groups of delegates for each person (caldav-proxy, 5 and 6)."""

from __future__ import annotations

from protocols.caldav import paths, privileges
from protocols.caldav.context import Context
from protocols.caldav.names import calserver, dav
from protocols.caldav.resources import Person, ProxyGroup
from protocols.caldav.xml_out import element, escape, href
from storage import policy
from storage.model import Admission


def group_type(resource: ProxyGroup, context: Context) -> str:
    """Return the type of a group of delegates (caldav-proxy, 5.1)."""
    kind = calserver(paths.PROXIES[resource.access])
    return element(dav("collection")) + element(dav("principal")) + element(kind)


def group_name(resource: ProxyGroup, context: Context) -> str:
    """Return the name of the person whose delegates these are, and the name of the group."""
    return escape(f"{resource.principal.name} ({paths.PROXIES[resource.access]})")


def group_path(resource: ProxyGroup, context: Context) -> str:
    """Return the group's own address."""
    return href(resource.path)


def group_kind(resource: ProxyGroup, context: Context) -> str:
    """Return that this is no person (RFC 6638, 2.4.2)."""
    return "GROUP"


def granted(resource: ProxyGroup, context: Context) -> str:
    """Return what the asker may do with a group: who names their own delegates changes it."""
    if resource.principal.id != context.principal.id:
        return privileges.OTHERS
    return privileges.CHOOSER if policy.chooses_delegates(context.principal.role) else privileges.READ


def members(resource: ProxyGroup, context: Context) -> str | None:
    """Return the delegates, whom their owner alone sees: guardians of one pupil need not know of each other."""
    if resource.principal.id != context.principal.id:
        return None
    found = context.tx.delegations.delegates(resource.principal)
    return "".join(href(paths.principal(each.person.login)) for each in found if each.access is resource.access)


def membership(resource: Person, context: Context) -> str | None:
    """Return the groups that the asker is in (RFC 3744, 4.4); those of others are not told."""
    if resource.principal.id != context.principal.id:
        return None
    found = context.tx.delegations.owners(resource.principal)
    return "".join(href(paths.proxy(each.person.login, each.access)) for each in found)


def reads_for(resource: Person, context: Context) -> str | None:
    """Return for whom the asker stands in as a reader."""
    return _stands_in_for(resource, Admission.READ, context)


def writes_for(resource: Person, context: Context) -> str | None:
    """Return for whom the asker stands in as a writer."""
    return _stands_in_for(resource, Admission.WRITE, context)


def _stands_in_for(resource: Person, access: Admission, context: Context) -> str | None:
    if resource.principal.id != context.principal.id:
        return None
    found = context.tx.delegations.owners(resource.principal)
    return "".join(href(paths.principal(each.person.login)) for each in found if each.access is access)
