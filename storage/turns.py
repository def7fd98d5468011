"""Turns: one import per school at a time on the whole server, given back even by a process that is killed."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from sqlalchemy import Engine, text

_SPACE: Final = 0x0CAD
_TAKE: Final = text("SELECT pg_try_advisory_lock(:space, :school)")
_GIVE: Final = text("SELECT pg_advisory_unlock(:space, :school)")


@contextmanager
def turn(engine: Engine, school_id: int) -> Iterator[bool]:
    """Yield whether the turn of a school was free; it is held until the block ends or the process dies.

    PostgreSQL gives an advisory lock of the session, the embedded database a lock on a file beside it.
    """
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            taken = bool(connection.execute(_TAKE, {"space": _SPACE, "school": school_id}).scalar())
            try:
                yield taken
            finally:
                if taken:
                    connection.execute(_GIVE, {"space": _SPACE, "school": school_id})
        return
    with _lock_file(engine, school_id) as taken:
        yield taken


@contextmanager
def place(engine: Engine, places: int) -> Iterator[bool]:
    """Yield whether one of so many places for imports on the whole server was free; held as a turn is.

    Places are turns below zero, where there are no schools.
    """
    with ExitStack() as held:
        for number in range(1, places + 1):
            with ExitStack() as tried:
                if tried.enter_context(turn(engine, -number)):
                    held.push(tried.pop_all())
                    break
        else:
            yield False
            return
        yield True


@contextmanager
def _lock_file(engine: Engine, school_id: int) -> Iterator[bool]:
    database = engine.url.database
    if not database:
        yield True
        return
    path = Path(f"{database}.import-{school_id}")
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(handle)
