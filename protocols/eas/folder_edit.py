"""Answer FolderCreate, FolderUpdate and FolderDelete: a person's own calendars (MS-ASCMD 2.2.1.3, 2.2.1.4, 2.2.1.6).

Only secondary calendars of one's own are made, renamed and removed. The key of the answer includes the change; an
answer that was lost is given again when its request comes again.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any, Final

from protocols.eas.answers import document
from protocols.eas.body import one_line
from protocols.eas.codepages import FolderHierarchy as Tags
from protocols.eas.codepages import Tag
from protocols.eas.errors import CommandRefused
from protocols.eas.folder_sync import BAD_KEY, MALFORMED, OK
from protocols.eas.folders import MAX_NAME, ROOT, SCOPE, USER_CALENDAR, USER_TASKS, Folder, folder_list, scope_of
from protocols.eas.session import Session
from protocols.eas.states import Ledger, Place
from protocols.eas.wbxml import E, Element
from protocols.wire import Response
from storage import policy
from storage.errors import LimitReached
from storage.model import CollectionPatch, NewCalendar

NAME_TAKEN: Final = 2
SPECIAL: Final = 3
NOT_FOUND: Final = 4
NO_PARENT: Final = 5
SERVER_ERROR: Final = 6

# What each type of folder that can be made holds; every other type that exists is refused as special.
KINDS: Final[Mapping[int, tuple[str, ...]]] = {USER_CALENDAR: ("VEVENT",), USER_TASKS: ("VTODO",)}
_TYPES: Final = range(1, 20)

_Listed = dict[str, list[str | int]]


def folder_create(session: Session, root: Element) -> Response:
    """Make a calendar or a list of tasks and tell its id; raises CommandRefused."""
    edit = _Edit(session, root, Tags.Type, Tags.DisplayName, Tags.ParentId)
    if (again := edit.again()) is not None:
        return again
    kind, name = _type(root), _name(root)
    if kind not in KINDS:
        raise CommandRefused(SPECIAL if kind in _TYPES else MALFORMED)
    edit.check_parent(root)
    edit.check_name(name)
    if not policy.family_allowed(session.client, session.tx.school.settings):
        # The device would never see what it made.
        raise CommandRefused(SPECIAL)
    new = NewCalendar(slug=str(uuid.uuid4()), name=name, components=KINDS[kind])
    try:
        made = session.tx.collections.create(session.principal, new)
    except LimitReached as error:
        raise CommandRefused(SERVER_ERROR) from error
    folder = f"c{made.id}"
    return edit.done({**edit.told, folder: [name, kind, ROOT]}, folder)


def folder_update(session: Session, root: Element) -> Response:
    """Rename a calendar; raises CommandRefused, and then the device is told the name again."""
    edit = _Edit(session, root, Tags.ServerId, Tags.DisplayName, Tags.ParentId)
    if (again := edit.again()) is not None:
        return again
    name, folder = _name(root), edit.folder(root)
    collection = folder.collection
    if collection is None or not collection.rights.remove:
        edit.forget({**edit.told, folder.id: ["", 0, ROOT]})
        raise CommandRefused(SPECIAL)
    edit.check_parent(root)
    edit.check_name(name, besides=folder.id)
    if name != collection.name:
        session.tx.collections.update(session.principal, collection, CollectionPatch(name=name))
    return edit.done({**edit.told, folder.id: [name, folder.type, ROOT]})


def folder_delete(session: Session, root: Element) -> Response:
    """Remove a calendar with what is in it; raises CommandRefused, and then the device is told of it again."""
    edit = _Edit(session, root, Tags.ServerId)
    if (again := edit.again()) is not None:
        return again
    folder = edit.folder(root)
    collection = folder.collection
    left = {each: facts for each, facts in edit.told.items() if each != folder.id}
    if collection is None or not collection.rights.remove:
        edit.forget(left)
        raise CommandRefused(SPECIAL)
    session.tx.scheduling.delete_all(collection)
    session.tx.collections.delete(session.principal, collection)
    session.tx.devices.drop_states(session.principal.id, session.device.device_id, scope_of(folder.id))
    return edit.done(left)


class _Edit:
    """One change of the folder list, from the key it was asked with to the key it is answered with."""

    def __init__(self, session: Session, root: Element, *required: Tag) -> None:
        """Find where the key stands; raises CommandRefused for a key or an element that is wanting or repeated."""
        self._session = session
        self._root = root
        tags = [each.tag for each in root.children]
        if len(set(tags)) < len(tags) or not all(root.value(each) for each in (Tags.SyncKey, *required)):
            raise CommandRefused(MALFORMED)
        self._ledger: Ledger = session.ledger(SCOPE)
        place = self._ledger.find(root.value(Tags.SyncKey) or "")
        if place is None:
            raise CommandRefused(BAD_KEY)
        self._place: Place = place
        self.told: _Listed = dict(place.state["folders"])
        self._asked = [[str(each.tag), each.content] for each in root.children]

    def again(self) -> Response | None:
        """Return the answer that was lost, when this is its request once more."""
        memory = self._place.memory
        if memory.get("asked") != self._asked:
            return None
        state = next(each for each in self._place.answers.values() if each["folders"] == memory["folders"])
        return self._answer(self._ledger.answer(self._place, state, memory), memory["made"])

    def folder(self, root: Element) -> Folder:
        """Return the folder that is to be changed; raises CommandRefused(4)."""
        found = folder_list(self._session).get(root.value(Tags.ServerId) or "")
        if found is None:
            raise CommandRefused(NOT_FOUND)
        return found

    def check_parent(self, root: Element) -> None:
        """Refuse a place other than the root: calendars do not hold each other."""
        parent = root.value(Tags.ParentId)
        if parent != ROOT:
            raise CommandRefused(SPECIAL if parent in folder_list(self._session) else NO_PARENT)

    def check_name(self, name: str, besides: str = "") -> None:
        """Refuse a name that another folder of the device has."""
        taken = {each.name.casefold() for each in folder_list(self._session).values() if each.id != besides}
        if name.casefold() in taken:
            raise CommandRefused(NAME_TAKEN)

    def done(self, folders: _Listed, made: str = "") -> Response:
        """Keep the new list under a new key, and answer."""
        memory: dict[str, Any] = {"asked": self._asked, "made": made, "folders": folders}
        return self._answer(self._ledger.answer(self._place, {"folders": folders}, memory), made)

    def forget(self, folders: _Listed) -> None:
        """Have the next FolderSync put right what a device may have changed by itself (reference/eas.md section 18)."""
        self._session.tx.require_writing()
        self._ledger.amend(self._place, {"folders": folders})

    def _answer(self, key: str, made: str) -> Response:
        named = E(Tags.ServerId, made) if made else None
        return document(E(self._root.tag, E(Tags.Status, OK), E(Tags.SyncKey, key), named))


def _name(root: Element) -> str:
    name = one_line(root.value(Tags.DisplayName) or "").strip()
    if not name or len(name) > MAX_NAME:
        raise CommandRefused(MALFORMED)
    return name


def _type(root: Element) -> int:
    text = root.value(Tags.Type) or ""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 2 else 0
