"""The reports of RFC 3744, 9: finding people, and finding what is one's own."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from lxml import etree

from protocols.caldav import access, paths, properties, xml_in, xml_out
from protocols.caldav.collations import unicode_casemap
from protocols.caldav.context import Context, multistatus_response
from protocols.caldav.errors import DavError
from protocols.caldav.names import caldav, calserver, dav
from protocols.caldav.resources import (
    Calendar,
    GroupPrincipal,
    GroupSet,
    Home,
    Item,
    Person,
    PrincipalSet,
    Resource,
    Root,
    ScheduleOutbox,
    known_groups,
    known_people,
    members,
    proxy_groups,
)
from protocols.wire import Response
from storage.groups import Group
from storage.model import Admission, Principal

MATCH_LIMIT = 500
TERM_LIMIT = 16


@dataclass(frozen=True, slots=True)
class Searched:
    """A property that people are found by: what it is called for people, and its text."""

    words: str
    text: Callable[[Principal | Group], str]


def _name(person: Principal | Group) -> str:
    return person.name


def _email(person: Principal | Group) -> str:
    return "" if isinstance(person, Group) else person.email


def _addresses(person: Principal | Group) -> str:
    if isinstance(person, Group):
        return paths.group(person.key)
    return f"mailto:{person.email} {paths.principal(person.login)}" if person.email else paths.principal(person.login)


def _user_type(person: Principal | Group) -> str:
    return "GROUP" if isinstance(person, Group) else "INDIVIDUAL"


SEARCHED: Mapping[str, Searched] = {
    dav("displayname"): Searched("Name", _name),
    caldav("calendar-user-address-set"): Searched("Calendar address", _addresses),
    caldav("calendar-user-type"): Searched("Kind", _user_type),
    calserver("email-address-set"): Searched("E-mail address", _email),
}


@dataclass(frozen=True, slots=True)
class Term:
    """A text to be found in each of some properties, letter case aside."""

    names: tuple[str, ...]
    text: str
    kind: str = "contains"

    def holds(self, person: Principal | Group) -> bool:
        """Whether a person or group has the text everywhere."""
        return all(name in SEARCHED and self._found(SEARCHED[name].text(person)) for name in self.names)

    def _found(self, text: str) -> bool:
        wanted, found = unicode_casemap(self.text), unicode_casemap(text)
        match self.kind:
            case "starts-with":
                return found.startswith(wanted)
            case "equals":
                return found == wanted
        return wanted in found


def _check_depth(context: Context) -> None:
    """Raise DavError unless Depth is 0, as these reports have it (RFC 3744, 9)."""
    if context.depth("0") != "0":
        raise DavError(400, reason="The Depth of this report is 0.")


def principal_property_search(root: etree._Element, resource: Resource, context: Context) -> Response:
    """Return the people whom the asker may know and whose properties match (RFC 3744, 9.4)."""
    _check_depth(context)
    test = root.get("test", "allof")
    terms = [_term(node) for tag, node in xml_in.children(root) if tag == dav("property-search")]
    if len(terms) > TERM_LIMIT or test not in {"allof", "anyof"}:
        raise DavError(400, reason=f"A search has at most {TERM_LIMIT} terms, of which all or any hold.")
    everywhere = xml_in.child(root, dav("apply-to-principal-collection-set")) is not None
    # Without a term everyone is meant: python caldav lists people so, though the RFC wants at least one.
    some = any if test == "anyof" and terms else all
    there = list(_searched(resource, context, everywhere=everywhere))
    if not any(term.text for term in terms):
        # Who asks for everyone means people: groups are found by what they are called.
        there = [each for each in there if isinstance(each, Principal)]
    return _people(root, [each for each in there if some(term.holds(each) for term in terms)], context)


def _searched(resource: Resource, context: Context, *, everywhere: bool) -> Iterator[Principal | Group]:
    """Yield the people and groups that a search on a resource looks at."""
    if everywhere or isinstance(resource, Root | PrincipalSet):
        yield from known_people(context)
    if everywhere or isinstance(resource, Root | PrincipalSet | GroupSet):
        yield from known_groups(context)


def calendarserver_principal_search(root: etree._Element, resource: Resource, context: Context) -> Response:
    """Return the people and groups whose name or address has words that begin with all of some tokens.

    What clients complete addresses with (Calendar Server's extension); with a limit the first so many are returned.
    """
    _check_depth(context)
    tokens = [xml_in.text(node) for tag, node in xml_in.children(root) if tag == calserver("search-token")]
    if not 0 < len(tokens) <= TERM_LIMIT or not all(tokens):
        raise DavError(400, reason=f"A search has 1 to {TERM_LIMIT} tokens.")
    node = xml_in.child(root, calserver("limit"))
    most = xml_in.text(xml_in.child(node, calserver("nresults"))) if node is not None else str(MATCH_LIMIT)
    if not (most.isascii() and most.isdigit() and len(most) <= 9):
        raise DavError(400, reason="nresults is a number.")
    terms = [unicode_casemap(each) for each in tokens]
    there = _searched(resource, context, everywhere=True)
    found = [each for each in there if all(_begins(each, token) for token in terms)]
    return _people(root, found[: min(int(most), MATCH_LIMIT)], context)


def _begins(each: Principal | Group, token: str) -> bool:
    texts = (_name(each), _email(each), getattr(each, "login", ""))
    return any(word.startswith(token) for text in texts for word in re.split(r"[\s@]+", unicode_casemap(text)))


def _term(node: etree._Element) -> Term:
    match = xml_in.child(node, dav("match"))
    names = xml_in.names(xml_in.child(node, dav("prop")))
    if match is None or not names:
        raise DavError(400, reason="A property-search has properties and a match.")
    return Term(names, xml_in.text(match), match.get("match-type", "contains"))


def _people(root: etree._Element, found: Sequence[Principal | Group], context: Context) -> Response:
    """Answer what is asked of people and groups."""
    if len(found) > MATCH_LIMIT:
        raise DavError(507, dav("number-of-matches-within-limits"), reason=f"There are {len(found)} matches.")
    return _principals(root, [_resource(each) for each in found], context)


def _principals(root: etree._Element, found: Sequence[Resource], context: Context) -> Response:
    names = _asked(root)
    rows = [properties.response(each, names, context) for each in found]
    return multistatus_response(context, xml_out.multistatus(rows))


def _resource(each: Principal | Group) -> Person | GroupPrincipal:
    if isinstance(each, Group):
        return GroupPrincipal(each, paths.group(each.key))
    return Person(each, paths.principal(each.login))


def _asked(root: etree._Element) -> tuple[str, ...]:
    """Return the names in prop; python caldav leaves it empty and writes them beside it."""
    return xml_in.names(xml_in.child(root, dav("prop"))) or tuple(
        tag for tag in xml_in.names(root) if tag in properties.LIVE
    )


def principal_search_property_set(root: etree._Element, resource: Resource, context: Context) -> Response:
    """Return the properties that people are found by (RFC 3744, 9.5)."""
    _check_depth(context)
    inner = "".join(
        xml_out.element(
            dav("principal-search-property"),
            xml_out.element(dav("prop"), xml_out.element(name))
            + f'<D:description xml:lang="en">{xml_out.escape(each.words)}</D:description>',
        )
        for name, each in SEARCHED.items()
    )
    body = xml_out.document(dav("principal-search-property-set"), inner)
    return Response(200, (xml_out.CONTENT_TYPE,), body)


def principal_match(root: etree._Element, resource: Resource, context: Context) -> Response:
    """Return the asker among people, their groups among groups, or what names the asker (RFC 3744, 9.3)."""
    _check_depth(context)
    named = xml_in.names(xml_in.child(root, dav("principal-property")))
    if xml_in.child(root, dav("self")) is None and len(named) != 1:
        raise DavError(400, reason="A principal-match asks for self or for one property.")
    if not named:
        here = isinstance(resource, Root | PrincipalSet) or _is_asker(resource, context)
        found: list[Principal | Group] = [context.principal] if here else []
        if isinstance(resource, Root | GroupSet):
            found += context.tx.groups.of(context.principal)
        return _people(root, found, context)
    names = xml_in.names(xml_in.child(root, dav("prop")))
    below = [each for each in _below(resource, context) if _names_asker(each, named[0], context)]
    return multistatus_response(
        context, xml_out.multistatus([properties.response(each, names, context) for each in below])
    )


def _is_asker(resource: Resource, context: Context) -> bool:
    return isinstance(resource, Person) and resource.principal.id == context.principal.id


def _below(resource: Resource, context: Context) -> list[Resource]:
    if not isinstance(resource, Calendar):
        return list(members(resource, context))
    entries = context.tx.objects.entries(resource.collection)
    return [Item(resource, each, resource.path + paths.encode(each.href)) for each in entries]


def _names_asker(resource: Resource, name: str, context: Context) -> bool:
    read = properties.PROPERTIES[type(resource)].get(name)
    value = read(resource, context) if read is not None else None
    return value is not None and xml_out.href(context.own_path) in value


def acl_principal_prop_set(root: etree._Element, resource: Resource, context: Context) -> Response:
    """Return properties of the people and groups whom a resource's access control names (RFC 3744, 9.2)."""
    _check_depth(context)
    holder = resource.calendar if isinstance(resource, Item) else resource
    if not isinstance(holder, Home | Calendar | ScheduleOutbox):
        return _people(root, [resource.principal if isinstance(resource, Person) else context.principal], context)
    home = access.home_of(holder)
    people = [home.principal, *([context.principal] if home.access is Admission.SERVICE else [])]
    named: list[Resource] = [Person(each, paths.principal(each.login)) for each in people]
    if isinstance(holder, Calendar) and holder.collection.owned and holder.collection.shared:
        named += [_resource(grantee) for _share, grantee in context.tx.sharing.with_grantees(holder.collection.id)]
    return _principals(root, [*named, *proxy_groups(home.principal)], context)
