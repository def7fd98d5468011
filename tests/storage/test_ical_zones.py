"""Zone names as clients write them, VTIMEZONEs read and written."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from storage.contentlines import parse
from storage.errors import InvalidObject
from storage.ical_vtimezone import FIRST_YEAR, LAST_YEAR, changes, vtimezone
from storage.ical_zones import ObservedZone, resolve, windows_zone, zone_of

PARIS = ZoneInfo("Europe/Paris")
TOKYO = ZoneInfo("Asia/Tokyo")


@pytest.mark.parametrize(
    ("tzid", "key"),
    [
        ("Europe/Paris", "Europe/Paris"),
        ("europe/PARIS", "Europe/Paris"),
        (' "Europe/Paris" ', "Europe/Paris"),
        ("America/Argentina/Buenos_Aires", "America/Argentina/Buenos_Aires"),
        ("/freeassociation.sourceforge.net/Europe/Paris", "Europe/Paris"),
        ("/freeassociation.sourceforge.net/Tzfile/Europe/Paris", "Europe/Paris"),
        ("/mozilla.org/20070129_1/America/Indiana/Knox", "America/Indiana/Knox"),
        ("/citadel.org/20190914_1/Europe/Paris", "Europe/Paris"),
        ("posix/Europe/Paris", "Europe/Paris"),
        ("Romance Standard Time", "Europe/Paris"),
        ("W. Europe Standard Time", "Europe/Berlin"),
        ("w. europe standard time 1", "Europe/Berlin"),
        ("Eastern Standard Time", "America/New_York"),
        ("(UTC+01:00) Brussels, Copenhagen, Madrid, Paris", "Europe/Paris"),
        ("(GMT+01.00) Brussels, Copenhagen, Madrid, Paris", "Europe/Paris"),
        ("Brussels, Copenhagen, Madrid, Paris", "Europe/Paris"),
        ("tzone://Microsoft/Utc", "UTC"),
        ("GMT+0100", "Etc/GMT-1"),
        ("UTC-05:00", "Etc/GMT+5"),
        ("GMT+2", "Etc/GMT-2"),
        ("UTC+1", "Etc/GMT-1"),
        ("GMT +0100", "Etc/GMT-1"),
        ("+01:00", "Etc/GMT-1"),
        ("UTC+00:00", "Etc/GMT"),
        ("(GMT+01:00) Paris", "Europe/Paris"),
        ("(UTC+01:00) Paris", "Europe/Paris"),
        ("(GMT-03:00) Sao Paulo", "America/Sao_Paulo"),
        ("Paris", "Europe/Paris"),
        ("'Europe/Paris'", "Europe/Paris"),
        ("Europe / Paris", "Europe/Paris"),
        ("Europe\\/Paris", "Europe/Paris"),
        ("/Europe/Paris", "Europe/Paris"),
        ("/ical.me/Europe/Paris", "Europe/Paris"),
        ("/mozilla.org/20050126_1/Europe/Paris", "Europe/Paris"),
        ("/softwarestudio.org/Olson_20011030_5/Europe/Paris", "Europe/Paris"),
        ("http://www.tzurl.org/zoneinfo/Europe/Paris", "Europe/Paris"),
        ("Romance Daylight Time", "Europe/Paris"),
        ("(GMT+01.00) Amsterdam / Berlin / Bern / Rome / Stockholm / Vienna", "Europe/Berlin"),
        ("Europe/Kiev", "Europe/Kiev"),
    ],
)
def test_a_zone_is_known_by_the_names_clients_give_it(tzid, key):
    zone = resolve(tzid)
    assert zone is not None
    assert zone.key == key


@pytest.mark.parametrize(
    "tzid",
    [
        "",
        " ",
        "Europe",
        "../../etc/passwd",
        "/etc/localtime",
        "localtime",
        "Factory",
        "Custom Zone",
        "tzone://Microsoft/Custom",
        "GMT+99",
        "UTC+05:30",
        "Customized Time Zone",
        "(GMT+01:00) Atlantis",
        "(GMT+01:00) Paris, Tokyo",
        "A" * 5000,
        "Europe/Paris\x00",
        "\ud800",
        "/////",
        "zone.tab",
        "tzdata.zi",
    ],
)
def test_what_is_no_zone_resolves_to_nothing(tzid):
    assert resolve(tzid) is None


def test_windows_names_are_mapped():
    assert windows_zone("romance STANDARD time") == "Europe/Paris"
    assert windows_zone("Europe/Paris") is None


def root(*lines: str):
    return parse("\r\n".join(("BEGIN:VCALENDAR", *lines, "END:VCALENDAR")).encode())


def observance(kind: str, start: str, before: str, after: str, *more: str) -> tuple[str, ...]:
    offsets = (f"TZOFFSETFROM:{before}", f"TZOFFSETTO:{after}")
    return (f"BEGIN:{kind}", f"DTSTART:{start}", *offsets, *more, f"END:{kind}")


def described(tzid: str, *lines: str):
    return root("BEGIN:VTIMEZONE", f"TZID:{tzid}", *lines, "END:VTIMEZONE")


EUROPEAN = (
    *observance("STANDARD", "16011028T030000", "+0200", "+0100", "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU"),
    *observance("DAYLIGHT", "16010325T020000", "+0100", "+0200", "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU"),
)


def test_an_unknown_zone_is_read_from_its_vtimezone():
    zone = zone_of("Ma zone", described("Ma zone", *EUROPEAN), TOKYO)
    assert isinstance(zone, ObservedZone)
    for hours in range(0, 24 * 366, 5):
        instant = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hours)
        assert instant.astimezone(zone).replace(tzinfo=None) == instant.astimezone(PARIS).replace(tzinfo=None)


@pytest.mark.parametrize("fold", [0, 1])
@pytest.mark.parametrize("day", [datetime(2026, 3, 29), datetime(2026, 10, 25)])
def test_gaps_and_repeated_hours_are_read_as_the_zone_database_does(day, fold):
    zone = zone_of("Ma zone", described("Ma zone", *EUROPEAN), TOKYO)
    for minutes in range(0, 300, 10):
        wall = (day + timedelta(minutes=minutes)).replace(fold=fold)
        assert wall.replace(tzinfo=zone).utcoffset() == wall.replace(tzinfo=PARIS).utcoffset()
        there = wall.replace(tzinfo=PARIS).astimezone(UTC)
        assert there.astimezone(zone).fold == there.astimezone(PARIS).fold


def test_a_name_of_the_zone_database_is_not_read_from_a_wrong_vtimezone():
    wrong = described("Europe/Paris", *observance("STANDARD", "19110311T000000", "+0009", "+0900"))
    assert zone_of("Europe/Paris", wrong, TOKYO) == PARIS


def test_a_bare_offset_gives_way_to_the_vtimezone_that_explains_it():
    assert isinstance(zone_of("GMT+0100", described("GMT+0100", *EUROPEAN), TOKYO), ObservedZone)
    assert zone_of("GMT+0100", root(), TOKYO) == ZoneInfo("Etc/GMT-1")


def test_utc_is_utc():
    assert zone_of("Etc/UTC", root(), TOKYO) is UTC


@pytest.mark.parametrize(
    "lines",
    [
        (),
        ("BEGIN:STANDARD", "DTSTART:nonsense", "TZOFFSETTO:+0100", "END:STANDARD"),
        ("BEGIN:STANDARD", "DTSTART:20260101T000000", "TZOFFSETTO:+2500", "END:STANDARD"),
        ("BEGIN:STANDARD", "DTSTART:20260101T000000", "END:STANDARD"),
        observance("STANDARD", "19700101T000000", "+0100", "+0200", "RRULE:FREQ=SECONDLY"),
        observance("STANDARD", "00010101T000000", "+1400", "+0200"),
        observance(
            "STANDARD",
            "19700101T000000",
            "+0100",
            "+0200",
            "RDATE:" + ",".join(f"{y}0101T000000" for y in range(1000, 3500)),
        ),
        observance("STANDARD", "19700101T000000", "+0100", "+0200", *["RRULE:FREQ=DAILY;BYYEARDAY=366;BYMONTH=3"] * 9),
    ],
    ids=["empty", "no-date", "no-offset", "no-to", "seconds", "year-one", "rdates", "nothing-matches"],
)
def test_a_vtimezone_that_cannot_be_used_falls_back_to_the_readers_zone(lines):
    assert zone_of("Ma zone", described("Ma zone", *lines), TOKYO) is TOKYO


def test_a_vtimezone_with_single_dates_is_read():
    lines = observance(
        "STANDARD", "20260101T000000", "+0100", "+0300", "RDATE:20270101T000000", "RDATE;VALUE=DATE:20280101"
    )
    zone = zone_of("Ma zone", described("Ma zone", *lines), TOKYO)
    assert datetime(2025, 12, 31, tzinfo=zone).utcoffset() == timedelta(hours=1)
    assert datetime(2026, 1, 2, tzinfo=zone).utcoffset() == timedelta(hours=3)
    assert zone.tzname(None) == "Ma zone"


@pytest.mark.parametrize(
    "tzid",
    [
        "Europe/Paris",
        "America/New_York",
        "Asia/Tokyo",
        "Australia/Lord_Howe",
        "Europe/Dublin",
        "Indian/Reunion",
        "America/Santiago",
        "Africa/Casablanca",
        "Asia/Jerusalem",
        "Europe/Istanbul",
        "Asia/Kathmandu",
        "America/Martinique",
        "Pacific/Noumea",
        "America/Cayenne",
        "Pacific/Apia",
        "America/Miquelon",
    ],
)
def test_a_vtimezone_we_write_tells_the_same_time_as_the_zone(tzid):
    text = vtimezone(tzid)
    zone = zone_of("X", root(*text.replace(f"TZID:{tzid}", "TZID:X").split("\r\n")), UTC)
    assert isinstance(zone, ObservedZone)
    known = ZoneInfo(tzid)
    for change in changes(known, FIRST_YEAR, LAST_YEAR):
        for seconds in (-1, 0):
            instant = (change.instant + timedelta(seconds=seconds)).replace(tzinfo=UTC)
            assert instant.astimezone(zone).utcoffset() == instant.astimezone(known).utcoffset(), instant
    for days in range(0, 365 * 45, 17):
        instant = datetime(2000, 1, 2, tzinfo=UTC) + timedelta(days=days)
        assert instant.astimezone(zone).utcoffset() == instant.astimezone(known).utcoffset(), instant


def test_a_vtimezone_is_small_where_rules_are_simple():
    assert vtimezone("Europe/Paris").count("BEGIN:") == 3
    assert vtimezone("Romance Standard Time") == vtimezone("Europe/Paris")
    assert vtimezone("Asia/Tokyo").count("BEGIN:") == 2


def test_a_vtimezone_of_nowhere_is_refused():
    with pytest.raises(InvalidObject):
        vtimezone("Nowhere\r\nATTACH:1")


CUSTOM = (
    *("BEGIN:VTIMEZONE", "TZID:{}", "BEGIN:STANDARD", "DTSTART:16010101T000000"),
    *("TZOFFSETFROM:+0200", "TZOFFSETTO:+0200", "END:STANDARD", "END:VTIMEZONE"),
)


@pytest.mark.parametrize(
    ("tzid", "hours"),
    [
        ("Customized Time Zone", 2),
        ("Paris", 2),
        ("GMT+0500", 2),
        ("(GMT+01:00) Atlantis", 2),
        ("Europe/Paris", 1),
        ("Romance Standard Time", 1),
    ],
)
def test_rules_count_unless_the_name_is_certain(tzid, hours):
    described = root(*(line.format(tzid) for line in CUSTOM))
    assert zone_of(tzid, described, TOKYO).utcoffset(datetime(2026, 1, 1)) == timedelta(hours=hours)
