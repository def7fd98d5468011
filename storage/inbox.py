"""Schedule inboxes: the messages that a person's meetings brought, for clients that show them (RFC 6638, 2.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from storage import contentlines, ical, itip_apply
from storage.boxes import Box, stamp
from storage.errors import InvalidObject
from storage.identifiers import ordered_id
from storage.itip import Message
from storage.model import CalendarKind, Collection, Expect, Principal

if TYPE_CHECKING:
    from storage.transaction import Transaction

SLUG: Final = "inbox"
# Messages are acted on when they come; who has not read one after a month will not.
KEPT_SECONDS: Final = 30 * 86_400
_BOX: Final = Box(CalendarKind.INBOX, SLUG, ("VEVENT", "VTODO", "VJOURNAL"), KEPT_SECONDS)


class Inbox:
    """The inboxes of one school; one is made when it is first needed."""

    def __init__(self, tx: Transaction) -> None:
        """Share a transaction."""
        self._tx = tx

    def of(self, person: Principal) -> Collection:
        """Return a person's inbox; raises WritingRequired in a reading transaction when there is none yet."""
        return _BOX.of(self._tx, person)

    def drop(self, person: Principal, message: Message) -> None:
        """Put a message into a person's inbox and take out what is older than a month."""
        content = contentlines.serialise(itip_apply.bare(message))
        try:
            ical.inspect(content, self._tx.zone)
        except InvalidObject:
            # An answer need not say when what it answers takes place; such a message has no place in a calendar.
            return
        box = self.of(person)
        self._tx.objects.file(box.id, f"{ordered_id()}.ics", contentlines.serialise(message.calendar), content)
        _BOX.forget(self._tx, box)

    def touch(self, person: Principal) -> None:
        """Stamp a person's inbox: what it tells of the person has changed."""
        stamp(self._tx, self.of(person), self._tx.tick()[0])

    def remove(self, person: Principal, href: str, expect: Expect) -> None:
        """Delete a message that its recipient has read; raises NotFound or PreconditionFailed."""
        _BOX.remove(self._tx, person, href, expect)
