"""Texts with every VTIMEZONE they need, or without those that everybody knows."""

import pytest

from storage.contentlines import parse
from storage.ical_by_reference import complete, stripped
from storage.ical_vtimezone import vtimezone

OWN = (
    "BEGIN:VTIMEZONE\r\nTZID:Salle des machines\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\n"
    "TZOFFSETFROM:+0900\r\nTZOFFSETTO:+0900\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
)


def text(*lines: str, zones: str = "") -> bytes:
    head = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:test\r\n" + zones
    body = "\r\n".join(("BEGIN:VEVENT", "UID:1", "DTSTAMP:20260101T000000Z", *lines, "END:VEVENT", "END:VCALENDAR", ""))
    return (head + body).encode()


def zones_of(data: bytes) -> list[str]:
    return [zone.text("TZID") or "" for zone in parse(data).children("VTIMEZONE")]


NAMED = {
    "plain": (("DTSTART;TZID=Europe/Paris:20260101T100000",), ["Europe/Paris"]),
    "two": (
        ("DTSTART;TZID=Europe/Paris:20260101T100000", "DTEND;TZID=Asia/Tokyo:20260101T190000"),
        ["Asia/Tokyo", "Europe/Paris"],
    ),
    "after another parameter": (("DTSTART;VALUE=DATE-TIME;TZID=Europe/Paris:20260101T100000",), ["Europe/Paris"]),
    "quoted": (('DTSTART;TZID="Europe/Paris":20260101T100000',), ["Europe/Paris"]),
    "lower case": (("dtstart;tzid=Europe/Paris:20260101T100000",), ["Europe/Paris"]),
    "folded in the name": (("DTSTART;TZID=Europe/Pa\r\n ris:20260101T100000",), ["Europe/Paris"]),
    "folded in the parameter": (("DTSTART;TZ\r\n ID=Europe/Paris:20260101T100000",), ["Europe/Paris"]),
    "folded before the parameter": (("DTSTART;\r\n TZID=Europe/Paris:20260101T100000",), ["Europe/Paris"]),
    "a Windows name": (("DTSTART;TZID=Romance Standard Time:20260101T100000",), ["Romance Standard Time"]),
    "unknown": (("DTSTART;TZID=Nowhere:20260101T100000",), []),
    "none": (("DTSTART:20260101T100000Z",), []),
    "words that look like one": (("DTSTART:20260101T100000Z", "SUMMARY:a;TZID=Europe/Paris:b"), []),
    "a quoted parameter that looks like one": (('ATTENDEE;CN="a;TZID=Europe/Paris":mailto:a@b.example',), []),
}


@pytest.mark.parametrize(("lines", "names"), NAMED.values(), ids=NAMED)
def test_the_zones_that_a_text_names_are_added(lines: tuple[str, ...], names: list[str]) -> None:
    assert zones_of(complete(text(*lines))) == names


@pytest.mark.parametrize("ends", ["\r\n", "\n"])
def test_the_rest_of_the_text_stays_octet_for_octet(ends: str) -> None:
    sent = text("DTSTART;TZID=Europe/Paris:20260101T100000").replace(b"\r\n", ends.encode())
    zone = vtimezone("Europe/Paris").replace("\r\n", ends).encode()
    assert zone in complete(sent)
    assert complete(sent).replace(zone, b"") == sent


def test_a_zone_that_is_described_is_not_described_twice() -> None:
    sent = text("DTSTART;TZID=Europe/Paris:20260101T100000", zones=vtimezone("Europe/Paris"))
    assert complete(sent) is sent
    own = text("DTSTART;TZID=Salle des machines:20260101T100000", zones=OWN)
    assert complete(own) == own


def test_only_zones_that_everybody_knows_are_left_out() -> None:
    both = text("DTSTART;TZID=Europe/Paris:20260101T100000", zones=vtimezone("Europe/Paris") + OWN)
    assert zones_of(stripped(both)) == ["Salle des machines"]
    windows = text("DTSTART:20260101T100000Z", zones=OWN.replace("Salle des machines", "Romance Standard Time"))
    assert stripped(windows) == windows
    assert stripped(text("DTSTART:20260101T100000Z")) == text("DTSTART:20260101T100000Z")


def test_leaving_out_and_adding_give_the_text_back() -> None:
    sent = text("DTSTART;TZID=Europe/Paris:20260101T100000", zones=vtimezone("Europe/Paris"))
    assert complete(stripped(sent)) == sent


def test_a_text_with_too_many_zones_is_left_as_it_is() -> None:
    sent = text(*(f"X-A;TZID=Etc/GMT+{n}:1" for n in range(13)), *(f"X-A;TZID=Etc/GMT-{n}:1" for n in range(15)))
    assert len(zones_of(complete(sent))) == 28
    more = text(*(f"X-A;TZID=Zone {n}:1" for n in range(40)), "DTSTART;TZID=Europe/Paris:20260101T100000")
    assert complete(more) == more
