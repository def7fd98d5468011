"""Answer SendMail, SmartReply and SmartForward: letters of a person (MS-ASCMD 2.2.1.17, 2.2.1.19, 2.2.1.20).

What a letter tells of a meeting the server tells by itself; every other letter goes to the mail server, if there is one
and the person may write to the outside, and is refused otherwise: nothing is dropped in silence.
"""

from __future__ import annotations

import hashlib
from typing import Final

from protocols.eas import letters
from protocols.eas.answers import INVALID_MIME, INVALID_XML, nothing
from protocols.eas.body import one_line
from protocols.eas.codepages import ComposeMail as Tags
from protocols.eas.codepages import Tag
from protocols.eas.errors import CommandRefused
from protocols.eas.folders import folder_list, item_id
from protocols.eas.meeting_mail import SUBMISSION_FAILED, taken_care_of
from protocols.eas.personal import summary
from protocols.eas.query import Query
from protocols.eas.session import Session
from protocols.eas.wbxml import E, Element
from protocols.wire import Response
from storage import contentlines, itip, policy
from storage.errors import InvalidObject
from storage.model import CalendarObject

QUOTA: Final = 115
SENT_BEFORE: Final = 118
NO_SERIES: Final = 146
NO_ITEM: Final = 150

SCOPE: Final = "mail"
KEPT: Final = 100
MAX_ID: Final = 64
MOST_A_DAY: Final = 200
DAY: Final = 86_400


def plain(query: Query, root: Tag, body: bytes) -> Element:
    """Return the document that a request up to 12.1, whose body is the letter itself, would have from 14.0 on."""
    if not body:
        raise CommandRefused(INVALID_MIME)
    named = ((Tags.FolderId, query.collection_id), (Tags.ItemId, query.item_id), (Tags.LongId, query.long_id))
    source = [E(tag, text) for tag, text in named if text]
    return E(root, E(Tags.Source, *source) if source else None, E(Tags.Mime, body))


def send_mail(session: Session, root: Element) -> Response:
    """Take a letter and answer with nothing; raises CommandRefused."""
    client_id, mime = root.value(Tags.ClientId), root.find(Tags.Mime)
    tags = [each.tag for each in root.children]
    named = session.version >= "16.0" and root.tag == Tags.SmartForward and root.has(Tags.Forwardees)
    wanting = mime is None and not named
    if wanting or len(set(tags)) < len(tags) or (session.version >= "14.0" and not client_id):
        raise CommandRefused(INVALID_XML)
    memo = session.memo(SCOPE)
    sent: list[str] = list((memo.value or {}).get("sent", ()))
    name = _name(client_id or "")
    if name and name in sent:
        raise CommandRefused(SENT_BEFORE)
    source = _source(session, root)
    letter = letters.read(mime.data if mime is not None and not named else _forwarded(root, source, mime))
    told = frozenset[str]() if letter.calendar is None else taken_care_of(session, letter.calendar)
    left = [each for each in letter.recipients if each not in told or not _reached(session, each)]
    if left:
        attached = None if source is None or root.has(Tags.ReplaceMime) else _shared(session, source)
        _post(session, letter, left, attached)
    if name:
        memo.remember({"sent": [*sent, name][-KEPT:]})
    return nothing()


def _name(client_id: str) -> str:
    """Return under what a letter that was sent is remembered: its id, a digest of one that is too long to keep."""
    return client_id if len(client_id) <= MAX_ID else hashlib.sha256(client_id.encode()).hexdigest()


def _reached(session: Session, address: str) -> bool:
    """Tell whether the server can tell somebody of a meeting: people of the school, others by mail."""
    return _may_write(session) or _known(session, address)


def _known(session: Session, address: str) -> bool:
    return session.tx.address_book.holder(session.principal, f"mailto:{address}") is not None


def _may_write(session: Session) -> bool:
    return session.mails and policy.may_mail_out(session.principal.role)


def _source(session: Session, root: Element) -> CalendarObject | None:
    """Return the event that is forwarded; None for a letter of its own. Raises CommandRefused(150)."""
    source = root.find(Tags.Source)
    if source is None or root.tag == Tags.SendMail:
        return None
    long_id = source.value(Tags.LongId)
    server_id = long_id or source.value(Tags.ItemId) or ""
    folder = folder_list(session).get(server_id.partition(":")[0] if long_id else source.value(Tags.FolderId) or "")
    if folder is None or folder.collection is None or folder.empty:
        raise CommandRefused(NO_ITEM)
    name = item_id(folder.id, server_id)
    found = None if name is None else session.tx.objects.many_items(folder.collection, [name.item]).get(name.item)
    if found is None:
        raise CommandRefused(NO_ITEM)
    if source.value(Tags.InstanceId) and not _recurs(found):
        raise CommandRefused(NO_SERIES)
    return found if root.tag == Tags.SmartForward else None


def _recurs(found: CalendarObject) -> bool:
    """Tell whether an entry happens more than once; the rules of its time zone are not its own."""
    parts = contentlines.parse(found.ical).children(found.component)
    return any(part.first(name) is not None for part in parts for name in ("RRULE", "RDATE"))


def _forwarded(root: Element, source: CalendarObject | None, mime: Element | None) -> bytes:
    """Return a letter to the Forwardees, whom a client from 16.0 on names instead of writing to them.

    Raises CommandRefused for none (119), one without an address (116) and for nothing to forward (150).
    """
    listed = root.find(Tags.Forwardees)
    people = listed.all(Tags.Forwardee) if listed is not None else ()
    if source is None:
        raise CommandRefused(NO_ITEM)
    to = [(one_line(each.value(Tags.Name) or ""), (each.value(Tags.Email) or "").strip()) for each in people]
    return letters.addressed(to, summary(source), b"" if mime is None else mime.data)


def _shared(session: Session, found: CalendarObject) -> bytes:
    """Return an event as it is given to others: without alarms and the server's notes."""
    try:
        read = itip.read(found.ical, session.tx.zone)
    except InvalidObject as error:
        raise CommandRefused(NO_ITEM) from error
    stamp = itip.instant(session.tx.now())
    parts = [itip.outgoing(each, stamp) for each in read.parts.values()]
    return contentlines.serialise(itip.calendar("PUBLISH", parts, read.root))


def _post(session: Session, letter: letters.Letter, recipients: list[str], attached: bytes | None) -> None:
    """Queue a letter for the mail server; raises CommandRefused."""
    person, tx = session.principal, session.tx
    if not _may_write(session) or not person.email:
        raise CommandRefused(SUBMISSION_FAILED)
    if tx.outbox.letters_since(person.email, tx.now() - DAY) >= MOST_A_DAY:
        raise CommandRefused(QUOTA)
    body = letters.written(letter, (one_line(person.name), person.email), tx.now(), attached)
    tx.outbox.add_letter(person.email, recipients, body)
