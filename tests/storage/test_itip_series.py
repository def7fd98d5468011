"""What messages about parts of a series do to a copy of the whole: RFC 5546, 2.1.5, 3.2.2.3 and 3.2.5."""

from __future__ import annotations

import pytest

from storage import ical, itip, itip_apply
from storage.contentlines import serialise
from storage.itip import Scheduled
from storage.model import FOREVER
from tests.storage.meetings import MARIE, PARIS, PAUL, WEEKLY, ZOE, event, invited, meeting

HEAD = (*invited(MARIE, PAUL), WEEKLY)
SERIES = meeting(event(*HEAD, "SEQUENCE:2"))


def days(found: Scheduled) -> list[str]:
    """The days on which something takes place, as month and day."""
    spans = ical.spans(serialise(found.root), PARIS, FOREVER)
    return [itip.instant(each.starts)[4:8] for each in spans]


def said(*lines: str, start: str = "20261130T080000Z", stamp: str = "20261105T000000Z") -> Scheduled:
    """What a message says of one instance."""
    text = event(*invited(MARIE, PAUL), *lines, start=start)
    return meeting(text.replace("DTSTAMP:20261101T000000Z", f"DTSTAMP:{stamp}"))


def test_an_instance_that_was_cancelled_comes_back():
    gone = itip_apply.cancel(SERIES, said("RECURRENCE-ID:20261130T080000Z", "SEQUENCE:3"))
    assert days(gone) == ["1123", "1207", "1214", "1221"]
    back = itip_apply.request(gone, said("RECURRENCE-ID:20261130T080000Z", "SEQUENCE:4"), (PAUL,))
    assert days(back) == ["1123", "1130", "1207", "1214", "1221"]
    assert back.excluded() == frozenset()


def test_of_listed_exceptions_the_others_stay():
    stored = meeting(event(*HEAD, "EXDATE:20261130T080000Z,20261207T080000Z"))
    back = itip_apply.request(stored, said("RECURRENCE-ID:20261207T080000Z", start="20261207T090000Z"), (PAUL,))
    assert days(back) == ["1123", "1207", "1214", "1221"]


ONWARD = "RECURRENCE-ID;RANGE=THISANDFUTURE:20261207T080000Z"


@pytest.mark.parametrize(
    ("lines", "start", "until"),
    [
        ((WEEKLY,), "20261123T080000Z", "20261207T075959Z"),
        (("RRULE:FREQ=WEEKLY",), "20261123T080000Z", "20261207T075959Z"),
        (("RRULE:FREQ=WEEKLY;UNTIL=20270101T000000Z",), "20261123T080000Z", "20261207T075959Z"),
        ((WEEKLY,), "20261123T090000", "20261207T085959"),
    ],
)
def test_cancelling_from_an_instance_on_ends_the_series(lines: tuple[str, ...], start: str, until: str):
    stored = meeting(event(*invited(MARIE, PAUL), *lines, "RDATE:20261225T080000Z,20261126T080000Z", start=start))
    kept = itip_apply.cancel(stored, said(ONWARD, start="20261207T080000Z"))
    assert f"UNTIL={until}" in kept.any.all("RRULE")[0].value
    assert "COUNT" not in kept.any.all("RRULE")[0].value
    assert days(kept) == ["1123", "1126", "1130"]


def test_whole_days_end_on_the_day_before():
    text = event(*HEAD).replace("DTSTART:20261123T080000Z\r\nDURATION:PT1H", "DTSTART;VALUE=DATE:20261123")
    cancelled = said("RECURRENCE-ID;VALUE=DATE;RANGE=THISANDFUTURE:20261207")
    kept = itip_apply.cancel(meeting(text), cancelled)
    assert kept.any.all("RRULE")[0].value == "FREQ=WEEKLY;UNTIL=20261206"


def test_changes_of_what_is_cancelled_go_with_it():
    moved = event(*invited(MARIE, PAUL), "RECURRENCE-ID:20261214T080000Z", start="20261215T080000Z")
    kept = itip_apply.cancel(meeting(event(*HEAD), moved), said(ONWARD, start="20261207T080000Z"))
    assert set(kept.parts) == {None}


def test_cancelling_from_the_first_instance_on_cancels_everything():
    kept = itip_apply.cancel(
        SERIES, said("RECURRENCE-ID;RANGE=THISANDFUTURE:20261123T080000Z", start="20261123T080000Z")
    )
    assert kept.any.text("STATUS") == "CANCELLED"


def test_single_instances_are_cancelled_beside_all_those_from_one_on():
    early = event(*invited(MARIE, PAUL), "RECURRENCE-ID:20261130T080000Z", start="20261130T080000Z")
    late = event(*invited(MARIE, PAUL), ONWARD, start="20261207T080000Z")
    assert days(itip_apply.cancel(meeting(event(*HEAD)), meeting(early, late))) == ["1123"]


def test_of_single_instances_those_from_the_named_one_on_are_marked():
    single = [
        event(*invited(MARIE, PAUL), f"RECURRENCE-ID:{day}T080000Z", start=f"{day}T080000Z")
        for day in ("20261130", "20261214")
    ]
    kept = itip_apply.cancel(meeting(*single), said(ONWARD, start="20261207T080000Z"))
    assert [each.text("STATUS") for each in kept.parts.values()] == [None, "CANCELLED"]


@pytest.mark.parametrize(
    ("sequence", "stamp", "expected"),
    [(0, "20261031T000000Z", True), (0, "20261105T000000Z", False), (3, "20261031T000000Z", False)],
)
def test_what_is_said_of_an_instance_may_be_older_than_the_series(sequence: int, stamp: str, expected: bool):
    told = said("RECURRENCE-ID:20261130T080000Z", f"SEQUENCE:{sequence}", stamp=stamp)
    assert itip_apply.stale(SERIES, told) is expected


def replied(who: str, *lines: str, old: Scheduled) -> Scheduled | None:
    answer = meeting(event(f"ORGANIZER:{MARIE}", *lines))
    return itip_apply.reply(old, answer, who)


def test_a_delegate_whom_the_attendee_named_answers():
    given = replied(PAUL, f'ATTENDEE;PARTSTAT=DELEGATED;DELEGATED-TO="{ZOE}":{PAUL}', old=meeting(event(*HEAD)))
    assert given is not None
    kept = replied(ZOE, f'ATTENDEE;PARTSTAT=ACCEPTED;DELEGATED-FROM="{PAUL}":{ZOE}', old=given)
    assert kept is not None
    assert itip.partstat(itip.attendee(kept.any, (ZOE,))) == "ACCEPTED"
    assert itip.partstat(itip.attendee(kept.any, (PAUL,))) == "DELEGATED"


def test_a_delegate_whom_nobody_named_is_a_stranger():
    line = f'ATTENDEE;PARTSTAT=ACCEPTED;DELEGATED-FROM="{PAUL}":{ZOE}'
    assert replied(ZOE, line, old=meeting(event(*HEAD))) is None
