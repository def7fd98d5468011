"""Days on which a school is closed, from the law and from calendar files."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from importers import school_calendar
from importers.errors import ImportRefused
from importers.sample import terms
from importers.school_calendar import Closure, days_of, parse, public_holidays

PARIS = ZoneInfo("Europe/Paris")


def event(*lines: str) -> str:
    return "\r\n".join(("BEGIN:VEVENT", f"UID:{hash(lines)}", "DTSTAMP:20260101T000000Z", *lines, "END:VEVENT"))


def calendar(*events: str) -> bytes:
    head, foot = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//essai//FR", "END:VCALENDAR\r\n"
    return "\r\n".join((head, *events, foot)).encode()


AUTUMN = event("SUMMARY:Vacances de la Toussaint - Zone A", "DTSTART;VALUE=DATE:20261017", "DTEND;VALUE=DATE:20261102")
CLOSED = Closure(date(2026, 10, 17), date(2026, 11, 1), "Vacances de la Toussaint - Zone A")


@pytest.mark.req("R237")
@pytest.mark.parametrize("year", [2026, 2027, 2035])
def test_the_eleven_public_holidays_are_those_of_the_law(year):
    found = public_holidays(year)
    assert len(found) == 11
    assert {each.name for each in found} >= {"Noël", "Toussaint", "Lundi de Pâques"}
    assert days_of(found) == terms.public_holidays(year)


@pytest.mark.req("R237")
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_holidays_of_a_zone_are_read_last_day_included(mark):
    assert parse(mark + calendar(AUTUMN), PARIS) == (CLOSED,)


@pytest.mark.req("R237")
@pytest.mark.parametrize(
    "name",
    [
        "Rentrée scolaire des élèves - Zone A",
        "Prérentrée des enseignants",
        "Pré-rentrée",
        "Zone C : Rentrée",
        "Reprise des cours",
        "Début des vacances d'été",
    ],
)
def test_the_day_on_which_lessons_begin_is_no_closure(name):
    """A deposit would be refused for its lessons of the first day."""
    first = event(f"SUMMARY:{name}", "DTSTART;VALUE=DATE:20260901")
    assert parse(calendar(first, AUTUMN), PARIS) == (CLOSED,)


def test_a_period_is_a_closure_whatever_its_title_tells_of():
    first, last = date(2026, 8, 29), date(2026, 9, 1)
    name = "Rentrée 2026 : vacances jusqu'au 2 septembre"
    period = event(f"SUMMARY:{name}", f"DTSTART;VALUE=DATE:{first:%Y%m%d}", "DTEND;VALUE=DATE:20260902")
    assert parse(calendar(period), PARIS) == (Closure(first, last, name),)


def test_what_was_cancelled_or_lasts_a_year_is_left_out():
    cancelled = event("SUMMARY:Pont", "STATUS:CANCELLED", "DTSTART;VALUE=DATE:20270507")
    year = event("SUMMARY:Année scolaire", "DTSTART;VALUE=DATE:20260901", "DTEND;VALUE=DATE:20270704")
    assert parse(calendar(cancelled, year), PARIS) == ()


def test_what_is_no_calendar_or_far_too_long_is_refused(monkeypatch):
    backwards = event("SUMMARY:Erreur", "DTSTART;VALUE=DATE:20261017", "DTEND;VALUE=DATE:20261001")
    for data in (b"Vacances;17/10/2026", calendar(backwards, AUTUMN), calendar(AUTUMN)[:-30]):
        with pytest.raises(ImportRefused, match="not-a-calendar"):
            parse(data, PARIS)
    monkeypatch.setattr(school_calendar, "MOST_CLOSURES", 0)
    with pytest.raises(ImportRefused, match="too-many-closures"):
        parse(calendar(AUTUMN), PARIS)
