"""What there is to know of a text before it is written, found out before anybody's turn to write is taken.

A legal text of thousands of occurrences takes a tenth of a second to read; a request that meets WritingRequired comes
again in the same thread, and finds here what it found out the first time.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import tzinfo
from typing import Final

from storage import ical
from storage.ical import Facts, Span


@dataclass(frozen=True, slots=True)
class Examined:
    """A text read in a zone: what is indexed of it, and its occurrences up to `horizon` in epoch seconds."""

    text: bytes
    zone: tzinfo
    facts: Facts
    spans: tuple[Span, ...]
    horizon: int


_last: Final = threading.local()


def examine(text: bytes, zone: tzinfo, horizon: Callable[[], int]) -> Examined:
    """Return what there is to know of a text; raises InvalidObject with the precondition of RFC 4791, 5.3.2.1.

    `horizon` tells how far occurrences are looked for; what was found out a moment ago keeps the horizon it had.
    """
    known: Examined | None = getattr(_last, "found", None)
    if known is not None and known.zone == zone and known.text == text:
        return known
    facts = ical.inspect(text, zone)
    until = horizon()
    found = Examined(text, zone, facts, ical.spans(text, zone, until), until)
    _last.found = found
    return found


def same_times(found: Examined, text: bytes) -> None:
    """Note that another text says the same of when, how often and under which UID it takes place."""
    _last.found = replace(found, text=text)
