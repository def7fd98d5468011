"""Properties of the root, of people, of homes, and of the collections that hold them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from protocols.caldav import access, attachment_properties, paths, privileges, proxies, report_sets
from protocols.caldav.context import DAV_CLIENT, Context
from protocols.caldav.names import cadran, caldav, calserver, dav
from protocols.caldav.push_properties import PUSH
from protocols.caldav.resources import GroupPrincipal, Home, Person, ProxyGroup, Resource
from protocols.caldav.xml_out import element, escape, href
from storage import policy
from storage.home_changes import home_head
from storage.model import Admission
from storage.tokens import format_home_token

# Where protocols/tzdist is, which this package knows nothing else about.
ZONE_SERVICE: Final = "/timezones"

_COLLECTION = element(dav("collection"))


def resource_type(resource: object, context: Context) -> str:
    """Return the type of a plain collection."""
    return _COLLECTION


def principal_type(resource: Person | GroupPrincipal, context: Context) -> str:
    """Return the type of a person or a group, whose address ends with a slash like a collection's."""
    return _COLLECTION + element(dav("principal"))


def current_user(resource: object, context: Context) -> str:
    """Return who asks (RFC 5397)."""
    return href(context.own_path)


def principal_sets(resource: object, context: Context) -> str:
    """Return where people are (RFC 3744, 5.8)."""
    return href(paths.PRINCIPALS) + href(paths.GROUPS)


def read_only(resource: object, context: Context) -> str:
    """Return the privileges on what nobody writes."""
    return privileges.READ


def supported_privileges(resource: object, context: Context) -> str:
    """Return the tree of privileges (RFC 3744, 5.3)."""
    return privileges.SUPPORTED


def reports(resource: Resource, context: Context) -> str:
    """Return the reports that run on this kind of resource (RFC 3253, 3.1.5)."""
    return report_sets.TOLD[type(resource)]


def _name(resource: Person | Home, context: Context) -> str:
    return escape(resource.principal.name)


def _path(resource: Person | ProxyGroup | Home, context: Context) -> str:
    return href(paths.principal(resource.principal.login))


def _home(resource: Person | Home, context: Context) -> str:
    return href(paths.home(resource.principal.login))


def _addresses(resource: Person, context: Context) -> str:
    email = resource.principal.email
    mail = href(f"mailto:{email}") if email else ""
    return mail + href(paths.principal(resource.principal.login))


def _mail_addresses(resource: Person, context: Context) -> str:
    """Return a person's mail address in the words of Calendar Server, which Apple's programs ask for at login."""
    email = resource.principal.email
    return element(calserver("email-address"), escape(email)) if email else ""


def _user_type(resource: Person, context: Context) -> str:
    return "INDIVIDUAL"


def _schedule_inbox(resource: Person, context: Context) -> str:
    return href(paths.collection(resource.principal.login, paths.INBOX))


def _schedule_outbox(resource: Person, context: Context) -> str:
    return href(paths.collection(resource.principal.login, paths.OUTBOX))


def _trash(resource: Home, context: Context) -> str:
    """Return where what was deleted can be restored from; it is listed nowhere else, so that nobody synchronises it."""
    return href(paths.collection(resource.principal.login, paths.TRASH))


def _notifications(resource: Person, context: Context) -> str | None:
    """Return where a person is told about sharing; only to that person (caldav-sharing, 4.1.1)."""
    if resource.principal.id != context.principal.id:
        return None
    return href(paths.collection(resource.principal.login, paths.NOTIFICATIONS))


def _membership(resource: Person, context: Context) -> str:
    """Return the groups that a person is in (RFC 3744, 4.4), to that person and to those who work in the school."""
    own = resource.principal.id == context.principal.id
    if not own and not policy.may_list_members(context.principal.role):
        return ""
    groups = "".join(href(paths.group(each.key)) for each in context.tx.groups.of(resource.principal))
    return groups + (proxies.membership(resource, context) or "")


def _group_name(resource: GroupPrincipal, context: Context) -> str:
    return escape(resource.group.name)


def _group_path(resource: GroupPrincipal, context: Context) -> str:
    return href(paths.group(resource.group.key))


def _members(resource: GroupPrincipal, context: Context) -> str:
    """Return who is in a group (RFC 3744, 4.3); pupils and guardians are not told."""
    if not policy.may_list_members(context.principal.role):
        return ""
    return "".join(href(paths.principal(each.login)) for each in context.tx.groups.members(resource.group.key))


def _group_type(resource: GroupPrincipal, context: Context) -> str:
    return "GROUP"


def _others(resource: GroupPrincipal, context: Context) -> str:
    return privileges.OTHERS


def _person_privileges(resource: Person, context: Context) -> str:
    return privileges.READ if resource.principal.id == context.principal.id else privileges.OTHERS


def _home_granted(resource: Home, access: Admission) -> str:
    return privileges.HOME if access.writes else privileges.READ


def home_sync_token(resource: Home, context: Context) -> str:
    """Return the token that says that every calendar of the home is known as it is now (RFC 6578, 4)."""
    principal, tx = resource.principal, context.tx
    head = home_head(tx, principal.id, tx.collections.visible(principal, DAV_CLIENT))
    return escape(format_home_token(principal.id, head, tx.school_id))


def zone_services(resource: Home, context: Context) -> str:
    """Return where descriptions of time zones are to be had (RFC 7809, 5.1): this server's own RFC 7808 service."""
    return href(context.request.base.rstrip("/") + ZONE_SERVICE)


Readers = Mapping[str, Callable[[Any, Context], str | None]]

CONTAINER: Readers = {
    dav("resourcetype"): resource_type,
    dav("current-user-principal"): current_user,
    dav("principal-collection-set"): principal_sets,
    dav("supported-privilege-set"): supported_privileges,
    dav("supported-report-set"): reports,
    dav("owner"): access.nothing,
    **access.control(read_only),
}

ROOT = CONTAINER

PERSON: Readers = {
    **CONTAINER,
    dav("resourcetype"): principal_type,
    dav("displayname"): _name,
    **access.control(_person_privileges),
    dav("principal-URL"): _path,
    dav("alternate-URI-set"): access.nothing,
    dav("group-member-set"): access.nothing,
    dav("group-membership"): _membership,
    calserver("calendar-proxy-read-for"): proxies.reads_for,
    calserver("calendar-proxy-write-for"): proxies.writes_for,
    dav("owner"): _path,
    caldav("calendar-home-set"): _home,
    caldav("calendar-user-address-set"): _addresses,
    caldav("calendar-user-type"): _user_type,
    calserver("email-address-set"): _mail_addresses,
    caldav("schedule-inbox-URL"): _schedule_inbox,
    caldav("schedule-outbox-URL"): _schedule_outbox,
    calserver("notification-URL"): _notifications,
}

GROUP: Readers = {
    **CONTAINER,
    dav("resourcetype"): principal_type,
    dav("displayname"): _group_name,
    dav("current-user-privilege-set"): _others,
    dav("principal-URL"): _group_path,
    dav("alternate-URI-set"): access.nothing,
    dav("group-member-set"): _members,
    dav("group-membership"): access.nothing,
    caldav("calendar-user-address-set"): _group_path,
    caldav("calendar-user-type"): _group_type,
}

PROXY: Readers = {
    **CONTAINER,
    dav("resourcetype"): proxies.group_type,
    dav("displayname"): proxies.group_name,
    **access.control(proxies.granted),
    dav("principal-URL"): proxies.group_path,
    dav("alternate-URI-set"): access.nothing,
    dav("group-member-set"): proxies.members,
    dav("group-membership"): access.nothing,
    dav("owner"): _path,
    caldav("calendar-user-type"): proxies.group_kind,
}

HOME: Readers = {
    **CONTAINER,
    dav("displayname"): _name,
    dav("owner"): _path,
    **access.in_home(_home_granted),
    dav("sync-token"): home_sync_token,
    caldav("calendar-home-set"): _home,
    caldav("timezone-service-set"): zone_services,
    **PUSH,
    cadran("trash-URL"): _trash,
    **attachment_properties.HOME,
}
