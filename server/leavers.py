"""Who left according to a feed, and who came back: accounts are closed and opened, never deleted (R80, R113)."""

from __future__ import annotations

from importers.errors import ImportRefused
from importers.names import squeeze
from importers.people import PeopleFile, PersonRecord
from server.matching import Existing, Matches
from storage.model import Principal, Source


class Leavers:
    """The accounts of one feed that its file no longer names."""

    def __init__(self, file: PeopleFile, known: Existing, matches: Matches) -> None:
        """Compare a file with the accounts of its source."""
        self._file = file
        self._known = known
        self._found = {person.id for person in matches.found.values()}
        left_out = [record for place, record in enumerate(file.people) if place not in matches.found]
        self._spared = file.spared | {name for record in left_out for name in _names(record)}

    def closed(self, *, force: bool) -> tuple[Principal, ...]:
        """Return the accounts to close.

        Raises ImportRefused("leavers") when less than half of the people of the source are in a complete file.
        """
        gone = frozenset(self._file.gone)
        source = self._known.source
        ours = [person for person in self._known.people if person.active and person.source is source]
        keys = self._known.external_ids
        named = [person for person in ours if keys.get(person.id) in gone and person.id not in self._found]
        roles = {role.value for role in self._file.complete}
        of_roles = [person for person in ours if person.role.value in roles]
        missing = [person for person in of_roles if person.id not in self._found]
        if not force and 2 * len(missing) > len(of_roles):
            raise ImportRefused("leavers", missing=len(missing), known=len(of_roles))
        kept = {person.id for person in missing if self._is_spared(person)}
        return tuple({person.id: person for person in (*named, *missing) if person.id not in kept}.values())

    def reopened(self) -> tuple[Principal, ...]:
        """Return the accounts to open: a feed had closed them and a feed names them again; others stay barred."""
        closed = {number for number, fed in self._known.fed.items() if fed.closed is not None}
        return tuple(
            person
            for person in self._known.people
            if person.id in self._found
            and person.id in closed
            and not person.active
            and person.source is not Source.MANUAL
        )

    def _is_spared(self, person: Principal) -> bool:
        names = {squeeze(f"{family}{person.given}") for family in (person.family, person.usual) if family}
        return not self._spared.isdisjoint(names) or self._known.external_ids.get(person.id, "") in self._spared


def _names(record: PersonRecord) -> set[str]:
    families = {name for name in (record.family, record.birth_family) if name}
    return {squeeze(f"{family}{record.given}") for family in families}
