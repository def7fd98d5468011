"""An attendee's answer given by what is no calendar client: a phone's MeetingResponse, a button on a page."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from storage import itip
from storage.contentlines import parse
from storage.errors import SchedulingRefused
from storage.model import CalendarObject, Collection, Principal, Role
from storage.outbox import OutboxMessage
from storage.principals import NewPerson
from storage.scheduling import Answer
from storage.store import Store
from storage.transaction import Transaction
from tests.storage.builders import DAV, make_school
from tests.storage.meetings import MARIE, PAUL, WEEKLY, calendar, event, invited

SECOND = int(datetime(2026, 11, 30, 8, tzinfo=UTC).timestamp())


def held(tx: Transaction, collection: Collection) -> list[CalendarObject]:
    """What is in a collection, oldest first."""
    found = [tx.objects.get(collection, each.href) for each in tx.objects.entries(collection)]
    return sorted(found, key=lambda each: each.id)


class Pair:
    """Marie, who invited Paul, both of one school; each call is a transaction of its own."""

    def __init__(self, store: Store) -> None:
        self.store, self.school = store, make_school(store)
        with store.writing(self.school.id) as tx:
            self.marie, self.paul = tx.principals.create_many(
                [
                    NewPerson("marie", "Dupont", "Marie", Role.TEACHER, email="marie@ecole.example"),
                    NewPerson("paul", "Petit", "Paul", Role.TEACHER, email="paul@ecole.example"),
                ]
            )

    def meet(self, *lines: str, by: str = MARIE) -> None:
        with self.store.writing(self.school.id) as tx:
            who = self.marie if by == MARIE else self.paul
            agenda = tx.collections.by_slug(who, "agenda", DAV)
            tx.scheduling.put(agenda, "r.ics", calendar(event(*invited(MARIE, PAUL, by=by), *lines)).encode())

    def copy(self, who: Principal) -> tuple[Collection, CalendarObject]:
        with self.store.reading(self.school.id) as tx:
            agenda = tx.collections.by_slug(who, "agenda", DAV)
            (found,) = held(tx, agenda)
            return agenda, found

    def answer(self, answer: Answer) -> None:
        agenda, found = self.copy(self.paul)
        with self.store.writing(self.school.id) as tx:
            tx.scheduling.answer(agenda, found, answer)

    def answers(self) -> dict[int | None, str]:
        """What Marie's copy says of Paul, by instance."""
        with self.store.reading(self.school.id) as tx:
            found = itip.read(self.copy(self.marie)[1].ical, tx.zone)
        return {key: itip.partstat(itip.attendee(each, (PAUL,))) for key, each in found.parts.items()}

    def inbox(self, who: Principal) -> list[str]:
        with self.store.writing(self.school.id) as tx:
            found = held(tx, tx.inbox.of(who))
        return [parse(each.ical).text("METHOD") or "" for each in found]

    def mails(self) -> tuple[OutboxMessage, ...]:
        with self.store.reading(self.school.id) as tx:
            return tx.outbox.latest()


@pytest.fixture
def pair(store: Store) -> Pair:
    return Pair(store)


@pytest.mark.parametrize("partstat", ["ACCEPTED", "TENTATIVE", "DECLINED"])
def test_an_answer_reaches_the_organizer_once(pair, partstat):
    pair.meet()
    pair.answer(Answer(partstat))
    pair.answer(Answer(partstat))
    assert pair.answers() == {None: partstat}
    assert pair.inbox(pair.marie) == ["REPLY"]


def test_an_answer_about_one_instance_leaves_the_others(pair):
    pair.meet(WEEKLY)
    pair.answer(Answer("ACCEPTED"))
    pair.answer(Answer("DECLINED", SECOND))
    assert pair.answers() == {None: "ACCEPTED", SECOND: "DECLINED"}


def test_an_answer_to_the_series_is_one_to_each_instance(pair):
    pair.meet(WEEKLY)
    pair.answer(Answer("DECLINED", SECOND))
    pair.answer(Answer("ACCEPTED"))
    assert pair.answers() == {None: "ACCEPTED", SECOND: "ACCEPTED"}


def test_an_answer_that_is_not_to_be_told_stays_on_the_copy(pair):
    pair.meet()
    pair.answer(Answer("ACCEPTED", told=False))
    assert pair.answers() == {None: "NEEDS-ACTION"}
    assert "PARTSTAT=ACCEPTED" in pair.copy(pair.paul)[1].ical.decode()


def test_a_comment_is_told_and_not_kept(pair):
    pair.meet()
    pair.answer(Answer("TENTATIVE", comment="J'aurai un peu de retard, peut-être"))
    with pair.store.writing(pair.school.id) as tx:
        (letter,) = held(tx, tx.inbox.of(pair.marie))
    assert parse(letter.ical).components[0].text("COMMENT") == "J'aurai un peu de retard, peut-être"
    assert b"COMMENT" not in pair.copy(pair.paul)[1].ical


def test_a_proposal_reaches_the_organizers_inbox_and_changes_no_time(pair):
    pair.meet()
    times = (datetime(2026, 11, 24, 9, tzinfo=UTC), datetime(2026, 11, 24, 10, tzinfo=UTC))
    pair.answer(Answer("TENTATIVE", proposed=times))
    assert pair.inbox(pair.marie) == ["REPLY", "COUNTER"]
    with pair.store.writing(pair.school.id) as tx:
        *_, asked = held(tx, tx.inbox.of(pair.marie))
    (proposed,) = parse(asked.ical).children("VEVENT")
    assert (proposed.text("DTSTART"), proposed.text("DTEND")) == ("20261124T090000Z", "20261124T100000Z")
    assert b"DTSTART:20261123T080000Z" in pair.copy(pair.marie)[1].ical


@pytest.mark.parametrize("instance", [SECOND + 60, SECOND])
def test_what_one_is_not_invited_to_is_not_answered(pair, instance):
    pair.meet()
    with pytest.raises(SchedulingRefused):
        pair.answer(Answer("ACCEPTED", instance))


def test_the_organizer_has_nothing_to_answer(pair):
    pair.meet(by=PAUL)
    with pytest.raises(SchedulingRefused):
        pair.answer(Answer("ACCEPTED"))
