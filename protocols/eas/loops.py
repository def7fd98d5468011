"""Help a device out that asks for the same answer again and again (reference/eas.md section 8.11).

An answer may be lost, so the first repetition is answered as before. After that answers become small, then single
items, then the item that stands in the way is kept from the device until somebody changes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from protocols.eas.codepages import AirSync
from protocols.eas.delivery import Delivery
from protocols.eas.folders import item_id
from protocols.eas.holdings import Holding
from protocols.eas.personal import HIDDEN, summary
from protocols.eas.session import Session
from protocols.eas.states import Place

WITHIN_SECONDS: Final = 600
SMALL_FROM, SMALL = 2, 25
SINGLE_FROM: Final = 5
HIDE_FROM: Final = 8


def tamed(session: Session, asked: tuple[str, Place], delivery: Delivery) -> Delivery:
    """Return the delivery that answers a request for (key, place), smaller the more often the key has come before."""
    key, place = asked
    if not place.answers:
        return delivery
    memo, now = session.memo(f"loop {delivery.source.folder}"), session.tx.now()
    before = memo.value or {}
    if before.get("key") != key or now - before["since"] > WITHIN_SECONDS:
        before = {"count": 0, "since": now, "hidden": {}}
    count, hidden = before["count"] + 1, {int(item): seq for item, seq in before["hidden"].items()}
    tried = Delivery(delivery.source, _without(delivery.before, hidden), 1)
    if count >= HIDE_FROM:
        hidden |= _in_the_way(session, tried)
        # The next item is given as many chances.
        count = SINGLE_FROM
    kept = {str(item): seq for item, seq in hidden.items()}
    memo.remember({"key": key, "count": count, "since": before["since"], "hidden": kept})
    window = 1 if count >= SINGLE_FROM else SMALL if count >= SMALL_FROM else delivery.room
    return Delivery(delivery.source, _without(delivery.before, hidden), min(window, delivery.room))


def _without(holding: Holding, hidden: Mapping[int, int]) -> Holding:
    return replace(holding, hidden={**holding.hidden, **hidden})


def _in_the_way(session: Session, tried: Delivery) -> dict[int, int]:
    """Return the item that the device is sent next, with its revision, and tell the person; nothing if it is none."""
    tried.run()
    for command in tried.commands:
        name = item_id(tried.source.folder, command.value(AirSync.ServerId) or "")
        found = tried.source.texts([name.item]) if name and command.tag in (AirSync.Add, AirSync.Change) else {}
        for item, each in found.items():
            facts = {"device": session.device.device_id, "calendar": tried.source.collection.name}
            session.tx.refusals.add(session.principal.id, HIDDEN, facts | {"subject": summary(each)})
            return {item: each.seq}
    return {}
