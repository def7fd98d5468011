"""A process that carries out what waits and kills itself: `python -m tests.jobs.victim URL stage NAME`.

With `statement N` instead it dies at its nth statement; at none with 0, and then prints how many there were.
"""

from __future__ import annotations

import os
import signal
import sys
from threading import Event
from typing import Any

from sqlalchemy import event

from server import config as configuration
from server import jobs
from storage.store import Store


def die() -> None:
    """End at once, as in a power cut: nothing is closed, nothing rolled back."""
    os.kill(os.getpid(), signal.SIGKILL)


class Mortal(jobs._Told):
    """Progress that ends at a stage."""

    fatal = ""

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Die at the stage that was chosen, after it was told."""
        super().__call__(stage, done, total)
        if stage == self.fatal:
            die()


def main(url: str, kind: str, value: str) -> None:
    """Work once on a database."""
    store = Store(url)
    count = 0
    if kind == "stage":
        Mortal.fatal = value
        vars(jobs)["_Told"] = Mortal
    else:

        def counted(*_arguments: Any) -> None:
            nonlocal count
            count += 1
            if count == int(value):
                die()

        event.listen(store.engine, "before_cursor_execute", counted)
    jobs.work(store, configuration.load(None, {}, {}), Event())
    print(count)


if __name__ == "__main__":
    main(*sys.argv[1:])
