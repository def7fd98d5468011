"""Answer MoveItems: items from one of a person's own folders to another of its class (MS-ASCMD 2.2.1.12).

A moved item is a new item with an id of its own. The device is told that in the answer and in no Sync; what it holds
of both calendars is corrected in place, under the keys it has.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from protocols.eas.answers import INVALID_XML, document
from protocols.eas.codepages import Move as Tags
from protocols.eas.errors import CommandRefused
from protocols.eas.folders import Folder, ItemId, folder_list, item_id, scope_of
from protocols.eas.holdings import Holding, changed_since, packed, read_holding, unpacked
from protocols.eas.session import Session
from protocols.eas.wbxml import E, Element
from protocols.wire import Response
from storage.errors import (
    PreconditionFailed,
    ReadOnly,
    SchedulingRefused,
    TokenExpired,
    TokenInvalid,
    UidConflict,
)
from storage.model import CalendarObject, Collection, Written
from storage.scheduling import Wish

BAD_SOURCE: Final = 1
BAD_DESTINATION: Final = 2
OK: Final = 3
SAME: Final = 4
LOCKED: Final = 5

MAX_MOVES: Final = 200
SCOPE: Final = "moves"
KEPT: Final = 200


class _Refused(Exception):
    """One move is not made; carries its status."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


def move_items(session: Session, root: Element) -> Response:
    """Make each move and answer each, in order."""
    asked = root.all(Tags.Move)
    if not asked or len(asked) > MAX_MOVES:
        raise CommandRefused(INVALID_XML)
    moves = _Moves(session)
    said = [moves.response(each) for each in asked]
    moves.remember()
    return document(E(Tags.MoveItems, *said))


class _Moves:
    """The moves of one request, and those before that the device may ask for again."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._folders: Mapping[str, Folder] = folder_list(session)
        self._memo = session.memo(SCOPE)
        self._made: dict[str, str] = dict(self._memo.value or {})

    def remember(self) -> None:
        """Keep the latest moves, for when an answer is lost."""
        self._memo.remember(dict(list(self._made.items())[-KEPT:]) or None)

    def response(self, asked: Element) -> Element:
        """Make one move and return its answer."""
        named = E(Tags.SrcMsgId, asked.value(Tags.SrcMsgId) or "")
        try:
            moved = self._move(asked)
        except _Refused as refused:
            return E(Tags.Response, named, E(Tags.Status, refused.status))
        return E(Tags.Response, named, E(Tags.Status, OK), E(Tags.DstMsgId, moved))

    def _move(self, asked: Element) -> str:
        text, source, target = (asked.value(each) or "" for each in (Tags.SrcMsgId, Tags.SrcFldId, Tags.DstFldId))
        if any(len(asked.all(each)) > 1 for each in (Tags.SrcMsgId, Tags.SrcFldId, Tags.DstFldId)):
            raise _Refused(BAD_SOURCE)
        here, there = _shown(self._folders.get(source), BAD_SOURCE), _shown(self._folders.get(target), BAD_DESTINATION)
        if here.id == there.id:
            raise _Refused(SAME)
        if self._folders[source].items is not self._folders[target].items:
            raise _Refused(BAD_DESTINATION)
        before = self._before(text, source, there)
        if before is not None:
            return before
        name, found = self._found(text, source, here)
        if name.suffix:
            # One occurrence of a series cannot leave it.
            raise _Refused(LOCKED)
        known = not self._outdated(source, here, name.item)
        written = self._stored(found, here, there)
        moved = ItemId(target, written.object.item)
        self._correct(source, name.item, None)
        self._correct(target, written.object.item, written.object.seq, known=known)
        self._made[text] = str(moved)
        return str(moved)

    def _before(self, text: str, source: str, there: Collection) -> str | None:
        """Return where an item is that was moved by a request whose answer was lost."""
        made = self._made.get(text)
        name = None if made is None or item_id(source, text) is None else item_id(f"c{there.id}", made)
        if name is None or name.item not in self._session.tx.objects.many_items(there, [name.item]):
            return None
        return made

    def _found(self, text: str, source: str, here: Collection) -> tuple[ItemId, CalendarObject]:
        name = item_id(source, text)
        found = None if name is None else self._session.tx.objects.many_items(here, [name.item]).get(name.item)
        if name is None or found is None or found.component != self._folders[source].items.component:
            raise _Refused(BAD_SOURCE)
        return name, found

    def _stored(self, found: CalendarObject, here: Collection, there: Collection) -> Written:
        """Move an object, under a fresh name when its own is taken."""
        if here.access is not None:
            # Nothing leaves its owner's calendar by another's hand (caldav-sharing, 5.5.5).
            raise _Refused(LOCKED)
        scheduling = self._session.tx.scheduling
        for name in (found.href, f"{uuid.uuid4()}.ics"):
            try:
                return scheduling.move((here, found.href), (there, name), Wish(), replace=False)
            except PreconditionFailed:
                continue
            except (ReadOnly, UidConflict, SchedulingRefused) as error:
                raise _Refused(LOCKED) from error
        raise _Refused(LOCKED)

    def _outdated(self, folder_id: str, here: Collection, item: int) -> bool:
        """Tell whether the device may have yet to learn how an item is: what it moves is what it holds."""
        holdings = [read_holding(here.id, each) for each in self._session.ledger(scope_of(folder_id)).states()]
        return not holdings or any(self._behind(here, each, item) for each in holdings)

    def _behind(self, here: Collection, holding: Holding, item: int) -> bool:
        try:
            changed = changed_since(self._session.tx, here, holding)
        except (TokenInvalid, TokenExpired):
            return True
        return item in holding.due or (item in changed and changed[item] != holding.written.get(item))

    def _correct(self, folder_id: str, item: int, seq: int | None, *, known: bool = True) -> None:
        """Enter an item in what the device holds of a folder, or strike it out when it has no number there.

        One that is not `known` as it is comes again with the next Sync.
        """
        number = int(folder_id[1:])

        def corrected(state: Mapping[str, Any]) -> dict[str, Any]:
            holding = _with(read_holding(number, state), item, seq)
            return (holding if known else replace(holding, due=holding.due | {item})).to_json()

        self._session.ledger(scope_of(folder_id)).correct(corrected)


def _shown(folder: Folder | None, status: int) -> Collection:
    if folder is None or folder.collection is None or folder.empty:
        raise _Refused(status)
    return folder.collection


def _with(holding: Holding, item: int, seq: int | None) -> Holding:
    items, written = unpacked(holding.items) - {item}, {**holding.written}
    parts = {each: part for each, part in holding.parts.items() if each != item}
    written.pop(item, None)
    if seq is not None:
        items, written = items | {item}, {**written, item: seq}
    return replace(holding, items=packed(items), parts=parts, due=holding.due - {item}, written=written)
