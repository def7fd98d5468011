"""Answer FolderSync: which folders there are, then what became of them (MS-ASCMD 2.2.1.5)."""

from __future__ import annotations

from typing import Final

from protocols.eas import answers, families
from protocols.eas.codepages import FolderHierarchy as Tags
from protocols.eas.codepages import Tag
from protocols.eas.errors import CommandRefused
from protocols.eas.folders import SCOPE, folder_list, scope_of
from protocols.eas.session import Session
from protocols.eas.sync_request import check_once
from protocols.eas.wbxml import E, Element
from protocols.wire import Response

MAX_FOLDERS: Final = 1000

OK: Final = 1
BAD_KEY: Final = 9
MALFORMED: Final = 10
TOO_MANY_FOLDERS: Final = 151


def folder_sync(session: Session, root: Element) -> Response:
    """Tell the device what changed in its list of folders since a key; nothing is written when nothing did.

    Raises CommandRefused, with 151 for more folders than a device may have: those it has can still be synchronised.
    """
    check_once(root, (Tags.SyncKey,), MALFORMED)
    key = root.value(Tags.SyncKey)
    if not key:
        raise CommandRefused(MALFORMED)
    now = {each.id: each.listed for each in folder_list(session).values()}
    ledger = session.ledger(SCOPE)
    if len(now) > MAX_FOLDERS:
        raise CommandRefused(TOO_MANY_FOLDERS)
    if key == "0":
        # The headers make a client notice that the server has learnt a version or a command (section 3.2).
        versions = families.offered(session.family, session.tx.school.settings)
        headers = (("X-MS-RP", ",".join(versions)), *answers.capabilities(versions))
        return answers.document(_answer(ledger.start({"folders": now}), _differences({}, now)), *headers)
    place = ledger.find(key)
    if place is None:
        raise CommandRefused(BAD_KEY)
    before = dict(place.state["folders"])
    if before == now:
        return answers.document(_answer(key, []))
    new_key = ledger.answer(place, {"folders": now}, {})
    for gone in before.keys() - now.keys():
        session.tx.devices.drop_states(session.principal.id, session.device.device_id, scope_of(gone))
    return answers.document(_answer(new_key, _differences(before, now)))


def _differences(before: dict[str, list[str | int]], now: dict[str, list[str | int]]) -> list[Element]:
    gone = [E(Tags.Delete, E(Tags.ServerId, each)) for each in before if each not in now]
    changed = [_listed(Tags.Update, each, now[each]) for each in now if each in before and before[each] != now[each]]
    return [*gone, *changed, *(_listed(Tags.Add, each, now[each]) for each in now if each not in before)]


def _listed(tag: Tag, folder_id: str, facts: list[str | int]) -> Element:
    name, kind, parent = facts
    children = (
        E(Tags.ServerId, folder_id),
        E(Tags.ParentId, str(parent)),
        E(Tags.DisplayName, str(name)),
        E(Tags.Type, kind),
    )
    return E(tag, *children)


def _answer(key: str, changes: list[Element]) -> Element:
    listing = E(Tags.Changes, E(Tags.Count, len(changes)), *changes)
    return E(Tags.FolderSync, E(Tags.Status, OK), E(Tags.SyncKey, key), listing)
