"""Decisions by hand about who is who, found again in the next export, and the suggestions that ask for them (R160).

A person of a file is named by the Pronote identifier when there is one, and by names and birth date besides: when
Pronote's identifiers are given anew the decision still holds.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from rapidfuzz import fuzz, process

from importers.names import fold, squeeze
from importers.reconcile import ROLES, Account, Decided, Doubt, Reconciliation
from importers.timetable import Person
from storage.decisions import MATCH, Decision

CLOSE: Final = 82.0
SHOWN: Final = 3
_SAME_BIRTH: Final = 12.0
_OTHER_BIRTH: Final = 20.0
_MOST: Final = 100.0


@dataclass(frozen=True, slots=True)
class Suggestion:
    """An account that a person without one may be, and how alike they are, from 0 to 100; never used by itself."""

    person: Person
    account: int
    score: int


def names_key(person: Person) -> str:
    """Return the names by which a decision about a person is kept."""
    birth = person.birth_date.isoformat() if person.birth_date else ""
    return "|".join((person.kind.value, squeeze(person.family), squeeze(person.given), birth))


def decision(person: Person, account: int, verdict: str) -> Decision:
    """Return a decision about a person of a file, ready to be kept."""
    return Decision(names_key(person), person.idpn, person.name, account, verdict)


def decided(people: Iterable[Person], decisions: Sequence[Decision]) -> Decided:
    """Find the people of a file that decisions speak of.

    An identifier names one person. Names do when the person decided upon is not in the file under their identifier, and
    for a match only when one person of the file bears them: a homonym is never taken for somebody else.
    """
    people = tuple(people)
    by_idpn = {person.idpn: person for person in people if person.idpn}
    by_names: defaultdict[str, list[Person]] = defaultdict(list)
    for person in people:
        by_names[names_key(person)].append(person)
    matched: dict[str, int] = {}
    refused: defaultdict[str, set[int]] = defaultdict(set)
    for each in decisions:
        meant = [by_idpn[each.idpn]] if each.idpn in by_idpn else by_names[each.names_key]
        if each.verdict != MATCH:
            for person in meant:
                refused[person.ref].add(each.principal_id)
        elif len(meant) == 1:
            matched[meant[0].ref] = each.principal_id
    return Decided(_once(matched), {ref: frozenset(accounts) for ref, accounts in refused.items()})


def _once(matched: dict[str, int]) -> dict[str, int]:
    """Leave out accounts that decisions would give to several people."""
    claims = Counter(matched.values())
    return {ref: account for ref, account in matched.items() if claims[account] == 1}


def suggestions(found: Reconciliation, accounts: Sequence[Account], made: Decided) -> tuple[Suggestion, ...]:
    """Return for each person without account those that resemble them and nobody has, the likeliest first."""
    taken = {match.account for match in found.matched.values()}
    free = [account for account in accounts if account.id not in taken]
    doubts = (*found.unmatched, *found.ambiguous)
    return tuple(
        each for doubt in doubts for each in _alike(doubt, free, made.refused.get(doubt.person.ref, frozenset()))
    )


def _alike(doubt: Doubt, free: Sequence[Account], refused: frozenset[int]) -> Iterator[Suggestion]:
    person = doubt.person
    roles = ROLES[person.kind]
    possible = {
        (account.id, number): fold(f"{family} {account.given}")
        for account in free
        if account.role in roles and account.id not in refused
        for number, family in enumerate(account.family_names)
    }
    by_number = {account.id: account for account in free}
    close = process.extract(
        fold(person.name), possible, scorer=fuzz.token_sort_ratio, processor=None, limit=20, score_cutoff=70.0
    )
    scores: dict[int, float] = {number: _MOST for number in doubt.candidates if (number, 0) in possible}
    for _, score, (number, _) in close:
        scores[number] = max(scores.get(number, 0.0), score + _birth(person, by_number[number]))
    likely = sorted(((score, -number) for number, score in scores.items() if score >= CLOSE), reverse=True)
    for score, number in likely[:SHOWN]:
        yield Suggestion(person, -number, round(min(score, _MOST)))


def _birth(person: Person, account: Account) -> float:
    if person.birth_date is None or account.birth_date is None:
        return 0.0
    return _SAME_BIRTH if person.birth_date == account.birth_date else -_OTHER_BIRTH
