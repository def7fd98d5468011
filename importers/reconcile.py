"""Reconcile the people of a file with accounts: strongest evidence first, homonyms never guessed (R75-R81, R152-R160).

Order: an identifier both sides know (CAS, SIECLE, INE, STS), a known Pronote identifier (IDPN), then folded names,
with the birth date for pupils. An identifier is never the only key: it is set aside when the names flatly contradict
it, when several accounts or several people of the file bear it, and when names and birth date point to somebody else.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from importers.names import fold, squeeze
from importers.timetable import Person, PersonKind

VANISHED_LIMIT = 0.20


class Reason(StrEnum):
    """Why a person was matched, or was not."""

    EXTERNAL_ID = "external-id"
    IDPN = "idpn"
    NAMES_BIRTH = "names-birth"
    NAMES = "names"
    UNKNOWN = "unknown"
    BIRTH_DIFFERS = "birth-differs"
    HOMONYMS = "homonyms"
    CONFLICT = "conflict"
    SHARED = "shared"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An account fed by an integration module, as reconciling needs it; `family_names`: usual and birth names."""

    id: int
    role: str
    family_names: tuple[str, ...]
    given: str
    birth_date: date | None = None
    idpns: frozenset[str] = frozenset()
    external_ids: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Match:
    """An account and the evidence for it."""

    account: int
    role: str
    reason: Reason


@dataclass(frozen=True, slots=True)
class Doubt:
    """A person left without account, why, and the accounts that came close."""

    person: Person
    reason: Reason
    candidates: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """Matches by person reference, the people nobody is known for, and those several accounts could be."""

    matched: Mapping[str, Match]
    unmatched: tuple[Doubt, ...]
    ambiguous: tuple[Doubt, ...]


@dataclass(frozen=True, slots=True)
class IdpnCheck:
    """How many accounts had a Pronote identifier, and for how many none of theirs is in the file."""

    known: int
    vanished: int
    limit: float = VANISHED_LIMIT

    @property
    def idpn_vanished_ratio(self) -> float:
        """Return the share of vanished identifiers, 0 when none was known."""
        return self.vanished / self.known if self.known else 0.0

    @property
    def regenerated(self) -> bool:
        """Say whether the run must stop: strictly more than the limit vanished (R77)."""
        return self.idpn_vanished_ratio > self.limit


def idpn_regenerated(people: Iterable[Person], accounts: Iterable[Account], limit: float = VANISHED_LIMIT) -> IdpnCheck:
    """Check whether Pronote gave everybody new identifiers; accounts keep old ones, so each account counts once.

    Pass only accounts that the last import of this school matched: people who left long ago do not speak.
    """
    present = {person.idpn for person in people if person.idpn}
    known = [account for account in accounts if account.idpns]
    return IdpnCheck(len(known), sum(account.idpns.isdisjoint(present) for account in known), limit)


def reconcile(people: Iterable[Person], accounts: Sequence[Account]) -> Reconciliation:
    """Match people to accounts, each account at most once.

    Two people for one account leave both in doubt, unless exactly one of them has more than bare names for it.
    """
    people = tuple(people)
    index = _Index(accounts, people)
    verdicts = {person.ref: _verdict(person, index) for person in people}
    winners = _winners(verdicts)
    matched: dict[str, Match] = {}
    doubts: list[Doubt] = []
    for person in people:
        verdict = verdicts[person.ref]
        if isinstance(verdict, Doubt):
            doubts.append(verdict)
        elif winners[verdict.account] != person.ref:
            doubts.append(Doubt(person, Reason.SHARED, (verdict.account,)))
        else:
            matched[person.ref] = verdict
    return Reconciliation(
        matched,
        unmatched=tuple(doubt for doubt in doubts if doubt.reason in _NOBODY),
        ambiguous=tuple(doubt for doubt in doubts if doubt.reason not in _NOBODY),
    )


def _winners(verdicts: Mapping[str, Match | Doubt]) -> dict[int, str | None]:
    """Return for each claimed account the one person who gets it, None when nobody can be told apart."""
    claims: defaultdict[int, list[tuple[str, Match]]] = defaultdict(list)
    for ref, verdict in verdicts.items():
        if isinstance(verdict, Match):
            claims[verdict.account].append((ref, verdict))
    winners: dict[int, str | None] = {}
    for account, claimants in claims.items():
        sure = [ref for ref, match in claimants if match.reason is not Reason.NAMES]
        best = sure or [ref for ref, _ in claimants]
        winners[account] = best[0] if len(best) == 1 else None
    return winners


_NOBODY = frozenset({Reason.UNKNOWN, Reason.BIRTH_DIFFERS})

# A librarian may be a Professeur in EDT and staff in the directory: the second role is tried when the first is empty.
_ROLES = {
    PersonKind.PUPIL: ("pupil",),
    PersonKind.TEACHER: ("teacher", "staff"),
    PersonKind.STAFF: ("staff", "teacher"),
}


class _Index:
    """Accounts by every key they can be found by."""

    def __init__(self, accounts: Iterable[Account], people: Iterable[Person]) -> None:
        self.by_idpn: defaultdict[str, list[Account]] = defaultdict(list)
        self.by_external: defaultdict[str, list[Account]] = defaultdict(list)
        self.by_family: defaultdict[tuple[str, str], list[Account]] = defaultdict(list)
        for account in accounts:
            for idpn in account.idpns:
                self.by_idpn[idpn].append(account)
            for external in account.external_ids:
                self.by_external[external].append(account)
            for family in {squeeze(name) for name in account.family_names if squeeze(name)}:
                self.by_family[account.role, family].append(account)
        self.repeated = _repeated(person.idpn for person in people)

    def named(self, person: Person) -> tuple[Account, ...]:
        """Return the accounts that bear a person's names, in the first role that has any."""
        family, given = squeeze(person.family), squeeze(person.given)
        for role in _ROLES[person.kind]:
            bearers = self.by_family.get((role, family), ())
            if found := tuple(account for account in bearers if squeeze(account.given) == given):
                return found
            if found := tuple(a for a in bearers if _same_birth(person, a) and _shortened(person.given, a.given)):
                return found
        return ()


def _repeated(values: Iterable[str]) -> frozenset[str]:
    seen: set[str] = set()
    twice: set[str] = set()
    for value in values:
        (twice if value in seen else seen).add(value)
    return frozenset(twice)


def _same_birth(person: Person, account: Account) -> bool:
    return person.birth_date is not None and person.birth_date == account.birth_date


def _shortened(one: str, other: str) -> bool:
    """Say whether one given name is the beginning of the other, word by word ("Marie" and "Marie-Claire")."""
    short, long = sorted((fold(one).split(), fold(other).split()), key=len)
    return bool(short) and long[: len(short)] == short


def _verdict(person: Person, index: _Index) -> Match | Doubt:
    named = _by_names(person, index)
    for reason, find in _IDENTIFIERS:
        account = find(person, index)
        if account is None or _contradicts(person, account):
            continue
        if isinstance(named, Match) and named.reason is Reason.NAMES_BIRTH and named.account != account.id:
            return Doubt(person, Reason.CONFLICT, (account.id, named.account))
        return Match(account.id, account.role, reason)
    return named


def _by_external(person: Person, index: _Index) -> Account | None:
    for external in (person.idcas, person.idsconet, person.ine, person.idsts):
        found = [a for a in index.by_external.get(external, ()) if external and a.role in _ROLES[person.kind]]
        if len(found) == 1:
            return found[0]
    return None


def _by_idpn(person: Person, index: _Index) -> Account | None:
    if not person.idpn or person.idpn in index.repeated:
        return None
    found = [account for account in index.by_idpn.get(person.idpn, ()) if account.role in _ROLES[person.kind]]
    return found[0] if len(found) == 1 else None


_IDENTIFIERS: tuple[tuple[Reason, Callable[[Person, _Index], Account | None]], ...] = (
    (Reason.EXTERNAL_ID, _by_external),
    (Reason.IDPN, _by_idpn),
)


def _contradicts(person: Person, account: Account) -> bool:
    """Say whether an identifier is ruled out: neither name alike, or one name and the birth date unlike."""
    family = any(_alike(person.family, name) for name in account.family_names)
    given = _alike(person.given, account.given)
    births = (person.birth_date, account.birth_date)
    birth_differs = None not in births and births[0] != births[1]
    return not (family or given) or (birth_differs and not (family and given))


def _alike(one: str, other: str) -> bool:
    return squeeze(one) == squeeze(other) or bool(set(fold(one).split()) & set(fold(other).split()))


def _by_names(person: Person, index: _Index) -> Match | Doubt:
    named = index.named(person) if squeeze(person.family) else ()
    if not named:
        return Doubt(person, Reason.UNKNOWN)
    ids = tuple(sorted(account.id for account in named))
    if person.birth_date is not None:
        same = [account for account in named if account.birth_date == person.birth_date]
        if len(same) == 1:
            return Match(same[0].id, same[0].role, Reason.NAMES_BIRTH)
        possible = [account for account in named if account.birth_date is None]
        if not same and not possible and person.kind is PersonKind.PUPIL:
            return Doubt(person, Reason.BIRTH_DIFFERS, ids)
    if len(named) > 1:
        return Doubt(person, Reason.HOMONYMS, ids)
    return Match(named[0].id, named[0].role, Reason.NAMES)
