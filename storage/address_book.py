"""The directory of a school as one person may see it: who there is, found by the beginnings of names."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Final

from storage import addresses, policy
from storage.model import Principal

if TYPE_CHECKING:
    from storage.transaction import Transaction

# What is shorter must be a whole word: nobody leafs through the school letter by letter.
SHORTEST: Final = 3
MOST_WORDS: Final = 8
_WORD: Final = re.compile(r"[^\W_]+")


class AddressBook:
    """The people of one school, each as far as an asker may know of them."""

    def __init__(self, tx: Transaction) -> None:
        """Share a transaction."""
        self._tx = tx
        self._partners: dict[int, frozenset[int]] = {}

    def knows(self, asker: Principal, other: Principal) -> bool:
        """Tell whether a person may know that another is there: by their roles, or because one enters the other's home.

        This is the one place that decides; whoever may not know is answered as about somebody who is not there.
        """
        return asker.id == other.id or self._by_role(asker, other) or self._tx.delegations.linked(asker, other)

    def holder(self, asker: Principal, address: str) -> Principal | None:
        """Return the person whom an address means to somebody who schedules, None also for whom they may not know.

        As many questions are asked of the database for an address that nobody has: time does not tell either.
        """
        found = addresses.holder(self._tx, address)
        if policy.knows_everyone(asker.role):
            return found
        partners = self._partners_of(asker)
        if found is None or found.id == asker.id or self._by_role(asker, found):
            return found
        return found if found.id in partners else None

    def _partners_of(self, asker: Principal) -> frozenset[int]:
        """Return who enters the asker's home, and whose homes the asker enters."""
        if asker.id not in self._partners:
            found = (*self._tx.delegations.owners(asker), *self._tx.delegations.delegates(asker))
            self._partners[asker.id] = frozenset(each.person.id for each in found)
        return self._partners[asker.id]

    def _by_role(self, asker: Principal, other: Principal) -> bool:
        allowed = self._tx.school.settings.pupils_find_pupils
        return policy.knows(asker.role, other.role, pupils_find_pupils=allowed)

    def known(self, asker: Principal) -> tuple[Principal, ...]:
        """Return the asker and every active person whom the asker may know, in order of login."""
        return tuple(
            each
            for each in self._tx.principals.people()
            if each.id == asker.id or (each.active and self._by_role(asker, each))
        )

    def find(self, asker: Principal, text: str) -> tuple[Principal, ...]:
        """Return those known people whose name or address has a word beginning with each word of a text, by name.

        Letter case and accents do not count. Words of less than SHORTEST letters must be met whole.
        """
        wanted = _words(text)[:MOST_WORDS]
        if not wanted:
            return ()
        found = [each for each in self.known(asker) if _matches(wanted, _words(f"{_names(each)} {each.email}"))]
        return tuple(sorted(found, key=lambda each: (_words(each.name), each.login)))

    def at(self, asker: Principal, address: str) -> tuple[Principal, ...]:
        """Return the known people who have a mail address; siblings may share a parent's."""
        plain = address.strip().removeprefix("mailto:").casefold()
        return tuple(each for each in self.known(asker) if each.email and each.email.strip().casefold() == plain)


def _names(person: Principal) -> str:
    return f"{person.given} {person.family} {person.usual}"


def _words(text: str) -> list[str]:
    plain = "".join(each for each in unicodedata.normalize("NFKD", text) if not unicodedata.combining(each))
    return _WORD.findall(plain.casefold())


def _matches(wanted: list[str], words: list[str]) -> bool:
    return all(
        any(word.startswith(each) if len(each) >= SHORTEST else word == each for word in words) for each in wanted
    )
