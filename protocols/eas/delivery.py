"""Tell a device what changed in a collection: one answer's worth, deletions first, news nearest to today first.

A `Delivery` gathers the commands of one answer and keeps account of what the device holds after it. It runs in steps:
what the filter moved, what was left over, the first load, then changes since the token (reference/eas.md section 8.3).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import Final

from protocols.eas.codepages import AirSync, Tag
from protocols.eas.folders import ItemId
from protocols.eas.holdings import FirstLoad, Holding, Part, packed, unpacked
from protocols.eas.item import ItemContext
from protocols.eas.item_classes import CALENDAR, TASKS, ItemClass
from protocols.eas.reminders import Reminders
from protocols.eas.representation import Instances, Representation, Series
from protocols.eas.wbxml import E, Element
from storage.errors import CadranError
from storage.model import DAWN, FOREVER, CalendarObject, Change, Collection, Entry, SyncToken
from storage.transaction import Transaction

CHUNK: Final = 64
MAX_OCTETS: Final = 2 * 1024 * 1024
_ORDER: Final = (AirSync.Delete, AirSync.SoftDelete, AirSync.Change, AirSync.Add)


@dataclass(frozen=True, slots=True)
class Source:
    """One collection as one device may see it now: from `cutoff` on, occurrences within `window`."""

    tx: Transaction
    folder: str
    collection: Collection
    context: ItemContext
    cutoff: int
    window: tuple[date, date]
    reminders: Reminders
    kind: ItemClass = CALENDAR

    def form(self, found: CalendarObject) -> Representation | None:
        """Return the form an object takes on the device; None for one whose text cannot be read."""
        try:
            form = self.kind.represent(found.ical, self.context, self.window)
            single = partial(self.kind.single, found.ical, self.context)
            return self.reminders.over(found.item, form, single, self.context)
        except CadranError:
            return None

    def occurrence(self, found: CalendarObject, suffix: str) -> Element | None:
        """Return the one occurrence that a suffix names; None when there is none."""
        data = self.kind.single(found.ical, self.context, suffix)
        return None if data is None else self.reminders.on((found.item, suffix), data)

    def texts(self, items: Iterable[int]) -> dict[int, CalendarObject]:
        """Return the items of some numbers that the device may see, by number."""
        found = self.tx.objects.many_items(self.collection, list(items))
        return {item: each for item, each in found.items() if self.shows(each)}

    def shows(self, found: CalendarObject | Entry | Change) -> bool:
        """Tell whether something is an item of the folder's class that the filter lets through."""
        return found.component == self.kind.component and found.ends > self.cutoff


class Delivery:
    """The commands of one answer, and what the device holds after it."""

    def __init__(self, source: Source, holding: Holding, room: int) -> None:
        """Begin with what the device holds; `room` is how many commands the answer may carry."""
        self.source = source
        self.room = room
        self.before = holding
        self.items = unpacked(holding.items)
        self.parts = dict(holding.parts)
        self.due = set(holding.due)
        self.written = dict(holding.written)
        self.hidden = dict(holding.hidden)
        self._first = holding.first
        self._token = holding.token
        self._cutoffs = holding.cutoffs
        self._window = holding.window
        self._commands: list[Element] = []
        self._octets = 0
        self._told: set[int] = set()
        # Of these only the window was followed: what else became of them may be yet to tell.
        self._looked_at: set[int] = set()

    @property
    def commands(self) -> tuple[Element, ...]:
        """The commands gathered, in the order they are sent."""
        return tuple(each for tag in _ORDER for each in self._commands if each.tag == tag)

    @property
    def holding(self) -> Holding:
        """What the device holds once it has the answer."""
        return Holding(
            token=self._token,
            cutoffs=self._cutoffs,
            window=self._window,
            wishes=self.before.wishes,
            first=self._first,
            items=packed(self.items),
            parts=self.parts,
            due=frozenset(self.due),
            written=self.written,
            hidden=self.hidden,
        )

    @property
    def full(self) -> bool:
        """Whether the answer has no room left."""
        return self.room <= 0 or self._octets > MAX_OCTETS

    def tell(self, tag: Tag, name: ItemId | str, data: Element | None = None, octets: int = 0) -> None:
        """Add one command; `octets` is about how long it is."""
        self._commands.append(E(tag, E(AirSync.ServerId, str(name)), data))
        self.room -= 1
        self._octets += octets

    def name(self, item: int, suffix: str = "") -> ItemId:
        """Return the ServerId of an item of this collection."""
        return ItemId(self.source.folder, item, suffix)

    def holds(self, item: int) -> bool:
        """Tell whether the device holds an item, whole or in occurrences."""
        return item in self.items or item in self.parts

    def show(self, found: CalendarObject, *, fresh: bool = True) -> None:
        """Tell of an object as it is now; `fresh` says that what the device holds of it is out of date."""
        if self.hidden.get(found.item) == found.seq:
            self.hide(found.item)
            return
        self.hidden.pop(found.item, None)
        self._told.add(found.item)
        self.due.discard(found.item)
        match self.source.form(found):
            case None:
                self.hide(found.item, soft=self.source.context.incomplete_only)
            case Series(item=data):
                self._show_whole(found, data)
            case Instances(items=occurrences):
                self._show_occurrences(found, occurrences, fresh=fresh)

    def _show_whole(self, found: CalendarObject, data: Element) -> None:
        self._retire(found.item, frozenset())
        if found.item in self.parts:
            self.due.add(found.item)
            return
        tag = AirSync.Change if found.item in self.items else AirSync.Add
        self.tell(tag, self.name(found.item), data, len(found.ical))
        self.items.add(found.item)

    def _show_occurrences(
        self, found: CalendarObject, occurrences: Sequence[tuple[str, Element]], *, fresh: bool
    ) -> None:
        item = found.item
        if item in self.items:
            self.items.discard(item)
            self.tell(AirSync.Delete, self.name(item))
        part = self.parts.get(item, Part())
        self.parts[item] = Part(part.held, part.held) if fresh else part
        self._retire(item, frozenset(suffix for suffix, _ in occurrences))
        part = self.parts.get(item, Part())
        held, stale = list(part.held), set(part.stale)
        for suffix, data in occurrences:
            if suffix in held and suffix not in stale:
                continue
            if self.full:
                self.due.add(item)
                break
            self.tell(AirSync.Change if suffix in held else AirSync.Add, self.name(item, suffix), data, len(found.ical))
            stale.discard(suffix)
            if suffix not in held:
                held.append(suffix)
        self.parts[item] = Part(tuple(held), tuple(each for each in held if each in stale))

    def _retire(self, item: int, wanted: frozenset[str]) -> None:
        """Delete the occurrences that are no more; the item stops being in parts when none is left."""
        part = self.parts.get(item)
        if part is None:
            return
        held = list(part.held)
        for suffix in part.held:
            if suffix in wanted:
                continue
            if self.full:
                self.due.add(item)
                break
            self.tell(AirSync.Delete, self.name(item, suffix))
            held.remove(suffix)
        self.parts[item] = Part(tuple(held), tuple(each for each in part.stale if each in held))
        if not held:
            del self.parts[item]

    def hide(self, item: int, *, soft: bool = False) -> None:
        """Tell that an item is gone, `soft` if only the filter hides it; nothing if the device does not hold it."""
        self._told.add(item)
        self.due.discard(item)
        self._retire(item, frozenset())
        if item in self.items:
            self.items.discard(item)
            self.tell(AirSync.SoftDelete if soft else AirSync.Delete, self.name(item))

    def adopt(self, item: int, seq: int, *, again: bool) -> None:
        """Note that the device has an item of its own making; `again` says to send it next time as it became here."""
        self.items.add(item)
        self.written[item] = seq
        if again:
            self.due.add(item)
            self._told.add(item)

    def forget(self, item: int) -> None:
        """Note that the device deleted an item itself."""
        self.items.discard(item)
        self.parts.pop(item, None)
        self.due.discard(item)
        self.written.pop(item, None)

    def forget_occurrence(self, item: int, suffix: str) -> None:
        """Note that the device no longer holds one occurrence."""
        part = self.parts.get(item)
        if part is not None:
            held = tuple(each for each in part.held if each != suffix)
            self.parts[item] = Part(held, tuple(each for each in part.stale if each != suffix))

    def restore(self, found: CalendarObject, suffixes: Iterable[str], *, fresh: bool) -> None:
        """Tell of an item the device edited in vain, or of some occurrences if it holds single ones."""
        if not self.source.shows(found):
            self.hide(found.item, soft=True)
            return
        part = self.parts.get(found.item)
        if part is not None:
            self.parts[found.item] = Part(part.held, (*part.stale, *(each for each in suffixes if each in part.held)))
        self.show(found, fresh=fresh)

    def run(self) -> bool:
        """Gather what there is to tell and return whether more is left."""
        self._follow_filter()
        self._follow_window()
        self._load()
        if self._first is None:
            self._catch_up()
        return not self.holding.settled(self.source.tx.changes.head(self.source.collection.id))

    def _follow_filter(self) -> None:
        """Take away what the filter now leaves out and bring what it lets in; both may need several answers."""
        wanted = self.source.cutoff
        if self._first is not None and self._first.item < 0 and not self.items and not self.parts:
            self._cutoffs = (wanted, wanted)
        low, high = min(wanted, self._cutoffs[0]), max(wanted, self._cutoffs[1])
        if low == high:
            return
        self._cutoffs = (low, high)
        if self.source.kind is TASKS:
            if self._sift():
                self._cutoffs = (wanted, wanted)
            return
        # What the token has yet to reach is left to it: of an item told before, it could not tell the end.
        reached = self._token.base if self._token.top is None else self._token.top
        between = self.source.tx.objects.leaving(self.source.collection, low, high, reached)
        for entry in between:
            if entry.ends <= wanted and self.holds(entry.item):
                if self.full:
                    return
                self.hide(entry.item, soft=True)
        entering = [each for each in between if self.source.shows(each) and not self.holds(each.item)]
        entering.sort(key=lambda each: (-each.ends, each.item))
        if self._show_each([each.item for each in entering]):
            self._cutoffs = (wanted, wanted)

    def _sift(self) -> bool:
        """Take away the finished tasks or bring them back, and tell whether that is done."""
        reached = self._token.base if self._token.top is None else self._token.top
        listed = self.source.tx.objects.leaving(self.source.collection, DAWN, FOREVER, reached)
        for at in range(0, len(listed), CHUNK):
            texts = self.source.texts(each.item for each in listed[at : at + CHUNK])
            for item, found in texts.items():
                if (self.source.form(found) is None) != self.holds(item):
                    continue
                if self.full:
                    return False
                self.show(found)
        return True

    def _show_each(self, items: Sequence[int]) -> bool:
        """Show items as long as there is room, and tell whether all were."""
        for at in range(0, len(items), CHUNK):
            some = items[at : at + CHUNK]
            texts = self.source.texts(some)
            for item in some:
                if self.full:
                    return False
                if item in texts:
                    self.show(texts[item])
        return True

    def _follow_window(self) -> None:
        """Look again at series sent as occurrences when their window moved, and at what was left over."""
        if self.source.window != self._window:
            self._window = self.source.window
            self.due.update(self.parts)
        waiting = sorted(self.due - self._told)
        for at in range(0, len(waiting), CHUNK):
            some = waiting[at : at + CHUNK]
            texts = self.source.texts(some)
            for item in some:
                if self.full:
                    return
                if item in texts:
                    self.show(texts[item], fresh=False)
                    self._looked_at.add(item)
                else:
                    self.hide(item)

    def _load(self) -> None:
        """Go on with the first load."""
        while self._first is not None and not self.full:
            first, limit = self._first, min(self.room, CHUNK)
            found = self.source.tx.objects.nearest(
                self.source.collection,
                born_by=first.top,
                pivot=first.pivot,
                after=(first.distance, first.item),
                limit=limit,
                ends_from=self.source.cutoff,
            )
            for distance, each in found:
                if self.full:
                    return
                if self.source.shows(each) and not self.holds(each.item):
                    self.show(each)
                self._first = replace(first, distance=distance, item=each.item)
            if len(found) < limit:
                self._first = None
                self._token = SyncToken(self.source.collection.id, first.top)

    def _catch_up(self) -> None:
        """Go on with the changes since the token; raises TokenInvalid and TokenExpired."""
        more = True
        while more and not self.full:
            page = self.source.tx.changes.of(self.source.collection, self._token, min(self.room, CHUNK))
            # What left one calendar of a view may have come to another: the same item, in a later change.
            texts = self.source.texts(each.item for each in page.changes)
            for change in page.changes:
                self._tell_change(change, texts.get(change.item))
            self._token, more = page.token, page.more
        if not more:
            self._drop_unseen()

    def _tell_change(self, change: Change, found: CalendarObject | None) -> None:
        item = change.item
        own = self.written.pop(item, None) == change.seq
        if own and found is not None:
            return
        if item in self._looked_at and item in self.parts:
            self._postpone(item)
        elif item in self._told:
            return
        elif self.full:
            self._postpone(item)
        elif found is not None:
            self.show(found)
        else:
            self.hide(item, soft=change.etag is not None)

    def _postpone(self, item: int) -> None:
        """Leave the news of an item to the next answer."""
        part = self.parts.get(item)
        if part is not None:
            self.parts[item] = Part(part.held, part.held)
        self.due.add(item)

    def _drop_unseen(self) -> None:
        """Take away what the device added and somebody deleted before its token saw it: no change tells of that."""
        if not self.written:
            return
        present = self.source.tx.objects.many_items(self.source.collection, list(self.written))
        for item in sorted(self.written.keys() - present.keys()):
            del self.written[item]
            self.hide(item)


def first_holding(source: Source, now: int) -> Holding:
    """Return what a device holds that has just been primed: nothing yet, up to the collection's head now."""
    head = source.tx.changes.head(source.collection.id)
    first = FirstLoad(head, now)
    token = SyncToken(source.collection.id, head)
    return Holding(token, (source.cutoff, source.cutoff), source.window, first=first)
