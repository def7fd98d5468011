"""Which objects a filter can mean, told from listings and indexes before any text is read (RFC 4791, 7.8 and 9.9)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import tzinfo

from protocols.caldav.context import Context
from protocols.caldav.filters import CompFilter
from protocols.caldav.query_zone import own_zone
from protocols.caldav.resources import Calendar
from protocols.caldav.timeranges import TimeRange
from storage import contentlines, ical
from storage.errors import InvalidObject
from storage.model import FOREVER, CalendarObject, Entry

# Texts are read, looked at and let go by so many at a time.
CHUNK = 500
# No two zones of the world are further apart: UTC-12 and UTC+14.
_ZONES_APART = 26 * 3600


@dataclass(frozen=True, slots=True)
class Search:
    """A calendar that is searched, and the zone in which the searcher reads floating times."""

    holder: Calendar
    context: Context
    zone: tzinfo

    def candidates(self, wanted: CompFilter) -> list[Entry]:
        """Return the objects that satisfy what a filter says of kinds and times, and may satisfy the rest."""
        kinds = {comp.name for comp in wanted.comps if not comp.absent and comp.name in ical.KINDS}
        if len(kinds) > 1:
            return []
        # A range on VCALENDAR itself, which RFC 4791 does not define, means that anything in it happens then.
        ranges = [each.within for each in (wanted, *wanted.comps) if each.within is not None and not each.absent]
        rows = self._first(wanted, ranges)
        for more in ranges:
            also = {row.item for row in self.in_range(more)}
            rows = [row for row in rows if row.item in also]
        return [row for row in rows if not kinds or row.component in kinds]

    def _first(self, wanted: CompFilter, ranges: list[TimeRange]) -> list[Entry]:
        """Return what the dearest condition leaves, which for a range is taken off the list."""
        objects, collection = self.context.tx.objects, self.holder.collection
        fragment = uid_fragment(wanted)
        if fragment:
            return objects.entries_by_uid(collection, fragment)
        return self.in_range(ranges.pop(0)) if ranges else objects.entries(collection)

    def in_range(self, within: TimeRange) -> list[Entry]:
        """Return the objects that happen in a range.

        The index answers, read in the calendar's own zone; what it does not hold (endless series beyond the indexed
        years, what a new time zone has moved) and, in another zone, everything near the range are expanded here.
        """
        foreign = self.zone != own_zone(self.holder, self.context)
        margin = _ZONES_APART if foreign else 0
        ends = within.ends if within.ends == FOREVER else within.ends + margin
        hits = self.context.tx.objects.in_range(self.holder.collection, within.starts - margin, ends)
        if foreign:
            return self._happening((*hits.entries, *hits.unsure), within)
        # What never ends happens in every range that does not; the rest of what the index cannot tell is expanded.
        endless = [row for row in hits.unsure if within.ends == row.ends == FOREVER]
        others = [row for row in hits.unsure if not within.ends == row.ends == FOREVER]
        return [*hits.entries, *endless, *self._happening(others, within)]

    def _happening(self, rows: Sequence[Entry], within: TimeRange) -> list[Entry]:
        found = {each.href for chunk in self.objects(rows) for each in chunk if self._happens(each, within)}
        return [row for row in rows if row.href in found]

    def _happens(self, found: CalendarObject, within: TimeRange) -> bool:
        """Tell whether an object happens in a range; one whose occurrences leave the years there are is not hidden."""
        try:
            return ical.happens(contentlines.parse(found.ical), within.first, within.last, self.zone)
        except InvalidObject:
            return True

    def objects(self, rows: Sequence[Entry]) -> Iterator[list[CalendarObject]]:
        """Yield the objects of rows with their texts, by chunks."""
        for at in range(0, len(rows), CHUNK):
            names = [row.href for row in rows[at : at + CHUNK]]
            found = self.context.tx.objects.many(self.holder.collection, names)
            yield [found[name] for name in names if name in found]


def uid_fragment(wanted: CompFilter) -> str:
    """Return text that the UID of every matching object holds, ASCII letters in any case; "" when none is known.

    A text-match is a substring: clients that look for one UID mean equality, but are owed what the RFC says.
    """
    for comp in wanted.comps:
        for prop in () if comp.absent else comp.props:
            match = prop.match
            if prop.name != "UID" or match is None or match.negated or match.collation == "i;unicode-casemap":
                continue
            if match.text and match.text.isascii():
                return match.text
    return ""
