"""Where the oddities of a file are, in words: the first places beside their number, all of them on demand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any, Final

from server.texts import N_, _

FIRST: Final = 3
_WEEKDAYS: Final = (
    N_("Monday"),
    N_("Tuesday"),
    N_("Wednesday"),
    N_("Thursday"),
    N_("Friday"),
    N_("Saturday"),
    N_("Sunday"),
)


def place(where: Mapping[str, Any]) -> str:
    """Return one place as a school finds it: subject and classes, day and hour, line and number in the file."""
    when = " ".join(filter(None, (_day(where["weekday"], where["date"]), where["starts"])))
    line = _("line {number}").format(number=where["line"]) if where["line"] else ""
    ident = _("number {ident} in the file").format(ident=where["ident"]) if where["ident"] else ""
    return ", ".join(filter(None, (where["names"], when, line, ident))) or "?"


def _day(weekday: int, day: str) -> str:
    if day:
        return date.fromisoformat(day).strftime(_("%Y-%m-%d"))
    return _(_WEEKDAYS[weekday - 1]) if 1 <= weekday <= len(_WEEKDAYS) else ""


def first(places: Iterable[Mapping[str, Any]]) -> str:
    """Return the first few places, "" when none is known."""
    held = list(places)
    return "; ".join(map(place, held[:FIRST])) + ("; …" if len(held) > FIRST else "")


def more(notices: Iterable[Mapping[str, Any]]) -> bool:
    """Tell whether some oddity has more places than are shown beside its number."""
    return any(len(each.get("places") or ()) > FIRST for each in notices)


def lines(notice: Mapping[str, Any]) -> Iterator[str]:
    """Yield every place that is kept of one oddity, and how many more there are."""
    held = notice.get("places") or ()
    for each in held:
        yield f"  {place(each)}"
    if held and notice["count"] > len(held):
        yield _("  … and {number} more.").format(number=notice["count"] - len(held))
