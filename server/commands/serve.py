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
@pass_workplace
def serve(workplace: Workplace, sockets: str) -> None:
    """Serve in this process, or supervise as many workers as configured."""
    config = workplace.config
    logs.configure(config.log.level, as_json=config.log.as_json)
    listen = listen_on(config.server.listen)
    numbers = [int(number) for number in sockets.split(",") if number]
    with workplace.store() as store:
        if config.server.workers > 1 and not numbers:
            store.close()
            supervisor = Supervisor(config, workplace.arguments(), configuration.environment())
            succeeded = supervisor.run(listen, _nothing)
        else:
            serving = Serving(config, store, routes.find, child=bool(numbers))
            succeeded = serving.run(adopt(numbers) if numbers else listen, _nothing)
    if not succeeded:
        raise Failure(_("Nothing could be served: see the log above."))


def _nothing(_addresses: Sequence[str]) -> None:
    """Say nothing: the log tells the addresses."""
