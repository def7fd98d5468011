"""Week masks of EDT/Pronote: bit i is school week i, counted from an anchor date (reference/pronote-format.md, 1.4).

Python integers only: a mask has 64 bits and does not fit a float. No ISO week number, no rotation, no 52.
"""

from __future__ import annotations

from datetime import date, timedelta

FIRST_WEEK, LAST_WEEK = 1, 62
USABLE = (1 << (LAST_WEEK + 1)) - (1 << FIRST_WEEK)
_DIGITS = 20


def parse_mask(text: str) -> int:
    """Read an unsigned 64-bit decimal mask; raises ValueError."""
    digits = text.strip()
    if not (digits.isascii() and digits.isdigit() and len(digits) <= _DIGITS):
        raise ValueError(text)
    mask = int(digits)
    if mask >> 64:
        raise ValueError(text)
    return mask


def weeks(mask: int) -> tuple[int, ...]:
    """Return the school weeks of a mask in order, 1 to 62; other bits are ignored."""
    return tuple(week for week in range(FIRST_WEEK, LAST_WEEK + 1) if mask >> week & 1)


def mask_of(chosen: tuple[int, ...]) -> int:
    """Return the mask of some school weeks."""
    mask = 0
    for week in chosen:
        mask |= 1 << week
    return mask


def has_stray_bits(mask: int) -> bool:
    """Say whether a mask sets bits that mean no week (0 and 63)."""
    return mask & ~USABLE != 0


def day_of(anchor: date, week: int, weekday: int) -> date:
    """Return the date of a weekday (1 is Monday) in a school week; the anchor is any day of week 1."""
    return anchor + timedelta(days=7 * (week - 1) + weekday - 1 - anchor.weekday())
