"""List the folders a device sees, and read the ids it names them and their items by (MS-ASCMD 2.2.3.67).

Ids say nothing of names or owners and never change: a folder's is made of its collection's number, an item's of the
folder's and the item's own number, an occurrence's also of its original start.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain, count
from typing import Final

from protocols.eas import families
from protocols.eas.body import one_line
from protocols.eas.item_classes import CALENDAR, TASKS, ItemClass
from protocols.eas.session import Session
from storage import policy
from storage.errors import NotFound
from storage.model import CalendarKind, Collection

SCOPE: Final = "folders"
ROOT: Final = "0"
INBOX, DELETED_ITEMS, SENT_ITEMS, DEFAULT_CALENDAR, USER_CALENDAR = 2, 4, 5, 8, 13
DEFAULT_TASKS, USER_TASKS = 7, 15
MAIL_CLASS: Final = "Email"
MAX_NAME: Final = 255
_OWNER: Final = 100

_COLLECTION: Final = re.compile(r"c([1-9][0-9]{0,17})", re.ASCII)
_ITEM: Final = re.compile(r"(c[1-9][0-9]{0,17}):([1-9][0-9]{0,17})(?::([0-9TZ]{8,16}))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Folder:
    """One folder of a device; one without a collection is a mail folder and always empty.

    `empty` shows a calendar without its content: clients require a default calendar even when it is switched off.
    """

    id: str
    name: str
    type: int
    collection: Collection | None = None
    empty: bool = False

    @property
    def items(self) -> ItemClass:
        """What the folder holds."""
        return TASKS if self.type in (DEFAULT_TASKS, USER_TASKS) else CALENDAR

    @property
    def holds(self) -> str:
        """The name of the class of what is in the folder."""
        return MAIL_CLASS if self.collection is None else self.items.name

    @property
    def listed(self) -> list[str | int]:
        """What a device is told of the folder, beside its id."""
        return [self.name, self.type, ROOT]


_TYPES: Final = {
    (False, True): DEFAULT_CALENDAR,
    (False, False): USER_CALENDAR,
    (True, True): DEFAULT_TASKS,
    (True, False): USER_TASKS,
}
# Mail clients expect these of every account (reference/eas.md section 7.1) and know them by type; those that show the
# name show it beside the calendars everyone has, which are named in French too.
_MAIL: Final = (
    Folder("m2", "Boîte de réception", INBOX),
    Folder("m4", "Éléments supprimés", DELETED_ITEMS),
    Folder("m5", "Éléments envoyés", SENT_ITEMS),
)


def scope_of(folder_id: str) -> str:
    """Return the scope of a folder's state."""
    return f"collection {folder_id}"


def folder_list(session: Session) -> dict[str, Folder]:
    """Return the folders of a device by id, in the person's order: the policy table decides (R5 to R13)."""
    tx, principal = session.tx, session.principal
    seen = [each for each in tx.collections.visible(principal, session.client) if _shown(each)]
    default = next((each for each in seen if each.kind is CalendarKind.DEFAULT), None) or _default(session)
    shown = policy.eas_folders(seen, default)
    calendars = [
        Folder(
            f"c{each.collection.id}",
            _fitting(each.collection.name) or each.collection.slug,
            _TYPES[policy.holds_tasks(each.collection), each.default],
            each.collection,
            each.empty,
        )
        for each in shown
    ]
    mail = _MAIL if families.needs_of(session.family).mail_folders else ()
    return {each.id: each for each in (*mail, *_distinct(session, calendars))}


def _shown(collection: Collection) -> bool:
    return policy.holds_tasks(collection) or "VEVENT" in collection.components


def _default(session: Session) -> Collection:
    for each in session.tx.collections.subscribed(session.principal):
        if each.kind is CalendarKind.DEFAULT:
            return each
    raise NotFound("collection", CalendarKind.DEFAULT.value)


def _distinct(session: Session, folders: Sequence[Folder]) -> list[Folder]:
    """Name folders apart, whatever their letters: those of others by their owner, what is still alike by a number."""
    times = Counter(each.name.casefold() for each in folders)
    named = [_with_owner(session, each) if times[each.name.casefold()] > 1 else each for each in folders]
    mail, alike = {each.name.casefold() for each in _MAIL}, Counter(each.name.casefold() for each in named)
    # What nobody else is called stays so; of others the oldest, whatever order the calendars are put in.
    taken, names = mail | {name for name, times in alike.items() if times == 1}, {each.id: each.name for each in named}
    for each in sorted(named, key=lambda folder: folder.collection.id if folder.collection else 0):
        if alike[each.name.casefold()] > 1 or each.name.casefold() in mail:
            numbered = (_fitting(each.name, f" ({number})") for number in count(2))
            names[each.id] = next(name for name in chain((each.name,), numbered) if name.casefold() not in taken)
            taken.add(names[each.id].casefold())
    return [replace(each, name=names[each.id]) for each in named]


def _fitting(name: str, ending: str = "") -> str:
    """Return a name as one line of at most MAX_NAME characters, with its ending whole."""
    return one_line(name)[: MAX_NAME - len(ending)] + ending


def _with_owner(session: Session, folder: Folder) -> Folder:
    collection = folder.collection
    if collection is None or collection.owned or collection.owner_id is None:
        return folder
    try:
        owner = session.tx.principals.get(collection.owner_id)
    except NotFound:
        return folder
    return replace(folder, name=_fitting(folder.name, f" – {one_line(owner.name)[:_OWNER]}"))


def collection_number(folder_id: str) -> int | None:
    """Read the collection's number in a folder id, None when there is none."""
    match = _COLLECTION.fullmatch(folder_id)
    return int(match[1]) if match else None


@dataclass(frozen=True, slots=True)
class ItemId:
    """An item of a folder: its number, and the original start of one occurrence when it is shown by itself."""

    folder: str
    item: int
    suffix: str = ""

    def __str__(self) -> str:
        """Give the ServerId, 64 characters at most."""
        return f"{self.folder}:{self.item}:{self.suffix}" if self.suffix else f"{self.folder}:{self.item}"


def item_id(folder_id: str, text: str) -> ItemId | None:
    """Read a ServerId of a folder, None when it is none of this folder's."""
    match = _ITEM.fullmatch(text)
    if match is None or match[1] != folder_id:
        return None
    return ItemId(match[1], int(match[2]), match[3] or "")


def told(session: Session) -> dict[str, list[str | int]] | None:
    """Return the folder list the device was last told, by id; None when it never asked."""
    state = session.ledger(SCOPE).newest()
    return None if state is None else dict(state["folders"])


def hierarchy_moved(session: Session, folders: dict[str, Folder]) -> bool:
    """Tell whether the device has yet to learn of a folder that came, went or was renamed."""
    return told(session) != {each.id: each.listed for each in folders.values()}
