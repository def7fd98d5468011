"""Say for whom an item is written or read: version, zone, body wishes, family of the device."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, tzinfo

from protocols.eas.body import BodyPreference
from protocols.eas.codepages import Tag
from protocols.eas.times import instant


@dataclass(frozen=True, slots=True)
class ItemContext:
    """What the form of an item depends on.

    `version` is one of "12.1", "14.0", "14.1", "16.0" and "16.1"; `zone` is the user's, for all-day and floating times;
    `account_path` is the address under which a person without mail invites; `family` is "tbsync", "aosp", "ios" or
    "other"; `invitation` presents events as somebody else's meeting (reference/eas.md section 18); `incomplete_only`
    leaves finished tasks out.
    """

    version: str
    zone: tzinfo
    body: tuple[BodyPreference, ...] = ()
    account_email: str = ""
    account_path: str = ""
    family: str = "other"
    read_only: bool = False
    invitation: bool = False
    incomplete_only: bool = False

    @property
    def modern(self) -> bool:
        """Whether the device speaks 16.0 or later, where events have other forms (reference/eas.md section 3.5)."""
        return self.version >= "16"

    def instant(self, moment: date | datetime) -> datetime:
        """Give the instant by which a start or end is told: from 16.0 on whole days are dates without a zone."""
        whole_day = not isinstance(moment, datetime)
        return instant(moment, UTC if whole_day and self.modern else self.zone)


@dataclass(frozen=True, slots=True)
class EditContext:
    """How a client's Change is to be read.

    `supported` is the content of the collection's Supported element, None when the device sent none; `now` dates the
    edit (aware).
    """

    supported: frozenset[Tag] | None = None
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
