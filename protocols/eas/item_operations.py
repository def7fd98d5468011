"""Answer ItemOperations: fetch single items; nothing else is possible on a calendar (MS-ASCMD 2.2.1.10).

A client that says `MS-ASAcceptMultiPart: T` gets the bodies beside the document.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from protocols.eas import attachments
from protocols.eas.answers import document, octets
from protocols.eas.attachments import BAD_RANGE, NO_ATTACHMENT, RANGE
from protocols.eas.codepages import AirSync, AirSyncBase, Search
from protocols.eas.codepages import ItemOperations as Tags
from protocols.eas.delivery import Source
from protocols.eas.errors import CommandRefused
from protocols.eas.folders import Folder, ItemId, folder_list, item_id
from protocols.eas.holdings import Wishes
from protocols.eas.multipart import CONTENT_TYPE, multipart
from protocols.eas.representation import Series
from protocols.eas.session import Session
from protocols.eas.sync_collection import source_of
from protocols.eas.sync_request import body_preferences
from protocols.eas.wbxml import E, Element
from protocols.wire import Response
from storage.model import CalendarObject

OK: Final = 1
PROTOCOL_ERROR: Final = 2
NOT_FOUND: Final = 6
UNKNOWN_STORE: Final = 9
TOO_MANY: Final = 11
CONVERSION: Final = 14
DENIED: Final = 16
TWO_NAMES: Final = 155
MAX_OPERATIONS: Final = 100
# Each may have megabytes, all of which stand in one answer; clients fetch one by one.
MAX_FILES: Final = 4


def item_operations(session: Session, root: Element) -> Response:
    """Carry out each operation and answer each, in order."""
    if not root.children:
        raise CommandRefused(PROTOCOL_ERROR)
    files = sum(each.has(AirSyncBase.FileReference) for each in root.children)
    if len(root.children) > MAX_OPERATIONS or files > MAX_FILES:
        raise CommandRefused(TOO_MANY)
    folders = folder_list(session)
    said = [_operation(session, folders, each) for each in root.children]
    root = E(Tags.ItemOperations, E(Tags.Status, OK), E(Tags.Response, *said))
    return octets(CONTENT_TYPE, multipart(root)) if session.query.accept_multipart else document(root)


def _operation(session: Session, folders: Mapping[str, Folder], asked: Element) -> Element:
    if asked.tag == Tags.Fetch:
        return _fetch(session, folders, asked)
    if asked.tag == Tags.EmptyFolderContents:
        name = asked.value(AirSync.CollectionId)
        status = PROTOCOL_ERROR if not name else DENIED if name in folders else NOT_FOUND
        return E(Tags.EmptyFolderContents, E(Tags.Status, status), E(AirSync.CollectionId, name) if name else None)
    if asked.tag == Tags.Move:
        # Conversations are moved, of which there are none.
        return E(Tags.Move, E(Tags.Status, DENIED), asked.find(Tags.ConversationId))
    raise CommandRefused(PROTOCOL_ERROR)


def _fetch_file(session: Session, asked: Element) -> Element:
    named = asked.find(AirSyncBase.FileReference)
    reference = asked.value(AirSyncBase.FileReference) or ""
    try:
        if (asked.value(Tags.Store) or "").lower() != "mailbox":
            raise CommandRefused(UNKNOWN_STORE if asked.value(Tags.Store) else PROTOCOL_ERROR)
        data = attachments.fetched(session, reference, asked.value(Tags.Options, Tags.Range))
    except CommandRefused as refused:
        return E(Tags.Fetch, E(Tags.Status, refused.status), named if reference else None)
    return E(Tags.Fetch, E(Tags.Status, OK), named, E(Tags.Properties, *data))


def _fetch(session: Session, folders: Mapping[str, Folder], asked: Element) -> Element:
    if len(asked.all(AirSyncBase.FileReference)) == 1 and not any(
        asked.has(tag) for tag in (AirSync.CollectionId, AirSync.ServerId, Search.LongId)
    ):
        return _fetch_file(session, asked)
    named = [
        each for tag in (AirSync.CollectionId, AirSync.ServerId, Search.LongId) if (each := asked.find(tag)) is not None
    ]
    try:
        data = _fetched(session, folders, asked)
    except CommandRefused as refused:
        return E(Tags.Fetch, E(Tags.Status, refused.status), *(each for each in named if each.content))
    kind = folders[_named(asked)[0]].items
    properties = E(Tags.Properties, *_wanted(data, asked.find(Tags.Options, Tags.Schema)))
    return E(Tags.Fetch, E(Tags.Status, OK), *named, E(AirSync.Class, kind.name), properties)


def _wanted(data: Element, schema: Element | None) -> tuple[Element, ...]:
    """Return the properties that a request limits itself to, all of them when it does not."""
    if schema is None or not schema.children:
        return data.children
    tags = {each.tag for each in schema.children}
    return tuple(each for each in data.children if each.tag in tags)


def _named(asked: Element) -> tuple[str, str]:
    """Return folder and item that a request names, by either way to do so; raises CommandRefused."""
    once = (Tags.Store, AirSync.CollectionId, AirSync.ServerId, Search.LongId, AirSyncBase.FileReference, Tags.Options)
    if any(len(asked.all(each)) > 1 for each in once):
        raise CommandRefused(PROTOCOL_ERROR)
    if (asked.value(Tags.Store) or "").lower() != "mailbox":
        raise CommandRefused(UNKNOWN_STORE if asked.value(Tags.Store) else PROTOCOL_ERROR)
    folder, item, long_id = (asked.value(each) for each in (AirSync.CollectionId, AirSync.ServerId, Search.LongId))
    if long_id is not None and (item is not None or folder is not None):
        raise CommandRefused(TWO_NAMES)
    if long_id is not None:
        return long_id.partition(":")[0], long_id
    if item is None or folder is None:
        raise CommandRefused(NO_ATTACHMENT if folder is item is None else PROTOCOL_ERROR)
    return folder, item


def _check_range(options: Element | None) -> None:
    """Refuse a range of octets that is none; of an item, which has no ranges, all is given."""
    text = None if options is None else options.value(Tags.Range)
    match = None if text is None else RANGE.fullmatch(text.strip())
    if text is not None and (match is None or int(match[1]) > int(match[2])):
        raise CommandRefused(BAD_RANGE)


def _fetched(session: Session, folders: Mapping[str, Folder], asked: Element) -> Element:
    """Return the data of the item asked for; raises CommandRefused with the status of the operation."""
    folder_id, server_id = _named(asked)
    options = asked.find(Tags.Options)
    _check_range(options)
    folder, name = folders.get(folder_id), item_id(folder_id, server_id)
    if folder is None or folder.collection is None or folder.empty or name is None:
        raise CommandRefused(NOT_FOUND)
    try:
        wishes = Wishes(body=body_preferences(options))
    except CommandRefused as error:
        raise CommandRefused(PROTOCOL_ERROR) from error
    source = source_of(session, folder, folder.collection, wishes)
    found = source.texts([name.item]).get(name.item)
    data = None if found is None else _form(source, found, name)
    if data is None:
        raise CommandRefused(NOT_FOUND)
    return data


def _form(source: Source, found: CalendarObject, name: ItemId) -> Element | None:
    if name.suffix:
        return source.occurrence(found, name.suffix)
    match source.form(found):
        case Series(item=data):
            return data
        case _:
            raise CommandRefused(CONVERSION)
