"""A Radicale storage folder as values: who has which collections, with which properties and files.

Radicale keeps `collection-root/<user>/<collection>/`: properties in `.Radicale.props` (JSON), one file per item.
Nothing is written here, links are not followed, and files are read one by one when they are asked for.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from importers.errors import ImportRefused

ROOT: Final = "collection-root"
PROPERTIES: Final = ".Radicale.props"
CALENDAR: Final = "VCALENDAR"
PROPERTIES_LIMIT: Final = 1024 * 1024
ITEM_LIMIT: Final = 10 * 1024 * 1024
ENTRY_LIMIT: Final = 1_000_000

_KIND: Final = re.compile(rb"^BEGIN:(VEVENT|VTODO|VJOURNAL|VFREEBUSY)\s*$", re.MULTILINE | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Folder:
    """One collection: its name on disk, its properties by Radicale's names ("D:displayname"), the names of its files.

    `problem` is a code when the folder cannot be read as a collection: "link", "nested" or "bad-properties".
    """

    user: str
    name: str
    path: Path
    properties: Mapping[str, str]
    files: tuple[str, ...]
    problem: str = ""

    @property
    def tag(self) -> str:
        """What the collection holds: VCALENDAR, VADDRESSBOOK, VSUBSCRIBED, or "" when Radicale was not told."""
        return self.properties.get("tag", "")

    @property
    def components(self) -> tuple[str, ...]:
        """The kinds of objects the collection was made for; empty when it was not said."""
        listed = self.properties.get("C:supported-calendar-component-set", "")
        return tuple(dict.fromkeys(name.strip().upper() for name in listed.split(",") if name.strip()))


@dataclass(frozen=True, slots=True)
class Item:
    """One file: its name, its bytes, when it was last written (epoch seconds).

    `problem` is a code when there is no text to look at: "too-large" or "unreadable".
    """

    name: str
    text: bytes
    modified: int
    problem: str = ""

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of components in the text, by its BEGIN lines."""
        return frozenset(found.decode().upper() for found in _KIND.findall(self.text))


@dataclass(frozen=True, slots=True)
class User:
    """The folder of one user, with its collections in the user's order."""

    name: str
    folders: tuple[Folder, ...]


def read(place: Path) -> tuple[User, ...]:
    """Return the users of a storage folder, in order of name; the folder itself or its `collection-root`.

    Raises ImportRefused: "not-radicale" when it is neither, "unreadable" when a folder may not be read.
    """
    root = place / ROOT if (place / ROOT).is_dir() else place
    try:
        users = tuple(User(each.name, _folders(each)) for each in _visible(root) if _is_folder(each))
    except OSError as error:
        raise ImportRefused("unreadable", name=str(error.filename)) from error
    if root.name != ROOT and not any(folder.tag for user in users for folder in user.folders):
        raise ImportRefused("not-radicale", name=str(place))
    return users


def items(folder: Folder) -> Iterator[Item]:
    """Yield the files of a collection."""
    return (_item(folder.path / name) for name in folder.files)


def _item(file: Path) -> Item:
    try:
        with file.open("rb") as stream:
            text = stream.read(ITEM_LIMIT + 1)
        modified = int(file.stat().st_mtime)
    except OSError:
        return Item(file.name, b"", 0, "unreadable")
    if len(text) > ITEM_LIMIT:
        return Item(file.name, b"", modified, "too-large")
    return Item(file.name, text, modified)


def _visible(folder: Path) -> list[Path]:
    """Return what Radicale takes for its own in a folder: neither hidden files nor editors' backups."""
    found: list[Path] = []
    for entry in folder.iterdir():
        if entry.name.startswith(".") or entry.name.endswith("~"):
            continue
        found.append(entry)
        if len(found) > ENTRY_LIMIT:
            raise ImportRefused("too-many-files", name=str(folder), limit=ENTRY_LIMIT)
    return sorted(found)


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def _folders(user: Path) -> tuple[Folder, ...]:
    found = [_folder(user.name, each) for each in _visible(user) if each.is_dir()]
    return tuple(sorted(found, key=_order))


def _order(folder: Folder) -> tuple[int, str, str]:
    """Place a collection as its user did, then by the name shown."""
    order = folder.properties.get("ICAL:calendar-order", "")
    number = int(order) if re.fullmatch(r"[+-]?\d{1,10}", order) else 2**31
    return number, folder.properties.get("D:displayname", ""), folder.name


def _folder(user: str, path: Path) -> Folder:
    nothing: Mapping[str, str] = MappingProxyType({})
    if path.is_symlink():
        return Folder(user, path.name, path, nothing, (), "link")
    inside = _visible(path)
    files = tuple(each.name for each in inside if each.is_file() and not each.is_symlink())
    try:
        properties = _properties(path / PROPERTIES)
    except ValueError:
        return Folder(user, path.name, path, nothing, files, "bad-properties")
    problem = "nested" if not properties.get("tag") and any(_is_folder(each) for each in inside) else ""
    return Folder(user, path.name, path, properties, files, problem)


def _properties(file: Path) -> Mapping[str, str]:
    """Return the properties of a collection; raises ValueError when they are not Radicale's."""
    if not file.is_file():
        return MappingProxyType({})
    with file.open("rb") as stream:
        raw = stream.read(PROPERTIES_LIMIT + 1)
    if len(raw) > PROPERTIES_LIMIT:
        raise ValueError("too large")
    try:
        found = json.loads(raw)
    except RecursionError as error:
        raise ValueError("too deep") from error
    if not isinstance(found, dict):
        raise ValueError("not an object")
    return MappingProxyType({name: value for name, value in found.items() if isinstance(value, str)})
