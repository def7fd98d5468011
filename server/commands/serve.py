"""`cadran serve`."""

from __future__ import annotations

from collections.abc import Sequence

import click

from server import config as configuration
from server import logs, routes
from server.commands.workplace import Failure, Workplace, pass_workplace
from server.serving import Serving, adopt, listen_on
from server.texts import _
from server.workers import Supervisor


@click.command("serve", help=_("Serve calendars until the process is told to stop."))
@click.option("--sockets", hidden=True, default="", help="Numbers of inherited listening sockets (used by workers).")
@click.option("--letters", hidden=True, type=int, help="Number of the inherited socket for LMTP (used by workers).")
@click.option(
    "--port", type=click.IntRange(1, 65535), help=_("Listen on this port of 127.0.0.1, instead of server.listen.")
)
@click.option(
    "--listen",
    "endpoints",
    multiple=True,
    metavar=_("ENDPOINT"),
    help=_("Listen here instead of server.listen, such as tcp:8008:interface=127.0.0.1; may be repeated."),
)
@pass_workplace
def serve(
    workplace: Workplace, sockets: str, letters: int | None, port: int | None, endpoints: tuple[str, ...]
) -> None:
    """Serve in this process, or supervise as many workers as configured."""
    if port is not None:
        endpoints = (*endpoints, f"tcp:{port}:interface=127.0.0.1")
    config = workplace.config.listening(endpoints) if endpoints else workplace.config
    logs.configure(config.log.level, as_json=config.log.as_json)
    listen = listen_on(config.server.listen)
    boxes = listen_on((config.mail.lmtp,), "mail.lmtp") if config.mail.lmtp else None
    numbers = [int(number) for number in sockets.split(",") if number]
    with workplace.store() as store:
        if config.server.workers > 1 and not numbers:
            store.close()
            supervisor = Supervisor(config, workplace.arguments(), configuration.environment())
            succeeded = supervisor.run(listen_on((*config.server.listen, *filter(None, (config.mail.lmtp,)))), _nothing)
        else:
            serving = Serving(config, store, routes.find, child=bool(numbers))
            mine = adopt([letters]) if letters is not None else None
            succeeded = serving.run(*((adopt(numbers), _nothing, mine) if numbers else (listen, _nothing, boxes)))
    if not succeeded:
        text = _(
            "Cannot listen on {endpoints}: see the log above. server.listen, --port or --listen name another address."
        )
        raise Failure(text.format(endpoints=", ".join(config.server.listen)))


def _nothing(_addresses: Sequence[str]) -> None:
    """Say nothing: the log tells the addresses."""
