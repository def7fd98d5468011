"""Answer Ping: wait until one of some folders changes (MS-ASCMD 2.2.1.13; reference/eas.md section 9)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache, partial
from typing import Any, Final

from protocols.eas.answers import document
from protocols.eas.codepages import Ping as Tags
from protocols.eas.errors import CommandRefused
from protocols.eas.folders import Folder, folder_list, hierarchy_moved, scope_of
from protocols.eas.holdings import read_holding
from protocols.eas.session import Session
from protocols.eas.sync_request import HEARTBEAT_SECONDS, MAX_ID, check_once, number
from protocols.eas.wbxml import E, Element
from protocols.wire import Park, Response
from storage.model import Watch

SCOPE: Final = "ping"
EXPIRED: Final = 1
CHANGED: Final = 2
INCOMPLETE: Final = 3
MALFORMED: Final = 4
BAD_INTERVAL: Final = 5
TOO_MANY_FOLDERS: Final = 6
HIERARCHY: Final = 7
MAX_FOLDERS: Final = 200
PATIENCE: Final = 3


# An import wakes thousands of phones with the same few answers.
@lru_cache(1024)
def _answer(status: int, folders: tuple[str, ...] = ()) -> Response:
    listed = E(Tags.Folders, *(E(Tags.Folder, each) for each in folders)) if folders else None
    return document(E(Tags.Ping, E(Tags.Status, status), listed))


_NOTHING: Final = _answer(EXPIRED)


def ping(session: Session, root: Element | None) -> Response | Park:
    """Tell which folders changed, or wait; what a request leaves out is as in the one before."""
    since = session.tx.changes.clock()
    memo = session.memo(SCOPE)
    asked = _asked(root, memo.value)
    folders = folder_list(session)
    # Some phones ask for folders that nobody told them of, such as an Outbox, and go on asking.
    wanted: list[str] = [each for each in asked["folders"] if each in folders]
    if hierarchy_moved(session, folders) or not wanted:
        memo.remember(asked)
        return _answer(HIERARCHY)
    changed = tuple(each for each in wanted if _changed(session, folders[each]))
    heads = {each: collection.head for each in changed if (collection := folders[each].collection)}
    told = _told(memo.value, heads)
    memo.remember(asked | ({"heads": heads, "told": min(told + 1, PATIENCE)} if changed else {}))
    if changed and told < PATIENCE:
        return _answer(CHANGED, changed)
    ids = {Watch("collection", folder.collection.id): each for each in wanted if (folder := folders[each]).collection}
    home = Watch("home", session.principal.id)
    # Told often enough and not fetched: once more when something else happens, or at the end.
    expired = _answer(CHANGED, changed) if changed else _NOTHING
    return Park(frozenset({home, *ids}), since, asked["seconds"], expired, session.identity, partial(woken, home, ids))


def _told(before: Mapping[str, Any] | None, heads: Mapping[str, int]) -> int:
    """Return how often the device has been told of just these changes in a row."""
    return int(before.get("told", 0)) if before is not None and before.get("heads") == heads else 0


def woken(home: Watch, ids: Mapping[Watch, str], moved: frozenset[Watch]) -> Response | None:
    """Answer a waiting Ping from what moved alone; None when the list of folders may have changed: ask again."""
    if home in moved:
        return None
    return _answer(CHANGED, tuple(sorted(ids[each] for each in moved if each in ids)))


def _asked(root: Element | None, before: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return seconds and folders now in force; raises CommandRefused."""
    if root is not None:
        check_once(root, (Tags.HeartbeatInterval, Tags.Folders), MALFORMED)
    seconds = None if root is None else _seconds(root)
    listed = None if root is None else root.find(Tags.Folders)
    folders = _ids(listed) if listed is not None and listed.children else None
    if before is not None:
        seconds = before["seconds"] if seconds is None else seconds
        folders = before["folders"] if folders is None else folders
    if seconds is None or not folders:
        raise CommandRefused(INCOMPLETE)
    return {"seconds": seconds, "folders": folders}


def _seconds(root: Element) -> int | None:
    try:
        found = number(root.value(Tags.HeartbeatInterval))
    except CommandRefused as error:
        raise CommandRefused(MALFORMED) from error
    if found is None:
        return None
    nearest = min(max(found, HEARTBEAT_SECONDS[0]), HEARTBEAT_SECONDS[1])
    if nearest != found:
        raise CommandRefused(BAD_INTERVAL, nearest)
    return found


def _ids(listed: Element) -> list[str]:
    ids = [each.value(Tags.Id) or "" for each in listed.all(Tags.Folder)]
    if not all(ids) or any(len(each) > MAX_ID for each in ids):
        raise CommandRefused(MALFORMED)
    found = list(dict.fromkeys(ids))
    if len(found) > MAX_FOLDERS:
        raise CommandRefused(TOO_MANY_FOLDERS, MAX_FOLDERS)
    return found


def _changed(session: Session, folder: Folder) -> bool:
    """Tell whether a Sync of the folder would have something to say; one never primed has."""
    if folder.collection is None:
        return False
    state = session.ledger(scope_of(folder.id)).newest()
    if state is None:
        return True
    holding = read_holding(folder.collection.id, state)
    return not holding.settled(folder.collection.head)
