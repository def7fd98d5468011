"""What every command works with: the configuration, the database, a school, and how it speaks."""

from __future__ import annotations

import getpass
import json
import shlex
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, wraps
from pathlib import Path
from typing import Any, Final, TypeVar, cast

import click
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from server import config as configuration
from server import passwords
from server.commands.deferred import Invocation
from server.config import Config
from server.texts import _
from storage.errors import NotFound
from storage.model import Principal, School
from storage.store import Store

# Wide enough for any table of ours when the output is a file or a pipe.
PIPE_WIDTH: Final = 240
SHORTEST_PASSWORD: Final = 8

F = TypeVar("F", bound=Callable[..., Any])


class Failure(click.ClickException):
    """Something the person can mend: shown as one sentence, exit status 1."""

    exit_code = 1

    def show(self, file: Any = None) -> None:
        """Write the sentence to standard error."""
        click.echo(self.message, file=file or sys.stderr)


@dataclass(frozen=True)
class Workplace:
    """The configuration and the database of this invocation."""

    file: Path | None
    data: Path | None

    @cached_property
    def config(self) -> Config:
        """The configuration; raises ConfigError."""
        overrides = {} if self.data is None else {"data": self.data}
        return configuration.load(self.file, overrides, configuration.environment())

    def arguments(self) -> tuple[str, ...]:
        """Return the options that make another process see the same configuration."""
        file = () if self.file is None else ("--config", str(self.file))
        data = () if self.data is None else ("--data", str(self.data))
        return (*file, *data)

    @contextmanager
    def store(self) -> Iterator[Store]:
        """Yield the open database, whose schema is this program's; raises SchemaMissing and its kin."""
        if not self.config.database.url and not (self.config.data / configuration.DATABASE_NAME).is_file():
            raise Failure(
                _(
                    "There is no database in {folder}. --data or CADRAN_DATA names another folder; "
                    "“cadran init” creates one."
                ).format(folder=self.config.data)
            )
        store = Store(self.config.database_url(), self.config.limits())
        try:
            store.check()
            yield store
        finally:
            store.close()


def pass_workplace(command: F) -> F:
    """Give a command its workplace as the first argument."""

    @wraps(command)
    def placed(*arguments: Any, **options: Any) -> Any:
        context = click.get_current_context()
        said = context.find_object(Invocation) or Invocation(None, None)
        return context.invoke(command, Workplace(said.file, said.data), *arguments, **options)

    return cast(F, placed)


def school_option(command: F) -> F:
    """Add --school, needed only where there are several schools."""
    return click.option(
        "--school", "code", metavar="UAI", help=_("Code of the school; not needed when there is only one.")
    )(command)


def json_option(command: F) -> F:
    """Add --json."""
    return click.option("--json", "as_json", is_flag=True, help=_("Print JSON."))(command)


def password_option(command: F) -> F:
    """Add --password-stdin: passwords never come as arguments, which everybody on the machine can read."""
    return click.option("--password-stdin", is_flag=True, help=_("Read the password from standard input."))(command)


def actor() -> str:
    """Return who acts, for the audit trail: the command and the system's user."""
    try:
        return f"cadran:{getpass.getuser()}"
    except (KeyError, OSError):
        return "cadran"


def chosen_school(store: Store, code: str | None) -> School:
    """Return the school of a code, or the only one there is."""
    if code:
        return store.directory.school(code)
    schools = store.directory.schools()
    if not schools:
        raise Failure(_("There is no school yet. “cadran init” creates one."))
    if len(schools) > 1:
        codes = ", ".join(school.code for school in schools)
        raise click.UsageError(_("There are several schools: choose one of {codes} with --school.").format(codes=codes))
    return schools[0]


def person(store: Store, login: str) -> Principal:
    """Return the person of a login, active or not; raises NotFound."""
    account = store.directory.account(login)
    if account is None:
        raise NotFound("principal", login)
    return account.principal


def asked_password(*, from_stdin: bool, login: str = "") -> str:
    """Return a new password from standard input or, twice, from the keyboard; `login` tells whose it is."""
    if not from_stdin:
        question = _("Password of “{login}”").format(login=login) if login else _("Password")
        return str(click.prompt(question, hide_input=True, confirmation_prompt=True, value_proc=_checked_password))
    try:
        return _checked_password(sys.stdin.readline().rstrip("\r\n"))
    except click.UsageError as error:
        raise Failure(error.message) from error


def _checked_password(password: str) -> str:
    if len(password) < SHORTEST_PASSWORD:
        raise click.UsageError(_("A password has at least {number} characters.").format(number=SHORTEST_PASSWORD))
    if len(password) > passwords.LONGEST:
        raise click.UsageError(_("A password has at most {number} characters.").format(number=passwords.LONGEST))
    return password


def interactive() -> bool:
    """Tell whether somebody sits before the terminal and can be asked."""
    return sys.stdin.isatty()


def confirmed(question: str, *, default: bool = False) -> bool:
    """Ask a question for yes or no, in the language of this process; English answers are always understood."""
    yes, no = _("yes"), _("no")
    hint = f"{yes[0].upper()}/{no[0]}" if default else f"{yes[0]}/{no[0].upper()}"
    answers = dict.fromkeys(("y", "yes", yes, yes[0]), True) | dict.fromkeys(("n", "no", no, no[0]), False)

    def understood(answer: str) -> bool:
        word = answer.strip().casefold()
        if word and word not in answers:
            raise click.UsageError(_("answer {yes} or {no}").format(yes=yes, no=no))
        return answers.get(word, default)

    return bool(click.prompt(f"{question} [{hint}]", default="", show_default=False, value_proc=understood))


def program() -> str:
    """Return how this program was called, ready for a shell."""
    called = Path(sys.argv[0])
    if called.suffix == ".py":
        return shlex.join((sys.executable, "-m", "server.cli"))
    return shlex.quote(str(called))


def say(text: str) -> None:
    """Print one result to standard output."""
    click.echo(text)


def warn(text: str) -> None:
    """Print something that deserves attention to standard error."""
    click.echo(text, err=True)


def print_json(value: object) -> None:
    """Print a value as JSON."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2, default=str))


def print_table(
    columns: Sequence[str], rows: Sequence[Sequence[object]], title: str | None = None, empty: str = ""
) -> None:
    """Print rows under headings; when the output is no terminal, without drawing and without cutting.

    `empty` is said in place of a table without rows.
    """
    if empty and not rows:
        say(empty)
        return
    console = _console()
    table = Table(title=title, title_justify="left", box=table_box(console), pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(str(cell)) for cell in row))
    console.print(table)


def table_box(console: Console) -> Any:
    """Return how a table is drawn: with lines on a terminal, without in a file."""
    return SIMPLE_HEAD if console.is_terminal else None


def _console() -> Console:
    stdout = sys.stdout
    terminal = stdout.isatty()
    return Console(file=stdout, highlight=False, width=None if terminal else PIPE_WIDTH)
