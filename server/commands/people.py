"""`cadran people`: accounts from the school's own list."""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from importers import people as people_file
from importers.people import PeopleFile
from server import feed_files, feeding, passwords, wording
from server import people as accounts
from server.commands.guardians import guardians, link, unlink
from server.commands.people_history import history, show
from server.commands.progress import steps
from server.commands.workplace import (
    Failure,
    Workplace,
    actor,
    chosen_school,
    json_option,
    pass_workplace,
    print_json,
    say,
    school_option,
    warn,
)
from server.people import PeoplePlan
from server.texts import _
from storage.model import School
from storage.store import Store
from storage.transaction import Transaction

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group("people", help=_("Import the people of a school."))
def people() -> None:
    """Gather the commands about people."""


@dataclass(frozen=True, slots=True)
class Task:
    """What `people import` was asked: the school, whether to write, and where passwords go if anywhere.

    `force` lets a complete file through that names less than half of the people; `names` are the files' names.
    """

    store: Store
    school: School
    dry_run: bool
    passwords: Path | None
    force: bool = False
    names: tuple[str, ...] = ()


@people.command(
    "import",
    help=_(
        "Create and update accounts from the files of AAF, SIECLE or STS, archives of them, or CSV files. Rows that "
        "cannot be used are listed and left out; accounts made by hand are left alone; importing the same file again "
        "changes nothing."
    ),
)
@click.argument("files", nargs=-1, required=True, type=_FILE, metavar="FILE…")
@click.option("--dry-run", is_flag=True, help=_("Only tell what would be done."))
@click.option(
    "--map",
    "mapping",
    multiple=True,
    metavar=_("COLUMN=FIELD"),
    help=_("Tell what a column of a CSV file holds, such as “Code=login”; it is remembered for the next files."),
)
@click.option(
    "--complete",
    is_flag=True,
    help=_("The files name everybody of their roles: those of the same source who are missing are closed."),
)
@click.option("--force", is_flag=True, help=_("Close accounts even if more than half of them are missing."))
@click.option(
    "--passwords",
    "secrets_file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar=_("FILE"),
    help=_(
        "Give a random password to those who have none and write these to a new CSV file; without it nobody gets one."
    ),
)
@json_option
@school_option
@pass_workplace
def import_people(
    workplace: Workplace, /, files: tuple[Path, ...], secrets_file: Path | None, as_json: bool, **told: Any
) -> None:
    """Read every file, then import them together and report on each."""
    if secrets_file is not None and secrets_file.exists():
        raise Failure(_("{file} is already there: name a new file for the passwords.").format(file=secrets_file))
    dry_run = bool(told["dry_run"])
    with workplace.store() as store:
        school = chosen_school(store, told["code"])
        columns = dict(people_file.column_meaning(each) for each in told["mapping"])
        read = feed_files.read(store, school, files, feed_files.Asked(columns, told["complete"], dry_run=dry_run))
        task = Task(store, school, dry_run, secrets_file, told["force"], tuple(name for name, _file in read))
        outcomes = list(zip(task.names, import_files(task, [file for _name, file in read]), strict=True))
    if as_json:
        print_json([{"file": name} | _plain(outcome) for name, outcome in outcomes])
        return
    for name, outcome in outcomes:
        _report(Path(name), outcome, dry_run)


class _Rehearsed(Exception):
    """Ends a transaction without writing."""


def import_files(task: Task, files: Sequence[PeopleFile]) -> tuple[PeoplePlan, ...]:
    """Import files in one transaction, all or nothing, or with `dry_run` only plan them; returns a plan for each."""
    proposals = _rehearse(task, files)
    if task.dry_run:
        return proposals
    fresh = _fresh_passwords(task, proposals) if task.passwords else {}
    if not (fresh or any(each.writes for each in proposals) or feed_files.news(task.store, task.school, files)):
        return proposals
    hashes = hashed(fresh)
    if task.passwords and fresh:
        write_passwords(task.passwords, fresh)
    # Planned again, because passwords take minutes and other programs may have written meanwhile.
    with task.store.writing(task.school.id) as tx:
        feed_files.remember(tx, files)
        names = task.names or ("",) * len(files)
        return tuple(_import(tx, task, (name, file), hashes) for name, file in zip(names, files, strict=True))


def _rehearse(task: Task, files: Sequence[PeopleFile]) -> tuple[PeoplePlan, ...]:
    """Return what each file changes after those before it, which only writing and taking back can tell."""
    proposals: list[PeoplePlan] = []
    with suppress(_Rehearsed), task.store.writing(task.school.id) as tx:
        for file in files:
            proposals.append(_plan(tx, task, file))
            if len(files) > 1:
                made = accounts.apply(tx, proposals[-1], {})
                feeding.record(tx, file, proposals[-1], made)
        raise _Rehearsed
    return tuple(proposals)


def _plan(tx: Transaction, task: Task, file: PeopleFile) -> PeoplePlan:
    return accounts.plan(file, accounts.existing(tx, feeding.source_of(file)), force=task.force)


def _import(tx: Transaction, task: Task, named: tuple[str, PeopleFile], hashes: dict[str, str]) -> PeoplePlan:
    """Write one file, and take from `hashes` those of its people."""
    name, file = named
    proposal = _plan(tx, task, file)
    given = {login: hashes.pop(login) for login in accounts.logins_of(proposal) if login in hashes}
    made = accounts.apply(tx, proposal, given)
    feeding.record(tx, file, proposal, made)
    if proposal.writes or given:
        feeding.trace(tx, file, proposal, made, file_name=name, actor=actor())
        counts = {"created": len(proposal.create), "updated": len(proposal.update), "passwords": len(given)}
        tx.audit.record(actor(), "people-imported", task.school.code, **counts, closed=len(proposal.close))
    return proposal


def hashed(fresh: Mapping[str, str]) -> dict[str, str]:
    """Return the hash of each password by login; argon2 leaves the interpreter free, so threads use every core."""
    found: dict[str, str] = {}
    with steps() as step, ThreadPoolExecutor(os.cpu_count()) as pool:
        for login, password_hash in zip(fresh, pool.map(passwords.hash, fresh.values()), strict=True):
            found[login] = password_hash
            step(_("Passwords"), len(found), len(fresh))
    return found


def write_passwords(file: Path, fresh: Mapping[str, str]) -> None:
    """Write logins and passwords as CSV to a new file that only its owner reads, or after what it holds."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(descriptor, "a", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, delimiter=";")
        if stream.tell() == 0:
            writer.writerow((_("Login"), _("Password")))
        writer.writerows(fresh.items())


def _fresh_passwords(task: Task, proposals: Sequence[PeoplePlan]) -> dict[str, str]:
    logins = dict.fromkeys(login for proposal in proposals for login in accounts.logins_of(proposal))
    return {login: passwords.generate() for login in logins if not _has_password(task.store, login)}


def _has_password(store: Store, login: str) -> bool:
    account = store.directory.account(login)
    return account is not None and bool(account.password_hash)


def _report(file: Path, proposal: PeoplePlan, dry_run: bool) -> None:
    for error in proposal.errors:
        warn(wording.row_sentence(error))
    text = _(
        "{file}: accounts created: {created}, updated: {updated}, unchanged: {unchanged}; rows left out: {errors}."
    )
    if dry_run:
        text = _(
            "{file}: accounts to create: {created}, to update: {updated}, unchanged: {unchanged}; "
            "rows left out: {errors}."
        )
    say(text.format(file=file.name, **_counts(proposal)))
    if proposal.close or proposal.reopen:
        text = _("{file}: accounts closed because the people have left: {closed}; opened again: {reopened}.")
        if dry_run:
            text = _("{file}: accounts to close because the people have left: {closed}; to open again: {reopened}.")
        say(text.format(file=file.name, **_counts(proposal)))


def _counts(proposal: PeoplePlan) -> dict[str, int]:
    sizes: Sequence[tuple[str, int]] = (
        ("created", len(proposal.create)),
        ("updated", len(proposal.update)),
        ("unchanged", len(proposal.unchanged)),
        ("errors", len(proposal.errors)),
        ("closed", len(proposal.close)),
        ("reopened", len(proposal.reopen)),
    )
    return dict(sizes)


def _plain(proposal: PeoplePlan) -> dict[str, object]:
    rows = [
        {"line": e.line, "column": e.column, "code": e.code, "value": e.value, "message": wording.row_sentence(e)}
        for e in proposal.errors
    ]
    return {**_counts(proposal), "rows": rows}


for _command in (history, show, guardians, link, unlink):
    people.add_command(_command)
