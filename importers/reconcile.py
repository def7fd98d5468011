"""Reconcile the people of a file with accounts: strongest evidence first, homonyms never guessed (R75-R81, R152-R160).

Order: what was decided by hand, the CAS identifier, a known Pronote identifier (IDPN), SIECLE and INE, STS, then
folded names, with the birth date for pupils. An identifier is never the only key: it is set aside when the names flatly
contradict it, when several accounts or several people of the file bear it, and when names and birth date point to
somebody else. An account that was refused for a person does not exist for them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import Final

from importers.names import fold, squeeze
from importers.timetable import Person, PersonKind

VANISHED_LIMIT = 0.20


class Reason(StrEnum):
    """Why a person was matched, or was not."""

    DECIDED = "decided"
    EXTERNAL_ID = "external-id"
    IDPN = "idpn"
    SIECLE = "siecle"
    STS = "sts"
    NAMES_BIRTH = "names-birth"
    NAMES = "names"
    UNKNOWN = "unknown"
    BIRTH_DIFFERS = "birth-differs"
    HOMONYMS = "homonyms"
    CONFLICT = "conflict"
    SHARED = "shared"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An account fed by an integration module, as reconciling needs it; `family_names`: usual and birth names.

    `external_ids` are CAS identifiers and the login, `siecle` pupil numbers of SIECLE and national ones (INE), `sts`
    those of STS; `other_given` are further given names of the civil register.
    """

    id: int
    role: str
    family_names: tuple[str, ...]
    given: str
    birth_date: date | None = None
    idpns: frozenset[str] = frozenset()
    external_ids: frozenset[str] = frozenset()
    siecle: frozenset[str] = frozenset()
    sts: frozenset[str] = frozenset()
    other_given: tuple[str, ...] = ()


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
    """How many accounts had a Pronote identifier, and for how many none of theirs is in the file.

    `absent` of the vanished are recognised by nothing else either: they were not renumbered, they are missing.
    """

    known: int
    vanished: int
    limit: float = VANISHED_LIMIT
    absent: int = 0

    @property
    def idpn_vanished_ratio(self) -> float:
        """Return the share of vanished identifiers, 0 when none was known."""
        return self.vanished / self.known if self.known else 0.0

    @property
    def regenerated(self) -> bool:
        """Say whether the run must stop: strictly more than the limit vanished (R77)."""
        return self.idpn_vanished_ratio > self.limit

    @property
    def missing(self) -> bool:
        """Say whether most of them vanished with their people: the file lacks a part of the school."""
        return self.absent * 2 > self.vanished

    @property
    def lacking(self) -> bool:
        """Say whether so many people are missing, though identifiers were given anew, that the file is not whole."""
        return self.absent > self.limit * self.known

    def reissued(self, disputed: int) -> bool:
        """Say whether so many identifiers that did not vanish lead to somebody else now that they were given anew."""
        return disputed > self.limit * (self.known - self.vanished)


@dataclass(frozen=True, slots=True)
class Decided:
    """What was decided by hand for the people of one file, by reference (importers.decided)."""

    matched: Mapping[str, int] = field(default_factory=dict)
    refused: Mapping[str, frozenset[int]] = field(default_factory=dict)


UNDECIDED: Final = Decided()


def idpn_regenerated(
    people: Iterable[Person],
    accounts: Iterable[Account],
    limit: float = VANISHED_LIMIT,
    decided: Decided = UNDECIDED,
) -> IdpnCheck:
    """Check whether Pronote gave everybody new identifiers; accounts keep old ones, so each account counts once.

    Pass only accounts that the last import of this school matched: people who left long ago do not speak.
    """
    people = tuple(people)
    present = {person.idpn for person in people if person.idpn}
    known = [account for account in accounts if account.idpns]
    vanished = {account.id for account in known if account.idpns.isdisjoint(present)}
    check = IdpnCheck(len(known), len(vanished), limit)
    return replace(check, absent=len(vanished - _there(people, known, decided))) if check.regenerated else check


def disputed(people: Iterable[Person], accounts: Iterable[Account], decided: Decided = UNDECIDED) -> frozenset[str]:
    """Return the Pronote identifiers whose person in the file bears another name than an account they lead to.

    What was decided by hand is not in dispute.
    """
    bearers: defaultdict[str, list[Account]] = defaultdict(list)
    for account in accounts:
        for value in account.idpns:
            bearers[value].append(account)
    return frozenset(
        person.idpn
        for person in people
        if any(
            decided.matched.get(person.ref) != account.id and not _bears(person, account)
            for account in bearers.get(person.idpn, ())
        )
    )


def _bears(person: Person, account: Account) -> bool:
    """Say whether a person has the family name of an account, and its given name or a form of it."""
    family = squeeze(person.family) in {squeeze(name) for name in account.family_names}
    return family and (squeeze(person.given) == squeeze(account.given) or _goes_by(person.given, account))


def _there(people: Iterable[Person], accounts: Iterable[Account], decided: Decided) -> set[int]:
    """Return the accounts that people are recognised as without Pronote's identifiers, or could be."""
    found = reconcile(people, [replace(account, idpns=frozenset()) for account in accounts], decided)
    doubted = {account for doubt in found.ambiguous for account in doubt.candidates}
    return doubted | {match.account for match in found.matched.values()}


def reconcile(people: Iterable[Person], accounts: Sequence[Account], decided: Decided = UNDECIDED) -> Reconciliation:
    """Match people to accounts, each account at most once.

    Two people for one account leave both in doubt, unless exactly one of them has more than bare names for it. What was
    decided by hand comes first and leaves nothing of the account to others.
    """
    people = tuple(people)
    by_number = {account.id: account for account in accounts}
    settled = {ref: by_number[number] for ref, number in decided.matched.items() if number in by_number}
    index = _Index(accounts, people, decided.refused)
    verdicts: dict[str, Match | Doubt] = {}
    for person in people:
        account = settled.get(person.ref)
        verdicts[person.ref] = (
            _verdict(person, index) if account is None else Match(account.id, account.role, Reason.DECIDED)
        )
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
        by_hand = [ref for ref, match in claimants if match.reason is Reason.DECIDED]
        sure = by_hand or [ref for ref, match in claimants if match.reason is not Reason.NAMES]
        best = sure or [ref for ref, _ in claimants]
        winners[account] = best[0] if len(best) == 1 else None
    return winners


_NOBODY = frozenset({Reason.UNKNOWN, Reason.BIRTH_DIFFERS, Reason.REFUSED})

# A librarian may be a Professeur in EDT and staff in the directory: the second role is tried when the first is empty.
ROLES: Final[Mapping[PersonKind, tuple[str, ...]]] = {
    PersonKind.PUPIL: ("pupil",),
    PersonKind.TEACHER: ("teacher", "staff"),
    PersonKind.STAFF: ("staff", "teacher"),
}


class _Index:
    """Accounts by every key they can be found by."""

    def __init__(
        self, accounts: Iterable[Account], people: Iterable[Person], refused: Mapping[str, frozenset[int]]
    ) -> None:
        self._refused = refused
        self.by_idpn: defaultdict[str, list[Account]] = defaultdict(list)
        self.by_external: defaultdict[str, list[Account]] = defaultdict(list)
        self.by_siecle: defaultdict[str, list[Account]] = defaultdict(list)
        self.by_sts: defaultdict[str, list[Account]] = defaultdict(list)
        self.by_family: defaultdict[tuple[str, str], list[Account]] = defaultdict(list)
        # In the order in which they count.
        self.tables = {
            Reason.EXTERNAL_ID: self.by_external,
            Reason.IDPN: self.by_idpn,
            Reason.SIECLE: self.by_siecle,
            Reason.STS: self.by_sts,
        }
        for account in accounts:
            for table, values in (
                (self.by_idpn, account.idpns),
                (self.by_external, account.external_ids),
                (self.by_siecle, account.siecle),
                (self.by_sts, account.sts),
            ):
                for value in values:
                    table[value].append(account)
            for family in {squeeze(name) for name in account.family_names if squeeze(name)}:
                self.by_family[account.role, family].append(account)
        self.repeated = _repeated(
            (reason, value) for person in people for reason, values in _KEYS.items() for value in values(person)
        )

    def refused(self, person: Person) -> frozenset[int]:
        """Return the accounts that somebody refused for a person."""
        return self._refused.get(person.ref, frozenset())

    def open_to(self, person: Person, accounts: Iterable[Account]) -> list[Account]:
        """Return the accounts of a person's roles that nobody refused for them."""
        refused = self.refused(person)
        return [a for a in accounts if a.id not in refused and a.role in ROLES[person.kind]]

    def named(self, person: Person) -> tuple[Account, ...]:
        """Return the accounts that bear a person's names, in the first role that has any."""
        family, given = squeeze(person.family), squeeze(person.given)
        for role in ROLES[person.kind]:
            bearers = self.by_family.get((role, family), ())
            if found := tuple(account for account in bearers if squeeze(account.given) == given):
                return found
            if found := tuple(a for a in bearers if _same_birth(person, a) and _goes_by(person.given, a)):
                return found
        return ()


def _repeated(values: Iterable[tuple[Reason, str]]) -> frozenset[tuple[Reason, str]]:
    """Return what several people bear; a teacher's number of STS may well be a pupil's of SIECLE."""
    seen: set[tuple[Reason, str]] = set()
    twice: set[tuple[Reason, str]] = set()
    for value in values:
        (twice if value in seen else seen).add(value)
    return frozenset(twice)


def _same_birth(person: Person, account: Account) -> bool:
    return person.birth_date is not None and person.birth_date == account.birth_date


def _shortened(one: str, other: str) -> bool:
    """Say whether one given name is the beginning of the other, word by word ("Marie" and "Marie-Claire")."""
    short, long = sorted((fold(one).split(), fold(other).split()), key=len)
    return bool(short) and long[: len(short)] == short


def _goes_by(given: str, account: Account) -> bool:
    """Say whether a given name is a shorter or longer form of an account's, or begins its other given names."""
    return _shortened(given, account.given) or (
        bool(account.other_given) and _shortened(given, " ".join(account.other_given))
    )


def _verdict(person: Person, index: _Index) -> Match | Doubt:
    named = _allowed(_by_names(person, index), person, index.refused(person))
    for reason, table in index.tables.items():
        account = _by_key(reason, table, person, index)
        if account is None or _contradicts(person, account):
            continue
        if isinstance(named, Match) and named.reason is Reason.NAMES_BIRTH and named.account != account.id:
            return Doubt(person, Reason.CONFLICT, (account.id, named.account))
        return Match(account.id, account.role, reason)
    return named


def _allowed(verdict: Match | Doubt, person: Person, refused: frozenset[int]) -> Match | Doubt:
    """Take back what was refused; what then is left is not guessed among, it waits for a hand."""
    if isinstance(verdict, Match):
        return Doubt(person, Reason.REFUSED) if verdict.account in refused else verdict
    return replace(verdict, candidates=tuple(number for number in verdict.candidates if number not in refused))


def _by_key(reason: Reason, table: Mapping[str, list[Account]], person: Person, index: _Index) -> Account | None:
    for value in _KEYS[reason](person):
        if value and (reason, value) not in index.repeated:
            found = index.open_to(person, table.get(value, ()))
            if len(found) == 1:
                return found[0]
    return None


_KEYS: Final[Mapping[Reason, Callable[[Person], tuple[str, ...]]]] = {
    Reason.EXTERNAL_ID: lambda person: (person.idcas,),
    Reason.IDPN: lambda person: (person.idpn,),
    Reason.SIECLE: lambda person: (person.idsconet, person.ine.upper()),
    Reason.STS: lambda person: (person.idsts,),
}


def _contradicts(person: Person, account: Account) -> bool:
    """Say whether an identifier is ruled out: neither name alike, or one name and the birth date unlike."""
    family = any(_alike(person.family, name) for name in account.family_names)
    given = any(_alike(person.given, name) for name in (account.given, *account.other_given))
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
