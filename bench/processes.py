"""Servers as processes of their own: a free port, the wait until it listens, and an end in any case."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import Final

ROOT: Final = Path(__file__).parent.parent
START_SECONDS: Final = 180.0
STOP_SECONDS: Final = 15.0
TAIL: Final = 600


class NotStarted(Exception):
    """A server did not come up; `name` is whose, `log` the end of what it said."""

    def __init__(self, name: str, log: str) -> None:
        super().__init__(name, log)
        self.name = name
        self.log = log


@dataclass(frozen=True, slots=True)
class Started:
    """A running server: the port of 127.0.0.1 it listens on and its process number."""

    port: int
    pid: int

    def resident(self) -> int:
        """Return the memory it occupies now, in octets."""
        return int(Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def highest(self) -> int:
        """Return the most memory it has occupied so far, in octets."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(status.partition("VmHWM:")[2].split(None, 1)[0]) * 1024

    def processor_seconds(self) -> float:
        """Return the processor time it has used so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


@contextmanager
def started(
    name: str, folder: Path, command: Callable[[int], Sequence[str]], environment: Mapping[str, str] | None = None
) -> Iterator[Started]:
    """Run `command(port)` until the block ends; its output goes to a file in `folder`. Raises NotStarted."""
    log = folder / f"{name}.log"
    port = free_port()
    with log.open("wb") as output:
        process = subprocess.Popen(
            command(port),
            cwd=ROOT,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        if not _listens(process, port):
            raise NotStarted(name, log.read_text("utf-8", "replace")[-TAIL:])
        yield Started(port, process.pid)
    finally:
        _end(process)


def _listens(process: subprocess.Popen[bytes], port: int) -> bool:
    deadline = monotonic() + START_SECONDS
    while process.poll() is None and monotonic() < deadline:
        with socket.socket() as trial:
            if trial.connect_ex(("127.0.0.1", port)) == 0:
                return True
        sleep(0.1)
    return False


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
