"""Who attends what, and when: windows per account for each audience unit, computed once and shared (reference, 1.5).

Dated memberships of the file become windows in the school's zone, DateSortie included. Adults are attached to the
sessions they give, not by dates: their windows are open.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, tzinfo

from importers.naming import Audience, AudienceKind
from importers.reconcile import Match
from importers.timetable import Group, Stay, Timetable
from importers.windows import ALWAYS, Window, Windows, days, united

Attendance = Mapping[int, Windows]


class Population:
    """The accounts behind the audience units of one timetable; only matched people exist here."""

    def __init__(self, timetable: Timetable, matched: Mapping[str, Match], zone: tzinfo) -> None:
        self._zone = zone
        self._spans: dict[tuple[date | None, date | None], Window] = {}
        self._groups = {group.ident: group for group in timetable.groups}
        self._accounts: dict[str, int] = {}
        self._classes: defaultdict[str, defaultdict[int, list[Window]]] = defaultdict(lambda: defaultdict(list))
        self._parts: defaultdict[str, defaultdict[int, list[Window]]] = defaultdict(lambda: defaultdict(list))
        self._units: dict[Audience, Attendance] = {}
        self._audiences: dict[frozenset[Audience], Attendance] = {}
        for pupil in timetable.pupils:
            match = matched.get(pupil.ref)
            if match is None:
                continue
            self._accounts[pupil.ident] = match.account
            for table, stays in ((self._classes, pupil.classes), (self._parts, pupil.parts)):
                for stay in stays:
                    table[stay.ident][match.account].append(self._span(stay))

    def attendance(self, audience: frozenset[Audience]) -> Attendance:
        """Return the accounts of the pupils of an audience with their windows."""
        found = self._audiences.get(audience)
        if found is None:
            found = self._audiences[audience] = _merged(self._unit(unit) for unit in audience)
        return found

    def _span(self, stay: Stay) -> Window:
        key = (stay.first, stay.last)
        span = self._spans.get(key)
        if span is None:
            span = self._spans[key] = days(stay.first, stay.last, self._zone)
        return span

    def _unit(self, unit: Audience) -> Attendance:
        found = self._units.get(unit)
        if found is None:
            found = self._units[unit] = self._computed(unit)
        return found

    def _computed(self, unit: Audience) -> Attendance:
        match unit.kind:
            case AudienceKind.CLASS:
                return _attendance(self._classes.get(unit.ident, {}))
            case AudienceKind.PART:
                return _attendance(self._parts.get(unit.ident, {}))
            case AudienceKind.PUPIL:
                return self._direct((unit.ident,))
            case AudienceKind.GROUP:
                return self._group(self._groups[unit.ident])

    def _group(self, group: Group) -> Attendance:
        members = [_attendance(self._classes.get(ident, {})) for ident in group.classes]
        members += [_attendance(self._parts.get(ident, {})) for ident in group.parts]
        return _merged((*members, self._direct(group.pupils)))

    def _direct(self, idents: Iterable[str]) -> Attendance:
        return {self._accounts[ident]: ALWAYS for ident in idents if ident in self._accounts}


def _attendance(stays: Mapping[int, Iterable[Window]]) -> Attendance:
    return {account: united(windows) for account, windows in stays.items()}


def _merged(attendances: Iterable[Attendance]) -> Attendance:
    """Unite windows account by account; a single attendance is shared, not copied."""
    parts = [attendance for attendance in attendances if attendance]
    if len(parts) == 1:
        return parts[0]
    merged: dict[int, Windows] = {}
    for attendance in parts:
        for account, windows in attendance.items():
            held = merged.get(account)
            merged[account] = windows if held is None or held == windows else united((*held, *windows))
    return merged
