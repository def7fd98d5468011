"""Where a timetable file comes from: which program wrote it, when, for which school, encrypted or not (R72, R119-R124).

A file in clear says only its school and the version of its schema; the rest is told by the encrypted container.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from importers.errors import ImportRefused
from importers.notices import Notice

# The exports for school portals exist since these versions (R72); the last one was seen in feeds of 2026.
OLDEST_PRODUCT: Final = 2018
NEWEST_PRODUCT: Final = 2026

_PRODUCT = re.compile(r"\b(?:EDT|PRONOTE|HYPERPLANNING)\b[^0-9]{0,20}\b(20\d\d)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Origin:
    """What a file says of itself.

    `school` is the code it is for (R121), `encrypted` whether it was (R123), `key_present` whether we had the key that
    opens it (R124), `software` the program that wrote it, `exported` when, in ISO 8601 with its offset, `schema` the
    version of the format. Empty where the file does not say.
    """

    school: str = ""
    encrypted: bool = False
    key_present: bool = False
    software: str = ""
    exported: str = ""
    schema: str = ""


IN_CLEAR: Final = Origin()


def product_year(software: str) -> int | None:
    """Return the year in the name of an EDT or Pronote version, None when there is none.

    >>> product_year("PRONOTE Réseau-PRONOTE 2025 - 0.3.2")
    2025
    """
    match = _PRODUCT.search(software)
    return int(match[1]) if match else None


def check_product(software: str) -> None:
    """Refuse the file of a program too old to write this export; raises ImportRefused("old-software") (R72)."""
    year = product_year(software)
    if year is not None and year < OLDEST_PRODUCT:
        raise ImportRefused("old-software", software=software, oldest=OLDEST_PRODUCT)


def notices(origin: Origin) -> tuple[Notice, ...]:
    """Return what deserves attention: a program newer than those known to write what is read here (R72)."""
    year = product_year(origin.software)
    return (Notice("newer-software", origin.software[:80], 1),) if year is not None and year > NEWEST_PRODUCT else ()


def instant(exported: str) -> datetime | None:
    """Return when a file was exported (aware), None when that is unknown; without offset it is taken as UTC."""
    try:
        found = datetime.fromisoformat(exported)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def older(origin: Origin, last: str) -> bool:
    """Say whether a file was exported before another, given as `exported` is; unknown times compare with nothing."""
    one, other = instant(origin.exported), instant(last)
    return one is not None and other is not None and one < other
