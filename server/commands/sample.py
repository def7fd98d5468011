"""`cadran sample-school`: the files of an invented school."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import click

from server.commands.workplace import Failure, pass_workplace, say
from server.samples import FEWEST, MOST, Samples, encrypt, existing, write
from server.texts import _


@click.command(
    "sample-school",
    short_help=_("Write the files of an invented school."),
    help=_("Write the export and the people file of an invented school."),
)
@click.option(
    "--pupils", type=click.IntRange(FEWEST, MOST), default=240, show_default=True, help=_("Number of pupils.")
)
@click.option("--seed", type=int, default=1, show_default=True, help=_("Same seed, same school."))
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path), help=_("Folder to write to."))
@click.option(
    "--force",
    is_flag=True,
    help=_("Replace files of the same names."),
)
@click.option(
    "--next",
    "percent",
    type=click.FloatRange(0, 100),
    help=_("Also write the next export, with this percentage of the coming sessions changed."),
)
@click.option(
    "--encrypt",
    "partner",
    metavar="PARTNER",
    help=_("Also write the export encrypted for this partner, and the partner's key for [imports] keys."),
)
@pass_workplace
def sample_school(_workplace: object, /, out: Path, force: bool, partner: str | None, **wanted: Any) -> None:
    """Generate a school and write its files."""
    there = existing(out)
    if there and not force:
        text = _("Already there: {files}. Choose another folder with --out, or replace them with --force.")
        raise Failure(text.format(files=", ".join(map(str, there))))
    try:
        now = datetime.now().astimezone()
        files = write(Samples(**wanted), out, now.date())
        more = encrypt(files, partner, now) if partner else ()
    except OSError as error:
        raise Failure(f"{out}: {error.strerror}") from error
    for file in (*files.all(), *more):
        say(str(file))
