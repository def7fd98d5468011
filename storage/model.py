"""Values of the storage core: frozen, without behaviour beyond their own text form.

Times are whole seconds since 1970-01-01 UTC (`int`); FOREVER and DAWN stand for open ends.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import Enum, StrEnum
from typing import Any, Final, NamedTuple

FOREVER: Final = 2**53
DAWN: Final = -(2**53)


class CalendarKind(StrEnum):
    """What a calendar or a collection is for."""

    DEFAULT = "default"
    SECONDARY = "secondary"
    TIMETABLE = "timetable"
    BOOKINGS = "bookings"
    TASKS = "tasks"
    LESSONS = "lessons"
    COURSE = "course"
    SCHOOL = "school"
    INBOX = "inbox"
    WEBCAL = "webcal"
    NOTIFICATIONS = "notifications"


class Role(StrEnum):
    """What a person is in the school; a reader is no person but a service that reads for migration and support."""

    ADMIN = "admin"
    STAFF = "staff"
    TEACHER = "teacher"
    PUPIL = "pupil"
    GUARDIAN = "guardian"
    READER = "reader"


class Source(StrEnum):
    """Where an account comes from; only fed accounts are reconciled (R80, R81)."""

    MANUAL = "manual"
    CSV = "csv"
    AAF = "aaf"
    SIECLE = "siecle"
    STS = "sts"


class ClientKind(StrEnum):
    """Kinds of client software, the rows of the policy table (R5 to R18)."""

    WEB = "web"
    DAV = "dav"
    EAS_IOS = "eas-ios"
    EAS_OTHER = "eas-other"
    OUTLOOK = "outlook"


@dataclass(frozen=True, slots=True)
class Client:
    """One kind of client; `family` is the EAS device family, "" elsewhere."""

    kind: ClientKind
    family: str = ""


class Visibility(StrEnum):
    """What a client may do with a collection of its user."""

    HIDDEN = "hidden"
    ONLINE = "online"
    OFFLINE = "offline"


class Access(StrEnum):
    """What an owner grants to whom a calendar is shared with, least first."""

    BUSY = "busy"
    READ = "read"
    WRITE = "write"


class Mask(Enum):
    """Of which objects of a collection a person sees no more than when they are."""

    NONE = "none"
    PRIVATE = "private"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Rights:
    """What a person may do: `write` covers objects, `properties` name and colour, `remove` the collection itself.

    `names` is for one's own name, colour and remark of another's calendar, `schedule` for meetings in its owner's name.
    """

    read: bool = True
    write: bool = False
    properties: bool = False
    remove: bool = False
    names: bool = False
    schedule: bool = False


class Admission(StrEnum):
    """As what somebody enters a home: its owner, a delegate who writes or reads, or the school's service reader."""

    OWNER = "owner"
    WRITE = "write"
    READ = "read"
    SERVICE = "service"

    @property
    def writes(self) -> bool:
        """Whether what the owner may change may be changed."""
        return self in {Admission.OWNER, Admission.WRITE}


@dataclass(frozen=True, slots=True)
class Settings:
    """Choices of a school that rules depend on; defaults are the product's (design, section 9).

    `eas_unknown_devices` is "allow", "quarantine" or "block"; `eas_devices` how many one person may have.
    `eas_password` is the least length of a phone's own password, 0 for none, `eas_lock_minutes` 0 for never;
    `eas_history` a filter type, 0 for all (MS-ASPROV 2.2.2.33).
    """

    dav_honours_switch: bool = False
    eas_shared_calendars: bool = False
    eas_others_allowed: bool = True
    eas_families: Mapping[str, bool] = field(default_factory=dict)
    eas_versions: Mapping[str, str] = field(default_factory=dict)
    include_class_parts: bool = False
    trash_days: int = 30
    service_readers: bool = False
    pupils_find_pupils: bool = False
    automatic_imports_per_day: int = 4
    import_files_days: int = 90
    import_reports_days: int = 90
    import_drafts_days: int = 30
    eas_timetable_as_invitations: bool = False
    eas_unknown_devices: str = "allow"
    eas_devices: int = 100
    eas_policy_required: bool = False
    eas_password: int = 0
    eas_lock_minutes: int = 0
    eas_history: int = 0
    notices_by_mail: bool = False


@dataclass(frozen=True, slots=True)
class School:
    """A tenant: `code` is its UAI, `zone` an IANA name."""

    id: int
    code: str
    name: str
    zone: str
    settings: Settings


@dataclass(frozen=True, slots=True)
class Principal:
    """A person of a school; `credential` changes whenever the password or the account's state does."""

    id: int
    school_id: int
    login: str
    name: str
    role: Role
    source: Source
    email: str = ""
    family: str = ""
    usual: str = ""
    given: str = ""
    birth: date | None = None
    active: bool = True
    credential: int = 0


@dataclass(frozen=True, slots=True)
class Collection:
    """What one person sees of one calendar or view: own slug, name, colour, rights and head.

    `owner` is the owner's login; `access` is what another's calendar is shared with the person for, `since` the number
    at which that began, and `mask` says what of it is hidden. `shared` says that others have it too. `viewer` is
    the sharee whose own alarms are shown with it, 0 where nobody has any but the owner. `created` are epoch seconds, 0
    where nobody knows.
    """

    id: int
    kind: CalendarKind
    owner_id: int | None
    slug: str
    name: str
    colour: str
    position: int
    description: str
    timezone: str
    components: tuple[str, ...]
    rights: Rights
    synchronised: bool
    owned: bool
    head: int
    transparent: bool = False
    owner: str = ""
    access: Access | None = None
    since: int = 0
    shared: bool = False
    mask: Mask = Mask.NONE
    viewer: int = 0
    created: int = 0


class Entry(NamedTuple):
    """One object in a listing, without its text; `item` is its identity for life, times are epoch seconds."""

    item: int
    href: str
    etag: str
    component: str
    size: int
    modified: int
    starts: int
    ends: int
    schedule_tag: str = ""
    private: bool = False
    created: int = 0


@dataclass(frozen=True, slots=True)
class CalendarObject:
    """One stored calendar object resource with its text as the client wrote it; `masked` when that is hidden."""

    id: int
    item: int
    calendar_id: int
    href: str
    uid: str
    component: str
    etag: str
    ical: bytes
    starts: int
    ends: int
    recurring: bool
    born: int
    seq: int
    modified: int
    schedule_tag: str = ""
    private: bool = False
    created: int = 0
    masked: bool = False


class Change(NamedTuple):
    """What happened to one object of a collection; `etag` is None when it is gone.

    `new` holds if and only if the object is new to a client at the token's base (EAS `Add`).
    """

    item: int
    href: str
    etag: str | None
    new: bool
    seq: int
    component: str
    size: int
    modified: int
    starts: int
    ends: int
    schedule_tag: str = ""
    private: bool = False
    created: int = 0


@dataclass(frozen=True, slots=True)
class SyncToken:
    """I hold everything of `collection` up to `base`; while paging the run ends at `top`, after (`seq`, `row`)."""

    collection: int
    base: int = 0
    top: int | None = None
    seq: int = 0
    row: int = 0


@dataclass(frozen=True, slots=True)
class ChangePage:
    """A page of changes, the token that follows it, and whether the run goes on."""

    changes: tuple[Change, ...]
    token: SyncToken
    more: bool


class Watch(NamedTuple):
    """Something a parked request waits for: a "collection", or a "home" (a person's list of them), and its id."""

    kind: str
    id: int


@dataclass(frozen=True, slots=True)
class Moved:
    """What moved in a school since a number; `head` is the number reached."""

    head: int
    watches: frozenset[Watch]


@dataclass(frozen=True, slots=True)
class Expect:
    """State a writer expects: `etags` (any of), `absent` for If-None-Match: *, `present` for If-Match: *."""

    etags: tuple[str, ...] = ()
    absent: bool = False
    present: bool = False


@dataclass(frozen=True, slots=True)
class Written:
    """Outcome of a put: the object as stored, whether it is new, whether anything changed."""

    object: CalendarObject
    created: bool
    changed: bool


@dataclass(frozen=True, slots=True)
class CollectionPatch:
    """Properties of a collection to set; None leaves one as it is."""

    name: str | None = None
    colour: str | None = None
    position: int | None = None
    description: str | None = None
    timezone: str | None = None
    synchronised: bool | None = None
    transparent: bool | None = None


@dataclass(frozen=True, slots=True)
class NewCalendar:
    """A calendar to create for its owner; `spelled` if it is at that spelling of the slug alone."""

    slug: str
    name: str
    colour: str = ""
    position: int = 0
    description: str = ""
    timezone: str = ""
    components: tuple[str, ...] = ("VEVENT", "VTODO")
    transparent: bool = False
    kind: CalendarKind = CalendarKind.SECONDARY
    spelled: bool = False


class Wipe(StrEnum):
    """What is asked of a device, and what it answered (MS-ASPROV 3.1.5.1.2)."""

    NONE = ""
    DEVICE = "device"
    ACCOUNT = "account"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Device:
    """One EAS device of one person; `policy_key` 0 = not provisioned.

    `quarantined` waits for an administrator; `policy` names the policy its key stands for, "" for one that asks
    nothing; `error` is the last refusal as "command status" with its moment.
    """

    principal_id: int
    device_id: str
    device_type: str
    user_agent: str = ""
    model: str = ""
    policy_key: int = 0
    pending_key: int = 0
    blocked: bool = False
    first_seen: int = 0
    last_seen: int = 0
    version: str = ""
    quarantined: bool = False
    wipe: Wipe = Wipe.NONE
    policy: str = ""
    error: str = ""
    error_at: int = 0


@dataclass(frozen=True, slots=True)
class StoredState:
    """One generation of a device's state for one scope, as plain JSON data."""

    generation: int
    data: Mapping[str, Any]
