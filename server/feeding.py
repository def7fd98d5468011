"""What one reading of a people feed writes besides the accounts: numbers, guardians, who left, and the trace of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from importers.apply import INE, SIECLE, STS
from importers.people import PeopleFile
from server.people import PeoplePlan, key_system
from storage.model import Principal, Role, Source
from storage.people_feeds import Fed, GuardianLink, PeopleRun
from storage.transaction import Transaction

CREATED: Final = "created"
CHANGED: Final = "changed"
MOVED: Final = "moved"
CLOSED: Final = "closed"
REOPENED: Final = "reopened"
LONGEST_KEY: Final = 128


def record(tx: Transaction, file: PeopleFile, proposal: PeoplePlan, made: tuple[Principal, ...]) -> None:
    """Keep what a file told of the people of a plan just applied: numbers, other given names, guardians, leavers."""
    now = tx.now()
    people = [*made, *(change.principal for change in proposal.update), *proposal.unchanged]
    _learn(tx, file.source, people, proposal)
    known = tx.people_feeds.known()
    notes: list[Fed] = []
    for person in people:
        told = proposal.told[person.login]
        before = known.get(person.id, Fed(person.id))
        tells = told.only is None or "other_given" in told.only
        names = told.other_given if tells and (told.other_given or told.only is not None) else before.given_names
        if (names, before.closed) != (before.given_names, None) or person.id not in known:
            notes.append(Fed(person.id, names, now, None))
    notes += [Fed(each.id, known.get(each.id, Fed(each.id)).given_names, now, now) for each in proposal.close]
    tx.people_feeds.note(notes)
    if file.links:
        _link(tx, file)


def _learn(tx: Transaction, source: str, people: Iterable[Principal], proposal: PeoplePlan) -> None:
    """Learn the numbers of people; those that were known already are left alone, so that nothing is written twice."""
    own = key_system(source)
    pairs: dict[str, set[tuple[str, int]]] = {own: set(), INE: set(), SIECLE: set(), STS: set()}
    for person in people:
        told = proposal.told[person.login]
        for system, value in ((own, told.external_id), (INE, told.ine), (SIECLE, told.siecle), (STS, told.sts)):
            if value and len(value) <= LONGEST_KEY:
                pairs[system].add((value, person.id))
    for system, found in pairs.items():
        fresh = found - set(tx.principals.identities(system))
        if fresh:
            tx.principals.learn(system, fresh, tx.now())


def _link(tx: Transaction, file: PeopleFile) -> None:
    keys = dict(tx.principals.identities(key_system(file.source)))
    wanted: dict[int, set[GuardianLink]] = {}
    for link in file.links:
        pupil, guardian = keys.get(link.pupil), keys.get(link.guardian)
        if pupil is not None:
            held = wanted.setdefault(pupil, set())
            if guardian is not None and guardian != pupil:
                held.add(GuardianLink(pupil, guardian, link.legal, link.relation))
    before: dict[int, set[GuardianLink]] = {}
    for each in tx.people_feeds.guardians():
        before.setdefault(each.pupil_id, set()).add(each)
    changed = [pupil for pupil, links in wanted.items() if links != before.get(pupil, set())]
    if changed:
        tx.people_feeds.set_guardians(changed, [link for pupil in changed for link in _one_each(wanted[pupil])])


def _one_each(links: Iterable[GuardianLink]) -> Iterator[GuardianLink]:
    """Yield one link for each guardian, the legal one when there are two."""
    by_guardian: dict[int, GuardianLink] = {}
    for link in sorted(links, key=lambda each: (each.legal, each.relation)):
        by_guardian[link.guardian_id] = link
    yield from by_guardian.values()


def trace(tx: Transaction, file: PeopleFile, proposal: PeoplePlan, made: tuple[Principal, ...], **about: str) -> None:
    """Keep who was created, changed, moved, closed and reopened (R113); `about` is `file_name` and `actor`."""
    changes = tuple(_changes(proposal, made))
    counts = {what: sum(each[0] == what for each in changes) for what in (CREATED, CHANGED, MOVED, CLOSED, REOPENED)}
    counts |= {"unchanged": len(proposal.unchanged), "errors": len(proposal.errors)}
    tx.people_feeds.record(PeopleRun("", 0, file.source, about["file_name"], about["actor"], counts, changes))


def _changes(proposal: PeoplePlan, made: tuple[Principal, ...]) -> Iterator[tuple[str, int, tuple[str, ...]]]:
    for person in made:
        yield CREATED, person.id, ()
    for change in proposal.update:
        yield MOVED if "source" in change.fields else CHANGED, change.principal.id, tuple(sorted(change.fields))
    for person in proposal.close:
        yield CLOSED, person.id, ()
    for person in proposal.reopen:
        yield REOPENED, person.id, ()


def source_of(file: PeopleFile) -> Source:
    """Return the feed a file belongs to."""
    return Source(file.source)


def audiences(files: Iterable[PeopleFile], before: Mapping[str, Any] | None) -> dict[str, list[str]]:
    """Return the classes and groups the directory knows, with those of new files."""
    found: dict[str, set[str]] = {"classes": set(), "groups": set()}
    for name, held in found.items():
        held |= set((before or {}).get(name, ()))
    for file in files:
        if Role.PUPIL.value in {role.value for role in file.complete}:
            found = {"classes": set(), "groups": set()}
        for person in file.people:
            if person.role.value == Role.PUPIL.value:
                found["classes"] |= set(person.classes)
                found["groups"] |= set(person.groups)
    return {name: sorted(held) for name, held in found.items()}
