"""Calendars for tests, written line by line."""


def component(kind: str, *lines: str, uid: str | None = "u1") -> tuple[str, ...]:
    identity = () if uid is None else (f"UID:{uid}",)
    return (f"BEGIN:{kind}", *identity, *lines, f"END:{kind}")


def calendar(*lines: str) -> bytes:
    return "\r\n".join(("BEGIN:VCALENDAR", "VERSION:2.0", *lines, "END:VCALENDAR", "")).encode()


def event(*lines: str) -> bytes:
    return calendar(*component("VEVENT", *lines))


START, END = "DTSTART;TZID=Europe/Paris:20261122T083000", "DTEND;TZID=Europe/Paris:20261122T093000"


def series(*overrides: tuple[str, ...], rule: str = "RRULE:FREQ=DAILY;COUNT=4") -> bytes:
    master = component("VEVENT", START, END, rule, "SUMMARY:master")
    return calendar(*master, *(line for lines in overrides for line in component("VEVENT", *lines)))


def moved(recurrence: str, start: str, *more: str) -> tuple[str, ...]:
    return (
        f"RECURRENCE-ID{recurrence}",
        f"DTSTART;TZID=Europe/Paris:{start}",
        "DURATION:PT30M",
        "SUMMARY:moved",
        *more,
    )
