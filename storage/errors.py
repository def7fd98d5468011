"""Errors of the storage core: each carries data, each protocol words it in its own terms."""

from __future__ import annotations

from typing import Literal

Precondition = Literal[
    "valid-calendar-data",
    "valid-calendar-object-resource",
    "supported-calendar-component",
    "supported-calendar-data",
    "max-resource-size",
    "max-instances",
    "max-attendees-per-instance",
    "min-date-time",
    "max-date-time",
    "valid-managed-id-parameter",
    "max-attachments-per-resource",
    "supported-rscale",
]


class CadranError(Exception):
    """Root of every error that a protocol must answer in its own terms."""


class NotFound(CadranError):
    """Nothing of this kind has this key, or the asker may not know of it."""

    def __init__(self, kind: str, key: object) -> None:
        """Keep what was looked for: `kind` such as "collection", `key` such as its slug."""
        super().__init__(kind, key)
        self.kind = kind
        self.key = key


class ReadOnly(CadranError):
    """The asker may read the collection and not change it."""

    def __init__(self, collection_id: int, privilege: str = "write") -> None:
        """Keep the collection and the missing privilege, an RFC 3744 name without its namespace."""
        super().__init__(collection_id, privilege)
        self.collection_id = collection_id
        self.privilege = privilege


class Forbidden(CadranError):
    """The asker may not do this at all, whatever the collection."""


class NameTaken(CadranError):
    """Another live thing of this owner has the name: a slug, a login or a school code."""

    def __init__(self, kind: str, name: str) -> None:
        """Keep the kind of thing and the name that is taken."""
        super().__init__(kind, name)
        self.kind = kind
        self.name = name


class UidConflict(CadranError):
    """Another object of the collection has the same UID (RFC 4791, 5.3.2.1: no-uid-conflict)."""

    def __init__(self, uid: str, href: str) -> None:
        """Keep the UID and the name of the object that holds it."""
        super().__init__(uid, href)
        self.uid = uid
        self.href = href


class PreconditionFailed(CadranError):
    """The object is not in the state the writer expected (RFC 9110, 13.1)."""

    def __init__(self, etag: str | None) -> None:
        """Keep the entity tag found, None when there is no object."""
        super().__init__(etag)
        self.etag = etag


class InvalidObject(CadranError):
    """The iCalendar text cannot be stored; names the RFC 4791 precondition it breaks."""

    def __init__(self, precondition: Precondition, reason: str, line: int | None = None) -> None:
        """Keep the precondition, a short English reason, and the 1-based line when there is one."""
        super().__init__(precondition, reason, line)
        self.precondition = precondition
        self.reason = reason
        self.line = line


class SchedulingRefused(CadranError):
    """A meeting cannot be written so; names the precondition of RFC 6638, 3.2.4 or RFC 4791, 5.2.9 it breaks."""

    def __init__(self, precondition: str, detail: str = "", place: tuple[str, str] | None = None) -> None:
        """Keep the precondition, the property or number concerned, and the slug and name of the object in the way."""
        super().__init__(precondition, detail, place)
        self.precondition = precondition
        self.detail = detail
        self.place = place


class AttachmentRefused(CadranError):
    """An attachment cannot be managed so; names the precondition of RFC 8607, 3.11 it breaks."""

    def __init__(self, precondition: str, detail: str = "") -> None:
        """Keep the precondition, without its namespace, and what was asked for."""
        super().__init__(precondition, detail)
        self.precondition = precondition
        self.detail = detail


class QuotaExceeded(CadranError):
    """A person, or the attachments of a whole school, would take more room than they may (RFC 4331, 6)."""

    def __init__(self, limit: int, *, whole_school: bool = False) -> None:
        """Keep the limit in bytes and whose it is."""
        super().__init__(limit, whole_school)
        self.limit = limit
        self.whole_school = whole_school


class TokenInvalid(CadranError):
    """The sync token is malformed, from the future, or another collection's."""


class TokenExpired(CadranError):
    """What the holder of this sync token would have to be told was purged."""


class WritingRequired(CadranError):
    """A reading transaction was asked to write: run the request again in a writing one."""


class Busy(CadranError):
    """Another writer held the database for too long: the same request may be sent again in a while."""


class StorageFull(CadranError):
    """The disk of the database is full: nothing was written, and nothing can be until somebody makes room."""


class LimitReached(CadranError):
    """The owner has as many of these as one person may have."""

    def __init__(self, kind: str, limit: int) -> None:
        """Keep the kind of thing and how many there may be."""
        super().__init__(kind, limit)
        self.kind = kind
        self.limit = limit


class Unreadable(Exception):
    """The database cannot be opened or is none; `reason` is the driver's own word for it.

    No protocol has an answer for this: it is for whoever starts the program.
    """

    def __init__(self, reason: str) -> None:
        """Keep the first line of what the driver says."""
        super().__init__(reason)
        self.reason = reason


class SchemaMissing(CadranError):
    """The database holds no Cadran tables: `cadran init` makes them."""


class SchemaOutdated(CadranError):
    """The database is older than the program: `cadran migrate` brings it up to date."""

    def __init__(self, found: str, known: str) -> None:
        """Keep the revision found and the newest revision known."""
        super().__init__(found, known)
        self.found = found
        self.known = known


class SchemaTooNew(CadranError):
    """The database was written by a newer program: refuse to touch it."""

    def __init__(self, found: str, known: str) -> None:
        """Keep the revision found and the newest revision known."""
        super().__init__(found, known)
        self.found = found
        self.known = known


class TooMuch(Exception):
    """More would have to be read than may be at a glance; no CadranError, for no protocol answers it."""
