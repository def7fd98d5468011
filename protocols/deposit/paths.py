"""Addresses of deposits: `/webdav/<school>/<access>/` and one file below it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, unquote_to_bytes

PREFIX: Final = "/webdav/"
LONGEST: Final = 2048
NAME_LENGTH: Final = 255
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f/\\]")


class BadPath(Exception):
    """The path cannot be one of ours: not percent-encoded UTF-8, too long, or a name that is none."""


@dataclass(frozen=True, slots=True)
class Target:
    """What a path names: a school's code, an access's secret and a file; an empty `name` is the folder itself."""

    school: str
    secret: str
    name: str
    deep: bool = False

    @property
    def href(self) -> str:
        """The path of the folder as this server writes it."""
        return f"{PREFIX}{quote(self.school)}/{quote(self.secret)}/"


def parse(path: str) -> Target:
    """Read a path that begins with PREFIX, whatever its last slash; raises BadPath."""
    if len(path) > LONGEST or not path.lower().startswith(PREFIX):
        raise BadPath
    parts = [_decoded(part) for part in path[len(PREFIX) :].split("/") if part]
    school, secret, name, *deeper = (*parts, "", "", "")
    return Target(school, secret, name, deep=any(deeper))


def _decoded(part: str) -> str:
    try:
        text = unquote_to_bytes(part.encode("latin-1")).decode("utf-8")
    except (UnicodeDecodeError, UnicodeEncodeError) as error:
        raise BadPath from error
    if len(text) > NAME_LENGTH or _CONTROL.search(text) or text in {".", ".."}:
        raise BadPath
    return text
