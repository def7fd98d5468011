"""Files that a command is given, read within the limit of what any import takes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from importers.archives import SIZE_LIMIT
from importers.errors import ImportRefused


def contents(files: Sequence[Path]) -> list[bytes]:
    """Return what files hold; raises ImportRefused("too-large") before any of it is in memory."""
    if sum(file.stat().st_size for file in files) > SIZE_LIMIT:
        raise ImportRefused("too-large", limit=SIZE_LIMIT)
    return [file.read_bytes() for file in files]
