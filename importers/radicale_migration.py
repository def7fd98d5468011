"""A Radicale storage folder into calendars of ours: one transaction per user, and a second run that changes nothing.

Names, colours and descriptions are taken when a calendar is made, and are the person's own from then on. An item that
is already there is written again only if its file is younger than what is stored. Nothing is ever deleted.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from importers import radicale_tree
from importers.radicale_report import FolderReport, Report, Skip, UserReport
from importers.radicale_tree import Folder, Item, User
from storage import contentlines, spelling
from storage.directory import fold_login
from storage.errors import InvalidObject, NotFound, ReadOnly, UidConflict
from storage.model import CalendarKind, Client, ClientKind, Collection, NewCalendar, Principal, Role, School
from storage.principals import BUILT_IN, NewPerson
from storage.store import Store
from storage.transaction import Transaction

EVERYTHING: Final = Client(ClientKind.WEB)
KINDS: Final = ("VEVENT", "VTODO")
JOURNAL: Final = "VJOURNAL"
NAME_LENGTH: Final = 255
DESCRIPTION_LENGTH: Final = 10_000
SLUG_LENGTH: Final = 128

_LOGIN: Final = re.compile(r"[\w.@'+-]{1,100}")
_COLOUR: Final = re.compile(r"#[0-9A-Fa-f]{6}(?:[0-9A-Fa-f]{2})?")
_CONTROL: Final = re.compile("[\x00-\x1f\x7f]")
_BUILT_IN_SLUGS: Final = frozenset(each.slug for each in BUILT_IN) | {"etablissement"}
_LEFT_OUT: Final = {"VADDRESSBOOK": "addressbook", "VSUBSCRIBED": "subscription", "": "no-type"}

Progress = Callable[[str, int, int], None]


def _silent(_stage: str, _done: int, _total: int) -> None:
    """Report progress to nobody."""


@dataclass(frozen=True, slots=True)
class Options:
    """How to run; `create_users` is the role of accounts to make for unknown users, None to make none.

    `first_into_default` puts each person's first calendar into the default calendar and the task list that everyone
    has. `actor` is who acts, for the audit trail.
    """

    actor: str
    dry_run: bool = False
    create_users: Role | None = None
    first_into_default: bool = False
    progress: Progress = _silent


class _DryRun(Exception):
    """Everything was tried, and nothing is kept."""


def migrate(store: Store, school: School, place: Path, options: Options) -> Report:
    """Import every user's calendars; raises ImportRefused when the folder is not Radicale's."""
    users = radicale_tree.read(place)
    total = sum(len(folder.files) for user in users for folder in user.folders)
    done = 0
    seen: set[str] = set()
    reports: list[UserReport] = []
    for user in users:

        def step(count: int, before: int = done) -> None:
            options.progress("items", before + count, total)

        with _transaction(store, school, options) as tx:
            reports.append(_Migration(store, tx, options, step).user(user, seen))
        seen.add(reports[-1].login)
        done += sum(len(folder.files) for folder in user.folders)
        options.progress("items", done, total)
    return Report(tuple(reports), options.dry_run)


@contextmanager
def _transaction(store: Store, school: School, options: Options) -> Iterator[Transaction]:
    with suppress(_DryRun), store.writing(school.id) as tx:
        yield tx
        if options.dry_run:
            raise _DryRun


@dataclass
class _Tally:
    """What is counted while a collection is written."""

    counts: Counter[str] = field(default_factory=Counter)
    skips: list[Skip] = field(default_factory=list)

    def skip(self, name: str, reason: str, detail: str = "") -> None:
        self.skips.append(Skip(name, reason, detail))


@dataclass(frozen=True)
class _Target:
    """Where the objects of a collection go, by kind."""

    calendars: Mapping[str, Collection]
    created: bool = False

    @property
    def slugs(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(each.slug for each in self.calendars.values()))


class _Migration:
    """The migration of one user in one transaction."""

    def __init__(self, store: Store, tx: Transaction, options: Options, step: Callable[[int], None]) -> None:
        self._store = store
        self._tx = tx
        self._options = options
        self._step = step
        self._read = 0
        self._first = options.first_into_default

    def user(self, user: User, seen: AbstractSet[str]) -> UserReport:
        """Import the calendars of one user, if the person is known or to be created and was not `seen` before."""
        state, person = self._person(user.name)
        if person is not None and person.login in seen:
            state, person = "double", None
        if person is None:
            left = tuple(FolderReport(each.name, _shown(each)) for each in user.folders)
            return UserReport(user.name, state, "", left)
        folders = tuple(self._folder(person, folder) for folder in user.folders)
        report = UserReport(user.name, state, person.login, folders)
        if Report((report,)).changed:
            counts = {name: number for name, number in Report((report,)).counts.items() if number}
            self._tx.audit.record(self._options.actor, "radicale-imported", person.login, **counts)
        return report

    def _person(self, name: str) -> tuple[str, Principal | None]:
        """Return what is known of a user: by login, else by what stands before the @."""
        for login in dict.fromkeys((name, name.rpartition("@")[0] or name)):
            with suppress(NotFound):
                return "found", self._tx.principals.by_login(login)
        if not _LOGIN.fullmatch(fold_login(name)):
            return "bad-login", None
        if self._store.directory.account(name) is not None:
            return "taken", None
        if self._options.create_users is None:
            return "unknown", None
        email = name if "@" in name else ""
        return "created", self._tx.principals.create(NewPerson(name, name, "", self._options.create_users, email=email))

    def _folder(self, person: Principal, folder: Folder) -> FolderReport:
        reason = folder.problem or (
            "" if folder.tag == radicale_tree.CALENDAR else _LEFT_OUT.get(folder.tag, "no-type")
        )
        if reason:
            self._advance(len(folder.files))
            return FolderReport(folder.name, _shown(folder), skips=(Skip("", reason, str(len(folder.files))),))
        items = list(radicale_tree.items(folder))
        tally = _Tally()
        target = self._target(person, folder, items, tally)
        if target is None:
            self._advance(len(folder.files))
            return FolderReport(folder.name, _shown(folder), skips=(Skip("", "journal", str(len(folder.files))),))
        for item in items:
            self._item(target, item, tally)
            self._advance(1)
        numbers = {name: tally.counts[name] for name in ("imported", "updated", "unchanged")}
        return FolderReport(
            folder.name, _shown(folder), target.slugs, target.created, skips=tuple(tally.skips), **numbers
        )

    def _advance(self, count: int) -> None:
        self._read += count
        self._step(self._read)

    def _target(self, person: Principal, folder: Folder, items: list[Item], tally: _Tally) -> _Target | None:
        """Return where a collection goes; None for one that is made for journals only and holds nothing else."""
        present = frozenset().union(*(item.kinds for item in items)) if items else frozenset()
        kinds = tuple(kind for kind in KINDS if kind in present or kind in (folder.components or KINDS))
        if not kinds:
            return None
        if self._first:
            self._first = False
            return self._default(person)
        slug = _slug(folder)
        with suppress(NotFound):
            found = self._tx.collections.by_slug(person, slug, EVERYTHING)
            return _Target(dict.fromkeys(KINDS, found))
        made = self._tx.collections.create(person, _described(slug, folder, kinds, tally))
        return _Target(dict.fromkeys(KINDS, made), created=True)

    def _default(self, person: Principal) -> _Target:
        owned = {each.kind: each for each in self._tx.collections.subscribed(person) if each.owned}
        return _Target({"VEVENT": owned[CalendarKind.DEFAULT], "VTODO": owned[CalendarKind.TASKS]})

    def _item(self, target: _Target, item: Item, tally: _Tally) -> None:
        """Write one object, or note why not; its text is kept byte for byte."""
        problem = item.problem or ("journal" if JOURNAL in item.kinds else "")
        if problem:
            tally.skip(item.name, problem)
            return
        collection = target.calendars["VTODO" if "VTODO" in item.kinds else "VEVENT"]
        name = spelling.of_text(item.name)
        found = self._tx.objects.find(collection, [name]).get(name)
        if found is not None and found.ical != item.text and item.modified < found.modified:
            tally.skip(item.name, "newer-here")
            return
        try:
            tally.counts[self._put(collection, item)] += 1
        except InvalidObject as error:
            kind = error.precondition == "supported-calendar-component"
            tally.skip(item.name, "kind" if kind else "invalid", error.reason)
        except UidConflict as error:
            tally.skip(item.name, "uid-conflict", error.href)
        except ReadOnly:
            tally.skip(item.name, "read-only", collection.slug)

    def _put(self, collection: Collection, item: Item) -> str:
        name = spelling.of_text(item.name)
        if len(item.name) > NAME_LENGTH or len(name) > spelling.LONGEST or _CONTROL.search(item.name):
            raise InvalidObject("valid-calendar-data", "its name cannot be part of an address")
        written = self._tx.objects.put(collection, name, item.text)
        return "imported" if written.created else "updated" if written.changed else "unchanged"


def _shown(folder: Folder) -> str:
    return folder.properties.get("D:displayname", "").strip()[:NAME_LENGTH] or folder.name


def _slug(folder: Folder) -> str:
    """Return the last part of a calendar's address: the folder's name, unless it is one that everybody has."""
    name = spelling.cut(spelling.of_text(_CONTROL.sub("", folder.name)), SLUG_LENGTH - len("-radicale"))
    return f"{name}-radicale" if name.casefold() in _BUILT_IN_SLUGS else name


def _described(slug: str, folder: Folder, kinds: tuple[str, ...], tally: _Tally) -> NewCalendar:
    """Return the calendar to make; a property that cannot be kept is noted and left out."""
    properties = folder.properties
    fields: dict[str, Any] = {}
    colour = properties.get("ICAL:calendar-color", "").strip()
    if _COLOUR.fullmatch(colour):
        fields["colour"] = colour
    elif colour:
        tally.skip("", "property", f"calendar-color {colour[:40]}")
    order = properties.get("ICAL:calendar-order", "").strip()
    if re.fullmatch(r"\d{1,9}", order):
        fields["position"] = int(order)
    elif order:
        tally.skip("", "property", f"calendar-order {order[:40]}")
    zone = properties.get("C:calendar-timezone", "")
    if _is_zone(zone):
        fields["timezone"] = zone
    elif zone:
        tally.skip("", "property", "calendar-timezone")
    fields["description"] = properties.get("C:calendar-description", "")[:DESCRIPTION_LENGTH]
    return NewCalendar(slug, _shown(folder), components=kinds, **fields)


def _is_zone(text: str) -> bool:
    """Whether a text is an iCalendar object with exactly one VTIMEZONE (RFC 4791, 5.2.2)."""
    try:
        return len(contentlines.parse(text.encode()).children("VTIMEZONE")) == 1
    except InvalidObject:
        return False
