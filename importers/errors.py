"""What the importers refuse, as data; pages and commands word it."""

from __future__ import annotations


class ImportRefused(Exception):
    """A file that cannot be imported as a whole.

    `reason` is a stable code such as "not-xml", "doctype", "too-large", "too-deep", "wrong-root", "missing-section",
    "truncated", "encrypted", "unsupported-version", "bad-value", "wrong-school", "too-many-sessions", "bad-encoding",
    "bad-csv", "missing-column" or "too-many-rows"; `data` holds the numbers and names a message needs (`line`,
    `name`, `value`, `limit`, …).
    """

    def __init__(self, reason: str, **data: object) -> None:
        super().__init__(reason, data)
        self.reason = reason
        self.data = data
