"""What a person keeps of an edit that is refused: a reminder of their own, and the text they typed (section 18)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from protocols.eas.body import BodyPreference, echoes, one_line, readable_text
from protocols.eas.calendar_edit import only_reminder_differs, pushes_whole
from protocols.eas.codepages import AirSyncBase, Calendar, Tasks
from protocols.eas.delivery import Source
from protocols.eas.errors import ItemRefused
from protocols.eas.field_edit import MAX_REMINDER, number
from protocols.eas.folders import ItemId, scope_of
from protocols.eas.holdings import Part, read_holding
from protocols.eas.instance_edit import only_reminder_of_instance
from protocols.eas.item import EditContext
from protocols.eas.reminders import start_of
from protocols.eas.session import Session
from protocols.eas.states import Ledger
from protocols.eas.wbxml import Element
from storage.contentlines import Component, parse
from storage.errors import InvalidObject
from storage.model import CalendarObject

MOST_REMINDERS: Final = 5000
REFUSALS: Final = 3
WITHIN_SECONDS: Final = 3600
COUNTED: Final = 50
MAX_TEXT: Final = 64 * 1024
ADDED: Final = "refused-add"
CHANGED: Final = "refused-change"
FAULTY: Final = "refused-faulty"
GONE: Final = "refused-gone"
OFTEN: Final = "refused-often"
HIDDEN: Final = "hidden-from-phone"


class Personal:
    """One person's own side of a collection, on one device."""

    def __init__(self, session: Session, source: Source) -> None:
        """Keep things for the person of a session."""
        self._session = session
        self._source = source
        self._tx = session.tx

    def reminded(self, name: ItemId, found: CalendarObject, data: Element, sent: EditContext) -> bool | None:
        """Keep a Change of a read-only entry that changes its reminder alone, and tell whether the device shows it so.

        None when it is another edit. The person's other devices are told at their next Sync, and woken for it.
        """
        reminders, place = self._source.reminders, (name.item, name.suffix)
        try:
            if not only_reminder_differs(found.ical, data, self._source.context, name.suffix or None):
                return None
            shown = self._shown(name, found)
            if shown is None or len(reminders.found) >= MOST_REMINDERS:
                return None
            wanted = self._wanted(data, shown, sent)
        except (ItemRefused, InvalidObject):
            return None
        if wanted != _minutes(shown):
            reminders.put(place, wanted)
            self._tell_others(name.item)
        labels = data.find(Calendar.Categories)
        same = labels is None or labels == shown.find(Calendar.Categories)
        return same and not data.has(Calendar.Exceptions)

    def reminded_of(self, instance: str, name: ItemId, found: CalendarObject, data: Element) -> bool | None:
        """Do the same for a Change of one occurrence, named by its start, of a series told as one item.

        Raises ItemRefused when there is no such occurrence.
        """
        reminders, context = self._source.reminders, self._source.context
        suffix = only_reminder_of_instance(found.ical, instance, data, context)
        shown = self._shown(name, found)
        if suffix is None or shown is None or len(reminders.found) >= MOST_REMINDERS:
            return None
        if data.has(Calendar.Reminder):
            wanted = number(data, Calendar.Reminder, MAX_REMINDER)
            if wanted != _minutes_of(shown, start_of(suffix, context)):
                reminders.put((name.item, suffix), wanted)
                self._tell_others(name.item)
        return not data.has(Calendar.Categories)

    def _shown(self, name: ItemId, found: CalendarObject) -> Element | None:
        if name.suffix:
            return self._source.occurrence(found, name.suffix)
        form = self._source.form(found)
        return getattr(form, "item", None)

    def _wanted(self, data: Element, shown: Element, sent: EditContext) -> int | None:
        """Return the minutes a Change asks for; what it leaves out stays unless the client pushes whole items."""
        if data.has(Calendar.Reminder):
            return number(data, Calendar.Reminder, MAX_REMINDER)
        gone = Calendar.Reminder in pushes_whole(data, self._source.context, sent)
        return None if gone else _minutes(shown)

    def _tell_others(self, item: int) -> None:
        """Have the person's other devices show an item anew."""
        person, this = self._session.principal.id, self._session.device.device_id
        number, scope = self._source.collection.id, scope_of(self._source.folder)

        def marked(state: Mapping[str, Any]) -> dict[str, Any]:
            holding = read_holding(number, state)
            parts = {each: Part(p.held, p.held) if each == item else p for each, p in holding.parts.items()}
            return replace(holding, due=holding.due | {item}, parts=parts).to_json()

        others = [each.device_id for each in self._tx.devices.list(person) if each.device_id != this]
        for each in others:
            Ledger(self._tx, (person, each), scope).correct(marked)
        if others:
            self._tx.collections.nudge(person)

    def lost(self, data: Element | None, found: CalendarObject | None, kind: str = "") -> None:
        """Keep what was typed into an edit that is refused; one without text is noted when it is tried often.

        `kind` says why, where it is not that the entry may not be written or that a newer version of it wins.
        """
        typed = {} if data is None else _typed(data, found, self._source.context.body)
        if typed:
            self._note(kind or (ADDED if found is None else CHANGED), typed | _times(data))
        elif found is not None:
            self._count(found)

    def _count(self, found: CalendarObject) -> None:
        memo, now = self._session.memo(f"refused {self._source.folder}"), self._tx.now()
        counts: dict[str, list[int]] = dict(memo.value or {})
        times, since = counts.pop(str(found.item), [0, now])
        times, since = (times + 1, since) if now - since <= WITHIN_SECONDS else (1, now)
        counts[str(found.item)] = [times, since]
        memo.remember(dict(list(counts.items())[-COUNTED:]))
        if times == REFUSALS:
            self._note(OFTEN, {"subject": summary(found), "since": since})

    def _note(self, kind: str, data: Mapping[str, Any]) -> None:
        facts = {"device": self._session.device.device_id, "calendar": self._source.collection.name, **data}
        self._tx.refusals.add(self._session.principal.id, kind, facts)


def _minutes(shown: Element) -> int | None:
    text = shown.value(Calendar.Reminder)
    return int(text) if text else None


def _minutes_of(series: Element, start: str) -> int | None:
    """Return the minutes of one occurrence: its exception's, or else those of its series."""
    named = (each for each in _exceptions(series) if each.value(AirSyncBase.InstanceId) == start)
    exception = next(named, series)
    return _minutes(exception if exception.has(Calendar.Reminder) else series)


def summary(found: CalendarObject) -> str:
    """Return the title of a stored event or task, "" when it has none or cannot be read."""
    return next((text for each in _events(found) if (text := one_line(each.text("SUMMARY") or ""))), "")


def _events(found: CalendarObject | None) -> tuple[Component, ...]:
    try:
        return () if found is None else parse(found.ical).children(found.component)
    except InvalidObject:
        return ()


def _typed(data: Element, found: CalendarObject | None, wishes: Sequence[BodyPreference]) -> dict[str, str]:
    """Return the texts of an item, and of its exceptions, that stand nowhere in the stored event."""
    stored = _events(found)
    known = {one_line(each.text(name) or "") for each in stored for name in ("SUMMARY", "LOCATION")} | {""}
    texts: dict[str, list[str]] = {"subject": [], "location": [], "text": []}
    for each in (data, *_exceptions(data)):
        place = each.value(Calendar.Location) or each.value(AirSyncBase.Location, AirSyncBase.DisplayName)
        subject = each.value(Calendar.Subject) or each.value(Tasks.Subject)
        for name, text in (("subject", subject), ("location", place)):
            line = one_line(text or "")
            texts[name] += [line] if line not in known else []
        body = readable_text(each)
        new = body.strip() and not any(echoes(body, one.text("DESCRIPTION") or "", wishes) for one in stored)
        texts["text"] += [body] if new else []
    return {name: "\n".join(dict.fromkeys(found))[:MAX_TEXT] for name, found in texts.items() if found}


def _exceptions(data: Element) -> tuple[Element, ...]:
    listed = data.find(Calendar.Exceptions)
    return listed.all(Calendar.Exception) if listed else ()


def _times(data: Element | None) -> dict[str, str]:
    """Return when the edit was to be, as the device wrote it."""
    named = (
        ("starts", (Calendar.StartTime, Tasks.StartDate, Tasks.UtcStartDate)),
        ("ends", (Calendar.EndTime, Tasks.DueDate, Tasks.UtcDueDate)),
    )
    told = {name: next(filter(None, map(data.value, tags)), "") for name, tags in named} if data is not None else {}
    return {name: text[:32] for name, text in told.items() if text}
