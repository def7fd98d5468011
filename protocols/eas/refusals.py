"""Note the last refusal of a device that somebody can do something about, for its administrator to read."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from protocols.eas import answers
from storage.transaction import Transaction

NOTED_EVERY: Final = 3600
# Below are malformed requests, which leave no trace, and turns of an ordinary conversation.
_FIRST: Final = 108
# What the device's own row says, and a letter that came again because the answer to it was lost.
_SENT_BEFORE: Final = 118
_KNOWN: Final = frozenset({answers.DEVICE_BLOCKED, answers.QUARANTINED, answers.WIPE_REQUESTED, _SENT_BEFORE})
_ALSO: Final = frozenset({"Sync 3", "FolderSync 9"})


def note(who: tuple[int, str], command: str, status: int, tx: Transaction) -> None:
    """Keep "command status" as the last refusal of (person, device); the same one is written once an hour."""
    text, now = f"{command} {status}", tx.now()
    if status in _KNOWN or (status < _FIRST and text not in _ALSO):
        return
    known = tx.devices.get(*who)
    if known is None or (known.error == text and now - known.error_at < NOTED_EVERY):
        return
    tx.devices.save(replace(known, error=text, error_at=now))
