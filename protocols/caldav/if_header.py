"""The If header: lists of states of which one must hold (RFC 4918, 10.4; RFC 6578, 5 for sync tokens in it)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from protocols.caldav import calendar_properties, paths, principal_properties, subject
from protocols.caldav.context import Context
from protocols.caldav.errors import DavError
from protocols.caldav.paths import Place
from protocols.caldav.resources import calendar, home, stored
from storage.errors import NotFound

CONDITION_LIMIT = 64
_TOKEN = re.compile(r'\s*(?:<([^<>]*)>|(\()|(\))|(Not)(?=[\s<\[])|\[\s*(?:W/)?"([^"]*)"\s*\])\s*', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Condition:
    """A state token or a bare entity tag that the resource has, or with `negated` has not."""

    state: str
    is_tag: bool = False
    negated: bool = False


@dataclass(frozen=True, slots=True)
class StateList:
    """Conditions that hold together; `resource` is the href they are about, "" for the request's own."""

    resource: str
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class State:
    """What a resource is in: its bare entity tag, if there is one, and its state tokens."""

    etag: str | None = None
    tokens: frozenset[str] = frozenset()

    def meets(self, condition: Condition) -> bool:
        """Whether a condition holds of it."""
        found = condition.state == self.etag if condition.is_tag else condition.state in self.tokens
        return found is not condition.negated


def _malformed() -> DavError:
    return DavError(400, reason="The If header is malformed.")


def _words(header: str) -> list[re.Match[str]]:
    found: list[re.Match[str]] = []
    position = 0
    while position < len(header):
        match = _TOKEN.match(header, position)
        if match is None or len(found) > 4 * CONDITION_LIMIT:
            raise _malformed()
        found.append(match)
        position = match.end()
    return found


def parse(header: str) -> tuple[StateList, ...]:
    """Return the lists of a header; raises DavError 400 when it is malformed."""
    lists: list[StateList] = []
    resource, pending, negated = "", None, False
    conditions: list[Condition] = []
    for word in _words(header):
        angled, opening, closing, no, tag = word.groups()
        if pending is None:
            if angled is not None and (resource or not lists):
                resource = angled
            elif opening:
                pending, conditions = resource, []
            else:
                raise _malformed()
        elif closing and conditions and not negated:
            lists.append(StateList(pending, tuple(conditions)))
            pending = None
        elif no and not negated:
            negated = True
        elif angled is not None or tag is not None:
            conditions.append(Condition(tag if angled is None else angled, angled is None, negated))
            negated = False
        else:
            raise _malformed()
    if pending is not None or not lists or sum(len(each.conditions) for each in lists) > CONDITION_LIMIT:
        raise _malformed()
    return tuple(lists)


def holds(lists: tuple[StateList, ...], state_of: Callable[[str], State]) -> bool:
    """Whether all conditions of at least one list hold; `state_of` tells the state of an href."""
    return any(all(state_of(each.resource).meets(condition) for condition in each.conditions) for each in lists)


def check(context: Context) -> None:
    """Raise DavError 412 unless the If header is absent or holds; what it looked at stays so until the commit."""
    header = context.request.headers.get("if", "").strip()
    if not header:
        return
    lists = parse(header)
    if context.tx.writable:
        context.tx.lock()
    if not holds(lists, lambda href: _state(href, context)):
        raise DavError(412, reason="No list of the If header holds.")


def _state(href: str, context: Context) -> State:
    """Return the state of what an href names; what is not there, or not for the asker, is in none."""
    target = paths.parse_href(href) if href else context.target
    if target is None:
        return State()
    try:
        own = target == context.target
        return _of_subject(context) if own and target.place is Place.OBJECT else _of(replace(context, target=target))
    except (NotFound, DavError):
        return State()


def _of_subject(context: Context) -> State:
    found = subject.of(context, calendar(context))
    return State() if found is None else State(found.etag)


def _of(context: Context) -> State:
    match context.target.place:
        case Place.OBJECT:
            return State(stored(context, calendar(context)).etag)
        case Place.COLLECTION:
            holder = calendar(context)
            return State(calendar_properties.etag(holder), frozenset({calendar_properties.sync_token(holder, context)}))
        case Place.HOME:
            return State(tokens=frozenset({principal_properties.home_sync_token(home(context), context)}))
    return State()
