"""The timetable files that can be read: each format recognises and parses its own (reference, 1, 2 and 6).

A file is unpacked first, then decrypted; what is inside is one document or, for some formats, several that belong
together. `cadran import edt` with several files makes one archive of them, so that a run has one file to keep.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from importers import archives, asc, container, edt, edt_text, ical_feeds, origin, sts, udt, untis
from importers.archives import Files
from importers.errors import ImportRefused
from importers.origin import IN_CLEAR, Origin
from importers.setting import Setting
from importers.timetable import Timetable


@dataclass(frozen=True, slots=True)
class Format:
    """A format by its short name, as the history shows it; it sees all files that were handed over together.

    `cancelled_shown` is set where a file tells sessions one by one: what it calls cancelled stays, as cancelled.
    """

    name: str
    recognise: Callable[[Files], bool]
    parse: Callable[[Files, Setting], Timetable]
    cancelled_shown: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """A file that was read: its format, what it says, and what it says of itself."""

    format: str
    timetable: Timetable
    origin: Origin = IN_CLEAR
    cancelled_shown: bool = False


def _edt_recognised(files: Files) -> bool:
    return len(files) == 1 and edt.recognise(_only(files))


def _edt_parsed(files: Files, _setting: Setting) -> Timetable:
    return edt.parse(_only(files))


def _only(files: Files) -> bytes:
    return next(iter(files.values()))


FORMATS: Final = (
    Format("edt", _edt_recognised, _edt_parsed),
    Format("edt-text", edt_text.recognise, edt_text.parse),
    Format("sts", sts.recognise, sts.parse),
    Format("ical", ical_feeds.recognise, ical_feeds.parse, cancelled_shown=True),
    Format("udt", udt.recognise, udt.parse),
    Format("asc", asc.recognise, asc.parse),
    Format("untis", untis.recognise, untis.parse),
)


def recognised(data: bytes) -> str:
    """Return the name of a file's format, empty when none knows it or it cannot be unpacked."""
    try:
        files = archives.unpack(data)
    except ImportRefused:
        return ""
    return next((each.name for each in FORMATS if each.recognise(files)), "")


def read(data: bytes, setting: Setting | None = None) -> Reading:
    """Read a file of any known format.

    Raises ImportRefused: "empty-file", "not-recognised" when no format knows it, "several-files" (names) when an
    archive holds documents that do not belong together, and what archives, container and the format raise.
    """
    setting = setting or Setting()
    if not data.strip(b" \t\r\n\0"):
        raise ImportRefused("empty-file")
    files, told = _opened(archives.unpack(data), setting)
    for each in FORMATS:
        if each.recognise(files):
            timetable = each.parse(files, setting)
            said = replace(told, school=told.school or ", ".join(timetable.schools), schema=timetable.version)
            noticed = replace(timetable, notices=(*timetable.notices, *origin.notices(said)))
            return Reading(each.name, noticed, said, each.cancelled_shown)
    if len(files) > 1:
        raise ImportRefused("several-files", names=tuple(sorted(files))[:10])
    raise ImportRefused("not-recognised")


def _opened(files: Files, setting: Setting) -> tuple[Files, Origin]:
    """Decrypt the one file there is when it is a container."""
    if len(files) != 1 or not container.recognise(_only(files)):
        return files, IN_CLEAR
    clear, told = container.opened(_only(files), setting.keys, setting.school)
    return dict.fromkeys(files, clear), told
