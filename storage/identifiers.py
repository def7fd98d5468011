"""Identifiers for lines of a journal: as text they sort in the order in which they were made."""

from __future__ import annotations

import secrets
import time
import uuid


def ordered_id() -> str:
    """Return a fresh identifier, 36 characters in the form of a UUID, greater than those made before."""
    return str(uuid.UUID(int=time.time_ns() << 64 | secrets.randbits(64)))
