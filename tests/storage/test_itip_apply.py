"""What a message does to the copy that is here."""

import pytest

from storage import itip, itip_apply, itip_attendee, itip_organizer
from storage.ical_times import moment
from storage.ical_values import epoch
from storage.itip import Message, Scheduled
from tests.storage.meetings import MARIE, PARIS, PAUL, STAMP, WEEKLY, ZOE, event, invited, meeting

SECOND = "RECURRENCE-ID:20261130T080000Z"
SERIES = meeting(event(*invited(MARIE, PAUL), WEEKLY))


def arrived(message: Message) -> Scheduled:
    """What a message is about, as its recipient reads it."""
    return itip.scheduled(itip_apply.bare(message), PARIS)


def to(who: str, old: Scheduled | None, new: Scheduled | None) -> Message:
    """The one message to somebody that a change sends."""
    (found,) = (each for each in itip_organizer.messages(old, new, STAMP, frozenset()) if each.recipient == who)
    return found


def test_a_first_request_is_kept_as_it_came_without_its_method():
    asked = arrived(to(PAUL, None, SERIES))
    kept = itip_apply.request(None, asked, (PAUL,))
    assert kept.root.first("METHOD") is None
    assert kept.any.text("RRULE") == "FREQ=WEEKLY;COUNT=5"


def test_an_update_leaves_what_is_the_attendees_own():
    alarm = "BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT5M\r\nEND:VALARM"
    mine = meeting(event(*invited(MARIE, PAUL), WEEKLY, "TRANSP:TRANSPARENT", "CATEGORIES:Moi", alarm))
    update = arrived(to(PAUL, SERIES, meeting(event(*invited(MARIE, PAUL), WEEKLY, "LOCATION:B12", "TRANSP:OPAQUE"))))
    kept = itip_apply.request(mine, update, (PAUL,)).any
    assert [kept.text(name) for name in ("LOCATION", "TRANSP", "CATEGORIES")] == ["B12", "TRANSPARENT", "Moi"]
    assert len(kept.children("VALARM")) == 1


def test_a_request_for_one_instance_leaves_the_rest_of_the_series():
    other = "RECURRENCE-ID:20261207T080000Z"
    mine = meeting(event(*invited(MARIE, PAUL), WEEKLY), event(*invited(MARIE, PAUL), other, start="20261207T100000Z"))
    single = meeting(event(*invited(MARIE, PAUL), SECOND, start="20261130T100000Z"))
    kept = itip_apply.request(mine, single, (PAUL,))
    assert len(kept.parts) == 3


@pytest.mark.parametrize(
    ("old", "new", "status", "excluded"),
    [
        (SERIES, None, "CANCELLED", None),
        (SERIES, meeting(event(*invited(MARIE, PAUL), WEEKLY, "EXDATE:20261130T080000Z")), None, "20261130T080000Z"),
        (SERIES, meeting(event(*invited(MARIE), WEEKLY)), "CANCELLED", None),
    ],
)
def test_a_cancellation_marks_everything_or_takes_instances_out(old, new, status, excluded):
    kept = itip_apply.cancel(old, arrived(to(PAUL, old, new)))
    assert (kept.any.text("STATUS"), kept.any.text("EXDATE")) == (status, excluded)


def test_cancelling_an_only_instance_marks_it():
    once = meeting(event(*invited(MARIE, PAUL), SECOND, start="20261130T080000Z"))
    kept = itip_apply.cancel(once, arrived(to(PAUL, once, None)))
    assert kept.any.text("STATUS") == "CANCELLED"


def answer(new: Scheduled, old: Scheduled = SERIES) -> Scheduled:
    """What an attendee's change answers."""
    message = itip_attendee.reply(old, new, (PAUL,), STAMP)
    assert message is not None
    return arrived(message)


def test_an_answer_is_written_on_the_organizers_copy():
    accepted = meeting(event(*invited(MARIE), f"ATTENDEE;PARTSTAT=ACCEPTED:{PAUL}", WEEKLY))
    kept = itip_apply.reply(SERIES, answer(accepted), PAUL)
    assert kept is not None
    line = itip.attendee(kept.any, (PAUL,))
    assert line is not None
    assert (line.param("PARTSTAT"), line.param("SCHEDULE-STATUS")) == ("ACCEPTED", "2.0")


def test_an_answer_about_an_instance_gives_it_a_component():
    new = meeting(event(*invited(MARIE, PAUL), WEEKLY, "EXDATE:20261130T080000Z"))
    kept = itip_apply.reply(SERIES, answer(new), PAUL)
    assert kept is not None
    (instance,) = (each for key, each in kept.parts.items() if key is not None)
    assert instance.text("DTSTART") == "20261130T080000Z"
    assert instance.first("RRULE") is None
    assert itip.partstat(itip.attendee(instance, (PAUL,))) == "DECLINED"
    assert itip.partstat(itip.attendee(kept.any, (PAUL,))) == "NEEDS-ACTION"


def test_an_answer_of_someone_who_is_not_invited_changes_nothing():
    stranger = meeting(event(f"ORGANIZER:{MARIE}", f"ATTENDEE;PARTSTAT=ACCEPTED:{ZOE}"))
    assert itip_apply.reply(SERIES, stranger, ZOE) is None


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (("SEQUENCE:1",), True),
        (("SEQUENCE:3",), False),
        (("SEQUENCE:2",), False),
    ],
)
def test_what_is_older_than_the_copy_is_known_to_be(lines, expected):
    here = meeting(event(*invited(MARIE, PAUL), "SEQUENCE:2"))
    assert itip_apply.stale(here, meeting(event(*invited(MARIE, PAUL), *lines))) is expected


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("mailto:A@b.example", "MAILTO:a@B.example"),
        ("a@b.example", "mailto:a@b.example"),
        ("mailto:a@b.example?subject=x", "mailto:a@b.example"),
        ('"mailto:a@b.example"', "mailto:a@b.example"),
    ],
)
def test_addresses_are_compared_as_people_mean_them(one, other):
    assert itip.address(one) == itip.address(other)


def test_an_instance_is_written_in_the_zone_of_its_series():
    start = "DTSTART;TZID=Europe/Paris:20261020T090000\r\nDTEND;TZID=Europe/Paris:20261020T100000"
    text = event(*invited(MARIE, PAUL), WEEKLY).replace("DTSTART:20261123T080000Z\r\nDURATION:PT1H", start)
    found = meeting(text)
    key = epoch(moment(found.any.all("DTSTART")[0], found.root, PARIS), PARIS) + 7 * 86400 + 3600
    made = itip.instance(found, key)
    assert made is not None
    assert made.all("RECURRENCE-ID")[0].line == "RECURRENCE-ID;TZID=Europe/Paris:20261027T090000"
    assert made.all("DTEND")[0].line == "DTEND;TZID=Europe/Paris:20261027T100000"
