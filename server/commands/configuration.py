"""`cadran config`: is the configuration right, and what is it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import click

from server import config as configuration
from server.commands.workplace import Workplace, json_option, pass_workplace, print_json, print_table, say
from server.serving import listen_on
from server.texts import _


@click.group("config", help=_("Check or show the configuration."))
def config() -> None:
    """Gather the commands about the configuration."""


@config.command("check", help=_("Check the configuration and name every faulty key."))
@pass_workplace
def check(workplace: Workplace) -> None:
    """Fail with every problem found, or say that all is well."""
    listen_on(workplace.config.server.listen)
    say(_("The configuration is right."))


@config.command("show", help=_("Show the configuration in use, without its secrets."))
@json_option
@pass_workplace
def show(workplace: Workplace, as_json: bool) -> None:
    """Print every key with the value in use."""
    values = configuration.shown(workplace.config)
    if as_json:
        print_json(values)
        return
    print_table((_("Key"), _("Value")), tuple(_flat(values)))


def _flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield prefix + key, " ".join(value) if isinstance(value, list | tuple) else str(value)
