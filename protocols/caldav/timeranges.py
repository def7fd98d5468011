"""Time ranges as CalDAV writes them: UTC instants, either end open (RFC 4791, 9.9)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from lxml import etree

from protocols.caldav.errors import DavError
from protocols.caldav.names import caldav
from storage.model import DAWN, FOREVER

_INSTANT = re.compile(r"\d{8}T\d{6}Z", re.ASCII)
_FIRST = datetime(1, 1, 2, tzinfo=UTC)
_LAST = datetime(9999, 12, 30, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class TimeRange:
    """[starts, ends) in epoch seconds; DAWN and FOREVER where it is open."""

    starts: int
    ends: int

    @property
    def first(self) -> datetime:
        """The start as an instant, as early as there are any."""
        return _FIRST if self.starts <= int(_FIRST.timestamp()) else datetime.fromtimestamp(self.starts, UTC)

    @property
    def last(self) -> datetime:
        """The end as an instant, as late as there are any."""
        return _LAST if self.ends >= int(_LAST.timestamp()) else datetime.fromtimestamp(self.ends, UTC)

    def meets(self, starts: int, ends: int) -> bool:
        """Whether [starts, ends) overlaps; an instant is inside where it starts."""
        return starts < self.ends and (ends > self.starts or (starts == ends and starts >= self.starts))


def parse(node: etree._Element, *, closed: bool = False) -> TimeRange:
    """Read the start and end attributes; raises DavError when they are malformed, or missing though needed.

    `closed` needs both: expand and free-busy would have no end (RFC 4791, 9.6.5 and 7.10).
    """
    starts, ends = _instant(node.get("start")), _instant(node.get("end"))
    if (starts is None and ends is None) or (closed and (starts is None or ends is None)):
        raise DavError(403, caldav("valid-filter"), reason="A time range needs a start and an end.")
    found = TimeRange(DAWN if starts is None else starts, FOREVER if ends is None else ends)
    if found.starts >= found.ends:
        raise DavError(403, caldav("valid-filter"), reason="A time range ends after it starts.")
    return found


def _instant(text: str | None) -> int | None:
    if text is None:
        return None
    if not _INSTANT.fullmatch(text.strip()):
        raise DavError(403, caldav("valid-filter"), reason="Times are UTC, such as 20261122T080000Z.")
    try:
        return int(datetime.strptime(text.strip(), "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp())
    except ValueError as error:
        raise DavError(403, caldav("valid-filter"), reason=f"There is no such time: {error}") from error
