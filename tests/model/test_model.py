"""Invariants 1 to 8 of the storage core, played at random (design, section 3)."""

from __future__ import annotations

import random
import threading
from collections import Counter

import pytest

from storage.lessons import NewLesson
from storage.model import CalendarKind, SyncToken
from storage.store import Store
from tests.model.world import World, day_start

SEEDS = 50
STEPS = 70
NEVER = 10**9


@pytest.mark.req("R240")
def test_every_completed_sync_equals_the_truth(store: Store, long_run: bool) -> None:
    counts: dict[int, Counter[str]] = {40: Counter(), NEVER: Counter()}
    for seed in range(1000 if long_run else SEEDS):
        school = store.directory.create_school(f"0{seed:06d}A", "Jeu", "Europe/Paris")
        purge_after = 40 if seed % 2 else NEVER
        world = World(store, school.id, seed, purge_after)
        world.play(300 if long_run else STEPS)
        counts[purge_after].update(world.count)
    for count in counts.values():
        assert count["compared"] > SEEDS
        assert count["change of unknown"] <= count["changes"] // 50
    assert counts[40]["purged"] > 0
    assert counts[40]["expired"] > 0
    assert counts[NEVER]["expired"] == 0


@pytest.mark.req("R240")
def test_a_reader_beside_concurrent_writers_misses_nothing(store: Store, long_run: bool) -> None:
    school = store.directory.create_school("0990001X", "Jeu", "Europe/Paris")
    with store.writing(school.id) as tx:
        calendars = tx.lessons.create_calendars(CalendarKind.LESSONS, {f"l{n}": "L" for n in range(3)})
        view = tx.lessons.create_calendars(CalendarKind.COURSE, {"c": "C"})["c"]
        tx.lessons.feeds.set_windows((), {(view, each): [(-(2**53), 2**53)] for each in calendars.values()})
    rounds = 400 if long_run else 40

    def write(number: int) -> None:
        chance = random.Random(number)
        for serial in range(rounds):
            with store.writing(school.id) as tx:
                uid = f"{number}-{serial}"
                start = day_start(serial % 7)
                new = NewLesson(chance.choice(list(calendars.values())), uid, uid, start, start + 60, uid.encode())
                tx.lessons.create([new])

    writers = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for each in writers:
        each.start()
    token, held = SyncToken(view), set[str]()
    finished = False
    while not finished:
        finished = not any(each.is_alive() for each in writers)
        with store.reading(school.id) as tx:
            page = tx.changes.since(token, 7)
        assert not held & {change.href for change in page.changes}
        held |= {change.href for change in page.changes}
        token = page.token
        finished = finished and not page.more
    assert len(held) == 4 * rounds
