"""What a school brings to the reading of its file: what the file itself may not say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

from importers.container import PartnerKey
from importers.errors import ImportRefused
from importers.school_year import SchoolYear

PARIS: Final = ZoneInfo("Europe/Paris")


@dataclass(frozen=True, slots=True)
class Setting:
    """The school's code (UAI), zone, keys, school year and closed days."""

    school: str = ""
    zone: tzinfo = PARIS
    keys: tuple[PartnerKey, ...] = ()
    year: SchoolYear | None = None
    closed: frozenset[date] = frozenset()

    def told_year(self) -> SchoolYear:
        """Return the school year, needed by a file without dates; raises ImportRefused("no-school-year")."""
        if self.year is None:
            raise ImportRefused("no-school-year")
        return self.year

    def mondays(self, code: str) -> frozenset[date]:
        """Return the Mondays of a kind of weeks; raises ImportRefused("no-alternation")."""
        found = self.told_year().alternation(code)
        if found is None:
            raise ImportRefused("no-alternation", code=code[:40])
        return found

    @property
    def schools(self) -> tuple[str, ...]:
        """Return the school as a file without any names it: whoever hands it over has said so."""
        return (self.school.upper(),) if self.school else ()
