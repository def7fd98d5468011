"""Groups as attendees: whom a group's line stands for, and what each member is shown (RFC 5545, 3.2.3 and 3.2.11).

The organizer's copy has the group's line and a line with MEMBER for each member, under the path of the principal: no
mail address becomes known by being in a class. Every member is shown the group and themselves alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final
from urllib.parse import quote, unquote, urlsplit

from storage import addresses, itip
from storage.contentlines import Component, Property
from storage.itip import Scheduled
from storage.model import Principal

# Where a group's principal is: clients take this path for its address.
GROUPS: Final = "/dav/groups/"

Members = Callable[[str], tuple[Principal, ...] | None]


def key_of(address: str) -> str:
    """Return the key of the group that an address means, "" for any other address."""
    try:
        path = unquote(urlsplit(itip.address(address)).path)
    except ValueError:
        return ""
    return path.removeprefix(GROUPS).strip("/") if path.startswith(GROUPS) else ""


def expanded(old: Scheduled | None, new: Scheduled, members: Members) -> Scheduled:
    """Return an organizer's text with a line for each member of its groups, each person once in a component.

    `members` tells who is in a group, None where the organizer may not invite it. A client that shows the members of a
    group may take single ones off; one that had not read them yet does not lose them. Who takes a group off takes off
    those who are invited as its members alone.
    """
    return new.with_parts(
        _expanded(None if old is None else old.parts.get(key) or old.master, each, members)
        for key, each in new.parts.items()
    )


def shown(component: Component, who: str) -> Component:
    """Return what of a component one attendee is told: of the members of groups, nobody but themselves."""
    if all(prop.param("MEMBER") is None for prop in component.properties if prop.name == "ATTENDEE"):
        return component
    lines = [prop for prop in component.properties if not _memberships(prop) or itip.address(prop.value) == who]
    return Component(component.name, tuple(lines), component.components)


def _expanded(before: Component | None, after: Component, members: Members) -> Component:
    known = {} if before is None else {addresses.resolved(each.value): each for each in before.all("ATTENDEE")}
    lines = [_member_again(each, known) for each in after.all("ATTENDEE")]
    named, former = _groups(after), {} if before is None else _groups(before)
    if not named and not former:
        return after.replaced("ATTENDEE", *lines) if lines != list(after.all("ATTENDEE")) else after
    gone = former.keys() - named.keys()
    here = [prop for prop in lines if not _only_of(prop, gone)]
    taken = {addresses.resolved(each.value) for each in here}
    taken |= {addresses.resolved(each.value) for each in after.all("ORGANIZER")}
    for key, line in named.items():
        inside = members(key)
        if inside is None:
            continue
        here = [_group_line(each) if each is line else each for each in here]
        read = key in former and any(key in _memberships(each) for each in here)
        here += _added(inside, line, (taken, known), read=read)
    return after.replaced("ATTENDEE", *here) if here != list(after.all("ATTENDEE")) else after


def _member_again(prop: Property, known: Mapping[str, Property]) -> Property:
    """Return a line with the groups by which its attendee came; a client that drops MEMBER would show all to all."""
    old = known.get(addresses.resolved(prop.value))
    if old is None or prop.param("MEMBER") is not None or not _memberships(old):
        return prop
    held = {name: values for name, values in old.params if name == "MEMBER"}
    return Property.make(prop.name, prop.value, dict(prop.params) | held)


def _added(
    inside: Iterable[Principal],
    line: Property,
    lines: tuple[set[str], Mapping[str, Property]],
    *,
    read: bool,
) -> list[Property]:
    """Return the lines of the members that have none; with `read`, the client has left out those who had one."""
    taken, known = lines
    added = []
    for person in inside:
        mine = addresses.of(person)
        if mine & taken:
            continue
        old = next((known[each] for each in mine if each in known), None)
        if old is None or not read:
            added.append(old or _line(person, line))
            taken |= mine
    return added


def _line(person: Principal, group: Property) -> Property:
    params = {"CN": person.name, "CUTYPE": "INDIVIDUAL", "MEMBER": group.value.strip()}
    params |= {"ROLE": role} if (role := group.param("ROLE")) else {}
    params |= {"PARTSTAT": itip.NEEDS_ACTION, "RSVP": "TRUE"}
    return Property.make("ATTENDEE", f"{addresses.PRINCIPALS}{quote(person.login)}/", params)


def _group_line(prop: Property) -> Property:
    return itip.with_params(prop, CUTYPE="GROUP", SCHEDULE_FORCE_SEND=None)


def _groups(component: Component) -> dict[str, Property]:
    """Return the lines of groups for which this server schedules, by key."""
    found = {key_of(prop.value): prop for prop in component.all("ATTENDEE") if itip.agent(prop) == "SERVER"}
    return {key: prop for key, prop in found.items() if key}


def _memberships(prop: Property) -> frozenset[str]:
    """Return the keys of the groups of which a line says that its attendee is a member."""
    if prop.name != "ATTENDEE":
        return frozenset()
    values = next((held for name, held in prop.params if name == "MEMBER"), ())
    return frozenset(filter(None, map(key_of, values)))


def _only_of(prop: Property, gone: Iterable[str]) -> bool:
    groups = _memberships(prop)
    return bool(groups) and groups <= frozenset(gone)
