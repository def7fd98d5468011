"""`cadran import edt` in a process of its own, while something else is measured."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from bench.processes import ROOT


@dataclass(slots=True)
class Importing:
    """An import on its way; moments are those of `perf_counter`."""

    process: subprocess.Popen[bytes]
    began: float
    ended: float | None = None

    def over(self) -> bool:
        """Tell whether the process has ended; it is asked often enough to know when."""
        if self.ended is None and self.process.poll() is not None:
            self.ended = perf_counter()
        return self.ended is not None

    @property
    def seconds(self) -> float:
        """How long the process ran, its start included."""
        return (self.ended or perf_counter()) - self.began


@contextmanager
def importing(folder: Path, export: Path) -> Iterator[Importing]:
    """Run an import of an export into a data folder; raises RuntimeError with its last words when it fails."""
    command = (sys.executable, "-m", "server.cli", f"--data={folder}", "import", "edt", str(export))
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    run = Importing(process, perf_counter())
    try:
        yield run
    finally:
        if not run.over():
            process.kill()
        _, problem = process.communicate()
    if process.returncode:
        raise RuntimeError(f"the import failed: {problem.decode('utf-8', 'replace')[-400:]}")
