"""One request to a deposit folder with what it concerns, and the answers that every method may give."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from protocols.deposit.paths import Target
from protocols.wire import Request, Response
from storage.accesses import Access
from storage.deposit_folder import Entry
from storage.transaction import Transaction

COMPLIANCE: Final = ("DAV", "1, 2")
XML: Final = ("Content-Type", "application/xml; charset=utf-8")
TEXT: Final = ("Content-Type", "text/plain; charset=utf-8")


@dataclass(frozen=True, slots=True)
class Visit:
    """One request with what it concerns."""

    request: Request
    tx: Transaction
    target: Target
    access: Access

    def entry(self) -> Entry | None:
        """Return what the path names, None when nothing is there; the address itself is no entry."""
        return self.tx.deposit_folder.entry(self.access, self.target.path)

    def is_folder(self, path: str) -> bool:
        """Whether a path is the address itself or a subfolder."""
        if not path:
            return True
        found = self.tx.deposit_folder.entry(self.access, path)
        return found is not None and found.folder


def plain(status: int, *headers: tuple[str, str], words: str = "") -> Response:
    """Return an answer without a document: its number, or words for whoever reads it."""
    return Response(status, (TEXT, COMPLIANCE, *headers), f"{words or status}\n".encode())
