"""Keep what devices hold between requests: sync keys, two generations, and lost answers asked for again.

A *generation* is the set of answers given to one key. Most have one answer; when an answer was lost and its request
came again after something had changed, a second one with a key of its own stands beside it, so that the device may go
on from whichever reached it (reference/eas.md section 8.2). Of a generation's answers the next key shows which one was
received; only then is the generation before it dropped.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from storage.model import StoredState
from storage.transaction import Transaction

ANSWERS_KEPT: Final = 4
_KEY: Final = re.compile(r"([0-9a-f]{8})-([0-9]{1,15})(?:\.([0-9]{1,9}))?", re.ASCII)
_FIRST: Final = "0"

JSON = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a key says a device stands.

    `memory` is what was noted with the answers already given to this key, and `answers` the states after them, by
    copy: both are empty unless this is a repeated request.
    """

    generation: int
    copy: str
    state: JSON
    memory: JSON = field(default_factory=dict)
    answers: Mapping[str, JSON] = field(default_factory=dict)


class Ledger:
    """The states of one device for one scope: its folder list, or one of its collections."""

    def __init__(self, tx: Transaction, device: tuple[int, str], scope: str) -> None:
        """Read the scope of a device: (principal id, device id)."""
        self._tx = tx
        self._device = device
        self._scope = scope
        self._rows: tuple[StoredState, ...] = tx.devices.states(*device, scope)

    def newest(self) -> JSON | None:
        """Return the state after the last answer given, None for a device that never asked."""
        if not self._rows:
            return None
        return newest_of(self._rows[0])[0]

    def states(self) -> tuple[JSON, ...]:
        """Return all the states that the device may be in."""
        return tuple(state for row in self._rows for state in row.data["answers"].values())

    def find(self, key: str) -> Place | None:
        """Return where a key stands, None for a key that is unknown or no longer kept (Status 3, 9)."""
        match = _KEY.fullmatch(key)
        if match is None:
            return None
        epoch, generation, copy = match[1], int(match[2]), match[3] or _FIRST
        for age, row in enumerate(self._rows):
            known = row.generation == generation and row.data["epoch"] == epoch and copy in row.data["answers"]
            if known and age == 0:
                return Place(generation, copy, row.data["answers"][copy])
            if known and self._rows[0].data["of"] == copy:
                return Place(generation, copy, row.data["answers"][copy], *self._said())
        return None

    def _said(self) -> tuple[JSON, Mapping[str, JSON]]:
        return self._rows[0].data["memory"], self._rows[0].data["answers"]

    def start(self, state: JSON) -> str:
        """Begin anew, whatever was before, and return the first key."""
        epoch = secrets.token_hex(4)
        self._tx.devices.drop_states(*self._device, self._scope)
        data: dict[str, Any] = {
            "epoch": epoch,
            "of": None,
            "answers": {_FIRST: state},
            "memory": {},
            "at": self._tx.now(),
        }
        self._tx.devices.save_state(*self._device, self._scope, 1, data)
        return _text(epoch, 1, _FIRST)

    def answer(self, place: Place, state: JSON, memory: JSON) -> str:
        """Return the key of an answer after which the device holds `state`; the same answer again keeps its key."""
        epoch, generation = self._epoch(), place.generation + 1
        same = next((copy for copy, given in place.answers.items() if given == state), None)
        if same is not None and memory == place.memory:
            return _text(epoch, generation, same)
        copy = same or str(max(map(int, place.answers), default=-1) + 1)
        kept = dict(sorted(place.answers.items(), key=lambda item: int(item[0]))[-ANSWERS_KEPT:])
        data: dict[str, Any] = {"epoch": epoch, "of": place.copy, "answers": {**kept, copy: state}, "memory": memory}
        data["at"] = self._tx.now()
        self._tx.devices.save_state(*self._device, self._scope, generation, data)
        return _text(epoch, generation, copy)

    def amend(self, place: Place, state: JSON) -> None:
        """Replace a state by one that means the same to the device, under the same key.

        Only the newest generation can be amended; a repeated request's is left as it is.
        """
        if place.generation != self._rows[0].generation or place.state == state:
            return
        data = dict(self._rows[0].data)
        data["answers"] = {**data["answers"], place.copy: state}
        self._tx.devices.save_state(*self._device, self._scope, place.generation, data)

    def correct(self, change: Callable[[JSON], JSON]) -> None:
        """Change every state kept, under the keys they have: the device has been told by other means than a Sync."""
        for row in reversed(self._rows):
            answers = {copy: change(state) for copy, state in row.data["answers"].items()}
            self._tx.devices.save_state(*self._device, self._scope, row.generation, {**row.data, "answers": answers})

    def _epoch(self) -> str:
        return str(self._rows[0].data["epoch"])


def _text(epoch: str, generation: int, copy: str) -> str:
    return f"{epoch}-{generation}" if copy == _FIRST else f"{epoch}-{generation}.{copy}"


def newest_of(stored: StoredState) -> tuple[JSON, int]:
    """Return the state after the last answer of a stored generation, and when that was given (epoch seconds)."""
    answers: Mapping[str, JSON] = stored.data["answers"]
    return answers[max(answers, key=int)], int(stored.data.get("at", 0))


class Memo:
    """One remembered value of a device for one scope, such as the parameters of its last Ping."""

    def __init__(self, tx: Transaction, device: tuple[int, str], scope: str) -> None:
        """Read what is remembered for a device: (principal id, device id)."""
        self._tx = tx
        self._device = device
        self._scope = scope
        rows = tx.devices.states(*device, scope)
        self.value: JSON | None = rows[0].data if rows else None

    def remember(self, value: JSON | None) -> None:
        """Keep a value, or none; writes only what is new."""
        if value == self.value:
            return
        if value is None:
            self._tx.devices.drop_states(*self._device, self._scope)
        else:
            self._tx.devices.save_state(*self._device, self._scope, 1, value)
        self.value = value
