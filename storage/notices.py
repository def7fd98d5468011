"""Notices to people about what others share with them, and about what became of what they share.

They are kept as objects of a collection of their own, one for each person, so that they have tokens and tags like
everything else; what they say is plain data, which protocols word.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from storage.boxes import Box
from storage.errors import NotFound
from storage.model import CalendarKind, CalendarObject, Collection, Expect, Principal

if TYPE_CHECKING:
    from storage.transaction import Transaction

SLUG: Final = "notifications"
# Whoever has not read a notice after three months will not.
KEPT_SECONDS: Final = 90 * 86_400
COMPONENT: Final = "NOTICE"
_BOX: Final = Box(CalendarKind.NOTIFICATIONS, SLUG, (COMPONENT,), KEPT_SECONDS)


@dataclass(frozen=True, slots=True)
class Notice:
    """What is told: `kind` "invite" or "reply", the invitation's `uid`, its status, and who shares what as whom.

    `sender` and `recipient` are (login, name), `calendar` the owner's slug of it; `at` is epoch seconds.
    """

    kind: str
    uid: str
    status: str
    access: str
    owner: tuple[str, str]
    sharee: tuple[str, str]
    calendar: str
    summary: str
    components: tuple[str, ...]
    at: int

    @property
    def href(self) -> str:
        """The name under which it is kept: of one invitation each person has one notice of a kind."""
        return f"{self.uid}.xml" if self.kind == "invite" else f"{self.uid}-{self.kind}.xml"

    @property
    def data(self) -> bytes:
        """What is stored."""
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True).encode()


def read(data: bytes) -> Notice:
    """Return a notice from what is stored."""
    fields: Mapping[str, Any] = json.loads(data)
    pairs = {name: tuple(fields[name]) for name in ("owner", "sharee", "components")}
    return Notice(**{**fields, **pairs})


class Notices:
    """The notices of one school; a person's collection is made when it is first needed."""

    def __init__(self, tx: Transaction) -> None:
        """Share a transaction."""
        self._tx = tx

    def of(self, person: Principal) -> Collection:
        """Return a person's collection; raises WritingRequired in a reading transaction when there is none yet."""
        return _BOX.of(self._tx, person)

    def all(self, person: Principal) -> tuple[tuple[CalendarObject, Notice], ...]:
        """Return a person's notices, oldest first."""
        box = self.of(person)
        names = [entry.href for entry in self._tx.objects.entries(box)]
        found = sorted(self._tx.objects.many(box, names).values(), key=lambda each: each.seq)
        return tuple((each, read(each.ical)) for each in found)

    def add(self, person: Principal, notice: Notice) -> None:
        """Tell a person something, in place of what the same invitation said before."""
        box = self.of(person)
        _BOX.forget(self._tx, box)
        self._tx.objects.keep(box.id, notice.href, COMPONENT, notice.data)

    def remove(self, person: Principal, href: str, expect: Expect | None = None) -> None:
        """Delete a notice that has been read; raises NotFound or PreconditionFailed."""
        _BOX.remove(self._tx, person, href, expect)

    def drop(self, person: Principal, href: str) -> None:
        """Delete a notice that says nothing any more, if it is there."""
        try:
            self.remove(person, href)
        except NotFound:
            return
