"""Changes of a series by what a message says of its parts: instances that come back, an early end (RFC 5546)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Final

from storage.contentlines import Component, Property
from storage.ical_times import moment, moments
from storage.ical_values import epoch
from storage.itip import Key, Scheduled, instant

_BOUNDS: Final = ("UNTIL", "COUNT")


def reinstated(stored: Scheduled, keys: Iterable[Key]) -> Scheduled:
    """Return a series without the EXDATEs of some instances, which take place after all."""
    back = stored.excluded() & {key for key in keys if key is not None}
    if stored.master is None or not back:
        return stored
    lines = [kept for prop in stored.master.properties for kept in _without(prop, back, stored)]
    return _with_master(stored, Component(stored.master.name, tuple(lines), stored.master.components))


def _without(prop: Property, gone: frozenset[int], stored: Scheduled) -> tuple[Property, ...]:
    """Return a line without the instants that are gone, nothing when none is left; other lines as they are."""
    if prop.name not in {"EXDATE", "RDATE"}:
        return (prop,)
    values = prop.value.split(",")
    listed = moments(prop, stored.root, stored.zone)
    kept = [text for text, (at, _) in zip(values, listed, strict=True) if epoch(at, stored.zone) not in gone]
    if len(kept) == len(values):
        return (prop,)
    return (Property.make(prop.name, ",".join(kept), dict(prop.params)),) if kept else ()


def cut(stored: Scheduled, first: int) -> Scheduled | None:
    """Return a series that ends before an instant in epoch seconds, None when nothing of it is before."""
    master = stored.master
    start = None if master is None else master.first("DTSTART")
    if master is None or start is None or first <= epoch(moment(start, stored.root, stored.zone), stored.zone):
        return None
    late = frozenset(key for key in stored.dates("RDATE") if key >= first)
    lines = [kept for prop in master.properties for kept in _without(prop, late, stored)]
    lines = [_bounded(prop, start, first, stored) if prop.name == "RRULE" else prop for prop in lines]
    shorter = Component(master.name, tuple(lines), master.components)
    kept = [each for key, each in stored.parts.items() if key is not None and key < first]
    return stored.with_parts([shorter, *kept])


def _bounded(rule: Property, start: Property, first: int, stored: Scheduled) -> Property:
    """Return a rule whose UNTIL is just before an instant, in the form that DTSTART asks for (RFC 5545, 3.3.10)."""
    begins = moment(start, stored.root, stored.zone)
    if not isinstance(begins, datetime):
        day: date = datetime.fromtimestamp(first, stored.zone).date() - timedelta(days=1)
        until = f"{day:%Y%m%d}"
    elif start.param("TZID") or start.value.strip().upper().endswith("Z"):
        until = instant(first - 1)
    else:
        until = f"{datetime.fromtimestamp(first - 1, UTC).astimezone(stored.zone):%Y%m%dT%H%M%S}"
    parts = [each for each in rule.value.strip().split(";") if each.partition("=")[0].strip().upper() not in _BOUNDS]
    return Property.make("RRULE", ";".join([*parts, f"UNTIL={until}"]), dict(rule.params))


def _with_master(stored: Scheduled, master: Component) -> Scheduled:
    return stored.with_parts([master, *(each for key, each in stored.parts.items() if key is not None)])
