"""Answer GetItemEstimate: how many changes wait, without telling them (MS-ASCMD 2.2.1.9)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Final

from protocols.eas import filters
from protocols.eas.answers import INVALID_XML, document
from protocols.eas.codepages import AirSync
from protocols.eas.codepages import GetItemEstimate as Tags
from protocols.eas.delivery import Source
from protocols.eas.errors import CommandRefused
from protocols.eas.folders import Folder, folder_list, scope_of
from protocols.eas.holdings import Holding, changed_since, read_holding, unpacked
from protocols.eas.item_classes import TASKS
from protocols.eas.session import Session
from protocols.eas.sync_collection import MAIL_KEY, nothing_new, source_of
from protocols.eas.sync_request import MAX_COLLECTIONS, check_once, number
from protocols.eas.wbxml import E, Element
from protocols.wire import Response
from storage.errors import TokenExpired, TokenInvalid
from storage.model import FOREVER

OK: Final = 1
NO_COLLECTION: Final = 2
NOT_PRIMED: Final = 3
BAD_KEY: Final = 4
# MS-ASCMD has the common "server error" for a filter that calendars do not have.
BAD_FILTER: Final = 110
LAST_FILTER: Final = 8
_ONCE: Final = (AirSync.SyncKey, AirSync.CollectionId, Tags.CollectionId, AirSync.FilterType)


def get_item_estimate(session: Session, root: Element) -> Response:
    """Tell how much each collection has to send; no key moves."""
    listed = root.find(Tags.Collections)
    asked = listed.all(Tags.Collection) if listed else ()
    if not asked or len(asked) > MAX_COLLECTIONS:
        raise CommandRefused(INVALID_XML)
    for each in asked:
        check_once(each, _ONCE, INVALID_XML)
    folders = folder_list(session)
    return document(E(Tags.GetItemEstimate, *(_response(session, folders, each) for each in asked)))


def _response(session: Session, folders: Mapping[str, Folder], asked: Element) -> Element:
    name = asked.value(Tags.CollectionId) or asked.value(AirSync.CollectionId) or ""
    _check_filter(asked)
    try:
        count = _count(session, folders.get(name), asked)
    except CommandRefused as refused:
        return E(Tags.Response, E(Tags.Status, refused.status), E(Tags.Collection, E(Tags.CollectionId, name)))
    collection = E(Tags.Collection, E(Tags.CollectionId, name), E(Tags.Estimate, count))
    return E(Tags.Response, E(Tags.Status, OK), collection)


def _count(session: Session, folder: Folder | None, asked: Element) -> int:
    """Count what waits; raises CommandRefused with a status of this command."""
    if folder is None:
        raise CommandRefused(NO_COLLECTION)
    key = asked.value(AirSync.SyncKey) or "0"
    if key == "0":
        raise CommandRefused(NOT_PRIMED)
    if folder.collection is None:
        if key != MAIL_KEY:
            raise CommandRefused(BAD_KEY)
        return 0
    place = session.ledger(scope_of(folder.id)).find(key)
    if place is None:
        raise CommandRefused(BAD_KEY)
    holding = _with_filter(session, folder, read_holding(folder.collection.id, place.state), asked)
    source = source_of(session, folder, folder.collection, holding.wishes)
    return 0 if nothing_new(source, holding) else _waiting(source, holding)


def _filter(asked: Element) -> str | None:
    """Return the filter of a request, which stands in Options from 14.0 on."""
    return asked.value(AirSync.Options, AirSync.FilterType) or asked.value(AirSync.FilterType) or None


def _check_filter(asked: Element) -> None:
    """Refuse the whole request for a filter that no class of items has."""
    try:
        found = number(_filter(asked))
    except CommandRefused as error:
        raise CommandRefused(INVALID_XML) from error
    if found is not None and found > LAST_FILTER:
        raise CommandRefused(INVALID_XML)


def _with_filter(session: Session, folder: Folder, holding: Holding, asked: Element) -> Holding:
    """Use the filter of the request."""
    filter_type = number(_filter(asked))
    if filter_type is None:
        return holding
    if not filters.valid(filter_type, tasks=folder.items is TASKS):
        raise CommandRefused(BAD_FILTER if session.version >= "14.0" else NO_COLLECTION)
    return replace(holding, wishes=replace(holding.wishes, filter_type=filter_type))


def _waiting(source: Source, holding: Holding) -> int:
    held = unpacked(holding.items) | holding.parts.keys()
    try:
        changed = changed_since(source.tx, source.collection, holding)
    except (TokenInvalid, TokenExpired) as error:
        raise CommandRefused(BAD_KEY) from error
    own = {item for item, seq in holding.written.items() if changed.get(item) == seq}
    waiting = (changed.keys() | holding.due) - own
    if holding.first is not None or holding.cutoffs != (source.cutoff, source.cutoff):
        low = min(source.cutoff, *holding.cutoffs)
        for entry in source.tx.objects.leaving(source.collection, low, FOREVER, source.collection.head):
            if source.shows(entry) != (entry.item in held):
                waiting.add(entry.item)
    return len(waiting) if not source.context.incomplete_only else _unfinished(source, waiting, held)


def _unfinished(source: Source, waiting: Iterable[int], held: Collection[int]) -> int:
    """Count the tasks that wait where finished ones are left out: their texts must be read."""
    held_done = [each.item for each in source.texts(held).values() if source.form(each) is None]
    texts = source.texts(waiting)
    shown = [item for item in waiting if item in held or (item in texts and source.form(texts[item]) is not None)]
    return len({*shown, *held_done})
