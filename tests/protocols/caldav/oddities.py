"""Odd calendar objects: every known kind of oddness on every kind of object, and the kinds in pairs.

All of it is made here, in the same order each time; nothing is taken from anybody's calendar.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

CRLF = "\r\n"
START = "20261123T080000Z"
BROKEN_ALARM = "BEGIN:VALARM\r\nACTION:DISPLAY\r\nEND:VALARM"
DEEP = 40

_HEAD = ("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Cadran//Oddities//EN")


def _base(component: str, *lines: str, more: tuple[str, ...] = ()) -> str:
    own = (f"BEGIN:{component}", "UID:@UID@", "DTSTAMP:20261101T000000Z", *lines, f"END:{component}")
    return CRLF.join((*_HEAD, *own, *more, "END:VCALENDAR", ""))


_OVERRIDE = (
    "BEGIN:VEVENT",
    "UID:@UID@",
    "DTSTAMP:20261101T000000Z",
    "RECURRENCE-ID:20261130T080000Z",
    "DTSTART:20261130T090000Z",
    "DTEND:20261130T100000Z",
    "SUMMARY:Later",
    "END:VEVENT",
)
BASES: Mapping[str, str] = {
    "event": _base("VEVENT", f"DTSTART:{START}", "DTEND:20261123T090000Z", "SUMMARY:One"),
    "series": _base("VEVENT", f"DTSTART:{START}", "DURATION:PT1H", "RRULE:FREQ=WEEKLY;COUNT=5", "SUMMARY:Many"),
    "override": _base(
        "VEVENT", f"DTSTART:{START}", "DTEND:20261123T090000Z", "RRULE:FREQ=WEEKLY", "SUMMARY:All", more=_OVERRIDE
    ),
    "day": _base("VEVENT", "DTSTART;VALUE=DATE:20261123", "DTEND;VALUE=DATE:20261124", "SUMMARY:Day"),
    "task": _base("VTODO", f"DTSTART:{START}", "DUE:20261123T170000Z", "SUMMARY:Task"),
    "journal": _base("VJOURNAL", f"DTSTART:{START}", "SUMMARY:Note"),
}

Change = Callable[[bytes], bytes]


def _swap(old: str, new: str, count: int = -1) -> Change:
    return lambda text: text.replace(old.encode(), new.encode(), count)


def _without(prefix: str) -> Change:
    return lambda text: b"".join(
        line for line in text.splitlines(keepends=True) if not line.startswith(prefix.encode())
    )


def _add(*lines: str | bytes) -> Change:
    """Add lines to the first component."""
    raw = b"".join((line.encode() if isinstance(line, str) else line) + b"\r\n" for line in lines)
    return lambda text: text.replace(b"SUMMARY:", raw + b"SUMMARY:", 1)


def _start(line: str) -> Change:
    """Put another line for the first DTSTART."""

    def change(text: bytes) -> bytes:
        lines = text.split(b"\r\n")
        at = next((number for number, each in enumerate(lines) if each.startswith(b"DTSTART")), None)
        if at is not None:
            lines[at] = line.encode()
        return b"\r\n".join(lines)

    return change


def _top(*lines: str) -> Change:
    """Add lines to the calendar itself."""
    raw = "".join(line + CRLF for line in lines).encode()
    return lambda text: text.replace(b"VERSION:2.0\r\n", b"VERSION:2.0\r\n" + raw, 1)


def _component(name: str, *lines: str) -> tuple[str, ...]:
    return (f"BEGIN:{name}", *lines, f"END:{name}")


_ZONE = _component(
    "VTIMEZONE",
    "TZID:Odd/Zone",
    *_component("STANDARD", "DTSTART:19700101T000000", "TZOFFSETFROM:+0100", "TZOFFSETTO:+0100"),
)
_NESTED_ZONE = _component("VTIMEZONE", "TZID:A", *_ZONE, *_component("STANDARD", "DTSTART;TZID=A:19700101T000000"))
_RULES = {
    "minutely for 40 years": "FREQ=MINUTELY;UNTIL=20661123T080000Z",
    "secondly": "FREQ=SECONDLY",
    "huge interval": "FREQ=DAILY;INTERVAL=2147483647",
    "huge count": "FREQ=DAILY;COUNT=999999999999",
    "count and until": "FREQ=DAILY;COUNT=3;UNTIL=20261201T000000Z",
    "interval zero": "FREQ=DAILY;INTERVAL=0",
    "count zero": "FREQ=DAILY;COUNT=0",
    "weekday nonsense": "FREQ=WEEKLY;BYDAY=XX,99MO,-1",
    "a 60th Monday": "FREQ=MONTHLY;BYDAY=60MO",
    "31 February": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=31",
    "until before start": "FREQ=DAILY;UNTIL=20200101T000000Z",
    "until of another type": "FREQ=DAILY;UNTIL=20261201",
    "until without zone": "FREQ=DAILY;UNTIL=20261201T000000",
    "no frequency": "INTERVAL=2",
    "unknown frequency": "FREQ=FORTNIGHTLY",
    "unknown part": "FREQ=DAILY;BYMOON=3",
    "everything": "FREQ=YEARLY;BYMONTH=1,2;BYDAY=MO,TU;BYHOUR=0,1,2;BYMINUTE=1,2;BYSECOND=0,30;BYSETPOS=1,-1",
    "another calendar": "RSCALE=CHINESE;FREQ=YEARLY;BYMONTH=5L",
    "empty": "",
}
KINDS: Mapping[str, Change] = {
    "no UID": _without("UID"),
    "two UIDs": _add("UID:other"),
    "empty UID": _swap("UID:@UID@", "UID:"),
    "long UID": _swap("@UID@", "u" * 600),
    "UID with controls": _swap("@UID@", "a\tb/../c?d#e%2F@UID@"),
    "no DTSTART": _without("DTSTART"),
    "no DTSTAMP": _without("DTSTAMP"),
    "no VERSION": _without("VERSION"),
    "version 1": _swap("VERSION:2.0", "VERSION:1.0"),
    "no PRODID": _without("PRODID"),
    "end before start": _swap("DTEND:20261123T090000Z", "DTEND:20261122T090000Z"),
    "end and duration": _add("DTEND:20261123T090000Z", "DURATION:PT2H"),
    "end of another type": _swap("DTEND:20261123T090000Z", "DTEND;VALUE=DATE:20261124"),
    "negative duration": _add("DURATION:-PT1H"),
    "endless duration": _add("DURATION:P999999999W"),
    "bad duration": _add("DURATION:1 hour"),
    "two starts": _add("DTSTART:20261224T080000Z"),
    "two summaries": _add("SUMMARY:Another"),
    "method": _top("METHOD:REQUEST"),
    "bare LF": lambda text: text.replace(b"\r\n", b"\n"),
    "bare CR": lambda text: text.replace(b"\r\n", b"\r"),
    "byte order mark": lambda text: b"\xef\xbb\xbf" + text,
    "UTF-16": lambda text: text.decode("latin-1").encode("utf-16"),
    "Latin-1": _add(b"LOCATION:Caf\xe9"),
    "NUL": _add(b"LOCATION:a\x00b"),
    "control characters": _add(b"LOCATION:a\x01\x0b\x1f\x7fb"),
    "not characters": _add("LOCATION:\ufffe\uffff\U0010ffff"),
    "half a surrogate": _add(b"LOCATION:\xed\xa0\x80"),
    "escaped surrogate": _add("LOCATION:\\ud800 \\n\\N\\;\\,\\x"),
    "direction marks": _add("LOCATION:\u202eabc\u2066\u200f"),
    "folded in a character": _add(b"LOCATION:caf\xc3\r\n \xa9"),
    "folded with a tab": _add("LOCATION:a\r\n\tb\r\n  c"),
    "fold first": lambda text: b" " + text,
    "blank lines": lambda text: text.replace(b"\r\n", b"\r\n\r\n"),
    "blanks at the end": lambda text: text + b"\r\n \r\n\x00",
    "lower case": lambda text: text.replace(b"BEGIN:VEVENT", b"begin:vevent").replace(b"END:VEVENT", b"end:vevent"),
    "cut off": lambda text: text[: len(text) * 2 // 3],
    "doubled": lambda text: text + text,
    "no components": lambda text: (CRLF.join(_HEAD) + CRLF + "END:VCALENDAR" + CRLF).encode(),
    "zone only": lambda text: (CRLF.join((*_HEAD, *_ZONE, "END:VCALENDAR")) + CRLF).encode(),
    "nothing": lambda text: b"",
    "a vCard": lambda text: b"BEGIN:VCARD\r\nVERSION:4.0\r\nFN:A\r\nEND:VCARD\r\n",
    "event and task": _top(*_component("VTODO", "UID:@UID@", "DTSTAMP:20261101T000000Z", "SUMMARY:t")),
    "two events": _top(*_component("VEVENT", "UID:@UID@-2", "DTSTAMP:20261101T000000Z", f"DTSTART:{START}")),
    "unknown component": _top(*_component("X-THING", "X-A:1", *_component("X-PART", "X-B:2"))),
    "free-busy component": _top(*_component("VFREEBUSY", "UID:f", "DTSTAMP:20261101T000000Z")),
    "event in an event": _add(*_component("VEVENT", "UID:inner", f"DTSTART:{START}")),
    "deep": _add(*("BEGIN:X-D",) * DEEP, *("END:X-D",) * DEEP),
    "wrong end": _swap("END:V", "END:W", 1),
    "unknown zone": _start("DTSTART;TZID=Nowhere/Land:20261123T080000"),
    "empty zone": _start("DTSTART;TZID=:20261123T080000"),
    "zone of Windows": _start('DTSTART;TZID="Romance Standard Time":20261123T080000'),
    "zone and Z": _start("DTSTART;TZID=Europe/Paris:20261123T080000Z"),
    "zone and date": _start("DTSTART;TZID=Europe/Paris;VALUE=DATE:20261123"),
    "floating": _start("DTSTART:20261123T080000"),
    "odd zone": lambda text: _start("DTSTART;TZID=Odd/Zone:20261123T080000")(_top(*_ZONE)(text)),
    "nested zones": lambda text: _start("DTSTART;TZID=A:20261123T080000")(_top(*_NESTED_ZONE)(text)),
    "zone without rules": _top(*_component("VTIMEZONE", "TZID:Europe/Paris")),
    "zone without a name": _top(*_component("VTIMEZONE", *_component("STANDARD", "DTSTART:19700101T000000"))),
    "missing hour": _start("DTSTART;TZID=Europe/Paris:20260329T023000"),
    "double hour": _start("DTSTART;TZID=Europe/Paris:20261025T023000"),
    "leap second": _start("DTSTART:20161231T235960Z"),
    "30 February": _start("DTSTART:20260230T080000Z"),
    "hour 24": _start("DTSTART:20261123T240000Z"),
    "year 0": _start("DTSTART:00000101T000000Z"),
    "year 1": _start("DTSTART:00010101T000000Z"),
    "year 9999": _start("DTSTART:99991231T235959Z"),
    "year 10000": _start("DTSTART:100000101T000000Z"),
    "empty start": _start("DTSTART:"),
    "words for a start": _start("DTSTART:tomorrow"),
    "date called date-time": _start("DTSTART;VALUE=DATE-TIME:20261123"),
    "date-time called date": _start("DTSTART;VALUE=DATE:20261123T080000Z"),
    "unknown value type": _start("DTSTART;VALUE=MOON:20261123T080000Z"),
    **{f"rule: {name}": _add(f"RRULE:{rule}") for name, rule in _RULES.items()},
    "two rules": _add("RRULE:FREQ=DAILY;COUNT=2", "RRULE:FREQ=WEEKLY;COUNT=2"),
    "periods": _add("RDATE;VALUE=PERIOD:20261201T080000Z/PT2H,20261202T080000Z/20261202T090000Z"),
    "bad period": _add("RDATE;VALUE=PERIOD:20261201T080000Z/20261101T080000Z"),
    "date of another type": _add("RDATE;VALUE=DATE:20261201"),
    "exception of another type": _add("EXDATE;VALUE=DATE:20261123"),
    "exceptions in another zone": _add("EXDATE;TZID=America/New_York:20261130T030000"),
    "empty exceptions": _add("EXDATE:", "RDATE:,"),
    "all excepted": _add(f"EXDATE:{START}"),
    "recurrence without a master": _add("RECURRENCE-ID:20261130T080000Z"),
    "recurrence of another type": _swap("RECURRENCE-ID:20261130T080000Z", "RECURRENCE-ID;VALUE=DATE:20261130"),
    "recurrence nowhere": _swap("RECURRENCE-ID:20261130T080000Z", "RECURRENCE-ID:20270101T111111Z"),
    "recurrence and all after": _swap("RECURRENCE-ID:", "RECURRENCE-ID;RANGE=THISANDFUTURE:"),
    "recurrence of another UID": _swap("UID:@UID@\r\nDTSTAMP:20261101T000000Z\r\nREC", "UID:x\r\nREC"),
    "broken alarm": _add(BROKEN_ALARM),
    "alarm without a trigger": _add(*_component("VALARM", "ACTION:AUDIO", "REPEAT:5")),
    "alarm far away": _add(*_component("VALARM", "ACTION:DISPLAY", "DESCRIPTION:a", "TRIGGER:-P99999999D")),
    "alarm of nonsense": _add(*_component("VALARM", "TRIGGER;RELATED=MOON:x", "ACTION:")),
    "alarm often": _add(
        *_component("VALARM", "ACTION:DISPLAY", "DESCRIPTION:a", "TRIGGER:PT0S", "REPEAT:99999999", "DURATION:PT1S")
    ),
    "unknown property": _add("X-ODD;X-P=1:2", "MADEUP:3", "X-:4"),
    "unknown parameters": _add("LOCATION;X-A=1;X-A=2;LANGUAGE=:here"),
    "quoted commas": _add('LOCATION;X-A="a,b;c:d","e";X-B=f,g:here'),
    "carets": _add('LOCATION;X-A="^n^^^\'^x^":here'),
    "open quote": _add('LOCATION;X-A="open:here'),
    "no colon": _add("LOCATION here"),
    "no name": _add(":here", ";X=1:here"),
    "empty values": _add("LOCATION:", "CATEGORIES:,,", "GEO:", "PRIORITY:", "SEQUENCE:", "CLASS:"),
    "wrong numbers": _add("PRIORITY:many", "SEQUENCE:-5", "GEO:1", "PERCENT-COMPLETE:900", "TRANSP:MAYBE"),
    "huge number": _add("SEQUENCE:" + "9" * 400),
    "attachment": _add("ATTACH;ENCODING=BASE64;VALUE=BINARY:!!!", "ATTACH:javascript:alert(1)"),
    "markup": _add("DESCRIPTION:]]></x><!-- -- &amp; &#0; <script>"),
    "bad addresses": _add("ORGANIZER:", "ATTENDEE:not an address", "ATTENDEE;CN=:mailto:"),
    "attendee without an organizer": _add("ATTENDEE:mailto:a@dehors.example"),
    "status of nonsense": _add("STATUS:PERHAPS"),
    "completed at no time": _add("COMPLETED:20261123", "PERCENT-COMPLETE:100"),
    "due before start": _swap("DUE:20261123T170000Z", "DUE:20261101T170000Z"),
    "long line": _add("DESCRIPTION:" + "x" * 100_000),
}  # fmt: skip
LARGE: Mapping[str, Change] = {
    "10 MB of description": _add("DESCRIPTION:" + "x" * 10_000_000),
    "thousands of attendees": _add(
        "ORGANIZER:mailto:marie.dupont@ecole.example", *(f"ATTENDEE:mailto:p{each}@x.example" for each in range(5000))
    ),
    "a hundred thousand lines": _add(*("X-A:1",) * 100_000),
    "a thousand alarms": _add(*_component("VALARM", "ACTION:AUDIO", "TRIGGER:PT0S") * 1000),
    "thousands of dates": _add(*(f"RDATE:20261{n % 3}{10 + n % 18}T{n % 24:02}{n % 60:02}00Z" for n in range(9000))),
    "ten thousand parameters": _add("LOCATION" + ";X-A=1" * 10_000 + ":here"),
    "a hundred thousand folds": _add("LOCATION:" + "a\r\n " * 100_000),
    "deep as can be": _add(*("BEGIN:X-D",) * 20_000, *("END:X-D",) * 20_000),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Oddity:
    """One odd object: what is odd about it, a name to store it under, its text."""

    kind: str
    name: str
    text: bytes


def _made(number: int, base: str, kinds: Mapping[str, Change]) -> Oddity:
    text = BASES[base].encode()
    for change in kinds.values():
        text = change(text)
    return Oddity(f"{base}: {', '.join(kinds)}", f"odd-{number:05}.ics", text.replace(b"@UID@", b"odd-%d" % number))


def _wished() -> Iterator[tuple[str, Mapping[str, Change]]]:
    for base in BASES:
        for kind, change in KINDS.items():
            yield base, {kind: change}
    names = list(BASES)
    for number, (one, other) in enumerate(combinations(KINDS, 2)):
        yield names[number % len(names)], {one: KINDS[one], other: KINDS[other]}


def oddities(step: int = 1) -> Iterator[Oddity]:
    """Yield each kind on each object, then every `step`-th of the pairs of kinds."""
    singles = len(BASES) * len(KINDS)
    for number, (base, kinds) in enumerate(_wished()):
        if number < singles or number % step == 0:
            yield _made(number, base, kinds)


def large() -> Iterator[Oddity]:
    """Yield the objects that are odd by their size."""
    for number, (kind, change) in enumerate(LARGE.items()):
        for base in ("event", "series", "task"):
            yield _made(90_000 + 10 * number + len(base), base, {kind: change})
