"""Structured logs on standard error: JSON or lines for people. Never bodies, credentials, tokens or query strings."""

from __future__ import annotations

import logging
import sys
from typing import Any, Final

import structlog
from twisted.internet.error import ReactorNotRunning
from twisted.logger import LogEvent, LogLevel, formatEvent, globalLogBeginner

LEVELS: Final = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


_log = structlog.get_logger("twisted")


def configure(level: str, *, as_json: bool) -> None:
    """Send this process's logs, Twisted's warnings and failures included, to standard error from `level` up."""
    renderer: structlog.typing.Processor = structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *((structlog.processors.format_exc_info, structlog.processors.JSONRenderer()) if as_json else (renderer,)),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def adopt_twisted() -> None:
    """Take Twisted's log over; to be called once, by the process that runs the reactor."""
    # An observer is any callable; the zope interface adds nothing to it.
    observers: list[Any] = [_observe]
    globalLogBeginner.beginLoggingTo(observers, redirectStandardIO=False, discardBuffer=True)


def _observe(event: LogEvent) -> None:
    """Pass on what Twisted warns of; its chatter about ports and factories is dropped."""
    level = event.get("log_level")
    failure = event.get("log_failure")
    if failure is not None:
        # Whoever is told twice to stop stops once.
        if failure.check(ReactorNotRunning):
            return
        _log.error("unexpected failure", traceback=str(failure.getTraceback()))
    elif level is not None and level >= LogLevel.warn:
        _log.warning(formatEvent(event))
