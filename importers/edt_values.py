"""Attribute values of EDT/Pronote elements: numbers, dates, times, masks (reference/pronote-format.md, 1.1 and 1.2)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, time

from lxml import etree

from importers.errors import ImportRefused
from importers.notices import Tally
from importers.weeks import has_stray_bits, parse_mask

TEXT_LIMIT = 500
_NUMBER_LIMIT = 65535
_NUMBER_DIGITS = 9
_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:[T+Z-].*)?")
_TIME = re.compile(r"(\d{1,2})\s*[hH:]\s*(\d{2})?(?::\d{2}(?:\.\d+)?)?Z?")


@dataclass(frozen=True, slots=True)
class Attributes:
    """The attributes of one element, their names in lower case without namespace.

    EDT 2013 writes IdPN where EDT 2014 writes IDPN, hence the case-insensitive names.
    """

    element: str
    line: int
    values: dict[str, str]

    def text(self, name: str) -> str:
        """Return an attribute trimmed, or an empty string; raises ImportRefused("bad-value") when it is too long."""
        value = " ".join(self.values.get(name, "").split())
        if len(value) > TEXT_LIMIT:
            raise self.bad(name)
        return value

    def number(self, name: str) -> int:
        """Return a required small unsigned number; raises ImportRefused("bad-value")."""
        value = self.text(name)
        if not (value.isascii() and value.isdigit() and len(value) <= _NUMBER_DIGITS and int(value) <= _NUMBER_LIMIT):
            raise self.bad(name)
        return int(value)

    def day(self, name: str) -> date:
        """Return a required date; raises ImportRefused("bad-value")."""
        found = read_date(self.text(name))
        if found is None:
            raise self.bad(name)
        return found

    def optional_day(self, name: str, tally: Tally) -> date | None:
        """Return a date, or None when it is absent, empty (seen in real files) or unreadable (counted)."""
        value = self.text(name)
        found = read_date(value)
        if value and found is None:
            tally.add("bad-date", f"{self.element}@{name}")
        return found

    def mask(self, name: str, tally: Tally) -> int:
        """Return a week mask, 0 when absent; raises ImportRefused("bad-value"). Bits that are no week are counted."""
        value = self.text(name)
        if not value:
            return 0
        try:
            mask = parse_mask(value)
        except ValueError:
            raise self.bad(name) from None
        if has_stray_bits(mask):
            tally.add("stray-week", f"{self.element}@{name}")
        return mask

    def bad(self, name: str) -> ImportRefused:
        """Make the refusal that names this attribute, its line and its value."""
        value = self.values.get(name, "")[:80]
        return ImportRefused("bad-value", line=self.line, element=self.element, name=name, value=value)


def local_name(element: etree._Element) -> str:
    """Return the name of an element without its namespace; empty for comments and instructions."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def line_of(element: etree._Element) -> int:
    """Return the line an element starts on, 0 when the parser does not know."""
    line = element.sourceline
    return line if isinstance(line, int) else 0


def attributes(element: etree._Element) -> Attributes:
    """Read the attributes of one element."""
    values = {str(name).rpartition("}")[2].lower(): str(value) for name, value in element.items()}
    return Attributes(local_name(element), line_of(element), values)


def read_date(text: str) -> date | None:
    """Read an xs:date, its zone ignored; None when there is none."""
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    try:
        return date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        return None


def read_time(text: str) -> time | None:
    """Read a printed time such as 08:05:00, 8h05 or 8h; None when there is none."""
    match = _TIME.fullmatch(text)
    if match is None:
        return None
    try:
        return time(int(match[1]), int(match[2] or 0))
    except ValueError:
        return None
