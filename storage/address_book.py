"""The directory of a school as one person may see it: who there is, found by the beginnings of names."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Final

from storage import policy
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

    def known(self, asker: Principal) -> tuple[Principal, ...]:
        """Return the asker and every active person whom the asker may know, in order of login."""
        allowed = self._tx.school.settings.pupils_find_pupils
        return tuple(
            each
            for each in self._tx.principals.people()
            if each.id == asker.id or (each.active and policy.knows(asker.role, each.role, pupils_find_pupils=allowed))
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
