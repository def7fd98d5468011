"""A Radicale storage folder for tests, written as Radicale writes it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

EARLY = 1_700_000_000
ZONE = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VTIMEZONE\r\nTZID:Europe/Berlin\r\nEND:VTIMEZONE\r\nEND:VCALENDAR\r\n"


def text(uid: str, kind: str = "VEVENT", summary: str = "Cours", *more: str) -> str:
    """One object."""
    start = ("DTSTART:20261123T080000Z", "DURATION:PT1H") if kind == "VEVENT" else ()
    body = ("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Radicale//X//EN", f"BEGIN:{kind}", f"UID:{uid}")
    return "\r\n".join(
        (*body, "DTSTAMP:20261101T000000Z", *start, f"SUMMARY:{summary}", *more, f"END:{kind}", "END:VCALENDAR", "")
    )


def calendar(root: Path, path: str, items: Mapping[str, str | bytes], **props: str) -> Path:
    """Write one collection; `props` have _ for : and -- for -."""
    folder = root / "collection-root" / path
    folder.mkdir(parents=True)
    named = {name.replace("__", ":", 1).replace("_", "-"): value for name, value in props.items()}
    (folder / ".Radicale.props").write_text(json.dumps({"tag": "VCALENDAR"} | named), "utf-8")
    cache = folder / ".Radicale.cache" / "item"
    cache.mkdir(parents=True)
    (cache / "x.ics").write_bytes(b"\x80pickle")
    for name, body in items.items():
        write(folder / name, body)
    return folder


def write(file: Path, body: str | bytes, moment: int = EARLY) -> None:
    """Write one item as of a moment."""
    file.write_bytes(body.encode() if isinstance(body, str) else body)
    os.utime(file, (moment, moment))
