"""Who of a file is who here: what reconciling finds, what may be confirmed, what is decided by hand (R152-R160)."""

from __future__ import annotations

from dataclasses import dataclass

from importers import apply as applying
from importers.decided import Suggestion, decided, decision, suggestions
from importers.errors import ImportRefused
from importers.names import fold
from importers.reconcile import ROLES, Account, Decided, Reconciliation, reconcile
from importers.timetable import Person, Timetable
from storage.decisions import MATCH
from storage.model import Principal, Source
from storage.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Recognition:
    """What reconciling says of the people of a file, with the accounts and decisions it went by."""

    found: Reconciliation
    accounts: tuple[Account, ...]
    decided: Decided

    def suggestions(self) -> tuple[Suggestion, ...]:
        """Return the accounts that people without one may be, for somebody to confirm or refuse."""
        return suggestions(self.found, self.accounts, self.decided)


def recognise(tx: Transaction, timetable: Timetable) -> Recognition:
    """Reconcile the people of a file with the accounts of the school as they are now."""
    people = tuple(timetable.people())
    known = applying.accounts(tx)
    made = decided(people, tx.decisions.all())
    return Recognition(reconcile(people, known, made), known, made)


def person_of(timetable: Timetable, text: str) -> Person:
    """Return the person of a file by reference, Pronote identifier, or names, with the birth date where needed.

    Raises ImportRefused: "no-such-person", "several-people" (count).
    """
    wanted = fold(text)
    people = tuple(timetable.people())
    found = [person for person in people if text in (person.ref, person.idpn) or wanted in _spellings(person)]
    if not found:
        raise ImportRefused("no-such-person", name=text[:80])
    if len(found) > 1:
        raise ImportRefused("several-people", name=text[:80], count=len(found))
    return found[0]


def _spellings(person: Person) -> tuple[str, ...]:
    names = (f"{person.family} {person.given}", f"{person.given} {person.family}")
    birth = person.birth_date.isoformat() if person.birth_date else ""
    return tuple(fold(each) for name in names for each in (name, f"{name} {birth}"))


def decide(tx: Transaction, person: Person, account: Principal, verdict: str) -> None:
    """Keep that a person of the files is an account, or never is.

    Raises ImportRefused: "manual-match" (accounts made by hand get no timetable, R81), "wrong-role" (role) and
    "closed-account".
    """
    if verdict == MATCH:
        if account.source is Source.MANUAL:
            raise ImportRefused("manual-match", login=account.login)
        if not account.active:
            raise ImportRefused("closed-account", login=account.login)
        if account.role.value not in ROLES[person.kind]:
            raise ImportRefused("wrong-role", login=account.login, role=account.role.value)
    tx.decisions.keep(decision(person, account.id, verdict))
