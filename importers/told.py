"""What a school has told that files may need to be read: keys, the school year, closed days."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from importers import choices, school_calendar
from importers.container import PartnerKey
from importers.setting import Setting
from storage.transaction import Transaction


def setting(tx: Transaction, keys: tuple[PartnerKey, ...]) -> Setting:
    """Return the setting in which the files of a school are read; `keys` open encrypted exports."""
    closed = school_calendar.days_of(choices.closures(tx))
    return Setting(tx.school.code, ZoneInfo(tx.school.zone), keys, choices.year(tx), closed)
