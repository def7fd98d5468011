"""Answer ItemOperations: fetch single items; nothing else is possible on a calendar (MS-ASCMD 2.2.1.10)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from protocols.eas.answers import document
from protocols.eas.codepages import AirSync
from protocols.eas.codepages import ItemOperations as Tags
from protocols.eas.errors import CommandRefused
from protocols.eas.folders import Folder, folder_list, item_id
from protocols.eas.holdings import Wishes
from protocols.eas.representation import Series, single
from protocols.eas.session import Session
from protocols.eas.sync_collection import source_of
from protocols.eas.sync_request import body_preferences
from protocols.eas.wbxml import E, Element
from protocols.wire import Response

OK: Final = 1
PROTOCOL_ERROR: Final = 2
NOT_FOUND: Final = 6
UNKNOWN_STORE: Final = 9
TOO_MANY: Final = 11
CONVERSION: Final = 14
NO_ATTACHMENT: Final = 15
DENIED: Final = 16
MAX_OPERATIONS: Final = 100


def item_operations(session: Session, root: Element) -> Response:
    """Carry out each operation and answer each, in order."""
    if not root.children:
        raise CommandRefused(PROTOCOL_ERROR)
    if len(root.children) > MAX_OPERATIONS:
        raise CommandRefused(TOO_MANY)
    folders = folder_list(session)
    said = [_operation(session, folders, each) for each in root.children]
    return document(E(Tags.ItemOperations, E(Tags.Status, OK), E(Tags.Response, *said)))


def _operation(session: Session, folders: Mapping[str, Folder], asked: Element) -> Element:
    if asked.tag == Tags.Fetch:
        return _fetch(session, folders, asked)
    if asked.tag == Tags.EmptyFolderContents:
        name = asked.value(AirSync.CollectionId) or ""
        return E(Tags.EmptyFolderContents, E(Tags.Status, DENIED), E(AirSync.CollectionId, name))
    if asked.tag == Tags.Move:
        return E(Tags.Move, E(Tags.Status, DENIED))
    raise CommandRefused(PROTOCOL_ERROR)


def _fetch(session: Session, folders: Mapping[str, Folder], asked: Element) -> Element:
    collection, server_id = asked.value(AirSync.CollectionId) or "", asked.value(AirSync.ServerId) or ""
    named = (E(AirSync.CollectionId, collection), E(AirSync.ServerId, server_id))
    try:
        data = _fetched(session, folders.get(collection), asked)
    except CommandRefused as refused:
        return E(Tags.Fetch, E(Tags.Status, refused.status), *(each for each in named if each.text))
    properties = E(Tags.Properties, *data.children)
    return E(Tags.Fetch, E(Tags.Status, OK), *named, E(AirSync.Class, "Calendar"), properties)


def _fetched(session: Session, folder: Folder | None, asked: Element) -> Element:
    """Return the data of the item asked for; raises CommandRefused with the status of the operation."""
    if (asked.value(Tags.Store) or "").lower() != "mailbox":
        raise CommandRefused(UNKNOWN_STORE)
    server_id = asked.value(AirSync.ServerId)
    if server_id is None:
        raise CommandRefused(PROTOCOL_ERROR if asked.has(AirSync.CollectionId) else NO_ATTACHMENT)
    name = None if folder is None else item_id(folder.id, server_id)
    if folder is None or folder.collection is None or folder.empty or name is None:
        raise CommandRefused(NOT_FOUND)
    wishes = Wishes(body=body_preferences(asked.find(Tags.Options)))
    source = source_of(session, folder, folder.collection, wishes)
    found = source.texts([name.item]).get(name.item)
    if found is None:
        raise CommandRefused(NOT_FOUND)
    if name.suffix:
        data = single(found.ical, source.context, name.suffix)
        if data is None:
            raise CommandRefused(NOT_FOUND)
        return data
    match source.form(found):
        case Series(item=data):
            return data
        case _:
            raise CommandRefused(CONVERSION)
