"""Answer the part of a Sync that concerns one collection (MS-ASCMD 2.2.3.29; reference/eas.md section 8)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from protocols.eas import filters
from protocols.eas.codepages import AirSync
from protocols.eas.delivery import Delivery, Source, first_holding
from protocols.eas.errors import CommandRefused
from protocols.eas.folders import Folder, scope_of, told
from protocols.eas.holdings import Holding, Wishes, read_holding
from protocols.eas.item_classes import TASKS
from protocols.eas.loops import tamed
from protocols.eas.personal import Personal
from protocols.eas.refusals import note
from protocols.eas.reminders import Reminders
from protocols.eas.session import Session
from protocols.eas.states import Ledger, Place
from protocols.eas.sync_request import PROTOCOL_ERROR, CollectionRequest
from protocols.eas.upload import Upload
from protocols.eas.wbxml import E, Element
from storage.errors import TokenExpired, TokenInvalid
from storage.model import FOREVER, Collection

OK: Final = 1
BAD_KEY: Final = 3
NOT_FOUND: Final = 8
HIERARCHY: Final = 12
# Mail folders never change, so one key is enough for all of them, and nothing is kept.
MAIL_KEY: Final = "1"


def source_of(session: Session, folder: Folder, collection: Collection, wishes: Wishes) -> Source:
    """Return what a device may see of a collection now; of one that is switched off, nothing."""
    now, zone, kind = session.tx.now(), session.tx.zone, folder.items
    by_age = filters.cutoff(wishes.filter_type, now, zone)
    cutoff = filters.task_cutoff(wishes.filter_type) if kind is TASKS else by_age
    cutoff = FOREVER if folder.empty else cutoff
    context = session.item_context(wishes.body, read_only=not collection.rights.write)
    context = replace(context, incomplete_only=cutoff == filters.UNFINISHED)
    window = filters.occurrence_window(cutoff, now, zone)
    reminders = Reminders(session.tx, (session.principal.id, collection.id), active=not collection.rights.write)
    return Source(session.tx, folder.id, collection, context, cutoff, window, reminders, kind)


def answer_collection(
    session: Session, folders: Mapping[str, Folder], asked: CollectionRequest, room: int
) -> tuple[Element | None, int]:
    """Return the Collection element that answers, None when there is nothing to say, and how many commands it has.

    Without `room` the device's own commands are carried out all the same, and refused edits undone; what else there is
    to tell waits for the next Sync. Raises CommandRefused(4) for a filter the folder's class does not have.
    """
    element, used = _answered(session, folders, asked, room)
    if element is None or session.version >= "14.0":
        return element, used
    folder = folders.get(asked.id)
    return E(element.tag, E(AirSync.Class, folder.holds) if folder else None, *element.children), used


def _answered(
    session: Session, folders: Mapping[str, Folder], asked: CollectionRequest, room: int
) -> tuple[Element | None, int]:
    folder = folders.get(asked.id)
    if folder is None:
        known = asked.id in (told(session) or {})
        return _refused(session, asked, HIERARCHY if known else NOT_FOUND), 0
    if folder.collection is None:
        return _mailbox(session, asked), 0
    if not filters.valid(asked.wishes(Wishes()).filter_type, tasks=folder.items is TASKS):
        raise CommandRefused(PROTOCOL_ERROR)
    if asked.key == "0":
        return _primed(session, folder, folder.collection, asked), 0
    ledger = session.ledger(scope_of(folder.id))
    place = ledger.find(asked.key)
    if place is None:
        return _refused(session, asked, BAD_KEY), 0
    holding = read_holding(folder.collection.id, place.state)
    holding = replace(holding, wishes=asked.wishes(holding.wishes))
    source = source_of(session, folder, folder.collection, holding.wishes)
    if not asked.commands and (asked.get_changes is False or not room or nothing_new(source, holding)):
        ledger.amend(place, holding.to_json())
        return None, 0
    session.tx.require_writing()
    try:
        delivery = tamed(session, (asked.key, place), Delivery(source, holding, min(asked.window, room)))
        return _exchanged(session, asked, (ledger, place), delivery)
    except (TokenInvalid, TokenExpired):
        return _refused(session, asked, BAD_KEY), 0


def nothing_new(source: Source, holding: Holding) -> bool:
    """Tell from numbers alone that a device holds all it may see: a poll reads no items."""
    same_window = not holding.parts or holding.window == source.window
    same_filter = holding.cutoffs == (source.cutoff, source.cutoff)
    return same_window and same_filter and holding.settled(source.collection.head)


def _exchanged(
    session: Session, asked: CollectionRequest, where: tuple[Ledger, Place], delivery: Delivery
) -> tuple[Element | None, int]:
    """Carry out the commands, then tell the changes; a state that says the same to the device keeps its key."""
    ledger, place = where
    # Raises before anything is written if the token is no longer good.
    session.tx.changes.of(delivery.source.collection, delivery.before.token, 1)
    upload = Upload(delivery, place.memory, Personal(session, delivery.source))
    responses = upload.carry_out(asked.commands)
    more = delivery.run() if asked.get_changes is not False else False
    state, commands = delivery.holding.to_json(), delivery.commands
    if not asked.commands and not commands:
        ledger.amend(place, state)
        return None, 0
    key = ledger.answer(place, state, upload.memory)
    children = [
        E(AirSync.MoreAvailable) if more and commands else None,
        E(AirSync.Responses, *responses) if responses else None,
        E(AirSync.Commands, *commands) if commands else None,
    ]
    return _collection(asked.id, (key, OK), children), len(commands)


def _primed(session: Session, folder: Folder, collection: Collection, asked: CollectionRequest) -> Element:
    wishes = asked.wishes(Wishes())
    source = source_of(session, folder, collection, wishes)
    ledger = session.ledger(scope_of(folder.id))
    former = ledger.newest()
    # What made the device start again and again must not be sent again.
    hidden = {} if former is None else read_holding(collection.id, former).hidden
    holding = replace(first_holding(source, session.tx.now()), wishes=wishes, hidden=hidden)
    key = ledger.start(holding.to_json())
    return _collection(asked.id, (key, OK))


def _mailbox(session: Session, asked: CollectionRequest) -> Element | None:
    if asked.key == "0":
        return _collection(asked.id, (MAIL_KEY, OK))
    if asked.key != MAIL_KEY:
        return _refused(session, asked, BAD_KEY)
    refused = [
        E(each.kind, E(AirSync.ClientId, each.client_id), E(AirSync.Status, NOT_FOUND))
        if each.kind == AirSync.Add
        else E(each.kind, E(AirSync.ServerId, each.server_id), E(AirSync.Status, NOT_FOUND))
        for each in asked.commands
    ]
    return _collection(asked.id, (MAIL_KEY, OK), [E(AirSync.Responses, *refused)]) if refused else None


def _refused(session: Session, asked: CollectionRequest, status: int) -> Element:
    if status == BAD_KEY:
        note(session.identity[1:], "Sync", BAD_KEY, session.tx)
    key = "0" if status == BAD_KEY else asked.key
    return _collection(asked.id, (key, status))


def _collection(folder_id: str, said: tuple[str, int], children: Sequence[Element | None] = ()) -> Element:
    """Build a Collection: MoreAvailable right after Status, for LG and Windows phones."""
    key, status = said
    head = (E(AirSync.SyncKey, key), E(AirSync.CollectionId, folder_id), E(AirSync.Status, status))
    return E(AirSync.Collection, *head, *children)
