"""The virus scanner: a program of the installation's choice that reads each file before it is kept."""

from __future__ import annotations

import subprocess
import threading
from enum import Enum
from typing import Final

import structlog

from server.config import AttachmentsSection

AT_ONCE: Final = 2

_log = structlog.get_logger("scanning")


class Verdict(Enum):
    """What a scanner says of a file."""

    CLEAN = "clean"
    INFECTED = "infected"
    UNAVAILABLE = "unavailable"


# The exit status of clamscan, clamdscan and most of their kin.
_VERDICTS = {0: Verdict.CLEAN, 1: Verdict.INFECTED}


class Scanner:
    """Runs a command for each file, with the content on its standard input; may be called from any thread."""

    def __init__(self, command: tuple[str, ...], timeout: float) -> None:
        """Keep the command, run without a shell, and how many seconds it is given."""
        self._command = command
        self._timeout = timeout
        # A scanner that hangs must not take every thread there is.
        self._free = threading.BoundedSemaphore(AT_ONCE)

    def verdict(self, content: bytes) -> Verdict:
        """Return what the command says; one that fails, hangs, is too busy or is not there says nothing of the file."""
        if not self._free.acquire(blocking=False):
            return Verdict.UNAVAILABLE
        try:
            return self._run(content)
        finally:
            self._free.release()

    def _run(self, content: bytes) -> Verdict:
        try:
            done = subprocess.run(
                self._command,
                input=content,
                timeout=self._timeout,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            _log.error("virus scanner failed", command=self._command[0], error=type(error).__name__)
            return Verdict.UNAVAILABLE
        verdict = _VERDICTS.get(done.returncode, Verdict.UNAVAILABLE)
        if verdict is Verdict.UNAVAILABLE:
            _log.error("virus scanner failed", command=self._command[0], status=done.returncode)
        return verdict


def scanner_of(section: AttachmentsSection) -> Scanner | None:
    """Return the scanner of a configuration, None when there is none."""
    return Scanner(section.scan_command, section.scan_timeout) if section.scan_command else None
