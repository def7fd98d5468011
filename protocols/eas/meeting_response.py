"""Answer MeetingResponse: accept, take as tentative or decline what one is invited to (MS-ASCMD 2.2.1.11).

There is no mailbox here, so the request names the event in a calendar. The server tells the organizer itself; the mail
that a client up to 14.1 sends besides is recognised in `meeting_mail`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from protocols.eas.answers import INVALID_XML, document
from protocols.eas.body import received_text
from protocols.eas.codepages import MeetingResponse as Tags
from protocols.eas.codepages import Search
from protocols.eas.errors import CommandRefused, ItemRefused
from protocols.eas.folders import Folder, folder_list, item_id
from protocols.eas.invitations import (
    ACCEPTED,
    DECLINED,
    TENTATIVE,
    NoInvitation,
    NoSeries,
    answer,
    invitation,
    occurrence,
)
from protocols.eas.session import Session
from protocols.eas.times import read_compact
from protocols.eas.wbxml import E, Element
from protocols.wire import Response
from storage.errors import InvalidObject, NotFound, ReadOnly, SchedulingRefused
from storage.itip import Key
from storage.model import CalendarObject, Collection
from storage.scheduling import Answer

OK: Final = 1
INVALID: Final = 2
NO_SERIES: Final = 146
MAX_REQUESTS: Final = 100
SCOPE: Final = "responses"
KEPT: Final = 50

ANSWERS: Final[Mapping[str, str]] = {"1": ACCEPTED, "2": TENTATIVE, "3": DECLINED}
_ONCE: Final = (Tags.UserResponse, Tags.CollectionId, Tags.RequestId, Search.LongId, Tags.InstanceId)


def meeting_response(session: Session, root: Element) -> Response:
    """Give each answer and say what became of it, in order."""
    asked = root.all(Tags.Request)
    if not asked or len(asked) > MAX_REQUESTS:
        raise CommandRefused(INVALID_XML)
    answers = _Answers(session)
    said = [answers.result(each) for each in asked]
    answers.remember()
    return document(E(Tags.MeetingResponse, *said))


class _Answers:
    """The answers of one request, and the refusals before that the device may send again."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._folders: Mapping[str, Folder] = folder_list(session)
        self._memo = session.memo(SCOPE)
        self._declined: list[str] = list((self._memo.value or {}).get("declined", ()))

    def remember(self) -> None:
        """Keep what was declined last, for when an answer is lost."""
        self._memo.remember({"declined": self._declined[-KEPT:]} if self._declined else None)

    def result(self, asked: Element) -> Element:
        """Answer one invitation; only what was not declined is still in a calendar."""
        request_id = asked.value(Tags.RequestId)
        named = None if request_id is None else E(Tags.RequestId, request_id)
        try:
            kept = self._answered(asked)
        except CommandRefused as refused:
            return E(Tags.Result, named, E(Tags.Status, refused.status))
        return E(Tags.Result, named, E(Tags.Status, OK), None if kept is None else E(Tags.CalendarId, kept))

    def _answered(self, asked: Element) -> str | None:
        """Return the id of the event answered, None for one declined; raises CommandRefused."""
        status, server_id = ANSWERS.get(asked.value(Tags.UserResponse) or ""), _named(asked)
        if status is None or server_id is None or any(len(asked.all(each)) > 1 for each in _ONCE):
            raise CommandRefused(INVALID)
        instance = asked.value(Tags.InstanceId) or _alone(server_id)
        again = f"{server_id} {instance or ''}"
        place = self._place(server_id, asked.value(Tags.CollectionId))
        if place is None and status == DECLINED and again in self._declined:
            return None
        if place is None:
            raise CommandRefused(INVALID)
        try:
            key = self._key(place[1], instance)
            answer(self._session.tx, self._session.principal, place, _said(self._session, asked, status, key))
        except NoSeries as error:
            raise CommandRefused(NO_SERIES if self._session.version >= "14.0" else INVALID) from error
        except NoInvitation as error:
            if status == DECLINED and again in self._declined:
                return None
            raise CommandRefused(INVALID) from error
        except (ItemRefused, ReadOnly, SchedulingRefused, InvalidObject, NotFound) as error:
            raise CommandRefused(INVALID) from error
        if status != DECLINED:
            return server_id
        self._declined.append(again)
        return None

    def _key(self, found: CalendarObject, instance: str | None) -> Key:
        invited = invitation(self._session.tx, self._session.principal, found)
        return None if instance is None else occurrence(invited, read_compact(instance))

    def _place(self, server_id: str, folder_id: str | None) -> tuple[Collection, CalendarObject] | None:
        """Return the calendar and the event that an id names, None when it is none of the person's own.

        In another's calendar stands the other's copy: a refusal there would call their meeting off.
        """
        folder = self._folders.get(server_id.partition(":")[0] if folder_id is None else folder_id)
        if folder is None or folder.collection is None or folder.empty or not folder.collection.owned:
            return None
        name = item_id(folder.id, server_id)
        found = None if name is None else self._session.tx.objects.many_items(folder.collection, [name.item])
        return None if name is None or not found else (folder.collection, found[name.item])


def _said(session: Session, asked: Element, status: str, key: Key) -> Answer:
    """Return what is answered: up to 14.1 always told; from 16.0 on if the client asks to, with a text and other times.

    Raises ItemRefused for times that are none.
    """
    if session.version < "16":
        return Answer(status, key)
    sending = asked.find(Tags.SendResponse)
    if sending is None:
        return Answer(status, key, told=False)
    comment = (received_text(sending) or "").strip()
    return Answer(status, key, comment=comment, proposed=_proposed(sending) if session.version >= "16.1" else None)


def _proposed(sending: Element) -> tuple[datetime, datetime] | None:
    texts = [sending.value(tag) for tag in (Tags.ProposedStartTime, Tags.ProposedEndTime)]
    if not any(texts):
        return None
    begin, end = (read_compact(text or "") for text in texts)
    if end < begin:
        raise ItemRefused(6, "end-before-start")
    return begin, end


def _named(asked: Element) -> str | None:
    """Return the id of the event, by either of its names; None for none, for both, and for one without a folder."""
    request_id, long_id = asked.value(Tags.RequestId), asked.value(Search.LongId)
    if request_id is not None:
        return request_id if long_id is None and asked.value(Tags.CollectionId) else None
    return long_id


def _alone(server_id: str) -> str | None:
    """Return the original start of an occurrence that is shown by itself, None for any other event."""
    suffix = server_id.split(":")[2] if server_id.count(":") == 2 else ""
    return (suffix if "T" in suffix else f"{suffix}T000000Z") if suffix else None
