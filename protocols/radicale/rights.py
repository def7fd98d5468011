"""`[rights] type = protocols.radicale.rights`: what a person may do, from the policy that all protocols share."""

from __future__ import annotations

from radicale.config import Configuration
from radicale.pathutils import strip_path
from radicale.rights import BaseRights

from protocols.radicale.session import desk
from storage import model

ROOT_AND_HOME = "R"
NEW_CALENDAR = "rw"


class Rights(BaseRights):
    """Everybody reads and writes in their own home what our policy lets them, and knows nothing of other homes."""

    def __init__(self, configuration: Configuration) -> None:
        """Open the database of the configuration."""
        super().__init__(configuration)
        self._desk = desk(configuration, "rights")

    def authorization(self, user: str, user_groups: set[str], path: str) -> str:
        """Return Radicale's letters for a path; those of an object are its calendar's, which Radicale asks for.

        A home can be read and neither overwritten nor deleted; a calendar that is not there yet may be made.
        """
        if not user:
            return ""
        login, _, slug = strip_path(path).partition("/")
        if not login:
            return ROOT_AND_HOME
        if login != user or "/" in slug:
            return ""
        if not slug:
            return ROOT_AND_HOME
        with self._desk.session() as session:
            found = session.collection(login, slug)
        return NEW_CALENDAR if found is None else letters(found.rights)


def letters(rights: model.Rights) -> str:
    """Return our rights in Radicale's letters: "d" denies deletion of the calendar itself, "l" locks properties."""
    if not rights.read:
        return ""
    wanted = (("w", rights.write), ("d", not rights.remove), ("l", not rights.properties))
    return "r" + "".join(letter for letter, holds in wanted if holds)
