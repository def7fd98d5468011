"""`cadran sample-school`: the files of an invented school."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from server.commands.workplace import Failure, pass_workplace, say
from server.samples import FEWEST, MOST, Samples, existing, write
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
@pass_workplace
def sample_school(_workplace: object, pupils: int, seed: int, out: Path, force: bool, percent: float | None) -> None:
    """Generate a school and write its files."""
    there = existing(out)
    if there and not force:
        text = _("Already there: {files}. Choose another folder with --out, or replace them with --force.")
        raise Failure(text.format(files=", ".join(map(str, there))))
    try:
        files = write(Samples(pupils, seed, percent), out, datetime.now().astimezone().date())
    except OSError as error:
        raise Failure(f"{out}: {error.strerror}") from error
    for file in files.all():
        say(str(file))
