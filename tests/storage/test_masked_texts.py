"""What is left of private events where somebody else sees them: times without words."""

from __future__ import annotations

from datetime import datetime

import pytest

from storage.ical import busy, inspect
from storage.masking import is_private, masked_text
from storage.zones import known_zone
from tests.storage.builders import event_text

PARIS = known_zone("Europe/Paris")
SECRETS = (
    "Psychologue",
    "Bureau 12",
    "Dossier",
    "anna@dehors.example",
    "Suivi",
    "X-SECRET",
    "https://",
    "Alarme",
    "note",
)


def secret(*more: str) -> bytes:
    """Return an event full of what is nobody's business."""
    lines = ("SUMMARY:Psychologue", "LOCATION:Bureau 12", "DESCRIPTION:Dossier", "CATEGORIES:Suivi", "COMMENT:note")
    people = ("ORGANIZER:mailto:anna@dehors.example", "ATTENDEE;CN=Anna:mailto:anna@dehors.example")
    alarm = ("BEGIN:VALARM", "ACTION:DISPLAY", "DESCRIPTION:Alarme", "TRIGGER:-PT5M", "END:VALARM")
    return event_text("a", *lines, *people, "URL:https://dehors.example", "X-SECRET:x", *more, *alarm)


def test_times_stay_and_words_go() -> None:
    assert PARIS is not None
    text = secret("CLASS:PRIVATE", "RRULE:FREQ=DAILY;COUNT=3", "STATUS:TENTATIVE")
    left = masked_text(text)
    assert not [word for word in SECRETS if word in left.decode()]
    before, after = inspect(text, PARIS), inspect(left, PARIS)
    assert (after.uid, after.starts, after.ends, after.recurring) == (
        before.uid,
        before.starts,
        before.ends,
        before.recurring,
    )
    assert after.summary == ""
    assert b"STATUS:TENTATIVE" in left


def test_a_title_stands_for_the_real_one_where_programs_need_one() -> None:
    assert b"SUMMARY:Occup\xc3\xa9\r\n" in masked_text(secret(), "Occupé")


def test_parameters_that_times_do_not_need_go() -> None:
    text = event_text("a").replace(b"DTSTART:", b"DTSTART;X-NOTE=Psychologue:")
    assert b"Psychologue" not in masked_text(text)


def test_busy_times_are_the_same_before_and_after() -> None:
    from_text, day = secret("CLASS:PRIVATE"), 86_400
    assert PARIS is not None
    facts = inspect(from_text, PARIS)
    window = (_moment(facts.starts - day), _moment(facts.ends + day))
    assert busy(masked_text(from_text), *window, PARIS) == busy(from_text, *window, PARIS)


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, PARIS)


@pytest.mark.parametrize(
    ("line", "hidden"),
    [
        ("CLASS:PRIVATE", True),
        ("CLASS:CONFIDENTIAL", True),
        ("class:private", True),
        ("CLASS;X-A=b:X-UNKNOWN", True),
        ("CLASS:PUBLIC", False),
        ("CLASS:", True),
        ("SUMMARY:First CLASS:PRIVATE lesson", False),
        ("X-CLASS:PRIVATE", False),
    ],
)
def test_what_counts_as_private(line: str, hidden: bool) -> None:
    assert is_private(event_text("a", line)) is hidden


def test_a_folded_name_hides_nothing() -> None:
    assert is_private(event_text("a", "CL\r\n ASS:PRIVATE"))


def test_one_private_day_makes_the_whole_series_private() -> None:
    text = event_text("a", "RRULE:FREQ=DAILY;COUNT=3", "SUMMARY:Psychologue").decode()
    head, _, tail = text.partition("END:VEVENT\r\n")
    start = text.partition("DTSTART")[2].partition("\r\n")[0]
    lines = ("BEGIN:VEVENT", "UID:a", "DTSTAMP:20260101T000000Z", f"RECURRENCE-ID{start}", f"DTSTART{start}")
    day = "\r\n".join((*lines, "CLASS:PRIVATE", "END:VEVENT", ""))
    assert is_private(f"{head}END:VEVENT\r\n{day}{tail}".encode())
