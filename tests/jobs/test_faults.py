"""The process of an import is killed at every stage and anywhere between: the timetable is the old or the new one."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from importers.apply import Snapshot
from importers.proposal import Current
from importers.report import Report
from importers.run import Options, import_file
from server import jobs
from storage.imports import DONE, INTERRUPTED, RUNNING, ImportRun
from tests.jobs.conftest import Desk

STAGES = ("reading", "expanding", "planning", "feeds", "sessions", "memberships", "done")
# For a process that is starved, not for one that hangs: nothing here is about time.
PATIENCE_SECONDS = 600


def victim(desk: Desk, kind: str, value: object) -> subprocess.CompletedProcess[str]:
    """Let another process carry out what waits, until it dies."""
    command = [sys.executable, "-m", "tests.jobs.victim", desk.store.url, kind, str(value)]
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False)


def settled(desk: Desk) -> str:
    """Return the status of the newest run once the database has noticed that its process is gone."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        jobs.end_lost(desk.store)
        status = desk.statuses()[0]
        if status != RUNNING:
            return status
        time.sleep(0.05)
    pytest.fail("a dead run is still said to run")


@pytest.fixture
def kills(dialect: str, long_run: bool) -> tuple[tuple[str, ...], int]:
    """The stages at which to kill, and how often to kill anywhere: fewer on PostgreSQL, which starts more slowly."""
    if long_run:
        return STAGES, 60
    return (STAGES, 3) if dialect == "sqlite" else (STAGES[3:5], 2)


def timetable(desk: Desk) -> Current:
    """Return everything that an import writes, by its own keys."""
    with desk.store.reading(desk.school.id) as tx:
        return Snapshot(tx).current()


@pytest.fixture
def tireless(desk: Desk) -> Desk:
    """A school that was imported by hand and may import all day long."""
    settings = replace(desk.school.settings, automatic_imports_per_day=100_000)
    desk.store.directory.configure(desk.school.id, settings)
    desk.by_hand()
    return desk


def test_an_import_killed_at_any_stage_leaves_the_old_timetable_and_can_be_run_again(tireless: Desk, kills):
    old = timetable(tireless)
    for stage in kills[0]:
        tireless.deposit(tireless.file(1))
        assert victim(tireless, "stage", stage).returncode == -signal.SIGKILL
        assert (stage, settled(tireless)) == (stage, INTERRUPTED)
        assert timetable(tireless) == old
    interrupted = tireless.runs()[0]
    report = _again(tireless, interrupted)
    assert report.counts.events_created > 0
    assert timetable(tireless) != old


def _again(desk: Desk, run: ImportRun) -> Report:
    """Import the kept file of a run, as `cadran import again` does."""
    with desk.store.reading(desk.school.id) as tx:
        data = tx.import_files.content(run.file_id or "")
    options = Options(kind="automatic", file_name=run.file_name, file_id=run.file_id)
    return import_file(desk.store, desk.school, data, datetime.now(UTC), options)


def test_an_import_killed_anywhere_leaves_the_old_timetable_or_the_new_one(tireless: Desk, kills):
    desk = tireless
    texts = {desk.file(), desk.file(1)}
    sessions = {desk.file(): timetable(desk).sessions}
    desk.deposit(desk.file(1))
    statements = int(victim(desk, "statement", 0).stdout.split()[-1])
    assert settled(desk) == DONE
    sessions[desk.file(1)] = timetable(desk).sessions
    now, chance = desk.file(1), random.Random(5)
    for _ in range(kills[1]):
        # Back and forth between two timetables, each time killed on the way.
        (wanted,) = texts - {now}
        before = timetable(desk)
        desk.deposit(wanted)
        victim(desk, "statement", chance.randrange(1, statements + 1))
        if settled(desk) != DONE:
            assert timetable(desk) == before
            desk.deposit(wanted)
            desk.work()
            assert desk.statuses()[0] == DONE
        now = wanted
        assert timetable(desk).sessions == sessions[now]
