"""One transaction on one school, and the parts of the storage core that share it."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import cached_property
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, bindparam, select, update

from storage import schema
from storage.accesses import Accesses
from storage.address_book import AddressBook
from storage.attachments import Attachments
from storage.audit import Audit
from storage.changes import Changes
from storage.collections import Collections
from storage.course_archive import CourseArchive
from storage.dead_properties import DeadProperties
from storage.decisions import Decisions
from storage.delegations import Delegations
from storage.deposit_folder import DepositFolder
from storage.deposits import Deposits
from storage.devices import Devices
from storage.directory import read_school, write_settings
from storage.errors import WritingRequired
from storage.groups import Groups
from storage.import_choices import ImportChoices
from storage.import_drafts import ImportDrafts
from storage.import_files import ImportFiles
from storage.imports import Imports
from storage.inbox import Inbox
from storage.lessons import Lessons
from storage.limits import DEFAULT, Limits
from storage.links import Links
from storage.model import School, Settings
from storage.notices import Notices
from storage.objects import Objects
from storage.origins import Origins
from storage.outbox import Outbox
from storage.overlays import Overlays
from storage.people_feeds import PeopleFeeds
from storage.person_settings import PersonSettings
from storage.personal import Personal
from storage.preferences import Preferences
from storage.principals import Principals
from storage.push import Push
from storage.refusals import Refusals
from storage.scheduling import Scheduling
from storage.sharing import Sharing
from storage.trash import Trash
from storage.usage import Usage

_RESERVE = (
    update(schema.clock)
    .where(schema.clock.c.school_id == bindparam("school"))
    .values(seq=schema.clock.c.seq + bindparam("count"))
    .returning(schema.clock.c.seq)
)
_LOCK = select(schema.clock.c.seq).where(schema.clock.c.school_id == bindparam("school")).with_for_update()


class Transaction:
    """What one request sees and does in one school; parts are made when first asked for."""

    def __init__(self, connection: Connection, school_id: int, *, writing: bool, limits: Limits = DEFAULT) -> None:
        """Bind an open connection, already in a transaction, to a school."""
        self.connection = connection
        self.school_id = school_id
        self.writable = writing
        self.limits = limits
        # Octets of one text that may be read, 0 for any (see Store.glancing).
        self.longest = 0
        self._locked = False

    def require_writing(self) -> None:
        """Raise WritingRequired in a reading transaction."""
        if not self.writable:
            raise WritingRequired

    def lock(self) -> None:
        """Take the school's turn to write, so that what is read next is still true at commit.

        SQLite's writer holds the whole file already and ignores FOR UPDATE.
        """
        self.require_writing()
        if not self._locked:
            self.connection.execute(_LOCK, {"school": self.school_id})
            self._locked = True

    def tick(self, count: int = 1) -> range:
        """Reserve the next numbers of the school's clock; they are held until commit.

        Commit order is number order because the clock row stays locked (design, section 3, invariant 1).
        """
        self.lock()
        top = self.connection.execute(_RESERVE, {"school": self.school_id, "count": count}).scalar_one()
        return range(top - count + 1, top + 1)

    def settle(self) -> None:
        """Write what is written once, whatever the transaction did: called before it commits."""
        if "sharing" in self.__dict__:
            self.sharing.sharees.settle_due()
        if "usage" in self.__dict__:
            self.usage.settle()

    def now(self) -> int:
        """Return the time in epoch seconds."""
        return int(time.time())

    def know(self, school: School) -> None:
        """Keep the school, read by another question of this transaction."""
        self.__dict__["school"] = school

    def configure(self, settings: Settings) -> None:
        """Store the school's settings; whoever waits asks again, for what they see may be another."""
        self.lock()
        write_settings(self.connection, self.school_id, settings)
        self.know(replace(self.school, settings=settings))
        self.collections.nudge()

    @cached_property
    def school(self) -> School:
        """The school of this transaction."""
        return read_school(self.connection, self.school_id)

    @cached_property
    def zone(self) -> ZoneInfo:
        """The school's time zone."""
        return ZoneInfo(self.school.zone)

    @cached_property
    def changes(self) -> Changes:
        """What moved, and since when."""
        return Changes(self)

    @cached_property
    def collections(self) -> Collections:
        """What a person sees."""
        return Collections(self)

    @cached_property
    def objects(self) -> Objects:
        """Calendar object resources."""
        return Objects(self)

    @cached_property
    def principals(self) -> Principals:
        """People of the school."""
        return Principals(self)

    @cached_property
    def address_book(self) -> AddressBook:
        """People as somebody may know them."""
        return AddressBook(self)

    @cached_property
    def person_settings(self) -> PersonSettings:
        """What people have set for themselves."""
        return PersonSettings(self)

    @cached_property
    def devices(self) -> Devices:
        """Phones and their states."""
        return Devices(self)

    @cached_property
    def overlays(self) -> Overlays:
        """Reminders that people have put on what they may not write."""
        return Overlays(self)

    @cached_property
    def refusals(self) -> Refusals:
        """What was not taken from people's phones."""
        return Refusals(self)

    @cached_property
    def imports(self) -> Imports:
        """Import runs and their reports."""
        return Imports(self)

    @cached_property
    def import_files(self) -> ImportFiles:
        """Files handed over for import."""
        return ImportFiles(self)

    @cached_property
    def import_choices(self) -> ImportChoices:
        """What the school decided about its imports."""
        return ImportChoices(self)

    @cached_property
    def accesses(self) -> Accesses:
        """Who may deposit timetable files."""
        return Accesses(self)

    @cached_property
    def deposits(self) -> Deposits:
        """Timetable files that were deposited."""
        return Deposits(self)

    @cached_property
    def deposit_folder(self) -> DepositFolder:
        """What depositors see below their addresses."""
        return DepositFolder(self)

    @cached_property
    def import_drafts(self) -> ImportDrafts:
        """Manual imports that were begun."""
        return ImportDrafts(self)

    @cached_property
    def people_feeds(self) -> PeopleFeeds:
        """What feeds told of people."""
        return PeopleFeeds(self)

    @cached_property
    def decisions(self) -> Decisions:
        """Who is who, as decided by hand."""
        return Decisions(self)

    @cached_property
    def course_archive(self) -> CourseArchive:
        """Courses of past years."""
        return CourseArchive(self)

    @cached_property
    def lessons(self) -> Lessons:
        """The imported timetable: lesson calendars, courses, memberships."""
        return Lessons(self)

    @cached_property
    def scheduling(self) -> Scheduling:
        """Meetings: what writing one tells others."""
        return Scheduling(self)

    @cached_property
    def inbox(self) -> Inbox:
        """Scheduling messages that people received."""
        return Inbox(self)

    @cached_property
    def outbox(self) -> Outbox:
        """Messages that wait to be mailed."""
        return Outbox(self)

    @cached_property
    def dead_properties(self) -> DeadProperties:
        """What clients keep with calendars and objects."""
        return DeadProperties(self)

    @cached_property
    def personal(self) -> Personal:
        """What sharees keep of shared objects for themselves."""
        return Personal(self)

    @cached_property
    def push(self) -> Push:
        """Who is to be told of what through push services."""
        return Push(self)

    @cached_property
    def trash(self) -> Trash:
        """What people deleted and may want back."""
        return Trash(self)

    @cached_property
    def links(self) -> Links:
        """Secret links to collections."""
        return Links(self)

    @cached_property
    def preferences(self) -> Preferences:
        """What people say about being invited."""
        return Preferences(self)

    @cached_property
    def origins(self) -> Origins:
        """What a resource is, whatever its address."""
        return Origins(self)

    @cached_property
    def delegations(self) -> Delegations:
        """Who enters whose home."""
        return Delegations(self)

    @cached_property
    def attachments(self) -> Attachments:
        """Files that events and tasks refer to."""
        return Attachments(self)

    @cached_property
    def usage(self) -> Usage:
        """How much people keep."""
        return Usage(self)

    @cached_property
    def groups(self) -> Groups:
        """Classes, teams, courses and roles, with their members."""
        return Groups(self)

    @cached_property
    def sharing(self) -> Sharing:
        """What people share with others."""
        return Sharing(self)

    @cached_property
    def notices(self) -> Notices:
        """What people are told about sharing."""
        return Notices(self)

    @cached_property
    def audit(self) -> Audit:
        """Who changed whose access, and when."""
        return Audit(self)
