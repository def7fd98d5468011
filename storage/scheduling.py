"""Meetings: a person writes or deletes one, and in the same transaction those it concerns learn of it (RFC 6638, 3).

Only the calendars that people write themselves take part: the imported timetable and feeds never schedule.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from storage import (
    addresses,
    contentlines,
    itip,
    itip_apply,
    itip_attendee,
    itip_groups,
    itip_organizer,
    itip_proposals,
    policy,
)
from storage.deliveries import Deliveries
from storage.errors import NotFound, PreconditionFailed, ReadOnly, SchedulingRefused
from storage.examined import same_times
from storage.itip import Message, Scheduled
from storage.itip_answered import only_answered
from storage.model import CalendarObject, Collection, Expect, Principal, Written
from storage.objects import content_etag
from storage.schema import calendar, calendar_object
from storage.zones import collection_zone

if TYPE_CHECKING:
    from storage.transaction import Transaction

MAX_ATTENDEES: Final = 500
NOTHING: Final = Expect()


class Part(Enum):
    """What a person is in a meeting."""

    NONE = "none"
    ORGANIZER = "organizer"
    ATTENDEE = "attendee"


@dataclass(frozen=True, slots=True)
class Wish:
    """What a writer asks besides the text: the state it expects, the Schedule-Tag it knows, whether to answer.

    `comment` is what an attendee says with an answer, and stands in the answer alone.
    """

    expect: Expect = NOTHING
    schedule_tag: str | None = None
    reply: bool = True
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What an attendee says of a meeting.

    `partstat` is "ACCEPTED", "TENTATIVE" or "DECLINED"; `instance` the original start of one instance in epoch
    seconds, None for the whole series; `told` whether the organizer learns of it; `proposed` are other times that the
    attendee would like (aware datetimes), told as a COUNTER besides the answer.
    """

    partstat: str
    instance: int | None = None
    comment: str = ""
    told: bool = True
    proposed: tuple[datetime, datetime] | None = None


@dataclass(frozen=True, slots=True)
class _Outcome:
    text: bytes
    schedule_tag: str
    messages: tuple[Message, ...] = ()


def part(found: Scheduled | None, mine: frozenset[str]) -> Part:
    """Return what the holder of some addresses is in an object; nothing without an organizer and attendees."""
    if found is None:
        return Part.NONE
    invited = {addresses.resolved(who) for each in found.parts.values() for who in itip.attendees(each)}
    by = itip.organizer(found.any)
    if by is None or not invited:
        return Part.NONE
    if addresses.resolved(by) in mine:
        return Part.ORGANIZER
    return Part.ATTENDEE if invited & mine else Part.NONE


class Scheduling:
    """Writing meetings in one school; what is no meeting is written as any object."""

    def __init__(self, tx: Transaction) -> None:
        """Share a transaction."""
        self._tx = tx
        self._deliveries = Deliveries(tx)

    def put(self, collection: Collection, href: str, text: bytes, wish: Wish | None = None) -> Written:
        """Store an object and tell those it concerns; the stored text may differ from the one given.

        Raises SchedulingRefused and whatever Objects.put raises, and then has told nobody.
        """
        wish = wish or Wish()
        if not collection.rights.write:
            raise ReadOnly(collection.id, "write-content")
        found = self._tx.objects.examine(collection, text)
        current = self._replaced(collection, href, found.facts.uid, wish)
        href = href if current is None else current.href
        concerned = _mentions(text) or (current is not None and current.schedule_tag)
        owner = self._owner(collection) if concerned else None
        if owner is None:
            return self._tx.objects.put(collection, href, text, wish.expect)
        outcome = self._outcome(owner, collection, (current, text), wish)
        if outcome.text != text:
            same_times(found, outcome.text)
        written = self._tx.objects.put(collection, href, outcome.text, wish.expect, outcome.schedule_tag)
        self._deliveries.deliver(outcome.messages, 0 if current is None else current.seq, owner)
        return written

    def delete(self, collection: Collection, href: str, wish: Wish | None = None) -> None:
        """Delete an object; its attendees are told that it is cancelled, or its organizer that it is declined."""
        wish = wish or Wish()
        current = self._current(collection, href, wish)
        owner = self._owner(collection) if current is not None and current.schedule_tag else None
        if owner is not None and not _may_schedule(collection):
            raise SchedulingRefused("allowed-organizer-scheduling-object-change", "shared calendar")
        told: tuple[Message, ...] = ()
        if owner is not None and current is not None:
            told = self._farewell(owner, itip.read(current.ical, self._tx.zone), reply=wish.reply)
        self._tx.objects.delete(collection, href if current is None else current.href, wish.expect)
        if owner is not None and current is not None:
            self._deliveries.deliver(told, current.seq, owner)

    def copy(self, old: tuple[Collection, str], new: tuple[Collection, str], wish: Wish, *, replace: bool) -> Written:
        """Store the text of one (collection, name) under another, as a writer of it would; raises what `put` raises.

        A second object about a meeting in the calendars of one person is refused (RFC 6638, 3.2.4.1).
        """
        found = self._tx.objects.get(*old)
        _check_tag(found, wish)
        # Whoever copies sees what they copy: the same attachments may be referred to.
        self._tx.attachments.carry(found)
        written = self.put(*new, found.ical, Wish(Expect(absent=not replace)))
        self._tx.dead_properties.copy((old[0].id, found.href), (new[0].id, written.object.href))
        return written

    def move(self, old: tuple[Collection, str], new: tuple[Collection, str], wish: Wish, *, replace: bool) -> Written:
        """Move an object; from one calendar of a person to another that tells nobody anything (RFC 6638, 3.2.3.3).

        To somebody else's calendar it is deleted here and written there, and told so. Raises what `delete` and `put`
        raise, and then nothing is moved.
        """
        found = self._current(*old, wish)
        if found is None or not found.schedule_tag or old[0].owner_id == new[0].owner_id:
            return self._tx.objects.move(old, new, wish.expect, replace=replace)
        if not old[0].rights.write:
            raise ReadOnly(old[0].id, "unbind")
        with self._tx.connection.begin_nested():
            self.delete(*old, wish)
            return self.put(*new, found.ical, Wish(Expect(absent=not replace)))

    def answer(self, collection: Collection, found: CalendarObject, answer: Answer) -> Written:
        """Write the owner's answer on their copy of a meeting and tell the organizer, as if a client had written it.

        The same answer again tells nobody again. Raises SchedulingRefused("attendee") when the owner of the calendar is
        not invited to what is answered, and whatever `put` raises.
        """
        owner = self._owner(collection)
        if owner is None:
            raise SchedulingRefused("attendee")
        stored = itip.read(found.ical, collection_zone(collection, self._tx.zone))
        mine = addresses.of(owner)
        if part(stored, mine) is not Part.ATTENDEE:
            raise SchedulingRefused("attendee")
        kept = itip_attendee.answered(stored, _as_written(stored, mine), answer.partstat, answer.instance)
        if kept is None:
            raise SchedulingRefused("attendee")
        text = contentlines.serialise(kept.root)
        written = self.put(collection, found.href, text, Wish(reply=answer.told, comment=answer.comment))
        if answer.proposed is not None:
            self._propose(stored, owner, answer, found.seq)
        return written

    def _propose(self, stored: Scheduled, owner: Principal, answer: Answer, base: int) -> None:
        assert answer.proposed is not None
        mine = _as_written(stored, addresses.of(owner))
        made = itip_attendee.counter(stored, mine, answer.instance, answer.proposed, (self._stamp(), answer.comment))
        if made is not None:
            self._deliveries.deliver(self._deliveries.addressed([made], owner), base, owner)

    def remove_message(self, person: Principal, href: str, expect: Expect) -> None:
        """Delete a message from a person's inbox; a proposal not taken is declined by that (RFC 5546, 3.2.8).

        Raises NotFound or PreconditionFailed.
        """
        found = self._tx.objects.many(self._tx.inbox.of(person), [href]).get(href)
        self._tx.inbox.remove(person, href, expect)
        if found is not None and b"COUNTER" in found.ical:
            self._deliveries.put_aside(person, contentlines.parse(found.ical))

    def delete_all(self, collection: Collection) -> None:
        """Delete the meetings of a calendar that is about to be deleted."""
        for entry in self._tx.objects.entries(collection):
            if entry.schedule_tag:
                self.delete(collection, entry.href)

    def _owner(self, collection: Collection) -> Principal | None:
        """Return whose meetings a calendar holds; None for calendars that never schedule."""
        if collection.kind not in policy.WRITABLE or collection.owner_id is None:
            return None
        return self._tx.principals.get(collection.owner_id)

    def _current(self, collection: Collection, href: str, wish: Wish) -> CalendarObject | None:
        """Return what is stored; raises PreconditionFailed when its Schedule-Tag is not the one expected."""
        self._tx.lock()
        try:
            found: CalendarObject | None = self._tx.objects.get(collection, href)
        except NotFound:
            found = None
        _check_tag(found, wish)
        return found

    def _replaced(self, collection: Collection, href: str, uid: str, wish: Wish) -> CalendarObject | None:
        """Return what a text of some UID replaces; raises what `_current` raises."""
        self._tx.lock()
        found = self._tx.objects.meant(collection, href, uid)
        _check_tag(found, wish)
        return found

    def _outcome(
        self, owner: Principal, collection: Collection, change: tuple[CalendarObject | None, bytes], wish: Wish
    ) -> _Outcome:
        """Return the text to store and what to tell; raises SchedulingRefused."""
        current, text = change
        mine, zone = addresses.of(owner), self._tx.zone
        old = itip.read(current.ical, zone) if current is not None and _mentions(current.ical) else None
        new = itip.read(text, zone)
        _check_shape(new)
        was, now = part(old, mine), part(new, mine)
        _check_sharee(collection, (old, was), (new, now), mine)
        _check_parts((old, was), (new, now))
        if now is not Part.NONE:
            self._check_unique(owner, collection, new.uid, current)
        match now:
            case Part.ORGANIZER:
                merge = wish.schedule_tag is not None
                return self._organized(owner, (old if was is now else None, new), text, merge=merge)
            case Part.ATTENDEE:
                old = old if was is now else None
                settled = self._attended(owner, (old, new), text, wish)
                if current is not None and old is not None and only_answered(old, new, _as_written(new, mine)):
                    return replace(settled, schedule_tag=current.schedule_tag)
                return settled
        return _Outcome(text, "", () if old is None else self._farewell(owner, old, reply=wish.reply))

    def _organized(
        self, owner: Principal, change: tuple[Scheduled | None, Scheduled], text: bytes, *, merge: bool
    ) -> _Outcome:
        old, new = change
        members = self._deliveries.members(owner)
        whole = itip_groups.expanded(old, new, members)
        _check_shape(whole)
        kept = itip_organizer.prepared(old, whole, merge=merge)
        told = itip_organizer.messages(old, kept, self._stamp(), itip_organizer.forced(new))
        if old is not None and not merge:
            kept, refused = itip_proposals.decided(old, kept, self._stamp())
            told = (*told, *refused)
        told = self._deliveries.addressed(told, owner)
        kept = itip_apply.told_of(kept, "ATTENDEE", self._deliveries.prospects(told, owner))
        return _settled(kept, new, text, told)

    def _attended(
        self, owner: Principal, change: tuple[Scheduled | None, Scheduled], text: bytes, wish: Wish
    ) -> _Outcome:
        (old, new), mine = change, addresses.of(owner)
        said = _as_written(new, mine)
        if old is not None and itip.agent(old.any.first("ORGANIZER")) == "SERVER":
            foreign = itip_attendee.foreign_change(old, new, said | _as_written(old, mine))
            if foreign is not None:
                raise SchedulingRefused("allowed-attendee-scheduling-object-change", foreign)
        answer = itip_attendee.reply(old, new, said, self._stamp(), wish.comment) if wish.reply else None
        told = self._deliveries.addressed([] if answer is None else [answer], owner)
        kept = itip_attendee.kept(old, new)
        kept = itip_apply.told_of(kept, "ORGANIZER", self._deliveries.prospects(told, owner))
        return _settled(kept, new, text, told)

    def _farewell(self, owner: Principal, old: Scheduled, *, reply: bool) -> tuple[Message, ...]:
        """Return what the end of an object tells."""
        mine = addresses.of(owner)
        match part(old, mine):
            case Part.ORGANIZER:
                made = itip_organizer.messages(old, None, self._stamp(), frozenset())
                return self._deliveries.addressed(made, owner)
            case Part.ATTENDEE if reply:
                answer = itip_attendee.declined(old, _as_written(old, mine), self._stamp())
                return self._deliveries.addressed([] if answer is None else [answer], owner)
        return ()

    def _stamp(self) -> str:
        return itip.instant(self._tx.now())

    def _check_unique(self, owner: Principal, collection: Collection, uid: str, current: CalendarObject | None) -> None:
        """Refuse a second object about the same meeting in another calendar of the owner (RFC 6638, 3.2.4.1)."""
        o = calendar_object.c
        query = (
            select(o.calendar_id, o.href)
            .join(calendar, (calendar.c.school_id == o.school_id) & (calendar.c.id == o.calendar_id))
            .where(o.school_id == self._tx.school_id, o.uid == uid, o.ended.is_(None), o.schedule_tag != "")
            .where(calendar.c.owner_id == owner.id, o.calendar_id != collection.id)
        )
        other = self._tx.connection.execute(query).first()
        if other is None or (current is not None and current.schedule_tag):
            return
        slugs = {each.id: each.slug for each in self._tx.collections.subscribed(owner)}
        raise SchedulingRefused("unique-scheduling-object-resource", uid, (slugs.get(other[0], ""), other[1]))

    def undelivered(self, sender: str, recipient: str, uid: str) -> None:
        """Note on the sender's copy that a message could not be mailed."""
        self._deliveries.undelivered(sender, recipient, uid)

    def receive(self, message: Message) -> tuple[Principal, ...]:
        """Act on a message from outside and return the people of this school who got it; see `Deliveries.receive`."""
        return self._deliveries.receive(message)


def _check_tag(found: CalendarObject | None, wish: Wish) -> None:
    if wish.schedule_tag is not None and (found is None or found.schedule_tag != wish.schedule_tag):
        raise PreconditionFailed(None if found is None else found.etag)


def _mentions(text: bytes) -> bool:
    """Tell whether a text may be about a meeting; property names are never folded so early in a line."""
    return b"ORGANIZER" in text or b"ORGANIZER" in text.upper()


def _check_shape(new: Scheduled) -> None:
    if len({itip.organizer(each) for each in new.parts.values()}) > 1:
        raise SchedulingRefused("same-organizer-in-all-components")
    most = max(len(each.all("ATTENDEE")) for each in new.parts.values())
    if most > MAX_ATTENDEES:
        raise SchedulingRefused("max-attendees-per-instance", str(MAX_ATTENDEES))


def _check_parts(before: tuple[Scheduled | None, Part], after: tuple[Scheduled, Part]) -> None:
    """Refuse to hand a meeting over, to take one over, and to leave one without declining."""
    (old, was), (new, now) = before, after
    if old is None or was is Part.NONE:
        return
    changed = itip.organizer(old.any) != itip.organizer(new.any)
    if was is Part.ORGANIZER and changed and itip.organizer(new.any) is not None and now is not Part.ORGANIZER:
        raise SchedulingRefused("allowed-organizer-scheduling-object-change", "ORGANIZER")
    client = itip.agent(old.any.first("ORGANIZER")) != "SERVER"
    if was is Part.ATTENDEE and now is not Part.ATTENDEE and not client:
        raise SchedulingRefused("allowed-attendee-scheduling-object-change", "ORGANIZER" if changed else "ATTENDEE")


def _may_schedule(collection: Collection) -> bool:
    return collection.owned or collection.rights.schedule


def _check_sharee(
    collection: Collection,
    before: tuple[Scheduled | None, Part],
    after: tuple[Scheduled, Part],
    mine: frozenset[str],
) -> None:
    """Refuse a sharee who would arrange meetings for others than the owner, or may not even for the owner."""
    if collection.owned:
        return
    (old, was), (new, now) = before, after
    by = itip.organizer(new.any)
    foreign = by is not None and addresses.resolved(by) not in mine and (old is None or itip.organizer(old.any) != by)
    if foreign or (not collection.rights.schedule and (was, now) != (Part.NONE, Part.NONE)):
        raise SchedulingRefused("allowed-organizer-scheduling-object-change", "ORGANIZER")


def _as_written(found: Scheduled, mine: Iterable[str]) -> frozenset[str]:
    """Return a person's addresses in the form in which an object writes them."""
    known = frozenset(mine)
    written = {who for each in found.parts.values() for who in itip.attendees(each)}
    return frozenset(who for who in written if addresses.resolved(who) in known) | known


def _settled(kept: Scheduled, new: Scheduled, text: bytes, told: tuple[Message, ...]) -> _Outcome:
    """Return the outcome, with the text as the client wrote it where nothing had to be added."""
    same = list(kept.parts.values()) == list(new.parts.values())
    final = text if same else contentlines.serialise(kept.root)
    return _Outcome(final, content_etag(final), told)
