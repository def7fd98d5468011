"""The phones of the bench against a started server, few and small: each measurement measures what it says."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from bench import pings, servers, syncs, syncs_page
from bench.figures import figures
from bench.school import FIRST, ZONE, Prepared, copied, imported, prepare, wide_export
from bench.syncs import During, FirstLoad, Rate

PUPILS = 60


def quiet(_sentence: str) -> None:
    """Say nothing."""


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """A small school with its first timetable."""
    prepared = prepare(tmp_path_factory.mktemp("bench") / "school", PUPILS)
    imported(prepared.folder, FIRST, datetime.now(ZONE))
    return prepared


def test_a_first_load_brings_every_entry_by_pages(prepared: Prepared, tmp_path: Path):
    subject = servers.cadran(copied(prepared, tmp_path / "data"), (120,))
    large, small = syncs.first_loads(subject, 120, quiet)
    assert (large.pages.count, small.pages.count) == (1, 2)
    assert large.octets == pytest.approx(small.octets, rel=0.1)
    assert large.memory_highest >= large.memory_before > 0


def test_rates_find_nothing_new_and_an_import_reaches_every_device(
    prepared: Prepared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(syncs, "CONNECTIONS", (1, 3))
    monkeypatch.setattr(syncs, "PAUSE_SECONDS", 0.2)
    monkeypatch.setattr(syncs, "AFTER_SECONDS", 1.0)
    schools = [servers.cadran(copied(prepared, tmp_path / name), ()) for name in ("a", "b")]
    rates, during = syncs.measured((schools[0], schools[1]), wide_export(prepared, 40.0), 4, 0.3, quiet)
    assert [each.connections for each in rates] == [1, 3]
    assert all(not each.errors and each.found.count for each in rates)
    assert (during.devices, during.told, during.errors) == (4, 4, ())
    assert during.seconds > 0
    assert during.alone > 0


def test_parked_pings_are_all_woken_by_an_import_that_touches_all(
    prepared: Prepared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(pings, "IDLE_SECONDS", 0.1)
    monkeypatch.setattr(pings, "QUIET_SECONDS", 1.0)
    subject = servers.cadran(copied(prepared, tmp_path / "data"), ())
    parked = pings.measured(subject, 6, wide_export(prepared, 40.0), quiet)
    assert (parked.count, parked.woken, parked.missed, parked.odd) == (6, 6, 0, 0)
    assert parked.woken_after.least <= parked.woken_after.median <= parked.woken_after.p95 <= parked.last_seconds


def test_the_tables_name_what_phones_met_with():
    found = figures([0.002, 0.004])
    load = FirstLoad(512, 9000, found, 1.5, 4 * 2**20, 100 * 2**20, 120 * 2**20)
    text = syncs_page.first_load_table([load])
    assert text.startswith("First load of a calendar of 9 000 entries.")
    assert "| 512 | 2 | 1.50 |" in text
    assert "| 4.00 | 100 | 120 |" in text
    assert "- Sync 3\n" in syncs_page.rate_table([Rate(1, 500.0, found, ("Sync 3", "Sync 3"))])
    text = syncs_page.during_table(During(200, found, found, 199, (), 4.25, 3.5))
    assert "| Errors | 0 | 0 |" in text
    assert "| The import, s |  | 4.2 |" in text
