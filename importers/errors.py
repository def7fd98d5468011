"""What the importers refuse, as data; pages and commands word it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class ImportRefused(Exception):
    """A file that cannot be imported as a whole.

    `reason` is a stable code such as "not-xml", "doctype", "too-large", "too-deep", "wrong-root", "missing-section",
    "truncated", "encrypted", "unsupported-version", "bad-value", "wrong-school", "too-many-sessions", "bad-encoding",
    "bad-csv", "missing-column", "too-many-rows", "already-running", "empty-replace", "would-wreck",
    "people-missing" or "thresholds";
    `data` holds the numbers and names a message needs (`line`, `name`, `value`, `limit`, …), `report` what the history
    keeps beside them.
    """

    def __init__(self, reason: str, **data: object) -> None:
        super().__init__(reason, data)
        self.reason = reason
        self.data = data
        self.report: Mapping[str, Any] = {}


class Interrupted(Exception):
    """The program is told to stop: what an import has not committed is undone, and it waits for another time."""
