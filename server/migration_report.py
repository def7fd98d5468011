"""The report of a Radicale migration in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from importers.radicale_report import FolderReport, Report, Skip, UserReport
from server.texts import N_, _
from server.wording import filled

SHOWN: Final = 50

_STAGES: Final = {"items": N_("Importing")}
_USERS: Final = {
    "unknown": N_("There is no account for the user {user}: nothing of theirs is imported; --create-users makes one."),
    "bad-login": N_("“{user}” cannot be a login: nothing of theirs is imported."),
    "double": N_("The user {user} is a person that another user of the folder is too: nothing of theirs is imported."),
    "taken": N_("The login {user} is another school's: nothing of theirs is imported."),
}
_FOLDERS: Final = {
    "addressbook": N_("{place}: an address book is left out; only calendars are kept here ({detail} files)."),
    "subscription": N_("{place}: a subscription to another calendar is left out."),
    "no-type": N_("{place}: left out, since Radicale does not say that it is a calendar ({detail} files)."),
    "link": N_("{place}: left out, since it is a link to another folder."),
    "nested": N_("{place}: left out, since calendars inside other folders are not known here."),
    "bad-properties": N_("{place}: left out, since its properties cannot be read ({detail} files)."),
    "journal": N_("{place}: a collection of journals is left out ({detail} files)."),
    "property": N_("{place}: a property cannot be kept: {detail}."),
}
_ITEMS: Final = {
    "journal": N_("{place}: a journal is left out."),
    "too-large": N_("{place}: left out, since it is too large."),
    "unreadable": N_("{place}: left out, since the file cannot be read."),
    "invalid": N_("{place}: left out, since it is not valid: {detail}."),
    "uid-conflict": N_("{place}: left out, since {detail} has the same UID."),
    "kind": N_("{place}: left out: {detail}."),
    "read-only": N_("{place}: left out, since the calendar “{detail}” can only be read."),
    "newer-here": N_("{place}: left as it is, since it was changed here after the file was written."),
}


def stage(name: str) -> str:
    """Return what a migration is doing in words."""
    return _(_STAGES.get(name, name))


def columns() -> tuple[str, ...]:
    """Return the headings of the table of calendars."""
    return (_("User"), _("Collection"), _("Calendar"), _("Imported"), _("Updated"), _("Unchanged"), _("Left out"))


def rows(report: Report) -> list[tuple[object, ...]]:
    """Return a line for each collection that became a calendar, or would."""
    return [
        (user.login, folder.name, ", ".join(folder.slugs), folder.imported, folder.updated, folder.unchanged, lost)
        for user in report.users
        for folder in user.folders
        if folder.slugs
        for lost in [sum(1 for skip in folder.skips if skip.name)]
    ]


def warnings(report: Report) -> Iterator[str]:
    """Yield what was left out and why; of one collection at most SHOWN items."""
    for user in report.users:
        if user.state in _USERS:
            yield filled(_USERS[user.state], {"user": user.user})
        for folder in user.folders:
            yield from _left_out(user, folder)


def summary(report: Report) -> Iterator[str]:
    """Yield in a few sentences what became of a migration."""
    counts = report.counts
    text = _("Items imported: {imported}, updated: {updated}, unchanged: {unchanged}, left out: {skipped}.")
    yield filled(text, {name: counts[name] for name in ("imported", "updated", "unchanged", "skipped")})
    text = _(
        "Calendars made: {made}; collections left out: {left}; accounts made: {accounts}; users left out: {users}."
    )
    numbers = ("calendars_created", "calendars_left", "users_created", "users_left")
    yield filled(
        text, dict(zip(("made", "left", "accounts", "users"), (counts[name] for name in numbers), strict=True))
    )
    if report.dry_run:
        yield _("Nothing was written: this was a dry run.")


def _left_out(user: UserReport, folder: FolderReport) -> Iterator[str]:
    for skip in folder.skips[:SHOWN]:
        yield _sentence(f"{user.user}/{folder.folder}", skip)
    if len(folder.skips) > SHOWN:
        text = _("{place}: … and {number} more; --json lists them all.")
        yield filled(text, {"place": f"{user.user}/{folder.folder}", "number": len(folder.skips) - SHOWN})


def _sentence(place: str, skip: Skip) -> str:
    template = _ITEMS[skip.reason] if skip.name else _FOLDERS[skip.reason]
    where = f"{place}/{skip.name}" if skip.name else place
    return filled(template, {"place": where, "detail": skip.detail})
