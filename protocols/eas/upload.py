"""Carry out what a device did: its Adds, Changes, Deletes and Fetches (MS-ASCMD 2.2.3.32; reference/eas.md 8.6, 18).

In a collection the person may not write, every edit is answered with the undoing of it in the same answer; no revision
is made by that, and nothing is undone on other devices.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from protocols.eas.body import one_line
from protocols.eas.codepages import AirSync, AirSyncBase, Calendar, Tag
from protocols.eas.delivery import Delivery
from protocols.eas.errors import ItemRefused
from protocols.eas.folders import ItemId, item_id
from protocols.eas.holdings import changed_since
from protocols.eas.instance_edit import patched_instance, without_instance
from protocols.eas.item import EditContext
from protocols.eas.item_classes import CALENDAR
from protocols.eas.modern import incoming, with_attachments
from protocols.eas.personal import FAULTY, GONE, Personal
from protocols.eas.representation import Instances, Series
from protocols.eas.series import redrawn
from protocols.eas.sync_request import Command
from protocols.eas.wbxml import E, Element, encode
from storage.errors import InvalidObject, PreconditionFailed, ReadOnly, SchedulingRefused, UidConflict
from storage.model import CalendarObject, Expect
from storage.scheduling import Wish

OK: Final = 1
MALFORMED: Final = 6
CONFLICT: Final = 7
NOT_FOUND: Final = 8
CLIENT_WINS: Final = 0

# In a collection that can be written, what is hidden from the person cannot.
_REFUSALS: Final = (InvalidObject, UidConflict, PreconditionFailed, ReadOnly, SchedulingRefused)

# What an Add made: the item, its number, and whether the device must be told what became of it.
_Stored = tuple[int, int, bool]


class Upload:
    """The commands of one request on one collection; `memory` is what a repetition of it must know."""

    def __init__(self, delivery: Delivery, memory: Mapping[str, Any], personal: Personal) -> None:
        """Work on the account of what the device holds; `memory` comes from the answers already given."""
        self._personal = personal
        self._delivery = delivery
        self._source = delivery.source
        self._tx = delivery.source.tx
        self._collection = delivery.source.collection
        self._read_only = not self._collection.rights.write
        self._adds: dict[str, list[Any]] = dict(memory.get("adds", {}))
        self._digests: dict[str, str] = dict(memory.get("digests", {}))
        self._wrote: dict[str, int] = dict(memory.get("wrote", {}))
        self._again: set[int] = set(memory.get("again", ()))
        self._named: dict[str, Element | None] = {}
        now = datetime.fromtimestamp(self._tx.now(), UTC)
        self._modern = self._source.context.modern
        # From 16.0 on what is absent is unchanged, whatever the device once listed (reference/eas.md section 8.5).
        self._edit = EditContext(frozenset() if self._modern else delivery.before.wishes.supported, now)
        self._foreign: Mapping[int, int] | None = None
        self._unkept: set[str] = set()
        self._responses: list[Element] = []
        self._restored: dict[int, list[str]] = {}

    @property
    def memory(self) -> dict[str, Any]:
        """What was done, for when the answer is lost and the request comes again."""
        again = {"again": sorted(self._again)} if self._again else {}
        return {"adds": self._adds, "digests": self._digests, "wrote": self._wrote, **again}

    def carry_out(self, commands: Sequence[Command]) -> tuple[Element, ...]:
        """Do what the commands say, in their order, and return the children of Responses."""
        actions: Mapping[Tag, Callable[[Command], None]] = {
            AirSync.Add: self._add,
            AirSync.Change: self._change,
            AirSync.Delete: self._delete,
            AirSync.Fetch: self._fetch,
        }
        commands = [self._understood(each) for each in commands]
        if any(each.kind in (AirSync.Change, AirSync.Delete) for each in commands):
            self._foreign = changed_since(self._tx, self._collection, self._delivery.before)
        for each in commands:
            actions[each.kind](each)
        self._restore()
        return tuple(self._responses)

    def _understood(self, command: Command) -> Command:
        """Give the data of a command the form in which everything here reads events."""
        if command.data is None or not self._modern or self._source.kind is not CALENDAR:
            return command
        if with_attachments(command.data):
            self._unkept.add(command.client_id or command.server_id)
        return replace(command, data=incoming(command.data))

    def _restore(self) -> None:
        """Send the server's version of what was edited in vain; last, when it is known what the device deleted."""
        found = self._tx.objects.many_items(self._collection, list(self._restored))
        for item, suffixes in self._restored.items():
            if item in found:
                self._delivery.restore(found[item], suffixes, fresh=self._outdated(item))

    def _respond(self, command: Command, status: int, server_id: str = "", data: Element | None = None) -> None:
        client_id = E(AirSync.ClientId, command.client_id) if command.kind == AirSync.Add else None
        name = server_id or ("" if client_id else command.server_id)
        named = E(AirSync.ServerId, name) if name else None
        instance = E(AirSyncBase.InstanceId, command.instance) if command.instance else None
        self._responses.append(E(command.kind, client_id, named, instance, E(AirSync.Status, status), data))

    def _add(self, command: Command) -> None:
        name = command.client_id
        if name in self._named:
            self._respond(command, MALFORMED)
            if command.data != self._named[name]:
                self._personal.lost(command.data, None, FAULTY)
            return
        self._named[name] = command.data
        if name not in self._adds and self._read_only:
            reserved = f"{self._source.folder}:x{_digest(name.encode())}"
            self._respond(command, OK, reserved)
            self._delivery.tell(AirSync.Delete, reserved)
            self._personal.lost(command.data, None)
            return
        data = command.data or E(AirSync.ApplicationData)
        try:
            stored = self._repeated(name, data) if name in self._adds else self._stored(data)
        except (ItemRefused, *_REFUSALS) as refused:
            self._respond(command, _status(refused))
            self._personal.lost(data, None, FAULTY)
            return
        item, seq, again = stored
        self._adds[name], self._digests[name] = [*stored], _digest(encode(data))
        self._delivery.adopt(item, seq, again=again or name in self._unkept)
        self._respond(command, OK, str(self._delivery.name(item)), self._given(item))

    def _given(self, item: int) -> Element | None:
        """Return what the answer to an Add tells of the event it made: its UID, the server's to give from 16.0 on."""
        if not self._modern or self._source.kind is not CALENDAR:
            return None
        found = self._tx.objects.many_items(self._collection, [item]).get(item)
        return None if found is None else E(AirSync.ApplicationData, E(Calendar.UID, found.uid))

    def _repeated(self, client_id: str, data: Element) -> _Stored:
        """Find what an Add made whose answer was lost, edited if the person edited it since.

        An id given to another event in the meantime, as its UID shows, means that other one.
        """
        item, seq, again = self._adds[client_id]
        if self._digests.get(client_id) == _digest(encode(data)):
            return item, seq, again
        found = self._tx.objects.many_items(self._collection, [item]).get(item)
        if found is None or found.component != self._source.kind.component:
            return item, seq, again
        if not self._read_only and _uid(data) not in ("", found.uid):
            return self._stored(data)
        foreign = found.seq not in (seq, self._wrote.get(str(item)))
        if self._read_only or found.masked or (foreign and self._server_wins):
            self._personal.lost(data, found)
            return item, seq, True
        self._put(found, self._source.kind.patch(found.ical, data, self._source.context, self._edit))
        return item, self._wrote.get(str(item), seq), again or foreign

    def _stored(self, data: Element) -> _Stored:
        """Store a new event, or merge it into the one of the same UID: iOS adds again what it knows."""
        uid = _uid(data)
        same = self._tx.objects.by_uid(self._collection, uid) if uid else None
        if same is not None:
            if same.component != self._source.kind.component or same.masked:
                raise ItemRefused(MALFORMED, "uid-of-another")
            seq = self._put(same, self._source.kind.patch(same.ical, data, self._source.context, self._edit))
            return same.item, seq, True
        name = uuid.uuid4()
        text = self._source.kind.create(data, self._source.context, str(name), self._edit.now)
        stored = self._tx.scheduling.put(self._collection, f"{name}.ics", text, Wish(Expect(absent=True))).object
        return stored.item, stored.seq, self._became_another(stored, text)

    def _became_another(self, stored: CalendarObject, text: bytes) -> bool:
        """Tell whether scheduling changed something of what was written that the device shows."""
        return stored.ical != text and self._source.form(stored) != self._source.form(replace(stored, ical=text))

    def _put(self, found: CalendarObject, text: bytes) -> int:
        """Store a new text of an object, noting the number it gets, which is returned: the device need not be told.

        A series that is redrawn comes back as it is now: what became of its exceptions, the device cannot know; and so
        does what others changed beside, where the client wins. When the request is repeated, the text is already there
        and its number is remembered. The Schedule-Tag says that
        a device knows nothing of other people's answers: those that are here stay.
        """
        if text != found.ical:
            wish = Wish(schedule_tag=found.schedule_tag or None)
            stored = self._tx.scheduling.put(self._collection, found.href, text, wish).object
            self._wrote[str(found.item)] = stored.seq
            news = self._outdated(found.item) or redrawn(found.ical, text)
            if news or self._became_another(stored, text):
                self._again.add(found.item)
        seq = self._wrote.get(str(found.item))
        if seq is not None and found.item not in self._again:
            self._delivery.written[found.item] = seq
        return found.seq if seq is None else seq

    def _find(self, command: Command) -> tuple[ItemId | None, CalendarObject | None]:
        name = item_id(self._source.folder, command.server_id)
        if name is None:
            return None, None
        found = self._tx.objects.many_items(self._collection, [name.item]).get(name.item)
        return name, found if found is not None and found.component == self._source.kind.component else None

    def _outdated(self, item: int) -> bool:
        """Tell whether somebody else changed an item since the device was last told of it."""
        seq = (self._foreign or {}).get(item)
        own = (self._delivery.before.written.get(item), self._wrote.get(str(item)))
        return seq is not None and seq not in own

    @property
    def _server_wins(self) -> bool:
        return self._delivery.before.wishes.conflict != CLIENT_WINS

    def _refused(self, found: CalendarObject) -> bool:
        return self._read_only or found.masked or (self._server_wins and self._outdated(found.item))

    def _undo(self, command: Command, name: ItemId, status: int) -> None:
        """Refuse an edit, to be answered with the server's version of the item as well."""
        self._respond(command, status)
        self._restored.setdefault(name.item, []).append(name.suffix)

    def _change(self, command: Command) -> None:
        name, found = self._find(command)
        if name is None or found is None or command.data is None:
            self._respond(command, NOT_FOUND)
            self._personal.lost(command.data, None, GONE)
            return
        if self._read_only and (kept := self._reminded(name, found, command, command.data)) is not None:
            self._respond(command, OK)
            if not kept:
                self._restored.setdefault(name.item, []).append(name.suffix)
            return
        if self._refused(found):
            self._undo(command, name, CONFLICT)
            self._personal.lost(command.data, found)
            return
        try:
            self._put(found, self._patched(name, found, command, command.data))
            if name.suffix:
                # Where it moved to, the device may have to do without it.
                self._delivery.due.add(found.item)
            if command.server_id in self._unkept:
                self._delivery.adopt(found.item, self._wrote.get(str(found.item), found.seq), again=True)
        except SchedulingRefused:
            self._undo(command, name, CONFLICT)
            self._personal.lost(command.data, found)
        except (ItemRefused, *_REFUSALS) as refused:
            self._undo(command, name, _status(refused))
            self._personal.lost(command.data, found, FAULTY)

    def _reminded(self, name: ItemId, found: CalendarObject, command: Command, data: Element) -> bool | None:
        """Keep the reminder that a refused Change sets, of an item or of one occurrence of a series."""
        if not command.instance:
            return self._personal.reminded(name, found, data, self._edit)
        try:
            self._check_instance(name)
            return self._personal.reminded_of(command.instance, name, found, data)
        except ItemRefused:
            return None

    def _patched(self, name: ItemId, found: CalendarObject, command: Command, data: Element) -> bytes:
        if command.instance:
            self._check_instance(name)
            return patched_instance(found.ical, command.instance, data, self._source.context, self._edit)
        if self._modern and data.has(Calendar.Exceptions):
            raise ItemRefused(MALFORMED, "exceptions")
        if name.suffix:
            return self._source.kind.patch_occurrence(found.ical, name.suffix, data, self._source.context, self._edit)
        return self._source.kind.patch(found.ical, data, self._source.context, self._edit)

    def _check_instance(self, name: ItemId) -> None:
        """Refuse an occurrence named where there are none: below 16.0, of a task, of what is one by itself."""
        if not self._modern or name.suffix or self._source.kind is not CALENDAR:
            raise ItemRefused(MALFORMED, "instance")

    def _delete_instance(self, command: Command) -> None:
        name, found = self._find(command)
        if name is None or found is None:
            self._respond(command, NOT_FOUND)
            return
        if self._refused(found):
            self._undo(command, name, CONFLICT)
            self._personal.lost(None, found)
            return
        try:
            self._check_instance(name)
            self._put(found, without_instance(found.ical, command.instance, self._source.context, self._edit))
        except SchedulingRefused:
            self._undo(command, name, CONFLICT)
            self._personal.lost(None, found)
        except (ItemRefused, *_REFUSALS) as refused:
            self._undo(command, name, _status(refused))

    def _delete(self, command: Command) -> None:
        if command.instance:
            self._delete_instance(command)
            return
        name, found = self._find(command)
        if name is None or (found is None and not self._delivery.holds(name.item)):
            self._respond(command, NOT_FOUND)
            return
        if found is None:
            self._forget(name)
            return
        if self._refused(found):
            self._bring_back(command, name, found)
            return
        try:
            if name.suffix:
                self._delete_occurrence(command, name, found)
            else:
                self._tx.scheduling.delete(self._collection, found.href)
                self._delivery.forget(found.item)
        except SchedulingRefused:
            # A meeting in somebody else's calendar, which is not this person's to call off.
            self._bring_back(command, name, found)

    def _bring_back(self, command: Command, name: ItemId, found: CalendarObject) -> None:
        """Refuse a Delete: the device takes the item out and is given it again."""
        self._forget(name)
        self._undo(command, name, CONFLICT)
        self._personal.lost(None, found)

    def _forget(self, name: ItemId) -> None:
        if name.suffix:
            self._delivery.forget_occurrence(name.item, name.suffix)
        else:
            self._delivery.forget(name.item)

    def _delete_occurrence(self, command: Command, name: ItemId, found: CalendarObject) -> None:
        try:
            text = self._source.kind.drop_occurrence(found.ical, name.suffix, self._source.context, self._edit)
            if text is None:
                self._tx.scheduling.delete(self._collection, found.href)
                self._delivery.forget(found.item)
                return
            self._put(found, text)
        except ItemRefused:
            pass  # the occurrence is gone, as the device wants it
        except SchedulingRefused:
            raise
        except _REFUSALS:
            self._forget(name)
            self._undo(command, name, MALFORMED)
            return
        self._delivery.forget_occurrence(name.item, name.suffix)

    def _fetch(self, command: Command) -> None:
        name, found = self._find(command)
        data = self.item(name, found) if name is not None and found is not None else None
        if data is None:
            self._respond(command, NOT_FOUND)
        else:
            self._respond(command, OK, data=data)

    def item(self, name: ItemId, found: CalendarObject) -> Element | None:
        """Return the data of one item as the device would be sent it."""
        if name.suffix:
            return self._source.occurrence(found, name.suffix)
        match self._source.form(found):
            case Series(item=data):
                return data
            case Instances() | None:
                return None


def _status(refused: Exception) -> int:
    return refused.status if isinstance(refused, ItemRefused) else MALFORMED


def _digest(octets: bytes) -> str:
    return hashlib.sha256(octets).hexdigest()[:16]


def _uid(data: Element) -> str:
    return one_line(data.value(Calendar.UID) or "").strip()
