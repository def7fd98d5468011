"""`cadran demo`: a school to try, ready in one command."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click
from click.core import ParameterSource
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from server import config as configuration
from server import demo as demonstration
from server import logs, routes
from server.commands.progress import steps
from server.commands.school import prepare
from server.commands.workplace import Failure, Workplace, pass_workplace, program, say, warn
from server.config import Config
from server.demo import DemoInfo
from server.samples import FEWEST, MOST, NEXT, Samples
from server.serving import Serving, listen_on
from server.texts import N_, _
from storage.store import Store

HOST: Final = "127.0.0.1"
PORT: Final = 8008
WIDTH: Final = 100

_STEPS: Final = (
    N_(
        "Thunderbird: Calendar > New Calendar > On the Network; user name {login}, location {caldav}, "
        "then password {password}."
    ),
    N_(
        "iPhone or Android: new account of the type Exchange; server {eas}, user {login}, password {password}. A real "
        "phone wants TLS and a name: put a proxy before the server, as conf/Caddyfile and conf/nginx.conf show."
    ),
    N_("Next export: in another terminal, {program} --data {folder} import edt {following}"),
    N_("Start again: {program} demo --data {folder}{port}"),
    N_("The data are in {folder}: delete that folder to make a new demo."),
)
_MADE_BEFORE: Final = ("pupils", "seed")


@dataclass(frozen=True, slots=True)
class Wishes:
    """What `demo` was asked for."""

    port: int
    folder: Path
    samples: Samples
    ignored: tuple[str, ...] = ()


@click.command(
    "demo",
    help=_("Make an invented school, import it, serve it on this machine and say how to connect."),
    short_help=_("Try it: make an invented school and serve it."),
)
@click.option(
    "--port", type=click.IntRange(0, 65535), default=PORT, show_default=True, help=_("Port to listen on; 0: any.")
)
@click.option("--data", type=click.Path(file_okay=False, path_type=Path), help=_("Data folder of the demo."))
@click.option(
    "--pupils", type=click.IntRange(FEWEST, MOST), default=240, show_default=True, help=_("Number of pupils.")
)
@click.option("--seed", type=int, default=1, show_default=True, help=_("Same seed, same school."))
@click.option("--no-serve", is_flag=True, help=_("Prepare everything and do not start the server."))
@pass_workplace
def demo(workplace: Workplace, /, data: Path | None, port: int, no_serve: bool, **school: int) -> None:
    """Prepare the demo, or find the one made earlier in the same folder, and serve it."""
    folder = (data or workplace.data or default_folder()).absolute()
    samples = Samples(school["pupils"], school["seed"], demonstration.NEXT_PERCENT)
    wishes = Wishes(port, folder, samples, _typed(_MADE_BEFORE))
    config = _config(wishes)
    logs.configure(config.log.level, as_json=config.log.as_json)
    with _prepared(config, wishes) as (store, info):
        if no_serve:
            present(wishes, _described(wishes, info, f"{HOST}:{port}"))
            return
        serving = Serving(config, store, routes.find)

        def started(addresses: Sequence[str]) -> None:
            present(wishes, _described(wishes, info, addresses[0]))
            say(_(" The server runs: Ctrl-C stops it."))

        if not serving.run(listen_on(config.server.listen), started):
            raise Failure(_("The port {port} cannot be used: choose another one with --port.").format(port=port))


def _typed(names: Sequence[str]) -> tuple[str, ...]:
    """Return those options, of these names, that were typed."""
    context = click.get_current_context()
    typed = (name for name in names if context.get_parameter_source(name) is ParameterSource.COMMANDLINE)
    return tuple(f"--{name}" for name in typed)


def default_folder() -> Path:
    """Return where a demo lives when no folder is named: the user's cache."""
    cache = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(cache) / "cadran" / "demo"


def present(wishes: Wishes, info: DemoInfo) -> None:
    """Print the addresses, the accounts and what to type where."""
    stdout = sys.stdout
    console = Console(file=stdout, highlight=False, width=None if stdout.isatty() else WIDTH)
    console.print(_table(_("Addresses"), ((_("Web"), info.web), ("CalDAV", info.caldav), ("ActiveSync", info.eas))))
    accounts = [(each.login, each.password, _(_ROLES[each.role]), each.name) for each in info.accounts]
    console.print(_table(_("Accounts"), accounts))
    teacher = next(each for each in info.accounts if each.role == "teacher")
    values = {"login": teacher.login, "password": teacher.password, "caldav": info.caldav, "eas": info.eas}
    following = wishes.folder / demonstration.FOLDER / NEXT
    values |= {"folder": shlex.quote(str(wishes.folder)), "following": shlex.quote(str(following))}
    values["port"] = "" if wishes.port == PORT else f" --port {wishes.port}"
    for line in _STEPS:
        text = _(line).format(**values, program=program())
        console.print(Text(f" {text}\n"), soft_wrap=True)


_ROLES: Final = {"admin": N_("administrator"), "teacher": N_("teacher"), "pupil": N_("pupil")}


def _table(title: str, rows: Sequence[Sequence[str]]) -> Table:
    table = Table(title=title, title_justify="left", show_header=False, box=SIMPLE_HEAD, pad_edge=False)
    for row in rows:
        table.add_row(*(Text(cell, overflow="fold") for cell in row))
    return table


def _config(wishes: Wishes) -> Config:
    overrides = {"data": wishes.folder, "server": {"listen": [f"tcp:{wishes.port}:interface={HOST}"], "workers": 1}}
    return configuration.load(None, overrides, {})


@contextmanager
def _prepared(config: Config, wishes: Wishes) -> Iterator[tuple[Store, DemoInfo]]:
    """Yield the open database of the demo with its description, making both when there is none."""
    database = wishes.folder / configuration.DATABASE_NAME
    info = demonstration.read(wishes.folder)
    if info is None:
        _clear_unfinished(wishes.folder, database)
        prepare(config)
        demonstration.begin(wishes.folder)
    else:
        _tell_found(wishes)
    store = Store(config.database_url(), config.limits())
    try:
        store.check()
        if info is None:
            with steps() as step:
                info = demonstration.make(store, wishes.folder, wishes.samples, step)
        yield store, info
    finally:
        store.close()


def _clear_unfinished(folder: Path, database: Path) -> None:
    """Remove the database of a demo that was interrupted; any other database or folder in use is refused."""
    if not demonstration.unfinished(folder):
        if not folder.is_dir() or not any(folder.iterdir()):
            return
        if not database.exists():
            raise Failure(_("{folder} is not empty and holds no demo: choose another --data.").format(folder=folder))
        raise Failure(_("{folder} holds the data of a real school: choose another --data.").format(folder=folder))
    for suffix in ("", "-wal", "-shm"):
        Path(f"{database}{suffix}").unlink(missing_ok=True)


def _tell_found(wishes: Wishes) -> None:
    say(_("The demo made earlier in {folder} is used.").format(folder=wishes.folder))
    if wishes.ignored:
        text = _("Ignored, because they are for a new demo: {options}.")
        warn(text.format(options=", ".join(wishes.ignored)))


def _described(wishes: Wishes, info: DemoInfo, address: str) -> DemoInfo:
    described = info.at(f"http://{address}")
    demonstration.write(wishes.folder, described)
    return described
