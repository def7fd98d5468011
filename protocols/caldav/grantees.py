"""Whom an address means that a calendar is to be shared with."""

from __future__ import annotations

from protocols.caldav import paths
from protocols.caldav.context import Context
from protocols.caldav.paths import Place
from storage import addresses
from storage.errors import NotFound
from storage.groups import Group
from storage.model import Collection
from storage.sharing import Grantee


def find(address: str, context: Context) -> Grantee:
    """Return the person or group of a path, a principal's URL or a mailto; raises NotFound."""
    target = paths.parse_href(address)
    if target is not None and target.place is Place.GROUP:
        return context.tx.groups.get(target.login)
    found = addresses.holder(context.tx, address)
    if found is None:
        raise NotFound("principal", address)
    return found


def shared_with(address: str, collection: Collection, context: Context) -> Grantee:
    """Return one whom a calendar is shared with, also a group or a person that is no more; raises NotFound."""
    target = paths.parse_href(address)
    if target is not None:
        for _share, grantee in context.tx.sharing.with_grantees(collection.id):
            if _is(grantee, target):
                return grantee
    return find(address, context)


def _is(grantee: Grantee, target: paths.Target) -> bool:
    if isinstance(grantee, Group):
        return target.place is Place.GROUP and target.login == grantee.key
    return target.place is Place.PRINCIPAL and target.login.casefold() == grantee.login
