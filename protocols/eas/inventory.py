"""Tell what a device holds, as it was last told: folder by folder, for the person who looks after it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from protocols.eas.folders import SCOPE, collection_number, scope_of
from protocols.eas.holdings import Holding, read_holding, unpacked
from protocols.eas.states import newest_of
from storage.model import StoredState


@dataclass(frozen=True, slots=True)
class Carried:
    """One folder: entries it holds whole and single occurrences, what is kept back, and when it was last told.

    `filter_type` as the device chose it (MS-ASCMD 2.2.3.68.2); `complete` is false while a first load or a changed
    filter is under way; `synced` epoch seconds, 0 for a folder that was never synchronised.
    """

    folder: str
    name: str
    type: int
    entries: int = 0
    occurrences: int = 0
    filter_type: int = 0
    complete: bool = True
    hidden: tuple[int, ...] = ()
    synced: int = 0

    @property
    def mail(self) -> bool:
        """Whether it is a mail folder, which never holds anything."""
        return collection_number(self.folder) is None


def carried(scopes: Mapping[str, StoredState]) -> tuple[Carried, ...]:
    """Return the folders of a device from the newest generation of each of its scopes."""
    listed = scopes.get(SCOPE)
    folders = {} if listed is None else newest_of(listed)[0]["folders"]
    return tuple(_folder(each, facts, scopes.get(scope_of(each))) for each, facts in folders.items())


def _folder(folder: str, facts: list[str | int], stored: StoredState | None) -> Carried:
    plain = Carried(folder, str(facts[0]), int(facts[1]))
    number = collection_number(folder)
    if stored is None or number is None:
        return plain
    state, moment = newest_of(stored)
    holding = read_holding(number, state)
    return Carried(
        plain.folder,
        plain.name,
        plain.type,
        len(unpacked(holding.items)),
        sum(len(part.held) for part in holding.parts.values()),
        holding.wishes.filter_type,
        _complete(holding),
        tuple(sorted(holding.hidden)),
        moment,
    )


def _complete(holding: Holding) -> bool:
    return holding.first is None and holding.token.top is None and holding.cutoffs[0] == holding.cutoffs[1]
