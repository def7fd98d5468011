"""Errors of the EAS protocol: each carries a status number and a reason code, the answers word them."""

from __future__ import annotations

from storage.errors import CadranError


class ItemRefused(CadranError):
    """One item of a client cannot be taken; `status` is the item status of MS-ASCMD 2.2.3.177.17.

    `reason` is a code for logs, such as "end-before-start", never shown to a person.
    """

    def __init__(self, status: int, reason: str) -> None:
        """Keep the item status (6 = malformed item) and the reason code."""
        super().__init__(status, reason)
        self.status = status
        self.reason = reason


class NotRepresentable(CadranError):
    """The stored event has no form as one EAS item: send its occurrences instead (reference/eas.md section 14)."""

    def __init__(self, reason: str) -> None:
        """Keep the reason code, such as "rule" or "rdate"."""
        super().__init__(reason)
        self.reason = reason


class CommandRefused(CadranError):
    """A whole command is refused; `status` is a status of the command or a common one (MS-ASCMD 2.2.2).

    `limit` is the bound a client should respect instead, where the status has one.
    """

    def __init__(self, status: int, limit: int | None = None) -> None:
        """Keep the status and the limit."""
        super().__init__(status, limit)
        self.status = status
        self.limit = limit
