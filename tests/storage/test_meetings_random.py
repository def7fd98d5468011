"""Random lives of a meeting: after each step all copies agree, and the organizer has everybody's last answer."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from storage import addresses, ical, itip
from storage.contentlines import Component
from storage.errors import SchedulingRefused
from storage.itip import Scheduled
from storage.model import CalendarObject, Collection, Principal, Role
from storage.principals import NewPerson
from storage.scheduling import Answer, Wish
from storage.store import Store
from storage.transaction import Transaction
from tests.storage.builders import DAV, make_school
from tests.storage.meetings import MARIE, PARIS, PAUL, ZOE, calendar, event

LEO, PARENT = "/dav/principals/leo/", "mailto:parent@dehors.example"
GUESTS = (PAUL, ZOE, LEO, PARENT)
FIRST = datetime(2026, 11, 23, 8, tzinfo=UTC)
DAYS = 4
_numbers = itertools.count()


@dataclass(frozen=True)
class Plan:
    """What the organizer's client shows: the series, days that differ from it, days that are left out."""

    summary: str = "Conseil"
    hour: int = 8
    guests: frozenset[str] = frozenset({PAUL, LEO})
    count: int = DAYS
    days: dict[int, tuple[str, int, frozenset[str]]] = field(default_factory=dict)
    out: frozenset[int] = frozenset()

    def text(self, uid: str) -> bytes:
        """The object as a client writes it, which knows nobody's answers."""
        dates = [f"EXDATE:{self._at(day)}" for day in sorted(self.out)]
        series = event(
            *_people(self.guests),
            f"SUMMARY:{self.summary}",
            f"RRULE:FREQ=DAILY;COUNT={self.count}",
            *dates,
            start=self._at(0),
            uid=uid,
        )
        others = [
            event(
                *_people(guests),
                f"SUMMARY:{summary}",
                f"RECURRENCE-ID:{self._at(day)}",
                start=_moment(day, hour),
                uid=uid,
            )
            for day, (summary, hour, guests) in sorted(self.days.items())
            if day not in self.out and day < self.count
        ]
        return calendar(series, *others).encode()

    def _at(self, day: int) -> str:
        return _moment(day, self.hour)


def _people(guests: frozenset[str]) -> list[str]:
    return [
        f"ORGANIZER:{MARIE}",
        f"ATTENDEE;PARTSTAT=ACCEPTED:{MARIE}",
        *(f"ATTENDEE:{each}" for each in sorted(guests)),
    ]


def _moment(day: int, hour: int) -> str:
    return f"{FIRST.replace(hour=hour) + timedelta(days=day):%Y%m%dT%H%M%SZ}"


_day, _guests = st.integers(0, DAYS - 1), st.frozensets(st.sampled_from(GUESTS), min_size=1)
_words, _hour = st.sampled_from(["Conseil", "Réunion", "Bilan"]), st.integers(6, 18)
ORGANIZER = st.one_of(
    st.tuples(st.just("summary"), _words),
    st.tuples(st.just("hour"), _hour),
    st.tuples(st.just("guests"), _guests),
    st.tuples(st.just("count"), st.integers(1, DAYS)),
    st.tuples(st.just("day"), st.tuples(_day, _words, _hour, _guests)),
    st.tuples(st.just("out"), st.frozensets(_day, max_size=DAYS - 1)),
)
ATTENDEE = st.tuples(
    st.just("answer"),
    st.tuples(
        st.sampled_from([PAUL, ZOE, LEO]),
        st.sampled_from(["ACCEPTED", "DECLINED", "TENTATIVE"]),
        st.none() | _day,
    ),
)
LEAVING = st.tuples(st.just("leave"), st.sampled_from([PAUL, ZOE, LEO]))
STEPS = st.lists(st.one_of(ORGANIZER, ORGANIZER, ATTENDEE, ATTENDEE, LEAVING), min_size=1, max_size=8)


def changed(plan: Plan, name: str, value: Any) -> Plan:
    """What the client shows after an edit; moving a whole series forgets what was different of single days."""
    if name == "hour" and value != plan.hour:
        return replace(plan, hour=value, days={}, out=frozenset())
    if name == "day":
        day, *rest = value
        return replace(plan, days=plan.days | {day: tuple(rest)})
    return replace(plan, **{name: value})


class World:
    """One school and one meeting."""

    def __init__(self, store: Store, school_id: int) -> None:
        self.store, self.school_id, self.uid = store, school_id, f"meeting-{next(_numbers)}"
        self.left: set[str] = set()
        with store.reading(school_id) as tx:
            self.people: dict[str, Principal] = {
                address: tx.principals.by_login(login)
                for address, login in ((MARIE, "marie"), (PAUL, "paul"), (ZOE, "zoe"), (LEO, "leo"))
            }

    def copy(self, tx: Transaction, who: str) -> tuple[Collection, CalendarObject | None]:
        agenda = tx.collections.by_slug(self.people[who], "agenda", DAV)
        return agenda, tx.objects.by_uid(agenda, self.uid)

    def write(self, plan: Plan) -> None:
        with self.store.writing(self.school_id) as tx:
            agenda, found = self.copy(tx, MARIE)
            wish = Wish(schedule_tag=found.schedule_tag if found else None)
            tx.scheduling.put(agenda, f"{self.uid}.ics", plan.text(self.uid), wish)

    def answer(self, plan: Plan, who: str, status: str, day: int | None) -> None:
        with self.store.writing(self.school_id) as tx:
            agenda, found = self.copy(tx, who)
            key = None if day is None else int((FIRST.replace(hour=plan.hour) + timedelta(days=day)).timestamp())
            if found is None or (key is not None and key not in self.seen(tx, who)):
                return
            try:
                tx.scheduling.answer(agenda, found, Answer(status, key))
            except SchedulingRefused:
                # What was cancelled is nobody's to answer.
                assert self.seen(tx, who) == {}

    def leave(self, who: str) -> None:
        with self.store.writing(self.school_id) as tx:
            agenda, found = self.copy(tx, who)
            if found is not None:
                tx.scheduling.delete(agenda, found.href)
                self.left.add(who)

    def seen(self, tx: Transaction, who: str, of: str | None = None) -> dict[int, tuple[Any, ...]]:
        """When, what and with which answer somebody is invited, by original start, in the copy of `of`."""
        found = self.copy(tx, of or who)[1]
        if found is None:
            return {}
        read = itip.read(found.ical, PARIS)
        return dict(sorted(_instances(read, self._addresses(who)).items()))

    def _addresses(self, who: str) -> frozenset[str]:
        return addresses.of(self.people[who]) if who in self.people else frozenset({who})

    def told(self) -> tuple[int, int]:
        """How many messages were mailed and put into inboxes."""
        with self.store.writing(self.school_id) as tx:
            boxes = [tx.inbox.of(each) for each in self.people.values()]
            return len(tx.outbox.latest(10_000)), sum(len(tx.objects.entries(box)) for box in boxes)

    def check(self) -> None:
        with self.store.reading(self.school_id) as tx:
            for who in (PAUL, ZOE, LEO):
                theirs, expected = self.seen(tx, who), self.seen(tx, who, of=MARIE)
                if self.copy(tx, who)[1] is None and who in self.left:
                    assert {said for *_, said in expected.values()} <= {"DECLINED"}
                else:
                    assert theirs == expected, who


def _instances(read: Scheduled, mine: frozenset[str]) -> dict[int, tuple[Any, ...]]:
    found: dict[int, tuple[Any, ...]] = {}
    for one in ical.expand(read.root, FIRST - timedelta(days=9), FIRST + timedelta(days=9), PARIS):
        line, starts = _line(one.component, mine), one.starts
        if line is None or itip.cancelled(one.component):
            continue
        assert isinstance(starts, datetime)
        original = one.recurrence if isinstance(one.recurrence, datetime) else starts
        key = int(original.timestamp())
        found[key] = (starts.timestamp(), one.component.text("SUMMARY"), itip.partstat(line))
    return found


def _line(component: Component, mine: frozenset[str]) -> Any:
    return itip.attendee(component, mine)


def school_of(store: Store) -> int:
    """The school of this test, made once for all its examples."""
    known = store.directory.schools()
    if known:
        return known[0].id
    school = make_school(store)
    with store.writing(school.id) as tx:
        tx.principals.create_many(
            [
                NewPerson("marie", "Dupont", "Marie", Role.TEACHER, email="marie@ecole.example"),
                NewPerson("paul", "Petit", "Paul", Role.TEACHER, email="paul@ecole.example"),
                NewPerson("zoe", "Roux", "Zoé", Role.PUPIL, email="zoe@ecole.example"),
                NewPerson("leo", "Martin", "Léo", Role.PUPIL),
            ]
        )
    return school.id


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(steps=STEPS)
@example(steps=[("out", frozenset({0, 1, 2})), ("out", frozenset({0, 2, 3}))])
@example(steps=[("answer", (PAUL, "ACCEPTED", 0)), ("summary", "Conseil")])
@example(steps=[("day", (0, "Conseil", 6, frozenset({PAUL}))), ("guests", frozenset({ZOE}))])
def test_every_copy_agrees_with_the_organizers_and_nobody_is_told_twice(store: Store, steps: list[tuple[str, Any]]):
    world, plan = World(store, school_of(store)), Plan()
    world.write(plan)
    world.check()
    for name, value in steps:
        match name:
            case "answer":
                world.answer(plan, *value)
            case "leave":
                world.leave(value)
            case _:
                plan = changed(plan, name, value)
                world.write(plan)
                before = world.told()
                world.write(plan)
                assert world.told() == before
        world.check()
