"""Addresses of deposits: `/webdav/<school>/<access>/`, subfolders and files below it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, unquote_to_bytes

from storage.deposit_folder import PATH_LENGTH

PREFIX: Final = "/webdav/"
LONGEST: Final = 2048
NAME_LENGTH: Final = 255
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f/\\]")


class BadPath(Exception):
    """The path cannot be one of ours: not percent-encoded UTF-8, too long, or a name that is none."""


@dataclass(frozen=True, slots=True)
class Target:
    """What a path names: a school's code, an access's secret and what is below it, "" for the folder itself."""

    school: str
    secret: str
    path: str

    @property
    def parent(self) -> str:
        """The path of the folder that holds it."""
        return self.path.rpartition("/")[0]

    @property
    def depth(self) -> int:
        """How many names the path has."""
        return len(self.path.split("/")) if self.path else 0

    @property
    def name(self) -> str:
        """The last name of the path."""
        return self.path.rpartition("/")[2]

    @property
    def home(self) -> str:
        """The address of the folder as this server writes it."""
        return f"{PREFIX}{quote(self.school)}/{quote(self.secret)}/"

    def href(self, path: str, *, folder: bool) -> str:
        """Return the address of something in the folder; a folder's ends in a slash."""
        return self.home + quote(path) + ("/" if folder and path else "")


def parse(path: str) -> Target:
    """Read a path that begins with PREFIX, whatever its last slash; raises BadPath."""
    if len(path) > LONGEST or not path.lower().startswith(PREFIX):
        raise BadPath
    parts = [_decoded(part) for part in path[len(PREFIX) :].split("/") if part]
    school, secret, *below = (*parts, *[""] * (2 - len(parts)))
    joined = "/".join(below)
    if len(joined) > PATH_LENGTH:
        raise BadPath
    return Target(school, secret, joined)


def _decoded(part: str) -> str:
    try:
        text = unquote_to_bytes(part.encode("latin-1")).decode("utf-8")
    except (UnicodeDecodeError, UnicodeEncodeError) as error:
        raise BadPath from error
    if len(text) > NAME_LENGTH or _CONTROL.search(text) or text in {".", ".."}:
        raise BadPath
    return text
