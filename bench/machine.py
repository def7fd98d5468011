"""What the figures were measured on."""

from __future__ import annotations

import os
import platform
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

PACKAGES: Final = ("twisted", "sqlalchemy", "lxml", "icalendar", "radicale", "xandikos")
_MOUNTS: Final = Path("/proc/self/mounts")


def told(folder: Path, seconds: float, loads: tuple[float, float]) -> str:
    """Return one line on when and on what a part was measured, in so many seconds, with the load before and after."""
    machine = f"{_processor()}, {os.cpu_count()} cores, {_memory() / 2**30:.0f} GB"
    system = f"{platform.system()} {platform.release()}, {platform.python_implementation()} {platform.python_version()}"
    packages = ", ".join(f"{name} {_version(name)}" for name in PACKAGES)
    before, after = loads
    return (
        f"*Measured {datetime.now().astimezone():%Y-%m-%d %H:%M %Z} in {seconds:.0f} s on {machine}, {system}, "
        f"files on {file_system(folder)}; {packages}; load {before:.1f} before, {after:.1f} after.*\n"
    )


def load() -> float:
    """Return the average number of running processes over the last minute."""
    return os.getloadavg()[0]


def file_system(folder: Path) -> str:
    """Return the kind of file system a folder is on, such as `ext4`; what is durable on `tmpfs` costs nothing."""
    place = folder.resolve()
    found = [line.split(" ")[1:3] for line in _MOUNTS.read_text().splitlines()] if _MOUNTS.is_file() else []
    kinds = {Path(mounted): kind for mounted, kind in found}
    return next((kinds[each] for each in (place, *place.parents) if each in kinds), "an unknown file system")


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "absent"


def _memory() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _processor() -> str:
    file = Path("/proc/cpuinfo")
    for line in file.read_text().splitlines() if file.is_file() else ():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.processor() or platform.machine()
