"""What strangers read of an event: what and when it is, and nobody's address in whatever form."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage import contentlines
from storage.ical_lessons import Lesson, lesson
from storage.published import published
from tests.storage.builders import event_text, task_text

WHO = "anna@dehors.example"
HARMLESS = (
    "SUMMARY:Conseil de classe",
    "DESCRIPTION:Ordre du jour\\, puis le reste",
    "LOCATION;LANGUAGE=fr:Salle 12",
    "RRULE:FREQ=WEEKLY;COUNT=4",
    "EXDATE;VALUE=DATE-TIME:20261130T080000Z",
    "CATEGORIES:A,B",
    "STATUS:CONFIRMED",
    "X-MICROSOFT-CDO-BUSYSTATUS:BUSY",
)
TELLING = {
    "organizer": f"ORGANIZER;CN=Anna Roux:mailto:{WHO}",
    "attendee": f"ATTENDEE;CN=Anna Roux;PARTSTAT=ACCEPTED:mailto:{WHO}",
    "attendee in small letters": f"attendee:MAILTO:{WHO}",
    "attendee by path": "ATTENDEE:/dav/principals/anna/",
    "attendee folded in its name": f"ATTEN\r\n DEE:mailto:{WHO}",
    "attendee folded after its name": f"ATTENDEE\r\n\t;CN=Anna Roux:mailto:{WHO}",
    "copy of a program": f"X-MS-OLK-SENDER:mailto:{WHO}",
    "other copy": "X-CADRAN-ANSWERED;X-WHO=anna@dehors.example:20261101T000000Z",
    "comment": "COMMENT:Anna Roux ne vient pas",
    "comment of an attendee": f'X-CALENDARSERVER-ATTENDEE-COMMENT;X-CALENDARSERVER-ATTENDEE-REF="{WHO}":Malade',
    "contact": f"CONTACT:Anna Roux {WHO}",
    "answer": f"REQUEST-STATUS:2.0;Success;ATTENDEE:mailto:{WHO}",
    "file": f"ATTACH;MANAGED-ID=1;FILENAME=Anna Roux.pdf:https://cadran.example/{WHO}",
    "meeting room": f"CONFERENCE;FEATURE=VIDEO;LABEL=Anna Roux:https://visio.example/{WHO}",
    "address as a place on the net": f"URL:mailto:{WHO}",
    "address folded within its scheme": f"URL:mail\r\n to:{WHO}",
    "parameter of what is shown": f'SUMMARY;ALTREP="CID:{WHO}":Conseil',
    "parameter behind a quoted colon": f'LOCATION;LANGUAGE="a:b";X-WHO="{WHO}":Salle',
    "sent by": f'DESCRIPTION;X-SENT-BY="{WHO}":Suite',
    "participant": (
        f"BEGIN:PARTICIPANT\r\nUID:p\r\nCALENDAR-ADDRESS:mailto:{WHO}\r\nSUMMARY:Anna Roux\r\nEND:PARTICIPANT"
    ),
    "alarm by mail": (
        f"BEGIN:VALARM\r\nACTION:EMAIL\r\nATTENDEE:mailto:{WHO}\r\nSUMMARY:Anna Roux\r\nDESCRIPTION:x\r\n"
        "TRIGGER:-PT5M\r\nEND:VALARM"
    ),
    "alarm with a thought": (
        "BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:Appeler Anna Roux\r\nTRIGGER:-PT5M\r\nEND:VALARM"
    ),
}


def unfolded(text: bytes) -> str:
    return text.decode().replace("\r\n ", "").replace("\r\n\t", "").lower()


@pytest.mark.parametrize("line", TELLING.values(), ids=TELLING)
@pytest.mark.parametrize("write", [event_text, task_text])
def test_nothing_that_names_somebody_is_shown(write: Callable[..., bytes], line: str) -> None:
    shown = unfolded(published(write("a", *HARMLESS[:2], line)))
    assert [word for word in (WHO, "anna", "roux", "valarm", "participant") if word in shown] == []
    assert "ordre du jour" in shown


def test_what_names_nobody_is_shown_octet_for_octet() -> None:
    text = event_text("a", *HARMLESS)
    assert published(text) is text


def test_an_imported_lesson_is_shown_octet_for_octet() -> None:
    from_import = lesson(_lesson())
    assert published(from_import) is from_import


def _lesson() -> Lesson:
    start = datetime(2026, 11, 23, 8, tzinfo=UTC)
    return Lesson("u", start, start, "Europe/Paris", "Maths", "S12", "4B", ("Cours",), False, start)


def test_zones_and_instances_stay() -> None:
    zone = contentlines.parse(lesson(_lesson())).children("VTIMEZONE")[0]
    inner = contentlines.parse(
        event_text("a", "SUMMARY:x", TELLING["organizer"], start="DTSTART;TZID=Europe/Paris:20261123T080000")
    )
    whole = contentlines.serialise(inner.with_components((zone, *inner.components)))
    shown = contentlines.parse(published(whole))
    assert [each.name for each in shown.components] == ["VTIMEZONE", "VEVENT"]
    assert shown.components[0] == zone
    start = shown.components[1].first("DTSTART")
    assert start is not None
    assert start.param("TZID") == "Europe/Paris"


@given(st.lists(st.sampled_from([*HARMLESS, *TELLING.values()]), max_size=6), st.integers(1, 74))
def test_no_mixture_and_no_folding_shows_a_name(lines: list[str], width: int) -> None:
    folded = [_fold(each, width) for each in lines]
    shown = unfolded(published(event_text("a", *folded)))
    assert [word for word in (WHO, "roux") if word in shown] == []


def _fold(line: str, width: int) -> str:
    return "\r\n".join(
        "\r\n ".join(each[at : at + width] for at in range(0, len(each), width))
        for each in line.replace("\r\n ", "").replace("\r\n\t", "").split("\r\n")
    )
