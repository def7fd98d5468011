"""What the migration of a Radicale folder did, or would do: counts, and every reason as a code with its data."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Skip:
    """Something left out: a file of the collection, or with `name` "" the whole collection.

    `reason` is a code: "addressbook", "subscription", "no-type", "link", "nested", "bad-properties", "journal",
    "too-large", "unreadable", "invalid", "uid-conflict", "kind", "read-only", "newer-here", or "property", with which
    nothing else is lost.
    """

    name: str
    reason: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class FolderReport:
    """What became of one collection; `slugs` are the calendars it went to, empty when it was left out."""

    folder: str
    name: str
    slugs: tuple[str, ...] = ()
    created: bool = False
    imported: int = 0
    updated: int = 0
    unchanged: int = 0
    skips: tuple[Skip, ...] = ()


@dataclass(frozen=True, slots=True)
class UserReport:
    """What became of one user.

    `state` is "found", "created", "unknown", "bad-login", "taken" (the login is another school's) or "double" (another
    user of the folder is the same person).
    """

    user: str
    state: str
    login: str = ""
    folders: tuple[FolderReport, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """What a run did, user by user."""

    users: tuple[UserReport, ...]
    dry_run: bool = False

    @property
    def counts(self) -> Counter[str]:
        """How many users, calendars and items met each fate."""
        found: Counter[str] = Counter()
        for user in self.users:
            found[f"users_{'left' if user.state not in {'found', 'created'} else user.state}"] += 1
            for folder in user.folders:
                found["calendars_created"] += folder.created
                found["calendars_left"] += not folder.slugs
                for name in ("imported", "updated", "unchanged"):
                    found[name] += getattr(folder, name)
                found["skipped"] += sum(1 for skip in folder.skips if skip.name)
        return found

    @property
    def changed(self) -> bool:
        """Whether anything was written, or would be."""
        counts = self.counts
        return any(counts[name] for name in ("users_created", "calendars_created", "imported", "updated"))

    def data(self) -> dict[str, Any]:
        """Return the report as plain data."""
        return {"dry_run": self.dry_run, "counts": dict(self.counts), "users": [asdict(user) for user in self.users]}
