"""Where tests put what they throw away: in memory when there is room, since none of it has to survive a power cut."""

import os
import shutil
import tempfile
from pathlib import Path

MEMORY = Path("/dev/shm")

# Octets; containers often have no more than 64 MiB there, and each worker keeps a cluster of PostgreSQL.
ROOM = 3 * 2**30


def in_memory(folder: Path = MEMORY, room: int = ROOM) -> Path | None:
    """Return the folder that is kept in memory; None where there is none with enough room."""
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        return None
    return folder if shutil.disk_usage(folder).free >= room else None


def prefer_memory() -> None:
    """Let this process and those it starts keep temporary files in memory, unless TMPDIR says where they go."""
    folder = in_memory()
    if folder is not None and "TMPDIR" not in os.environ:
        os.environ["TMPDIR"] = str(folder)
        tempfile.tempdir = None
