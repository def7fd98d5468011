"""Read a Sync request into values (MS-ASCMD 2.2.1.21); a request that cannot be carried out is refused whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from protocols.eas import filters
from protocols.eas.body import BodyPreference
from protocols.eas.codepages import AirSync, AirSyncBase, Tag
from protocols.eas.errors import CommandRefused
from protocols.eas.holdings import Wishes
from protocols.eas.wbxml import Element

PROTOCOL_ERROR: Final = 4
BAD_WAIT: Final = 14
TOO_MANY_COLLECTIONS: Final = 15

MAX_COMMANDS: Final = 200
MAX_COLLECTIONS: Final = 300
MAX_SUPPORTED: Final = 256
MAX_ID: Final = 256
DEFAULT_WINDOW: Final = 100
MAX_WINDOW: Final = 512
WAIT_MINUTES: Final = (1, 59)
HEARTBEAT_SECONDS: Final = (60, 3540)
_DIGITS: Final = 10
_CLASSES: Final = frozenset({"", "calendar", "tasks"})
_ONCE: Final = (AirSync.Collections, AirSync.Wait, AirSync.HeartbeatInterval, AirSync.WindowSize)
_ONCE_EACH: Final = (
    AirSync.SyncKey,
    AirSync.CollectionId,
    AirSync.Supported,
    AirSync.GetChanges,
    AirSync.WindowSize,
    AirSync.Commands,
)
_ONCE_A_COMMAND: Final = (AirSync.ClientId, AirSync.ServerId, AirSync.ApplicationData, AirSyncBase.InstanceId)
_COMMANDS: Final = frozenset({AirSync.Add, AirSync.Change, AirSync.Delete, AirSync.Fetch})


@dataclass(frozen=True, slots=True)
class Command:
    """One command of a device: `kind` is the tag, Add, Change, Delete or Fetch.

    `instance` names one occurrence of the item by its original start, from 16.0 on.
    """

    kind: Tag
    client_id: str
    server_id: str
    data: Element | None
    instance: str = ""


@dataclass(frozen=True, slots=True)
class CollectionRequest:
    """What is asked of one collection; `options` is None where the device relies on what it said before."""

    id: str
    key: str
    get_changes: bool | None
    window: int
    options: Element | None
    supported: frozenset[Tag] | None
    commands: tuple[Command, ...]

    def wishes(self, before: Wishes) -> Wishes:
        """Return the wishes now in force: options left out stay as they were, given ones replace all (2.2.3.125)."""
        found = before if self.supported is None else replace(before, supported=self.supported)
        options = self.options
        if options is None:
            return found
        filter_type = number(options.value(AirSync.FilterType))
        conflict = number(options.value(AirSync.Conflict))
        body = tuple(_preference(each) for each in options.all(AirSyncBase.BodyPreference))
        given = Wishes(body=body, supported=found.supported)
        given = given if filter_type is None else replace(given, filter_type=filter_type)
        return given if conflict is None else replace(given, conflict=conflict)


@dataclass(frozen=True, slots=True)
class SyncRequest:
    """A whole request; `seconds` is how long to wait for changes, `window` the bound over all collections."""

    collections: tuple[CollectionRequest, ...]
    seconds: int | None
    window: int


def number(text: str | None) -> int | None:
    """Read an unsigned number, None when it is absent; raises CommandRefused(4) for anything else."""
    if text is None:
        return None
    if not (text.isascii() and text.isdigit()) or len(text) > _DIGITS:
        raise CommandRefused(PROTOCOL_ERROR)
    return int(text)


def check_once(parent: Element, tags: Iterable[Tag], status: int) -> None:
    """Raise CommandRefused when one of some children is there more than once: which of them counts, nobody knows."""
    named = Counter(each.tag for each in parent.children)
    if any(named[tag] > 1 for tag in tags):
        raise CommandRefused(status)


def flag(parent: Element, tag: Tag) -> bool | None:
    """Read a flag: absent None, empty true (MS-ASCMD 2.2.3.84)."""
    return None if (text := parent.value(tag)) is None else text != "0"


def body_preferences(options: Element | None) -> tuple[BodyPreference, ...]:
    """Read the body wishes among options."""
    return tuple(_preference(each) for each in options.all(AirSyncBase.BodyPreference)) if options else ()


def _preference(element: Element) -> BodyPreference:
    kind = number(element.value(AirSyncBase.Type)) or 1
    size = number(element.value(AirSyncBase.TruncationSize))
    return BodyPreference(kind, size, element.value(AirSyncBase.AllOrNone) == "1")


def parse(root: Element) -> SyncRequest:
    """Return what a Sync asks; raises CommandRefused.

    The order of elements is not enforced: TbSync, AOSP and Windows each have their own.
    """
    check_once(root, _ONCE, PROTOCOL_ERROR)
    listed = root.find(AirSync.Collections)
    asked = listed.all(AirSync.Collection) if listed else ()
    if not asked:
        raise CommandRefused(PROTOCOL_ERROR)
    if len(asked) > MAX_COLLECTIONS:
        raise CommandRefused(TOO_MANY_COLLECTIONS, MAX_COLLECTIONS)
    collections = tuple(_collection(each) for each in asked)
    if len({each.id for each in collections}) < len(collections):
        raise CommandRefused(PROTOCOL_ERROR)
    if sum(len(each.commands) for each in collections) > MAX_COMMANDS:
        raise CommandRefused(PROTOCOL_ERROR)
    total = number(root.value(AirSync.WindowSize))
    window = MAX_WINDOW * MAX_COLLECTIONS if total is None else _window(total)
    return SyncRequest(collections, _seconds(root), window)


def _seconds(root: Element) -> int | None:
    minutes, seconds = (number(root.value(tag)) for tag in (AirSync.Wait, AirSync.HeartbeatInterval))
    if minutes is not None and seconds is not None:
        raise CommandRefused(PROTOCOL_ERROR)
    if minutes is not None:
        return 60 * _within(minutes, WAIT_MINUTES)
    return None if seconds is None else _within(seconds, HEARTBEAT_SECONDS)


def _within(value: int, bounds: tuple[int, int]) -> int:
    nearest = min(max(value, bounds[0]), bounds[1])
    if nearest != value:
        raise CommandRefused(BAD_WAIT, nearest)
    return value


def _window(size: int) -> int:
    return MAX_WINDOW if size == 0 or size > MAX_WINDOW else size


def _collection(element: Element) -> CollectionRequest:
    check_once(element, _ONCE_EACH, PROTOCOL_ERROR)
    key, name = element.value(AirSync.SyncKey), element.value(AirSync.CollectionId)
    if not key or not name or len(key) > MAX_ID or len(name) > MAX_ID:
        raise CommandRefused(PROTOCOL_ERROR)
    size = number(element.value(AirSync.WindowSize))
    listed = element.find(AirSync.Supported)
    commands = element.find(AirSync.Commands)
    request = CollectionRequest(
        id=name,
        key=key,
        get_changes=flag(element, AirSync.GetChanges),
        window=DEFAULT_WINDOW if size is None else _window(size),
        options=_options(element),
        supported=None if listed is None else frozenset(each.tag for each in listed.children[:MAX_SUPPORTED]),
        commands=tuple(_command(each) for each in commands.children if each.tag in _COMMANDS) if commands else (),
    )
    if key == "0" and (request.get_changes or request.commands):
        raise CommandRefused(PROTOCOL_ERROR)
    wishes = request.wishes(Wishes())
    if not filters.valid(wishes.filter_type, tasks=True) or wishes.conflict not in (0, 1):
        raise CommandRefused(PROTOCOL_ERROR)
    return request


def _options(element: Element) -> Element | None:
    """Return the options that concern calendars or tasks: from 14.0 on there may be one for each class."""
    for each in element.all(AirSync.Options):
        if (each.value(AirSync.Class) or "").lower() in _CLASSES:
            return each
    return None


def _command(element: Element) -> Command:
    client_id, server_id = element.value(AirSync.ClientId) or "", element.value(AirSync.ServerId) or ""
    check_once(element, _ONCE_A_COMMAND, PROTOCOL_ERROR)
    data = element.find(AirSync.ApplicationData)
    named = client_id if element.tag == AirSync.Add else server_id
    wanting = element.tag in (AirSync.Add, AirSync.Change) and data is None
    if not named or len(named) > MAX_ID or wanting:
        raise CommandRefused(PROTOCOL_ERROR)
    instance = element.value(AirSyncBase.InstanceId) or ""
    if len(instance) > MAX_ID:
        raise CommandRefused(PROTOCOL_ERROR)
    return Command(element.tag, client_id, server_id, data, instance)
