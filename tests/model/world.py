"""A school played at random: calendars, views, windows, purges, and clients that page and drop out."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field

from storage.errors import TokenExpired
from storage.feeds import merged
from storage.lessons import NewLesson, StoredLesson
from storage.maintenance import purge
from storage.model import DAWN, FOREVER, CalendarKind, SyncToken
from storage.store import Store
from storage.transaction import Transaction

CALENDARS = 6
COLLECTIONS = 4
DAYS = 8
PAGES = (None, 1, 3, 7)


def day_start(day: int) -> int:
    """Start of a play day, epoch seconds."""
    return 1_800_000_000 + 86_400 * day


@dataclass
class PlayedClient:
    """One client of one collection: its page size, its token, what it holds."""

    collection: int
    limit: int | None
    token: SyncToken
    held: dict[str, str] = field(default_factory=dict)

    def restart(self) -> None:
        """Forget everything, as a client told that its token is of no use."""
        self.token, self.held = SyncToken(self.collection), {}


class World:
    """The truth beside the store, and clients that must come to agree with it."""

    def __init__(self, store: Store, school_id: int, seed: int, purge_after: int) -> None:
        self.store, self.school_id = store, school_id
        self.random = random.Random(seed)
        self.purge_after = purge_after
        self.count: Counter[str] = Counter()
        self.serial = 0
        self.truth: dict[int, dict[str, tuple[str, int]]] = {}
        self.windows: dict[tuple[int, int], tuple[tuple[int, int], ...]] = {}
        self.heads: dict[int, int] = {}
        with store.writing(school_id) as tx:
            calendars = tx.lessons.create_calendars(CalendarKind.LESSONS, {f"l{n}": f"L{n}" for n in range(CALENDARS)})
            views = tx.lessons.create_calendars(CalendarKind.COURSE, {f"c{n}": f"C{n}" for n in range(COLLECTIONS)})
        self.calendars, self.views = sorted(calendars.values()), sorted(views.values())
        for number in self.calendars:
            self.truth[number] = {}
        self.clients = [PlayedClient(view, limit, SyncToken(view)) for view in self.views for limit in PAGES]

    def play(self, steps: int) -> None:
        """Change something at random, then let some clients sync, so many times; at the end all finish."""
        moves = (self.create, self.modify, self.delete, self.move, self.reshape, self.reshape)
        for _ in range(steps):
            with self.store.writing(self.school_id) as tx:
                self.random.choice(moves)(tx)
                if self.random.random() < 0.05:
                    self.purge(tx)
                self.check_heads(tx)
            for client in self.random.sample(self.clients, 3):
                self.sync(client, patience=0.8)
        for client in self.clients:
            self.finish(client)

    def lessons(self, tx: Transaction) -> dict[str, StoredLesson]:
        """The live lessons by UID."""
        return {lesson.uid: lesson for lesson in tx.lessons.stored()}

    def lesson(self, calendar: int, uid: str, day: int) -> NewLesson:
        """A lesson with content never seen before."""
        self.serial += 1
        start = day_start(day) + 3600 * 8
        return NewLesson(calendar, uid, str(self.serial), start, start + 3600, f"{uid} {self.serial}".encode())

    def pick(self, tx: Transaction) -> StoredLesson | None:
        """One live lesson, if any."""
        found = self.lessons(tx)
        return found[self.random.choice(sorted(found))] if found else None

    def create(self, tx: Transaction) -> None:
        """Some new lessons in one calendar."""
        calendar = self.random.choice(self.calendars)
        new = []
        for _ in range(self.random.randint(1, 6)):
            self.serial += 1
            new.append(self.lesson(calendar, f"u{self.serial}", self.random.randrange(DAYS)))
        tx.lessons.create(new)
        self.learn(new)

    def learn(self, new: list[NewLesson]) -> None:
        """Tell the truth what was written."""
        for lesson in new:
            self.truth[lesson.calendar_id][lesson.uid] = (lesson.content_hash, lesson.starts)

    def day_of(self, lesson: StoredLesson) -> int:
        """The play day of a lesson."""
        return (lesson.starts - day_start(0)) // 86_400

    def modify(self, tx: Transaction) -> None:
        """New content in place."""
        old = self.pick(tx)
        if old is not None:
            new = self.lesson(old.calendar_id, old.uid, self.day_of(old))
            tx.lessons.replace([(old, new)])
            self.learn([new])

    def move(self, tx: Transaction) -> None:
        """The same lesson in another calendar, as when the teacher changes."""
        old = self.pick(tx)
        if old is not None:
            new = self.lesson(self.random.choice(self.calendars), old.uid, self.day_of(old))
            tx.lessons.replace([(old, new)])
            del self.truth[old.calendar_id][old.uid]
            self.learn([new])

    def delete(self, tx: Transaction) -> None:
        """A lesson is no longer given."""
        old = self.pick(tx)
        if old is not None:
            tx.lessons.end([old])
            del self.truth[old.calendar_id][old.uid]

    def wanted(self) -> tuple[tuple[int, int], ...]:
        """Windows for a pair: nothing, everything, or one or two runs of days."""
        kind = self.random.random()
        if kind < 0.25:
            return ()
        if kind < 0.5:
            return ((DAWN, FOREVER),)
        runs = [sorted(self.random.sample(range(DAYS + 1), 2)) for _ in range(self.random.randint(1, 2))]
        return merged((day_start(start), day_start(end)) for start, end in runs)

    def reshape(self, tx: Transaction) -> None:
        """Join, leave, come back, or be there on other days."""
        pair = (self.random.choice(self.views), self.random.choice(self.calendars))
        self.windows[pair] = self.wanted()
        tx.lessons.feeds.set_windows(tx.lessons.feeds.live(CalendarKind.COURSE), {pair: self.windows[pair]})

    def purge(self, tx: Transaction) -> None:
        """Drop what ended long ago."""
        self.count["purged"] += purge(tx, tx.changes.clock() - self.purge_after)

    def check_heads(self, tx: Transaction) -> None:
        """A head never goes back."""
        for view in self.views:
            head = tx.changes.head(view)
            assert head >= self.heads.get(view, 0)
            self.heads[view] = head

    def shown(self, view: int) -> dict[str, str]:
        """What a collection shows, by name, from the truth alone."""
        shown: dict[str, str] = {}
        for calendar, lessons in self.truth.items():
            windows = self.windows.get((view, calendar), ())
            for uid, (content, starts) in lessons.items():
                if any(start <= starts < end for start, end in windows):
                    shown[uid] = content
        return shown

    def page(self, tx: Transaction, client: PlayedClient) -> bool:
        """One request of a client; tells whether its run goes on."""
        at_head = client.token == SyncToken(client.collection, tx.changes.head(client.collection))
        page = tx.changes.since(client.token, client.limit)
        assert not (at_head and page.changes)
        content = {lesson.uid: lesson.content_hash for lesson in tx.lessons.stored()}
        for change in page.changes:
            uid = change.href.removesuffix(".ics")
            known = uid in client.held
            if change.etag is None:
                self.count["delete of unknown"] += not known
                client.held.pop(uid, None)
                continue
            self.count["adds" if change.new else "changes"] += 1
            assert not (change.new and known), "Add of an object the client holds"
            self.count["change of unknown"] += not change.new and not known
            client.held[uid] = content.get(uid, "gone meanwhile")
        client.token = page.token
        return page.more

    def sync(self, client: PlayedClient, patience: float) -> bool:
        """A client syncs, a request a transaction, and may drop out between pages; tells whether it completed."""
        while True:
            with self.store.reading(self.school_id) as tx:
                try:
                    more = self.page(tx, client)
                except TokenExpired:
                    self.count["expired"] += 1
                    client.restart()
                    continue
            if not more:
                self.compare(client)
                return True
            if self.random.random() > patience:
                return False

    def compare(self, client: PlayedClient) -> None:
        """A client at the head holds exactly the truth."""
        if client.token.base == self.heads.get(client.collection, 0):
            self.count["compared"] += 1
            assert client.held == self.shown(client.collection)

    def finish(self, client: PlayedClient) -> None:
        """Every client can come to an end."""
        for _ in range(50):
            if self.sync(client, patience=1.0) and client.token.base == self.heads.get(client.collection, 0):
                return
        raise AssertionError("a client could not finish")
