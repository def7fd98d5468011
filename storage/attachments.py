"""Managed attachments (RFC 8607): files kept beside the events and tasks that refer to them.

A content is kept once in a school, whoever adds it. An attachment belongs to who added it, is read by everyone who
sees an object that refers to it, and is deleted some time after nothing refers to it any more.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import and_, bindparam, delete, exists, insert, not_, select, update

from storage import attachment_lines, attachment_readers, contentlines
from storage.attachment_lines import Label
from storage.errors import AttachmentRefused, InvalidObject, NotFound, QuotaExceeded
from storage.model import CalendarObject, Principal
from storage.schema import calendar, calendar_object
from storage.schema_attachments import attachment, attachment_content, attachment_use
from storage.usage import SCHOOL

if TYPE_CHECKING:
    from storage.transaction import Transaction

CHUNK: Final = 256 * 1024
# Longer than anything deleted can be restored.
GRACE_SECONDS: Final = 35 * 86_400

_a = attachment.c
_c = attachment_content.c
_u = attachment_use.c
_o = calendar_object.c
_ONE = select(_a.managed_id, _a.owner_id, _a.digest, _a.name, _a.media_type, _a.size, _a.created).where(
    _a.school_id == bindparam("school"), _a.managed_id == bindparam("managed_id")
)
_used = exists().where(_u.school_id == _a.school_id, _u.managed_id == _a.managed_id)


@dataclass(frozen=True, slots=True)
class Attachment:
    """One managed attachment; `digest` is the SHA-256 of its content, `created` epoch seconds."""

    managed_id: str
    owner_id: int
    digest: str
    name: str
    media_type: str
    size: int
    created: int


class Attachments:
    """Files of one school."""

    def __init__(self, tx: Transaction) -> None:
        """Share a transaction."""
        self._tx = tx
        self._admitted: set[str] = set()
        self._writer: Principal | None = None

    def act_for(self, writer: Principal) -> None:
        """Refuse texts that newly refer to what this person may not refer to."""
        self._writer = writer

    def get(self, managed_id: str) -> Attachment:
        """Return an attachment of the school, whoever may read it; raises NotFound."""
        row = self._tx.connection.execute(_ONE, {"school": self._tx.school_id, "managed_id": managed_id}).first()
        if row is None:
            raise NotFound("attachment", managed_id)
        return Attachment(*row)

    def readable(self, person: Principal, managed_id: str) -> Attachment:
        """Return an attachment that an object refers to as this person reads it; raises NotFound for any other."""
        found = self.get(managed_id)
        if not attachment_readers.may_read(self._tx, person, managed_id):
            raise NotFound("attachment", managed_id)
        return found

    def content(self, found: Attachment) -> bytes:
        """Return the octets of an attachment."""
        query = select(_c.content).where(_c.school_id == self._tx.school_id, _c.digest == found.digest)
        return b"".join(self._tx.connection.execute(query.order_by(_c.number)).scalars())

    def add(self, owner_id: int, content: bytes, label: Label) -> Attachment:
        """Keep a content for its owner under a new managed id; nothing refers to it yet.

        Raises AttachmentRefused(`max-attachment-size`), and QuotaExceeded when the school's files take too much room.
        """
        most = self._tx.limits.attachment_size
        if len(content) > most:
            raise AttachmentRefused("max-attachment-size", str(most))
        self._tx.lock()
        made = Attachment(
            managed_id=uuid.uuid4().hex,
            owner_id=owner_id,
            digest=hashlib.sha256(content).hexdigest(),
            name=label.name,
            media_type=label.media_type,
            size=len(content),
            created=self._tx.now(),
        )
        self._store(made.digest, content)
        row = {name: getattr(made, name) for name in Attachment.__dataclass_fields__}
        row |= {"school_id": self._tx.school_id, "unused_since": made.created}
        self._tx.connection.execute(insert(attachment), row)
        self._admitted.add(made.managed_id)
        return made

    def _store(self, digest: str, content: bytes) -> None:
        """Keep a content unless the school has it, in pieces that a database moves easily."""
        known = select(_c.number).where(_c.school_id == self._tx.school_id, _c.digest == digest).limit(1)
        if self._tx.connection.execute(known).first() is not None:
            return
        if self._tx.usage.of(SCHOOL) + len(content) > self._tx.limits.school:
            raise QuotaExceeded(self._tx.limits.school, whole_school=True)
        key: dict[str, Any] = {"school_id": self._tx.school_id, "digest": digest}
        pieces = [content[at : at + CHUNK] for at in range(0, len(content), CHUNK)] or [b""]
        rows = [key | {"number": number, "size": len(each), "content": each} for number, each in enumerate(pieces)]
        self._tx.connection.execute(insert(attachment_content), rows)
        self._tx.usage.grow(SCHOOL, len(content))

    def admit(self, person: Principal, text: bytes) -> frozenset[str]:
        """Return the managed ids of a text that a person may refer to, and let this transaction write them anywhere."""
        named = attachment_lines.ids(text)
        self._admitted |= {each for each in named - self._admitted if self._may_refer(person, each)}
        return named & self._admitted

    def _may_refer(self, person: Principal, managed_id: str) -> bool:
        """Tell whether a person sees an attachment or added it themselves (RFC 8607, 3.6)."""
        try:
            return self.get(managed_id).owner_id == person.id or bool(self.readable(person, managed_id))
        except NotFound:
            return False

    def carry(self, found: CalendarObject) -> None:
        """Let this transaction write elsewhere what an object refers to: it is copied or moved."""
        self._admitted |= self.uses(found)

    def uses(self, found: CalendarObject) -> frozenset[str]:
        """Return the managed ids by which an object gives access; a text may name others, which give none."""
        if not attachment_lines.ids(found.ical):
            return frozenset()
        query = select(_u.managed_id).where(_u.school_id == self._tx.school_id, _u.object_id == found.id)
        return frozenset(self._tx.connection.execute(query).scalars())

    def uses_in(self, calendar_id: int) -> dict[int, frozenset[str]]:
        """Return the managed ids by which the live objects of a calendar give access, by number of the object."""
        used = attachment_use.join(calendar_object, and_(_o.school_id == _u.school_id, _o.id == _u.object_id))
        query = (
            select(_u.object_id, _u.managed_id)
            .select_from(used)
            .where(_u.school_id == self._tx.school_id, _o.calendar_id == calendar_id, _o.ended.is_(None))
        )
        found: dict[int, frozenset[str]] = {}
        for number, managed_id in self._tx.connection.execute(query).all():
            found[number] = found.get(number, frozenset()) | {managed_id}
        return found

    def restored(self, text: bytes, owner: Principal, had: frozenset[str]) -> bytes:
        """Return a deleted text to store again: what it gave access to it gives again, if it is still there.

        Other managed attachments that its owner may not refer to are links like any other from then on.
        """
        named = attachment_lines.ids(text)
        self._admitted |= {each for each in named & had if self._exists(each)}
        known = self.admit(owner, text)
        if known == named:
            return text
        return contentlines.serialise(attachment_lines.unmanaged(contentlines.parse(text), known))

    def _exists(self, managed_id: str) -> bool:
        try:
            return bool(self.get(managed_id))
        except NotFound:
            return False

    def check(
        self, owner_id: int | None, text: bytes, current: CalendarObject | None
    ) -> tuple[frozenset[str], frozenset[str]]:
        """Return the managed ids that a text refers to newly, and those that an object no longer refers to.

        Raises InvalidObject: `max-attachments-per-resource`, or `valid-managed-id-parameter` for an id that is new to
        the text and not the writer's to refer to. Where nobody is named as the writer, as in an import from elsewhere,
        such an id is only a word in the text.
        """
        named = attachment_lines.ids(text)
        if len(named) > self._tx.limits.attachments:
            reason = f"more than {self._tx.limits.attachments} attachments"
            raise InvalidObject("max-attachments-per-resource", reason)
        used = frozenset() if current is None else self.uses(current)
        standing = frozenset() if current is None else attachment_lines.ids(current.ical)
        fresh = named - standing - self._admitted
        if fresh:
            self._judge(fresh, owner_id)
        referred = named & (used | self._admitted)
        # What this object refers to may be carried to others: invitations, a move.
        self._admitted |= referred | used
        return referred - used, used - named

    def _judge(self, fresh: frozenset[str], owner_id: int | None) -> None:
        """Admit what the writer, or else the calendar's owner, may refer to."""
        judged = self._writer
        if judged is None and owner_id is not None:
            judged = self._tx.principals.get(owner_id)
        for managed_id in sorted(fresh):
            if judged is not None and self._may_refer(judged, managed_id):
                self._admitted.add(managed_id)
            elif self._writer is not None:
                raise InvalidObject(
                    "valid-managed-id-parameter", f"there is no managed attachment {managed_id[:80]} here"
                )

    def refer(self, object_id: int, added: Iterable[str], gone: Iterable[str]) -> None:
        """Note what an object refers to from now on and what no longer; owners are charged for what is in use."""
        here = {"school_id": self._tx.school_id, "object_id": object_id}
        new, old = sorted(added), sorted(gone)
        if new:
            self._tx.connection.execute(insert(attachment_use), [here | {"managed_id": each} for each in new])
            these = and_(_a.managed_id.in_(new), _a.unused_since.is_not(None))
            self._charge(update(attachment).where(these).values(unused_since=None), 1)
        if old:
            mine = and_(_u.school_id == self._tx.school_id, _u.object_id == object_id, _u.managed_id.in_(old))
            self._tx.connection.execute(delete(attachment_use).where(mine))
            self._release(_a.managed_id.in_(old))

    def _release(self, these: Any) -> None:
        unused = and_(these, _a.unused_since.is_(None), not_(_used))
        self._charge(update(attachment).where(unused).values(unused_since=self._tx.now()), -1)

    def _charge(self, change: Any, sign: int) -> None:
        here = change.where(_a.school_id == self._tx.school_id).returning(_a.owner_id, _a.size)
        for owner_id, size in self._tx.connection.execute(here).all():
            self._tx.usage.grow(owner_id, sign * size)

    def forget_calendars(self, these: Any) -> None:
        """Let go of what the objects of some calendars refer to, before these end; `these` selects calendar ids."""
        here = _u.school_id == self._tx.school_id
        inside = select(_o.id).where(_o.school_id == self._tx.school_id, _o.calendar_id.in_(these))
        uses = and_(here, _u.object_id.in_(inside))
        named = sorted(set(self._tx.connection.execute(select(_u.managed_id).where(uses)).scalars()))
        if named:
            self._tx.connection.execute(delete(attachment_use).where(uses))
            for at in range(0, len(named), 500):
                self._release(_a.managed_id.in_(named[at : at + 500]))

    def forget_person(self, principal_id: int) -> None:
        """Delete what a person added, whoever refers to it, and let go of what their calendars refer to (privacy)."""
        owned = select(calendar.c.id).where(
            calendar.c.school_id == self._tx.school_id, calendar.c.owner_id == principal_id
        )
        self.forget_calendars(owned)
        self._delete(_a.owner_id == principal_id)
        self._tx.usage.forget(principal_id)

    def purge(self, before: int) -> int:
        """Delete what nothing has referred to since a moment, and return how many attachments that was."""
        self._tx.lock()
        return self._delete(and_(_a.unused_since < before, not_(_used)))

    def _delete(self, these: Any) -> int:
        """Delete attachments and the contents that no other has."""
        here = and_(_a.school_id == self._tx.school_id, these)
        connection = self._tx.connection
        if connection.execute(select(_a.managed_id).where(here).limit(1)).first() is None:
            return 0
        named = select(_a.managed_id).where(here)
        connection.execute(delete(attachment_use).where(_u.school_id == self._tx.school_id, _u.managed_id.in_(named)))
        gone = connection.execute(delete(attachment).where(here)).rowcount
        had = exists().where(_a.school_id == _c.school_id, _a.digest == _c.digest)
        connection.execute(delete(attachment_content).where(_c.school_id == self._tx.school_id, not_(had)))
        self._tx.usage.forget(SCHOOL)
        return gone
