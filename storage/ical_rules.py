"""Read recurrence rules (RFC 5545, 3.3.10)."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum, IntEnum

from storage.errors import InvalidObject
from storage.ical_values import Moment, read_moment

_MAX_INTEGER_DIGITS = 10
_MAX_LIST = 1_000
_MAX_LENGTH = 10_000
_LONGEST_MONTH = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_WEEKDAYS = {"MO": 0, "TU": 1, "WE": 2, "TH": 3, "FR": 4, "SA": 5, "SU": 6}


class Freq(IntEnum):
    """Order the frequencies from the rarest."""

    YEARLY = 0
    MONTHLY = 1
    WEEKLY = 2
    DAILY = 3
    HOURLY = 4
    MINUTELY = 5
    SECONDLY = 6

    @property
    def sub_daily(self) -> bool:
        """Say whether the rule can match several times in a day."""
        return self > Freq.DAILY


class Skip(Enum):
    """Say what becomes of a day that a month does not have (RFC 7529, 4.1)."""

    OMIT = "OMIT"
    BACKWARD = "BACKWARD"
    FORWARD = "FORWARD"


@dataclass(frozen=True, slots=True)
class Rule:
    """Hold a recurrence rule; `days` are (ordinal or 0, weekday from Monday = 0), empty sets mean not given."""

    freq: Freq
    interval: int = 1
    count: int | None = None
    until: Moment | None = None
    seconds: frozenset[int] = frozenset()
    minutes: frozenset[int] = frozenset()
    hours: frozenset[int] = frozenset()
    days: frozenset[tuple[int, int]] = frozenset()
    month_days: frozenset[int] = frozenset()
    year_days: frozenset[int] = frozenset()
    weeks: frozenset[int] = frozenset()
    months: frozenset[int] = frozenset()
    positions: frozenset[int] = frozenset()
    week_start: int = 0
    skip: Skip = Skip.OMIT

    @property
    def endless(self) -> bool:
        """Say whether the rule has neither COUNT nor UNTIL."""
        return self.count is None and self.until is None


def read_rule(text: str) -> Rule:
    """Read a RECUR value; unknown `X-` parts are ignored; raises ValueError with the reason."""
    parts = _parts(text)
    if "FREQ" not in parts:
        raise ValueError("the rule has no FREQ")
    if parts["FREQ"] not in Freq.__members__:
        raise ValueError(f"FREQ={parts['FREQ'][:20]} is not a frequency")
    found = {field: read(name, parts[name]) for name, (field, read) in _READERS.items() if name in parts}
    rule = replace(Rule(Freq[parts["FREQ"]]), **found)  # type: ignore[arg-type]
    if (
        rule.skip is Skip.OMIT
        and rule.month_days
        and min(map(abs, rule.month_days)) > max(_LONGEST_MONTH[month - 1] for month in rule.months or range(1, 13))
    ):
        raise ValueError("the rule never matches a date")
    return rule


def _parts(text: str) -> dict[str, str]:
    if len(text) > _MAX_LENGTH:
        raise ValueError(f"the rule is longer than {_MAX_LENGTH} characters")
    parts: dict[str, str] = {}
    for part in text.strip().upper().rstrip(";").split(";"):
        name, equals, value = part.partition("=")
        if not equals or not value:
            raise ValueError(f"{part[:20]!r} is not a part of a rule")
        if name in parts:
            raise ValueError(f"{name[:20]} is given twice")
        if name not in _READERS and name not in _WITHOUT_READER and not name.startswith("X-"):
            raise ValueError(f"{name[:20]} is not a part of a rule")
        parts[name] = value
    _check_scale(parts)
    return parts


def _check_scale(parts: dict[str, str]) -> None:
    """Raise InvalidObject(`supported-rscale`) for rules of other calendars (RFC 7529, 4 and 8)."""
    if parts.get("RSCALE", "GREGORIAN") != "GREGORIAN":
        raise InvalidObject("supported-rscale", f"the calendar {parts['RSCALE'][:20]} is not known here")
    if "SKIP" in parts and "RSCALE" not in parts:
        raise ValueError("SKIP stands beside RSCALE only")


def _integer(name: str, text: str, low: int, high: int) -> int:
    if len(text) > _MAX_INTEGER_DIGITS or not text.lstrip("+-").isdecimal() or not text.isascii():
        raise ValueError(f"{name}={text[:20]} is not a number")
    try:
        number = int(text)
    except ValueError:
        raise ValueError(f"{name}={text[:20]} is not a number") from None
    if not low <= number <= high:
        raise ValueError(f"{name}={text} is not between {low} and {high}")
    return number


def _positive(name: str, text: str) -> int:
    return _integer(name, text, 1, 10**_MAX_INTEGER_DIGITS - 1)


def _numbers(low: int, high: int) -> Callable[[str, str], frozenset[int]]:
    def read(name: str, text: str) -> frozenset[int]:
        items = text.split(",")
        if len(items) > _MAX_LIST:
            raise ValueError(f"{name} lists more than {_MAX_LIST} numbers")
        numbers = frozenset(_integer(name, item.strip(), low, high) for item in items)
        if low < 0 and 0 in numbers:
            raise ValueError(f"{name}=0 means nothing")
        return numbers

    return read


def _seconds(name: str, text: str) -> frozenset[int]:
    return frozenset(min(second, 59) for second in _numbers(0, 60)(name, text))


def _weekday(name: str, text: str) -> int:
    if text not in _WEEKDAYS:
        raise ValueError(f"{name}={text[:20]} is not a weekday")
    return _WEEKDAYS[text]


def _ordinal_days(name: str, text: str) -> frozenset[tuple[int, int]]:
    items = [item.strip() for item in text.split(",")]
    if len(items) > _MAX_LIST:
        raise ValueError(f"{name} lists more than {_MAX_LIST} days")
    return frozenset((_ordinal(name, item[:-2]), _weekday(name, item[-2:])) for item in items)


def _ordinal(name: str, text: str) -> int:
    if not text:
        return 0
    number = _integer(name, text, -53, 53)
    if number == 0:
        raise ValueError(f"{name}: there is no day number 0")
    return number


def _until(name: str, text: str) -> Moment:
    try:
        return read_moment(text)
    except ValueError:
        raise ValueError(f"{name}={text[:20]} is not a date or a time") from None


def _skip(name: str, text: str) -> Skip:
    if text not in Skip.__members__:
        raise ValueError(f"{name}={text[:20]} is not known")
    return Skip[text]


_WITHOUT_READER = frozenset(("FREQ", "RSCALE"))
_READERS: dict[str, tuple[str, Callable[[str, str], object]]] = {
    "INTERVAL": ("interval", _positive),
    "COUNT": ("count", _positive),
    "UNTIL": ("until", _until),
    "BYSECOND": ("seconds", _seconds),
    "BYMINUTE": ("minutes", _numbers(0, 59)),
    "BYHOUR": ("hours", _numbers(0, 23)),
    "BYDAY": ("days", _ordinal_days),
    "BYMONTHDAY": ("month_days", _numbers(-31, 31)),
    "BYYEARDAY": ("year_days", _numbers(-366, 366)),
    "BYWEEKNO": ("weeks", _numbers(-53, 53)),
    "BYMONTH": ("months", _numbers(1, 12)),
    "BYSETPOS": ("positions", _numbers(-366, 366)),
    "WKST": ("week_start", _weekday),
    "SKIP": ("skip", _skip),
}
