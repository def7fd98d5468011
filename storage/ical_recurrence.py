"""List the occurrences of one calendar object: rules, added and excluded dates, overrides (RFC 5545, 3.8.5)."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import chain

from storage.contentlines import Component
from storage.errors import InvalidObject
from storage.ical_matches import Budget, TooManySteps, matches
from storage.ical_rules import Rule, read_rule
from storage.ical_times import Span, Timing, midnight, moment, moments, span_of, timing
from storage.ical_values import DAWN, DAY, FOREVER, Length, Moment, epoch, value_of

MAX_OCCURRENCES = 5_000
MAX_EXCLUDED = 20_000
MAX_RULES = 20
MAX_ZONES = 20
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Override:
    """Hold a component with a RECURRENCE-ID; `following` when it changes all later occurrences too."""

    recurrence: Moment
    key: int
    timing: Timing
    following: bool


@dataclass(frozen=True, slots=True)
class Series:
    """Hold one object as read: its master if there is one, what repeats it, and its overrides."""

    zone: tzinfo
    master: Timing | None
    rules: tuple[Rule, ...] = ()
    except_rules: tuple[Rule, ...] = ()
    added: tuple[tuple[Moment, Length | None], ...] = ()
    excluded: frozenset[int | date] = frozenset()
    overrides: tuple[Override, ...] = ()

    @property
    def recurring(self) -> bool:
        """Say whether the object can have more than one occurrence, or is one of a series."""
        return bool(self.rules or self.added or self.overrides)

    @property
    def endless(self) -> bool:
        """Say whether a rule has neither COUNT nor UNTIL."""
        return any(rule.endless for rule in self.rules)


@dataclass(frozen=True, slots=True)
class Occurrence:
    """Hold one occurrence: its identity in the series (None if alone), its times and the component that tells it."""

    recurrence: Moment | None
    starts: Moment
    ends: Moment
    component: Component
    span: Span


def series(components: tuple[Component, ...], root: Component, zone: tzinfo) -> Series:
    """Read the components of one UID; raises InvalidObject."""
    if len(components) > MAX_OCCURRENCES:
        raise InvalidObject("max-instances", f"more than {MAX_OCCURRENCES} components")
    zones = root.children("VTIMEZONE")
    if len(zones) > MAX_ZONES:
        raise InvalidObject("valid-calendar-data", f"more than {MAX_ZONES} VTIMEZONE components")
    # Every time of an unknown zone searches the calendar: let it search the zones only.
    root = root.with_components(zones)
    master = next((component for component in components if component.first("RECURRENCE-ID") is None), None)
    if master is None:
        return Series(zone, None, overrides=tuple(_override(one, root, zone, None) for one in components))
    found = timing(master, root, zone)
    alone = Series(zone, found)
    names = {prop.name for prop in master.properties}
    if found.starts is None or (len(components) == 1 and names.isdisjoint(("RRULE", "RDATE", "EXRULE", "EXDATE"))):
        return alone
    local = _local_zone(found.starts, zone)
    rules, except_rules = (_rules(master, name, found.starts, zone) for name in ("RRULE", "EXRULE"))
    return replace(
        alone,
        rules=rules,
        except_rules=except_rules,
        added=_added(master, root, found.starts, zone),
        excluded=_excluded(master, root, found.starts, local, zone) if {"EXDATE"} & names else frozenset(),
        overrides=tuple(_override(one, root, zone, found.starts) for one in components if one is not master),
    )


def occurrences(found: Series, begin: int, stop: int) -> list[Occurrence]:
    """List the occurrences that end at or after `begin` and start before `stop`, by start.

    Raises InvalidObject(`max-instances`) when there are more than 5 000 or they cost too much to find.
    """
    try:
        listed = list(_limited(found, begin, stop))
    except TooManySteps:
        raise InvalidObject("max-instances", "the recurrence rule takes too much work to expand") from None
    listed.sort(key=lambda one: (one.span.starts, one.span.ends))
    return listed


def life(found: Series) -> Span:
    """Return the first start and the last end of a dated series, FOREVER when it is endless or too long to list."""
    if not found.endless:
        try:
            listed = occurrences(found, DAWN, FOREVER)
        except InvalidObject as error:
            if error.precondition != "max-instances":
                raise
        else:
            if listed:
                return Span(listed[0].span.starts, max(one.span.ends for one in listed))
    starts = [one.timing.starts for one in found.overrides] + [start for start, _ in found.added]
    if found.master is not None:
        starts.append(found.master.starts)
    first = min((epoch(start, found.zone) for start in starts if start is not None), default=DAWN)
    return Span(first, FOREVER if found.endless or found.rules else first)


def _limited(found: Series, begin: int, stop: int) -> Iterator[Occurrence]:
    for number, one in enumerate(_occurring(found, begin, stop)):
        if number >= MAX_OCCURRENCES:
            raise InvalidObject("max-instances", f"more than {MAX_OCCURRENCES} occurrences")
        yield one


def _occurring(found: Series, begin: int, stop: int) -> Iterator[Occurrence]:
    for one in chain(_regular(found, begin, stop), _overridden(found)):
        if one.span.starts < stop and one.span.ends >= begin:
            yield one


def _overridden(found: Series) -> Iterator[Occurrence]:
    for override in found.overrides:
        own = override.timing
        if (override.following and found.master is not None) or own.starts is None:
            continue
        yield _occurrence(own, override.recurrence, own.starts, own.end(own.starts), found.zone)


def _regular(found: Series, begin: int, stop: int) -> Iterator[Occurrence]:
    master = found.master
    if master is None or master.starts is None:
        return
    if not (found.rules or found.added or found.overrides or found.excluded):
        yield _occurrence(master, None, master.starts, master.end(master.starts), found.zone)
        return
    following = sorted((one for one in found.overrides if one.following), key=lambda one: one.key)
    replaced = {one.key for one in found.overrides if not one.following}
    keys = [one.key for one in following]
    for key, (start, length) in _identities(found, *_widened(found, following, begin, stop)).items():
        if key in replaced:
            continue
        index = bisect_right(keys, key)
        recurrence = start if found.recurring else None
        if index == 0:
            yield _occurrence(master, recurrence, start, master.end(start, length), found.zone)
        else:
            own, moved = following[index - 1].timing, _moved(start, following[index - 1])
            yield _occurrence(own, recurrence, moved, own.end(moved), found.zone)


def _occurrence(own: Timing, recurrence: Moment | None, starts: Moment, ends: Moment, zone: tzinfo) -> Occurrence:
    return Occurrence(recurrence, starts, ends, own.component, span_of(own, starts, ends, zone))


def _identities(found: Series, begin: int, stop: int) -> dict[int, tuple[Moment, Length | None]]:
    """List, by epoch, the starts of the unmodified series: DTSTART, rules and added dates without the excluded ones."""
    assert found.master is not None
    assert found.master.starts is not None
    start, zone = found.master.starts, found.zone
    local = _local_zone(start, zone)
    listed: dict[int, tuple[Moment, Length | None]] = {}
    budget = Budget()
    window = begin, stop
    barred = set(found.excluded)
    for rule in found.except_rules:
        barred.update(epoch(one, zone) for one in _expanded(rule, start, local, window, budget))
    added: Iterator[tuple[Moment, Length | None]] = chain(((start, None),), found.added)
    ruled = chain.from_iterable(_expanded(rule, start, local, window, budget) for rule in found.rules)
    for one, length in chain(added, ((one, None) for one in ruled)):
        key = epoch(one, zone)
        if begin <= key < stop and key not in listed and key not in barred and _day(one) not in barred:
            listed[key] = (one, length)
            if len(listed) > MAX_OCCURRENCES:
                raise InvalidObject("max-instances", f"more than {MAX_OCCURRENCES} occurrences")
    return listed


def _expanded(rule: Rule, start: Moment, local: tzinfo, window: tuple[int, int], budget: Budget) -> Iterator[Moment]:
    begin, stop = window
    naive = start.replace(tzinfo=None) if isinstance(start, datetime) else midnight(start)
    found = matches(rule, naive, _clock(begin - DAY, local), _clock(stop + DAY, local), budget)
    if isinstance(start, datetime):
        return (one.replace(tzinfo=local) for one in found)
    return (one.date() for one in found)


def _widened(found: Series, following: list[Override], begin: int, stop: int) -> tuple[int, int]:
    """Return the range of original starts that can yield an occurrence in [begin, stop)."""
    if begin <= DAWN and not following:
        return begin, stop
    timings = [one.timing for one in following] + ([found.master] if found.master else [])
    lengths = [one.length for one in timings] + [length for _, length in found.added if length is not None]
    shift = max((abs(_shift(one)) for one in following), default=timedelta()) // timedelta(seconds=1) + DAY
    return begin - max(length.approximate for length in lengths) - shift, stop + shift


def _shift(override: Override) -> timedelta:
    """Return by how much the wall-clock start of an override differs from the one it replaces."""
    old, new = override.recurrence, override.timing.starts
    if isinstance(old, datetime) and isinstance(new, datetime):
        return new.astimezone(old.tzinfo).replace(tzinfo=None) - old.replace(tzinfo=None)
    if isinstance(old, datetime) or isinstance(new, datetime) or new is None:
        return timedelta()
    return new - old


def _moved(start: Moment, override: Override) -> Moment:
    new = override.timing.starts
    try:
        if isinstance(new, datetime) or not isinstance(start, datetime):
            return start + _shift(override)
        return start.date()
    except OverflowError:
        raise InvalidObject("max-date-time", "RECURRENCE-ID moves an occurrence after the year 9999") from None


def _clock(seconds: int, zone: tzinfo) -> datetime:
    """Return the naive wall-clock time of an epoch, clamped to the years 1 to 9999."""
    try:
        return (_EPOCH + timedelta(seconds=seconds)).astimezone(zone).replace(tzinfo=None)
    except OverflowError:
        return datetime.min if seconds < 0 else datetime.max.replace(microsecond=0)


def _local_zone(start: Moment, zone: tzinfo) -> tzinfo:
    return start.tzinfo if isinstance(start, datetime) and start.tzinfo is not None else zone


def _day(value: Moment) -> date | None:
    return value.date() if isinstance(value, datetime) else None


def _rules(master: Component, name: str, start: Moment, zone: tzinfo) -> tuple[Rule, ...]:
    props = master.all(name)
    if len(props) > MAX_RULES:
        raise InvalidObject("max-instances", f"more than {MAX_RULES} {name} lines")
    rules = tuple(value_of(prop, read_rule) for prop in props)
    if not isinstance(start, datetime) and any(rule.freq.sub_daily for rule in rules):
        raise InvalidObject("valid-calendar-data", f"{name} repeats within the day what DTSTART says lasts whole days")
    return tuple(_prepared(rule, start, zone) for rule in rules)


def _prepared(rule: Rule, start: Moment, zone: tzinfo) -> Rule:
    """Return a rule whose UNTIL is a wall-clock time of DTSTART's zone, or a date when DTSTART is one."""
    until = rule.until
    if isinstance(start, datetime):
        if until is not None:
            until = _until_time(until, _local_zone(start, zone))
        return replace(rule, until=until)
    if isinstance(until, datetime):
        # Midnight UTC is what clients write who mean the date; any other hour is an instant of the local day.
        literal = until.tzinfo is None or until.time() == time.min
        until = until.date() if literal else _clock(int(until.timestamp()), zone).date()
    nothing: frozenset[int] = frozenset()
    return replace(rule, until=until, hours=nothing, minutes=nothing, seconds=nothing)


def _until_time(until: Moment, local: tzinfo) -> datetime:
    if not isinstance(until, datetime):
        return datetime.combine(until, time(23, 59, 59))
    return until if until.tzinfo is None else _clock(int(until.timestamp()), local)


def _added(master: Component, root: Component, start: Moment, zone: tzinfo) -> tuple[tuple[Moment, Length | None], ...]:
    props = master.all("RDATE")
    if sum(prop.value.count(",") + 1 for prop in props) > MAX_OCCURRENCES:
        raise InvalidObject("max-instances", f"more than {MAX_OCCURRENCES} dates in RDATE")
    local = _local_zone(start, zone)
    return tuple((_alike(one, start, local), length) for prop in props for one, length in moments(prop, root, local))


def _excluded(master: Component, root: Component, start: Moment, local: tzinfo, zone: tzinfo) -> frozenset[int | date]:
    props = master.all("EXDATE")
    if sum(prop.value.count(",") + 1 for prop in props) > MAX_EXCLUDED:
        raise InvalidObject("max-instances", f"more than {MAX_EXCLUDED} dates in EXDATE")
    found = (one for prop in props for one, _ in moments(prop, root, local))
    if isinstance(start, datetime):
        # Several clients exclude a whole day from a series of times: a bare date stands for itself here.
        return frozenset(epoch(one, zone) if isinstance(one, datetime) else one for one in found)
    return frozenset(epoch(_alike(one, start, local), zone) for one in found)


def _alike(value: Moment, start: Moment, local: tzinfo) -> Moment:
    """Return a value of the same kind as DTSTART, on the clock of the same zone."""
    if isinstance(start, datetime):
        if not isinstance(value, datetime):
            return datetime.combine(value, start.time(), tzinfo=local)
        if value.tzinfo is local:
            return value
        try:
            return value.astimezone(local)
        except OverflowError:
            raise InvalidObject("max-date-time", f"{value.isoformat()} is out of range") from None
    return value.date() if isinstance(value, datetime) else value


def _override(component: Component, root: Component, zone: tzinfo, start: Moment | None) -> Override:
    prop = component.first("RECURRENCE-ID")
    assert prop is not None
    local = _local_zone(start, zone) if start is not None else zone
    recurrence = moment(prop, root, local)
    if start is not None:
        recurrence = _alike(recurrence, start, local)
    found = timing(component, root, zone)
    following = (prop.param("RANGE") or "").upper() == "THISANDFUTURE"
    return Override(recurrence, epoch(recurrence, zone), found, following)
