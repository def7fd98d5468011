"""How much people may keep: chosen by whoever runs the server, known to every transaction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MIB: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes in bytes: of one attachment, of all attachments of a school, of all that one person keeps.

    `attachments` is how many one object may have.
    """

    attachment_size: int = 10 * MIB
    attachments: int = 20
    school: int = 5 * 1024 * MIB
    person: int = 1024 * MIB


DEFAULT: Final = Limits()
