"""Answer Sync: collection by collection, at once or when something changes (MS-ASCMD 2.2.1.21)."""

from __future__ import annotations

import base64
from typing import Final

from protocols.eas import answers
from protocols.eas.codepages import AirSync
from protocols.eas.errors import CommandRefused
from protocols.eas.folders import folder_list, hierarchy_moved
from protocols.eas.session import Session
from protocols.eas.states import Memo
from protocols.eas.sync_collection import HIERARCHY, answer_collection
from protocols.eas.sync_request import SyncRequest, parse
from protocols.eas.wbxml import E, Element, decode, encode
from protocols.wire import Park, Response
from storage.model import Watch

SCOPE: Final = "sync"
INCOMPLETE: Final = 13
MAX_KEPT: Final = 64 * 1024


def sync(session: Session, root: Element | None) -> Response | Park:
    """Exchange changes; an empty answer means that there are none (reference/eas.md section 8.8)."""
    since = session.tx.changes.clock()
    memo = session.memo(SCOPE)
    whole = _whole(root, memo)
    request = parse(whole)
    memo.remember(_kept(whole, request))
    folders = folder_list(session)
    room, said = request.window, []
    for asked in request.collections:
        element, used = answer_collection(session, folders, asked, max(room, 0))
        room -= used
        if element is not None:
            said.append(element)
    if said:
        return answers.document(E(AirSync.Sync, E(AirSync.Collections, *said)))
    if request.seconds is None:
        return answers.nothing()
    if hierarchy_moved(session, folders):
        raise CommandRefused(HIERARCHY)
    numbers = (folder.collection.id for each in request.collections if (folder := folders[each.id]).collection)
    watch = {Watch("home", session.principal.id), *(Watch("collection", each) for each in numbers)}
    return Park(frozenset(watch), since, request.seconds, answers.nothing(), session.identity)


def _whole(root: Element | None, memo: Memo) -> Element:
    """Complete a request that says "as before" with the one before; raises CommandRefused(13) when it is not kept."""
    if root is not None and not root.has(AirSync.Partial):
        return root
    if memo.value is None:
        raise CommandRefused(INCOMPLETE)
    before = decode(base64.b64decode(memo.value["request"]))
    return before if root is None else _merged(before, root)


def _merged(before: Element, now: Element) -> Element:
    """Replace in a former request what a Partial one says anew, collections by their ids."""
    listed = {each.value(AirSync.CollectionId): each for each in _collections(before)}
    listed.update({each.value(AirSync.CollectionId): each for each in _collections(now)})
    given = {each.tag for each in now.children}
    if given & {AirSync.Wait, AirSync.HeartbeatInterval}:
        given |= {AirSync.Wait, AirSync.HeartbeatInterval}
    skipped = {AirSync.Collections, AirSync.Partial}
    kept = [each for each in before.children if each.tag not in given | skipped]
    new = [each for each in now.children if each.tag not in skipped]
    return E(AirSync.Sync, E(AirSync.Collections, *listed.values()), *kept, *new)


def _collections(root: Element) -> tuple[Element, ...]:
    found = root.find(AirSync.Collections)
    return found.all(AirSync.Collection) if found else ()


def _kept(whole: Element, request: SyncRequest) -> dict[str, str] | None:
    """Return what to keep of a request for an empty one to repeat: only clients that wait for changes send these."""
    if request.seconds is None or any(each.commands for each in request.collections):
        return None
    text = encode(whole)
    return {"request": base64.b64encode(text).decode()} if len(text) <= MAX_KEPT else None
