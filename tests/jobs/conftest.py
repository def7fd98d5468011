"""What tests of automatic imports share: a school with its export, somebody who deposits, a server's settings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Event

import pytest

from importers.run import Options, import_file
from importers.sample import SampleSchool, next_export, write_xml
from server import config as configuration
from server import jobs
from server.config import Config
from storage.accesses import Access, NewAccess
from storage.imports import ImportRun
from storage.lessons import StoredLesson
from storage.model import Role, School
from storage.principals import NewPerson
from storage.store import Store
from tests.importers.conftest import sample, school

__all__ = ["desk", "sample", "school"]


@dataclass
class Desk:
    """A school with its files and its deposits."""

    store: Store
    school: School
    sample: SampleSchool
    config: Config
    access: Access

    def file(self, percent: float = 0.0, seed: int = 4) -> bytes:
        """Return the school's export, so much of it changed."""
        today = datetime.now(UTC).date()
        return write_xml(next_export(self.sample, percent, seed, today) if percent else self.sample, "2.0")

    def by_hand(self, content: bytes | None = None) -> None:
        """Import a file as a person does."""
        data = self.file() if content is None else content
        import_file(self.store, self.school, data, datetime.now(UTC), Options(force=True))

    def deposit(self, content: bytes, name: str = "export.xml") -> None:
        """Deposit a file."""
        with self.store.writing(self.school.id) as tx:
            tx.deposits.take(self.access, name, content)

    def work(self) -> None:
        """Let the server look once."""
        jobs.work(self.store, self.config, Event())

    def runs(self) -> list[ImportRun]:
        """Return the runs, newest first."""
        with self.store.reading(self.school.id) as tx:
            return list(tx.imports.history())

    def statuses(self) -> list[str]:
        """Return the statuses of the runs, newest first."""
        return [run.status for run in self.runs()]

    def lessons(self) -> dict[str, StoredLesson]:
        """Return the timetable."""
        with self.store.reading(self.school.id) as tx:
            return {lesson.uid: lesson for lesson in tx.lessons.stored()}


@pytest.fixture
def desk(store: Store, school: School, sample: SampleSchool) -> Desk:
    """A school without a timetable yet, whose head may deposit and wants to be told."""
    config = configuration.load(None, {"mail": {"host": "mail.example", "from": "cadran@ecole.example"}}, {})
    with store.writing(school.id) as tx:
        head = tx.principals.create(NewPerson("head", "Roc", "Line", Role.STAFF, email="line.roc@ecole.example"))
        access, _ = tx.accesses.add(NewAccess(head.id, "Roc", notify=True))
    return Desk(store, school, sample, config, access)
