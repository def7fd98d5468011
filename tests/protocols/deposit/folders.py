"""A deposit folder without a socket, for the tests of its door."""

from __future__ import annotations

from lxml import etree

from importers import handed
from protocols.deposit import app
from protocols.wire import Request, Response
from storage.accesses import NewAccess
from storage.model import Role
from storage.principals import NewPerson
from storage.store import Store

NS = {"D": "DAV:"}
HANDLE = app.handler(handed.could_be)


class Folder:
    """A deposit folder without a socket."""

    def __init__(self, store: Store, code: str) -> None:
        self.store = store
        self.school = store.directory.create_school(code, "Collège", "Europe/Paris")
        with store.writing(self.school.id) as tx:
            self.head = tx.principals.create(NewPerson(f"head.{code}", "Roc", "Line", Role.STAFF))
            self.access, self.secret = tx.accesses.add(NewAccess(self.head.id, "Roc"))
            self.others = tx.accesses.add(NewAccess(self.head.id, "Roc"))[1]

    def ask(self, method: str, name: str = "", body: bytes = b"", secret: str = "", **headers: str) -> Response:
        """Answer a request on the folder or on a file."""
        path = f"/webdav/{self.school.code}/{secret or self.secret}/{name}"
        named = {key.replace("_", "-"): value for key, value in headers.items()}
        request = Request(method, path, "", named, body, self.head, "http://x")
        with (self.store.writing if app.writes(request) else self.store.reading)(self.school.id) as tx:
            return HANDLE(request, tx)

    def runs(self) -> list[tuple[str, str]]:
        """Return the runs, newest first."""
        with self.store.reading(self.school.id) as tx:
            return [(run.file_name, run.status) for run in tx.imports.history()]


def listed(answer: Response) -> dict[str, str]:
    """Return sizes by href."""
    root = etree.fromstring(answer.body)
    return {
        each.findtext("D:href", "", NS): each.findtext(".//D:getcontentlength", "", NS)
        for each in root.iterfind("D:response", NS)
    }
