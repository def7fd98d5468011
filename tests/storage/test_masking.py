"""What is private, and what is left of it."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage import contentlines, ical, masking, policy
from storage.model import Access, Entry, Mask
from tests.storage.builders import component, event_text
from tests.storage.texts import moved, series

KINDS = {
    "none": ((), False),
    "public": (("CLASS:PUBLIC",), False),
    "public in small letters": (("class:public",), False),
    "private": (("CLASS:PRIVATE",), True),
    "confidential": (("CLASS:CONFIDENTIAL",), True),
    "a class nobody knows": (("CLASS:X-SECRET",), True),
    "an empty class": (("CLASS:",), True),
    "with a parameter": (("CLASS;X-A=b:PRIVATE",), True),
    "public with a parameter": (("CLASS;X-A=b:PUBLIC",), False),
    "Apple's older word": (("X-CALENDARSERVER-ACCESS:RESTRICTED",), True),
    "folded": (("CLA\r\n SS:PRIV\r\n ATE",), True),
    "a text that speaks of it": (("DESCRIPTION:CLASS:PRIVATE",), False),
    "a folded text that speaks of it": (("DESCRIPTION:x\r\n CLASS:PRIVATE",), False),
    "another property": (("CLASSROOM:12",), False),
}


@pytest.mark.parametrize(("lines", "private"), KINDS.values(), ids=KINDS)
def test_whatever_is_not_known_to_be_public_is_private(lines: tuple[str, ...], private: bool) -> None:
    assert masking.is_private(event_text("a", *lines)) is private


def test_one_private_occurrence_makes_the_whole_series_private() -> None:
    assert masking.is_private(series(moved(":20261123T073000Z", "20261123T100000", "CLASS:PRIVATE")))


SECRETS = (
    *("SUMMARY:Médecin", "DESCRIPTION:x", "LOCATION:Lyon", "CATEGORIES:Santé", "COMMENT:x", "CONTACT:x", "GEO:1;2"),
    *(
        "ORGANIZER:mailto:a@b.example",
        "ATTENDEE:mailto:c@d.example",
        "ATTACH:http://x.example/",
        "URL:http://x.example/",
    ),
    *("RESOURCES:x", "PRIORITY:1", "X-NOTE:x", "IMAGE:http://x.example/", "CONFERENCE:http://x.example/", "COLOR:red"),
)


@pytest.mark.parametrize("line", SECRETS)
def test_what_says_more_than_when_is_left_out(line: str) -> None:
    left = masking.masked_text(event_text("a", line, "CLASS:PRIVATE"))
    assert line.partition(":")[0].encode() not in left
    assert b"UID:a" in left
    assert left.count(b"CLASS:PRIVATE") == 1


def test_alarms_and_names_of_calendars_are_left_out_and_zones_stay() -> None:
    text = series(moved(";TZID=Europe/Paris:20261123T083000", "20261123T100000", "BEGIN:VALARM", "END:VALARM"))
    left = masking.masked_text(text.replace(b"VERSION:2.0", b"VERSION:2.0\r\nX-WR-CALNAME:Cabinet"))
    assert b"Cabinet" not in left
    assert b"VALARM" not in left
    assert b"TZID=Europe/Paris" in left
    assert b"RRULE" in left


@pytest.mark.parametrize(("state", "kept"), [("CANCELLED", True), ("TENTATIVE", True), ("CONFIRMED", False)])
def test_states_that_free_somebody_stay(state: str, kept: bool) -> None:
    left = masking.masked_text(event_text("a", f"STATUS:{state}", "TRANSP:TRANSPARENT"))
    assert (state.encode() in left) is kept
    assert b"TRANSP:TRANSPARENT" in left


def test_a_task_does_not_tell_how_far_it_is() -> None:
    left = masking.masked_text(component("VTODO", "UID:t", "DUE:20261123T080000Z", "STATUS:COMPLETED"))
    assert b"DUE" in left
    assert b"STATUS" not in left


def test_parameters_may_speak_too_and_go() -> None:
    left = masking.masked_text(event_text("a", start="DTSTART;X-WHERE=Lyon;VALUE=DATE:20261123", end=""))
    assert b"DTSTART;VALUE=DATE:20261123" in left


@given(st.lists(st.sampled_from(SECRETS), max_size=6, unique=True), st.booleans())
def test_what_is_left_happens_when_the_object_does_and_is_the_same_again(lines: list[str], repeated: bool) -> None:
    rule = ("RRULE:FREQ=WEEKLY;COUNT=5",) if repeated else ()
    text = event_text("a", *lines, *rule)
    left = masking.masked_text(text)
    zone = ZoneInfo("Europe/Paris")
    whole, bare = ical.inspect(text, zone), ical.inspect(left, zone)
    assert (whole.starts, whole.ends, whole.recurring) == (bare.starts, bare.ends, bare.recurring)
    assert masking.masked_text(left) == left
    assert contentlines.parse(left).children("VEVENT")[0].text("UID") == "a"


@pytest.mark.parametrize("mask", Mask)
@pytest.mark.parametrize("private", [True, False])
def test_rows_are_hidden_where_texts_are(mask: Mask, private: bool) -> None:
    row = Entry(1, "a.ics", "tag", "VEVENT", 100, 0, 0, 1, "meeting", private)
    (seen,) = masking.seen_rows([row], mask)
    hidden = policy.hides(mask, private=private)
    assert (seen != row) is hidden
    if hidden:
        assert (seen.etag, seen.size, seen.schedule_tag) == (masking.masked_etag("tag"), masking.UNTOLD, "")


@pytest.mark.parametrize(
    ("owned", "access", "mask"),
    [
        (True, None, Mask.NONE),
        (True, Access.BUSY, Mask.NONE),
        (False, None, Mask.PRIVATE),
        (False, Access.BUSY, Mask.ALL),
        (False, Access.READ, Mask.PRIVATE),
        (False, Access.WRITE, Mask.PRIVATE),
    ],
)
def test_private_events_are_their_owners_alone(owned: bool, access: Access | None, mask: Mask) -> None:
    assert policy.mask(owned=owned, access=access) is mask
