"""The people feeds that can be read: each format recognises and parses its own; a CSV is what is left (R78, R80)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final, TypeVar

from importers import aaf, archives, people, siecle, sts_people
from importers.archives import Files
from importers.errors import ImportRefused
from importers.people import PeopleFile, Role

T = TypeVar("T")
_FORMATS: Final[tuple[tuple[Callable[[Files], bool], Callable[[Files], PeopleFile]], ...]] = (
    (siecle.recognise, siecle.parse),
    (sts_people.recognise, sts_people.parse),
)
_XML = re.compile(rb"^[\xef\xbb\xbf\s]*<")


@dataclass(frozen=True, slots=True)
class Context:
    """What a school told earlier that reading a feed needs: columns of its CSV files, keys of schools in AAF."""

    columns: Mapping[str, str] = field(default_factory=dict)
    structures: Mapping[str, str] = field(default_factory=dict)
    complete: bool = False


def read(files: Iterable[tuple[str, bytes]], context: Context) -> tuple[tuple[str, PeopleFile], ...]:
    """Read the files of one command: chunks of one directory together, everything else file by file.

    Returns pairs of file name and what it says. Raises ImportRefused with the name of the file in `data["file"]`.
    """
    chunks: dict[str, bytes] = {}
    alone: list[tuple[str, Files]] = []
    for name, data in files:
        found = _unpacked(name, data)
        if aaf.recognise(found):
            chunks |= {f"{name}/{member}": content for member, content in found.items()}
        else:
            alone.append((name, found))
    read_files = [(name, _one(name, found, context)) for name, found in alone]
    if chunks:
        title = ", ".join(dict.fromkeys(name.partition("/")[0] for name in chunks))
        read_files.insert(0, (title, _named(title, lambda: aaf.parse(chunks, context.structures))))
    return tuple((name, _completed(file) if context.complete else file) for name, file in read_files)


def structures(files: Iterable[tuple[str, bytes]]) -> dict[str, str]:
    """Return what the files say of the academy's keys of schools."""
    found: dict[str, str] = {}
    for name, data in files:
        found |= aaf.structures_of(_unpacked(name, data))
    return found


def of_school(file: PeopleFile, code: str, known: frozenset[str]) -> PeopleFile:
    """Return the part of a feed that is about one school; `known` are the keys this school's accounts have in it.

    Somebody known here whom the file now places elsewhere has left. Raises ImportRefused: "wrong-school", and
    "school-unknown" when a directory does not tell which school is which.
    """
    if file.schools and code not in file.schools:
        raise ImportRefused("wrong-school", expected=code, found=file.schools)
    if not file.schools:
        if file.source == aaf.SOURCE and any(person.external_id not in known for person in file.people):
            raise ImportRefused("school-unknown", expected=code)
        return file
    if file.source != aaf.SOURCE:
        return file
    here = tuple(p for p in file.people if code in p.schools or (not p.schools and p.external_id in known))
    moved = tuple(p.external_id for p in file.people if p.schools and code not in p.schools and p.external_id in known)
    pupils = {person.external_id for person in here}
    links = tuple(link for link in file.links if link.pupil in pupils)
    return replace(file, people=here, gone=(*file.gone, *moved), links=links)


def _unpacked(name: str, data: bytes) -> Files:
    return _named(name, lambda: {member or name: content for member, content in archives.unpack(data).items()})


def _one(name: str, files: Files, context: Context) -> PeopleFile:
    for recognise, parse in _FORMATS:
        if recognise(files):
            return _named(name, partial(parse, files))
    tables = [content for content in files.values() if not _XML.match(content[:64])]
    if len(tables) != 1:
        raise ImportRefused("not-people", file=name)
    return _named(name, lambda: people.parse(tables[0], columns=context.columns))


def _named(name: str, action: Callable[[], T]) -> T:
    """Do something with a file; a refusal says which file it was."""
    try:
        return action()
    except ImportRefused as refusal:
        refusal.data.setdefault("file", name)
        raise


def _completed(file: PeopleFile) -> PeopleFile:
    return replace(file, complete=file.complete | {Role(person.role) for person in file.people})
