"""`cadran init` and `cadran migrate`: the data folder, the database, the school and its administrator."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click

from server import passwords
from server.commands.workplace import (
    Failure,
    Workplace,
    actor,
    asked_password,
    confirmed,
    interactive,
    pass_workplace,
    password_option,
    say,
)
from server.config import Config
from server.texts import _
from storage import migrate as migration
from storage.errors import NameTaken, NotFound
from storage.model import Role, Settings
from storage.principals import NewPerson, check_login
from storage.store import Store

FOLDER_MODE: Final = 0o700
_CODE: Final = re.compile(r"[0-9]{7}[A-Z]")


def _code(value: str) -> str:
    code = value.strip().upper()
    if not _CODE.fullmatch(code):
        raise click.BadParameter(_("a code (UAI) is seven digits and a letter, such as 0750001A"))
    return code


def _checked_code(_context: object, _parameter: object, value: str | None) -> str | None:
    return None if value is None else _code(value)


def _name(value: str) -> str:
    name = value.strip()
    if not name:
        raise click.BadParameter(_("a school has a name"))
    return name


def _checked_name(_context: object, _parameter: object, value: str | None) -> str | None:
    return None if value is None else _name(value)


def _checked_login(_context: object, _parameter: object, value: str) -> str:
    check_login(value)
    return value


def _checked_zone(_context: object, _parameter: object, value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise click.BadParameter(_("this is no IANA time zone, such as Europe/Paris")) from error
    return value


@dataclass(frozen=True, slots=True)
class NewSchool:
    """A school to create, as `init` was told of it."""

    code: str
    name: str
    zone: str
    other_phones: bool


@dataclass(frozen=True, slots=True)
class _Told:
    """What `init` was told by options; None for what is to be asked."""

    code: str | None
    name: str | None
    zone: str
    other_phones: bool | None
    password_stdin: bool

    def school_code(self) -> str:
        """Return the code of the school, asked for when it was not told."""
        return self.code or self._asked("--school", _("Code of the school (UAI)"), _code)

    def school(self, code: str) -> NewSchool:
        """Return the school, asking for what was not told."""
        name = self.name or self._asked("--name", _("Name of the school"), _name)
        return NewSchool(code, name, self.zone, self._other_phones())

    def all(self, code: str, login: str) -> tuple[NewSchool, str]:
        """Return the school and the administrator's password, asking for what was not told."""
        return self.school(code), asked_password(from_stdin=self.password_stdin, login=login)

    def _asked(self, option: str, question: str, checked: Callable[[str], str]) -> str:
        if self.password_stdin:
            # The one line of standard input is the password.
            raise click.UsageError(_("With --password-stdin, {option} has to be given.").format(option=option))
        return str(click.prompt(question, value_proc=checked))

    def _other_phones(self) -> bool:
        if self.other_phones is not None:
            return self.other_phones
        if self.password_stdin or not interactive():
            return True
        return confirmed(_("Show secondary calendars on phones other than iPhones"), default=True)


@click.command(
    "init",
    short_help=_("Create a school and its administrator."),
    help=_(
        "Prepare the data folder, the database, a school and its administrator. Asks for what no option says: the "
        "school's code and name, whether other phones than iPhones show secondary calendars, the password."
    ),
)
@click.option("--school", "code", callback=_checked_code, metavar="UAI", help=_("Code of the school."))
@click.option("--name", callback=_checked_name, help=_("Name of the school."))
@click.option(
    "--zone", default="Europe/Paris", show_default=True, callback=_checked_zone, help=_("Time zone of the school.")
)
@click.option(
    "--allow-other-phones/--no-other-phones",
    "other_phones",
    default=None,
    help=_("Whether phones other than iPhones see more than the default calendar (they do unless told)."),
)
@click.option(
    "--admin",
    "login",
    default="admin",
    show_default=True,
    callback=_checked_login,
    help=_("Login of the administrator."),
)
@password_option
@pass_workplace
def init(workplace: Workplace, /, login: str, **told: Any) -> None:
    """Create what is missing; what is there already is left as it is, and then nothing more is asked."""
    answers = _Told(**told)
    code = answers.school_code()
    # Where nothing is, nothing is made before every answer is there: one that will not do leaves nothing behind.
    early = answers.all(code, login) if migration.untouched(workplace.config.database_url()) else None
    prepare(workplace.config)
    with workplace.store() as store:
        if _exists(store, code):
            say(_("The school {code} is already there: nothing was changed.").format(code=code))
        else:
            if store.directory.account(login) is not None:
                raise NameTaken("login", login)
            wanted, password = early or answers.all(code, login)
            create(store, wanted, login, passwords.hash(password))
            say(_("The school {code} and the account “{login}” are ready.").format(code=code, login=login))
    say(_("Next: “cadran people import”, then “cadran import edt”, then “cadran serve”."))


@click.command("migrate", help=_("Bring the database up to date."))
@click.option("--check", is_flag=True, help=_("Only tell whether there is something to do (exit status 1 if so)."))
@pass_workplace
@click.pass_context
def migrate(context: click.Context, workplace: Workplace, check: bool) -> None:
    """Run the pending schema changes, or with --check only list them."""
    url = workplace.config.database_url()
    pending = migration.pending(url)
    if not pending:
        say(_("The database is up to date."))
        return
    if check:
        say(_("Pending changes: {changes}").format(changes=", ".join(pending)))
        context.exit(1)
    prepare(workplace.config)
    say(_("The database is now up to date: {changes}").format(changes=", ".join(pending)))


def prepare(config: Config) -> None:
    """Make the data folder, readable by its owner only, and the database's tables where they are missing."""
    _make_folder(config.data)
    migration.upgrade(config.database_url())


def create(store: Store, wanted: NewSchool, login: str, password_hash: str) -> None:
    """Create a school and the account of its administrator; raises NameTaken, and then creates neither."""
    check_login(login)
    if store.directory.account(login) is not None:
        raise NameTaken("login", login)
    settings = Settings(eas_others_allowed=wanted.other_phones)
    school = store.directory.create_school(wanted.code, wanted.name, wanted.zone, settings)
    with store.writing(school.id) as tx:
        new = NewPerson(login, login.capitalize(), "", Role.ADMIN, password_hash=password_hash)
        principal = tx.principals.create(new)
        tx.audit.record(actor(), "account-created", principal.login, role=Role.ADMIN.value)


def _exists(store: Store, code: str) -> bool:
    try:
        store.directory.school(code)
    except NotFound:
        return False
    return True


def _make_folder(folder: Path) -> None:
    if folder.is_dir():
        return
    try:
        folder.mkdir(mode=FOLDER_MODE, parents=True)
        folder.chmod(FOLDER_MODE)
    except OSError as error:
        text = _("The data folder {folder} cannot be made ({reason}): choose another one with --data.")
        raise Failure(text.format(folder=folder, reason=error.strerror)) from error
