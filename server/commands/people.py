"""`cadran people`: accounts from the school's own list."""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import click

from importers import people as people_file
from server import passwords, wording
from server import people as accounts
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

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group("people", help=_("Import the people of a school."))
def people() -> None:
    """Gather the commands about people."""


@dataclass(frozen=True, slots=True)
class Task:
    """What `people import` was asked: the school, whether to write, and where passwords go if anywhere."""

    store: Store
    school: School
    dry_run: bool
    passwords: Path | None


@people.command(
    "import",
    help=_(
        "Create and update accounts from CSV files. Rows that cannot be used are listed and left out; accounts made by "
        "hand are left alone; importing the same file again changes nothing."
    ),
)
@click.argument("files", nargs=-1, required=True, type=_FILE, metavar="FILE…")
@click.option("--dry-run", is_flag=True, help=_("Only tell what would be done."))
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
    workplace: Workplace,
    files: tuple[Path, ...],
    dry_run: bool,
    secrets_file: Path | None,
    as_json: bool,
    code: str | None,
) -> None:
    """Import each file in turn and report on it."""
    if secrets_file is not None and secrets_file.exists():
        raise Failure(_("{file} is already there: name a new file for the passwords.").format(file=secrets_file))
    with workplace.store() as store:
        task = Task(store, chosen_school(store, code), dry_run, secrets_file)
        outcomes = [(file, import_file(task, file.read_bytes())) for file in files]
    if as_json:
        print_json([{"file": str(file)} | _plain(outcome) for file, outcome in outcomes])
        return
    for file, outcome in outcomes:
        _report(file, outcome, dry_run)


def import_file(task: Task, data: bytes) -> PeoplePlan:
    """Import one file in one transaction, or with `dry_run` only plan it."""
    parsed = people_file.parse(data)
    with task.store.reading(task.school.id) as tx:
        proposal = accounts.plan(parsed, accounts.existing(tx))
    if task.dry_run:
        return proposal
    fresh = _fresh_passwords(task, proposal) if task.passwords else {}
    hashes = hashed(fresh)
    if task.passwords and fresh:
        write_passwords(task.passwords, fresh)
    apply_plan(task.store, task.school, proposal, hashes)
    return proposal


def apply_plan(store: Store, school: School, proposal: PeoplePlan, hashes: Mapping[str, str]) -> None:
    """Write a plan with its password hashes by login, all or nothing."""
    if not (proposal.create or proposal.update or hashes):
        return
    with store.writing(school.id) as tx:
        accounts.apply(tx, proposal, hashes)
        counts = {"created": len(proposal.create), "updated": len(proposal.update), "passwords": len(hashes)}
        tx.audit.record(actor(), "people-imported", school.code, **counts)


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


def _fresh_passwords(task: Task, proposal: PeoplePlan) -> dict[str, str]:
    known = {new.login for new in proposal.create}
    wanting = [
        login for login in accounts.logins_of(proposal) if login in known or not _has_password(task.store, login)
    ]
    return {login: passwords.generate() for login in wanting}


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


def _counts(proposal: PeoplePlan) -> dict[str, int]:
    sizes: Sequence[tuple[str, int]] = (
        ("created", len(proposal.create)),
        ("updated", len(proposal.update)),
        ("unchanged", len(proposal.unchanged)),
        ("errors", len(proposal.errors)),
    )
    return dict(sizes)


def _plain(proposal: PeoplePlan) -> dict[str, object]:
    rows = [
        {"line": e.line, "column": e.column, "code": e.code, "value": e.value, "message": wording.row_sentence(e)}
        for e in proposal.errors
    ]
    return {**_counts(proposal), "rows": rows}
