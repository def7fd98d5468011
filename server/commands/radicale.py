"""`cadran radicale`: everybody's calendars from a Radicale server."""

from __future__ import annotations

from pathlib import Path

import click

from importers import radicale_migration
from importers.radicale_migration import Options
from server import migration_report
from server.commands.progress import steps
from server.commands.workplace import (
    Workplace,
    actor,
    chosen_school,
    json_option,
    pass_workplace,
    print_json,
    print_table,
    say,
    school_option,
    warn,
)
from server.texts import _
from storage.model import Role

_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
_ROLES = click.Choice([role.value for role in Role if role not in {Role.ADMIN, Role.READER}])


@click.group("radicale", help=_("Move from a Radicale server."))
def radicale() -> None:
    """Gather the commands about Radicale."""


@radicale.command(
    "import",
    help=_(
        "Import the calendars of all users from a Radicale storage folder. Each becomes a calendar of the person with "
        "the same login. Importing again changes nothing but what is younger in the folder; nothing is deleted."
    ),
)
@click.argument("folder", type=_FOLDER, metavar="DIR")
@click.option("--dry-run", is_flag=True, help=_("Only tell what would be done."))
@click.option("--create-users", is_flag=True, help=_("Make an account without password for each unknown user."))
@click.option("--role", type=_ROLES, default=Role.TEACHER.value, show_default=True, help=_("What these people are."))
@click.option(
    "--first-into-agenda",
    is_flag=True,
    help=_("Put each person's first calendar into the agenda and the task list that everybody has."),
)
@json_option
@school_option
@pass_workplace
def import_radicale(
    workplace: Workplace, /, folder: Path, dry_run: bool, as_json: bool, code: str | None, **chosen: str | bool
) -> None:
    """Import one folder and print its report."""
    with workplace.store() as store, steps() as step:
        school = chosen_school(store, code)
        options = Options(
            actor(),
            dry_run,
            Role(str(chosen["role"])) if chosen["create_users"] else None,
            bool(chosen["first_into_agenda"]),
            lambda stage, done, total: step(migration_report.stage(stage), done, total),
        )
        report = radicale_migration.migrate(store, school, folder, options)
    if as_json:
        print_json(report.data())
        return
    for sentence in migration_report.warnings(report):
        warn(sentence)
    print_table(migration_report.columns(), migration_report.rows(report))
    for sentence in migration_report.summary(report):
        say(sentence)
