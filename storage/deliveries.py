"""Where messages go: to people of the school at once, to everybody else by mail (RFC 6638, 4; RFC 6047)."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from storage import (
    addresses,
    attachment_lines,
    contentlines,
    itip,
    itip_apply,
    itip_attendee,
    itip_groups,
    itip_organizer,
    itip_proposals,
    policy,
)
from storage.contentlines import Component
from storage.errors import SchedulingRefused
from storage.itip import Message, Scheduled
from storage.listings import WHOLE
from storage.model import CalendarKind, CalendarObject, Collection, Expect, Principal
from storage.objects import content_etag
from storage.schema import calendar, calendar_object

if TYPE_CHECKING:
    from storage.transaction import Transaction

# Outcomes of RFC 6638, 3.2.9 and RFC 5546, 3.6.
DELIVERED: Final = "1.2"
MAILED: Final = "1.1"
UNKNOWN_USER: Final = "3.7"
NOT_ALLOWED: Final = "3.8"
UNSUPPORTED: Final = "3.14"
UNDELIVERABLE: Final = "5.1"

MOST_COMPONENTS: Final = 500
MOST_ATTENDEES: Final = 500
# In larger meetings each answer would be written too often; the next request brings the answers.
MOST_SPREAD: Final = 50
TO_ATTENDEES: Final = frozenset({"REQUEST", "CANCEL", "ADD", "DECLINECOUNTER"})
TO_ORGANIZER: Final = frozenset({"REPLY", "COUNTER", "REFRESH"})
# Its recipient stands on the envelope alone: it is for people to look at.
PUBLISH: Final = "PUBLISH"


class Deliveries:
    """Takes messages of one school where they belong."""

    def __init__(self, tx: Transaction) -> None:
        """Share a transaction."""
        self._tx = tx
        self._known: dict[str, Principal | None] = {}
        self._groups: dict[str, tuple[Principal, ...] | None] = {}
        self._reached: dict[tuple[int, str], Principal | None] = {}

    def _holder(self, address: str) -> Principal | None:
        if address not in self._known:
            self._known[address] = addresses.holder(self._tx, address)
        return self._known[address]

    def _recipient(self, sender: Principal, address: str) -> Principal | None:
        """Return whom of the school an address means to a sender; people the sender may not know are outside."""
        if (sender.id, address) not in self._reached:
            self._reached[sender.id, address] = self._tx.address_book.holder(sender, address)
        return self._reached[sender.id, address]

    def addressed(self, messages: Iterable[Message], sender: Principal) -> tuple[Message, ...]:
        """Return the messages of a person but those that would go to themselves under another address."""
        mine = addresses.of(sender)
        return tuple(each for each in messages if addresses.resolved(each.recipient) not in mine)

    def prospects(self, messages: Iterable[Message], sender: Principal) -> dict[str, str]:
        """Return what will become of messages of a person, by recipient, as SCHEDULE-STATUS says it."""
        return {each.recipient: self._prospect(each, sender) for each in messages}

    def _prospect(self, message: Message, sender: Principal) -> str:
        person = self._recipient(sender, message.recipient)
        if person is not None:
            return self._inside(message, person)
        if key := itip_groups.key_of(message.recipient):
            return UNKNOWN_USER if self.members(sender)(key) is None else DELIVERED
        if not message.recipient.startswith("mailto:") or "@" not in message.recipient:
            return UNKNOWN_USER
        if not policy.may_mail_out(sender.role):
            return NOT_ALLOWED
        return MAILED if message.sender.startswith("mailto:") else UNDELIVERABLE

    def members(self, organizer: Principal) -> Callable[[str], tuple[Principal, ...] | None]:
        """Return what tells the members of a group by its key; None for a group that a person may not invite."""

        def inside(key: str) -> tuple[Principal, ...] | None:
            if not policy.may_share_with_groups(organizer.role):
                return None
            if key not in self._groups:
                known = any(each.key == key for each in self._tx.groups.all())
                self._groups[key] = self._tx.groups.members(key) if known else None
            return self._groups[key]

        return inside

    def _inside(self, message: Message, person: Principal) -> str:
        if message.method in TO_ORGANIZER:
            return DELIVERED if self._awaited(message, person) else UNDELIVERABLE
        return DELIVERED if self._calendar(person, message.components[0].name) is not None else UNSUPPORTED

    def _awaited(self, message: Message, organizer: Principal) -> bool:
        """Tell whether a person organizes a meeting to which the sender of an answer is invited.

        Nobody else learns by answering which UIDs there are in somebody's calendars.
        """
        place = self._copy(organizer, message.uid)
        if place is None:
            return False
        stored = itip.read(place[1].ical, self._tx.zone)
        invited = any(itip_apply.speaks_for_attendee(each, message.sender) for each in stored.parts.values())
        return invited and _organizes(stored, organizer)

    def deliver(self, messages: Iterable[Message], base: int, sender: Principal) -> None:
        """Take messages of a person to their recipients; `base` is the number of what was changed, see `Outbox.add`."""
        for each in messages:
            match self._prospect(each, sender):
                case "1.2":
                    person = self._recipient(sender, each.recipient)
                    # A group is reached by its members, each of whom has a message of their own.
                    if person is not None:
                        self._take(each, person, trusted=True)
                case "1.1":
                    self._tx.outbox.add(each, base)

    def undelivered(self, sender: str, recipient: str, uid: str) -> None:
        """Note on the sender's copy that a recipient was not reached (RFC 6638, 3.2.9)."""
        person = self._holder(sender)
        place = None if person is None else self._copy(person, uid)
        if person is None or place is None:
            return
        stored = itip.read(place[1].ical, self._tx.zone)
        name = "ATTENDEE" if _organizes(stored, person) else "ORGANIZER"
        kept = itip_apply.told_of(stored, name, {recipient: UNDELIVERABLE})
        self._tx.objects.put(place[0], place[1].href, contentlines.serialise(kept.root))

    def receive(self, message: Message) -> tuple[Principal, ...]:
        """Act on a message from outside and return the people who got it: an organizer, or attendees of the school.

        A message with a recipient is for that person alone. Raises SchedulingRefused("sender") when the message speaks
        for somebody of this school, or answers for others than its sender, and SchedulingRefused("recipient") when it
        does not concern its recipient.
        """
        if len(message.components) > MOST_COMPONENTS or not message.components:
            raise SchedulingRefused("components", str(len(message.components)))
        _check_sender(message)
        if self._holder(message.sender) is not None:
            raise SchedulingRefused("sender", message.sender)
        if message.method in TO_ORGANIZER:
            wanted: set[str | None] = {itip.organizer(each) for each in message.components}
        else:
            wanted = {who for each in message.components for who in itip.attendees(each)}
        if len(wanted) > MOST_ATTENDEES:
            raise SchedulingRefused("max-attendees-per-instance", str(MOST_ATTENDEES))
        people = {each.id: each for each in map(self._holder, sorted(filter(None, wanted))) if each is not None}
        if message.recipient:
            people = self._only(message, people)
        took = [each for each in people.values() if self._take(message, each, trusted=False)]
        return tuple(took)

    def _only(self, message: Message, people: dict[int, Principal]) -> dict[int, Principal]:
        person = self._addressee(message.recipient)
        if person is None or (message.method != PUBLISH and person.id not in people):
            raise SchedulingRefused("recipient", message.recipient)
        return {person.id: person}

    def _addressee(self, address: str) -> Principal | None:
        """Return whose mailbox an address is; what follows a + in it is the person's own affair (RFC 5233)."""
        user, _, domain = address.partition("@")
        return self._holder(address) or (self._holder(f"{user.partition('+')[0]}@{domain}") if "+" in user else None)

    def _take(self, message: Message, person: Principal, *, trusted: bool) -> bool:
        """Change a person's copy as a message says and leave the message in their inbox; False when it is too old."""
        place = self._copy(person, message.uid)
        arrived = itip.scheduled(itip_apply.bare(message), self._tx.zone)
        stored = None if place is None else itip.read(place[1].ical, self._tx.zone)
        if message.method in TO_ORGANIZER:
            if stored is None or not _organizes(stored, person):
                return False
            self._answer(message, arrived, (place, stored), person, trusted=trusted)
        elif message.method != PUBLISH:
            if stored is not None and not _may_change(stored, message, person):
                return False
            if stored is not None and not trusted and itip_apply.stale(stored, arrived):
                return False
            self._tell(message, arrived, (place, stored), person)
        self._tx.inbox.drop(person, message)
        return True

    def _refresh(
        self, message: Message, place: tuple[Collection, CalendarObject], stored: Scheduled, organizer: Principal
    ) -> None:
        """Send an attendee once more what stands in the organizer's copy (RFC 5546, 3.2.6).

        For one state of the meeting that is done once: two programs cannot keep each other busy.
        """
        stamp = itip.instant(self._tx.now())
        told = itip_organizer.messages(None, stored, stamp, frozenset())
        self.deliver([each for each in told if each.recipient == message.sender], place[1].seq, organizer)

    def _answer(
        self,
        message: Message,
        answer: Scheduled,
        here: tuple[tuple[Collection, CalendarObject] | None, Scheduled],
        organizer: Principal,
        *,
        trusted: bool,
    ) -> None:
        place, stored = here
        assert place is not None
        if message.method == "REFRESH":
            self._refresh(message, place, stored, organizer)
        if message.method in {"REPLY", "COUNTER"}:
            # Who proposes other times says at once whether the present ones will do.
            kept = itip_apply.reply(stored, answer, message.sender, checked=not trusted)
            if kept is not None and message.method == "COUNTER":
                kept = itip_proposals.noted(kept, answer, message.sender)
            if kept is not None:
                # Answers leave the organizer's Schedule-Tag as it is (RFC 6638, 3.2.10).
                self._tx.objects.put(place[0], place[1].href, contentlines.serialise(kept.root))
                self._spread(message, answer, kept, organizer)

    def put_aside(self, organizer: Principal, message: Component) -> None:
        """Decline the proposal that a message in the organizer's inbox made, if it was still open."""
        told = itip.scheduled(message.without("METHOD"), self._tx.zone)
        place = self._copy(organizer, told.uid)
        if (message.text("METHOD") or "").strip().upper() != "COUNTER" or place is None:
            return
        stored, stamp = itip.read(place[1].ical, self._tx.zone), itip.instant(self._tx.now())
        for who in itip.attendees(told.any) if _organizes(stored, organizer) else ():
            kept, refused = itip_proposals.put_aside(stored, told, who, stamp)
            if refused:
                self._tx.objects.put(place[0], place[1].href, contentlines.serialise(kept.root))
                self.deliver(refused, place[1].seq, organizer)
                stored = kept

    def _spread(self, message: Message, answer: Scheduled, kept: Scheduled, organizer: Principal) -> None:
        """Write an answer on the copies of the other attendees of the school too, for them to see who comes.

        It is no news for them: nothing is put in their inboxes, and their Schedule-Tag stays (RFC 6638, 3.2.10).
        """
        others = itip_organizer.served(kept) - {message.sender}
        if len(others) > MOST_SPREAD:
            return
        for person in filter(None, (self._recipient(organizer, each) for each in sorted(others))):
            place = self._copy(person, message.uid)
            if place is None or not place[1].schedule_tag:
                continue
            stored = itip.read(place[1].ical, self._tx.zone)
            if itip.organizer(stored.any) != itip.organizer(kept.any):
                continue
            seen = itip_apply.reply(stored, answer, message.sender, status=False, checked=False)
            if seen is not None:
                self._tx.objects.put(place[0], place[1].href, contentlines.serialise(seen.root))

    def _tell(
        self,
        message: Message,
        told: Scheduled,
        here: tuple[tuple[Collection, CalendarObject] | None, Scheduled | None],
        person: Principal,
    ) -> None:
        place, stored = here
        mine = addresses.of(person)
        if message.method == "REQUEST":
            kept = itip_apply.request(stored, told, mine)
        elif message.method == "CANCEL" and stored is not None:
            kept = itip_apply.cancel(stored, told)
        elif message.method == "ADD" and place is not None and stored is not None:
            added = itip_apply.add(stored, told)
            if added is None:
                self._ask_again(place[1], stored, person)
                return
            kept = added
        else:
            return
        collection = place[0] if place is not None else self._calendar(person, told.any.name)
        if collection is None:
            return
        href = place[1].href if place is not None else f"{uuid.uuid4()}.ics"
        text = self._attached(contentlines.serialise(kept.root), message, None if place is None else place[1])
        self._tx.objects.put(collection, href, text, Expect(), content_etag(text))

    def _attached(self, text: bytes, message: Message, current: CalendarObject | None) -> bytes:
        """Return a text that manages no attachment but those that the sender, or the copy before, refers to.

        A message from outside thus gives nobody a file of the school.
        """
        named = attachment_lines.ids(text)
        if not named:
            return text
        sender = self._holder(message.sender)
        known = attachment_lines.ids(b"" if current is None else current.ical)
        if sender is not None:
            known |= self._tx.attachments.admit(sender, text)
        return contentlines.serialise(attachment_lines.unmanaged(contentlines.parse(text), known))

    def _ask_again(self, copy: CalendarObject, stored: Scheduled, person: Principal) -> None:
        """Ask the organizer for the whole of a meeting of which a part came that means nothing here (RFC 5546, 3.2.4).

        Only about meetings that are here: a stranger cannot make this server write letters.
        """
        asked = itip_attendee.refresh(stored, addresses.of(person), itip.instant(self._tx.now()))
        self.deliver([] if asked is None else [asked], copy.seq, person)

    def _calendar(self, person: Principal, component: str) -> Collection | None:
        """Return where a person's new meetings go: where the person wants them, or the calendar for tasks."""
        if component == "VEVENT":
            return self._tx.preferences.default_calendar(person)
        own = self._tx.collections.subscribed(person)
        kinds = (CalendarKind.DEFAULT, CalendarKind.TASKS)
        return next((each for each in own if each.kind in kinds and component in each.components), None)

    def _copy(self, person: Principal, uid: str) -> tuple[Collection, CalendarObject] | None:
        """Return a person's copy of a meeting and the calendar it is in; the one that schedules, if there are two."""
        o = calendar_object.c
        kinds = sorted(each.value for each in policy.WRITABLE)
        query = (
            select(*WHOLE)
            .join(calendar, (calendar.c.school_id == o.school_id) & (calendar.c.id == o.calendar_id))
            .where(o.school_id == self._tx.school_id, o.uid == uid, o.ended.is_(None))
            .where(calendar.c.owner_id == person.id, calendar.c.kind.in_(kinds))
            .order_by(o.schedule_tag.desc(), o.id)
        )
        row = self._tx.connection.execute(query).first()
        if row is None:
            return None
        found = CalendarObject(*row)
        own = {each.id: each for each in self._tx.collections.subscribed(person)}
        return (own[found.calendar_id], found) if found.calendar_id in own else None


def _organizes(stored: Scheduled, person: Principal) -> bool:
    by = itip.organizer(stored.any)
    return by is not None and addresses.resolved(by) in addresses.of(person)


def _may_change(stored: Scheduled, message: Message, person: Principal) -> bool:
    """Tell whether an organizer's message is about the meeting that is here: the same organizer, and not the holder.

    A private event that happens to have the UID is nobody else's to change.
    """
    by = itip.organizer(stored.any)
    if by is None:
        return False
    resolved = addresses.resolved(by)
    return resolved == addresses.resolved(message.sender) and resolved not in addresses.of(person)


def _check_sender(message: Message) -> None:
    """Refuse a message that speaks for others: organizers tell of their meetings, attendees answer for themselves."""
    for each in message.components:
        if message.method in TO_ORGANIZER:
            # A proposal may name the others too (RFC 5546, 3.2.7).
            alone = message.method == "COUNTER" or len(each.all("ATTENDEE")) == 1
            fits = alone and itip.attendee(each, (message.sender,)) is not None
        else:
            fits = itip.organizer(each) == message.sender
        if not fits:
            raise SchedulingRefused("sender", message.sender)
