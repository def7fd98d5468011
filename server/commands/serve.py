"""`cadran serve`."""

from __future__ import annotations

import click

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
    with workplace.store() as store:
        if config.server.workers > 1 and not sockets:
            store.close()
            succeeded = Supervisor(config, workplace.arguments()).run(listen)
        else:
            numbers = [int(number) for number in sockets.split(",") if number]
            serving = Serving(config, store, routes.find, child=bool(numbers))
            succeeded = serving.run(adopt(numbers) if numbers else listen)
    if not succeeded:
        raise Failure(_("Nothing could be served: see the log above."))
