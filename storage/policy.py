"""Pure rules: who sees what through which client, who may change it, when to warn (R1 to R19, design section 7)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from storage.model import (
    Access,
    Admission,
    CalendarKind,
    Client,
    ClientKind,
    Collection,
    Mask,
    Rights,
    Role,
    Settings,
    Visibility,
)

SIZE_WARNING_ABOVE: Final = 9000

OWN_KINDS: Final = frozenset(
    {
        CalendarKind.DEFAULT,
        CalendarKind.SECONDARY,
        CalendarKind.TIMETABLE,
        CalendarKind.BOOKINGS,
        CalendarKind.TASKS,
    }
)
WRITABLE: Final = frozenset({CalendarKind.DEFAULT, CalendarKind.SECONDARY, CalendarKind.TASKS})
# Names in every home that no calendar can have: what invites, what asks, what was deleted.
RESERVED_SLUGS: Final = frozenset({"inbox", "outbox", "notifications", "trash"})
_EAS: Final = frozenset({ClientKind.EAS_IOS, ClientKind.EAS_OTHER})

READ_ONLY: Final = Rights()


def rights(kind: CalendarKind, *, owned: bool) -> Rights:
    """Return what a person may do: imported calendars and views are read-only (R206).

    A subscription to a calendar elsewhere is its owner's to name and remove; what it shows is not kept here.
    """
    if owned and kind is CalendarKind.WEBCAL:
        return Rights(properties=True, remove=True)
    if not owned or kind not in WRITABLE:
        return READ_ONLY
    return Rights(write=True, properties=True, remove=kind is CalendarKind.SECONDARY)


def shareable(collection: Collection) -> bool:
    """Tell whether a person may share what they see: their own calendars, those they only read included."""
    return collection.owned and collection.kind in OWN_KINDS


def linkable(collection: Collection, role: Role) -> bool:
    """Tell whether a secret link may show strangers what a person sees: never what others share with the person.

    One's own calendars, the timetable included; courses and the whole school's timetable for those who work there.
    """
    if collection.owner_id is None:
        return collection.kind in {CalendarKind.COURSE, CalendarKind.SCHOOL} and role in _STAFF
    return shareable(collection)


def grantable(kind: CalendarKind, access: Access) -> Access:
    """Return the access that a calendar can be shared with: what nobody writes is read."""
    return Access.READ if access is Access.WRITE and kind not in WRITABLE else access


def shared_rights(kind: CalendarKind, access: Access, role: Role) -> Rights:
    """Return what a person may do with another's calendar; those whose mail stays inside arrange no meetings there."""
    write = access is Access.WRITE and kind in WRITABLE
    return Rights(write=write, names=True, schedule=write and may_mail_out(role))


def mask(*, owned: bool, access: Access | None) -> Mask:
    """Return what is hidden from a person: private events are their owner's alone, and some see only busy times."""
    if owned:
        return Mask.NONE
    return Mask.ALL if access is Access.BUSY else Mask.PRIVATE


def hides(mask: Mask, *, private: bool) -> bool:
    """Tell whether an object is hidden by a mask."""
    return mask is Mask.ALL or (private and mask is Mask.PRIVATE)


def greatest_access(granted: Iterable[Access]) -> Access | None:
    """Return the most that several shares of one calendar grant together; None without any."""
    return max(granted, key=tuple(Access).index, default=None)


def family_allowed(client: Client, settings: Settings) -> bool:
    """Tell whether the administrator opens all own calendars to this device family (R10, R13)."""
    if client.kind is ClientKind.EAS_IOS:
        return True
    return settings.eas_families.get(client.family, settings.eas_others_allowed)


def visibility(client: Client, settings: Settings, *, synchronised: bool, owned: bool, default: bool) -> Visibility:
    """Return what one kind of client may do with one collection of its user (R5 to R18)."""
    if client.kind is ClientKind.WEB:
        return Visibility.OFFLINE if synchronised else Visibility.ONLINE
    if client.kind is ClientKind.DAV and not settings.dav_honours_switch:
        return Visibility.OFFLINE
    if client.kind in _EAS:
        if not owned and not settings.eas_shared_calendars:
            return Visibility.HIDDEN
        if not default and not family_allowed(client, settings):
            return Visibility.HIDDEN
    return Visibility.OFFLINE if synchronised else Visibility.HIDDEN


def size_warning(count: int) -> bool:
    """Tell whether a collection is large enough to make synchronisation suffer: strictly above 9000 (R19)."""
    return count > SIZE_WARNING_ABOVE


_STAFF: Final = frozenset({Role.ADMIN, Role.STAFF, Role.TEACHER})


def works_there(role: Role) -> bool:
    """Tell whether a person works in the school: the teams of classes are theirs, whatever a timetable still says."""
    return role in _STAFF


def may_see_busy(asker: Role) -> bool:
    """Tell whether a person may ask when others of the school are busy; pupils and guardians may not."""
    return asker in _STAFF


def may_mail_out(role: Role) -> bool:
    """Tell whether what a person schedules is mailed to addresses outside the school; not so for minors' accounts."""
    return role in _STAFF


def knows(asker: Role, other: Role, *, pupils_find_pupils: bool = False) -> bool:
    """Tell whether a person may find another in the school's directory.

    Those who work there find everyone; pupils and guardians find those who work there, and never each other, unless the
    school's setting lets pupils find pupils.
    """
    return knows_everyone(asker) or other in _STAFF or (pupils_find_pupils and asker is other is Role.PUPIL)


def knows_everyone(asker: Role) -> bool:
    """Tell whether a person finds everyone of the school: those who work there do."""
    return asker in _STAFF


def writes(role: Role) -> bool:
    """Tell whether a person writes anything at all: a service reader never does, not even in its own home."""
    return role is not Role.READER


def reads_all_homes(role: Role, settings: Settings) -> bool:
    """Tell whether an account may read every home of its school: a reader, while the school lets readers in."""
    return role is Role.READER and settings.service_readers


def chooses_delegates(role: Role) -> bool:
    """Tell whether a person names their own delegates; for pupils and guardians the administrator does."""
    return role in _STAFF


def may_be_delegate(owner: Role, delegate: Role, access: Admission) -> bool:
    """Tell whether a person may stand in for another in their calendars.

    Those who work in the school stand in for one another and, where the administrator says so, for pupils; a guardian
    may be let read a pupil's calendars. Nobody stands in for a guardian, and pupils for nobody.
    """
    if delegate in _STAFF:
        return owner in _STAFF or owner is Role.PUPIL
    return delegate is Role.GUARDIAN and owner is Role.PUPIL and access is Admission.READ


def as_seen(collection: Collection, access: Admission, since: int = 0) -> Collection:
    """Return a collection of somebody's home as one sees it who entered that home so.

    To delegates who only read, private events are busy times; the service reader sees what the owner does.
    `since` is the number at which the access was given, before which nothing of the owner's was seen so.
    """
    if since and collection.owned:
        collection = replace(collection, since=since)
    if access.writes:
        return collection
    hides = access is Admission.READ and collection.mask is Mask.NONE
    return replace(collection, rights=READ_ONLY, mask=Mask.PRIVATE if hides else collection.mask)


def may_share_with_groups(role: Role) -> bool:
    """Tell whether a person may share calendars with whole groups, of which pupils are members."""
    return role in _STAFF


def may_list_members(asker: Role) -> bool:
    """Tell whether a person may read who is in a group; pupils and guardians may not, for pupils are."""
    return asker in _STAFF


def subscribes_to_school(role: Role) -> bool:
    """Tell whether a person gets the whole-school timetable without asking."""
    return role in {Role.ADMIN, Role.STAFF}


@dataclass(frozen=True, slots=True)
class EasFolder:
    """One folder of a phone: `default` takes the type that exists once; `empty` is shown without its content."""

    collection: Collection
    default: bool
    empty: bool = False


def holds_tasks(collection: Collection) -> bool:
    """Tell whether a phone is shown a collection as a list of tasks; what holds events too is a calendar to it."""
    return collection.kind is CalendarKind.TASKS or (
        "VTODO" in collection.components and "VEVENT" not in collection.components
    )


def eas_folders(seen: Sequence[Collection], fallback: Collection) -> tuple[EasFolder, ...]:
    """Return a phone's folders for the collections it may see.

    Exactly one calendar is the default one: the person's own default, else the first visible own calendar; when none
    is visible the person's default is shown empty, because clients require one (design, section 7). At most one list of
    tasks is the default one, the person's own.
    """
    tasks = [each for each in seen if holds_tasks(each)]
    calendars = [each for each in seen if not holds_tasks(each)]
    own = next((each for each in tasks if each.kind is CalendarKind.TASKS and each.owned), None)
    first = next((each for each in calendars if each.kind is CalendarKind.DEFAULT), None)
    first = first or next((each for each in calendars if each.owned), None)
    folders = [EasFolder(first or fallback, default=True, empty=first is None)]
    folders += [EasFolder(each, default=False) for each in calendars if first is None or each.id != first.id]
    folders += [EasFolder(each, default=each is own) for each in tasks]
    return tuple(folders)
