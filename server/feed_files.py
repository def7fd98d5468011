"""Reading the files of `cadran people import`: any format, what the school told before, one school of several."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from importers import feeds
from importers.choices import DIRECTORY
from importers.errors import ImportRefused
from importers.people import PeopleFile
from server import wording
from server.commands.workplace import Failure
from server.feeding import audiences, source_of
from server.handed_over import contents
from server.people import existing
from server.texts import _
from storage.model import School
from storage.store import Store
from storage.transaction import Transaction

COLUMNS: Final = "people-columns"
STRUCTURES: Final = "aaf-structures"


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command was told of the files: columns by folded header, whether they name everybody."""

    columns: Mapping[str, str]
    complete: bool
    dry_run: bool = False


def read(store: Store, school: School, files: Sequence[Path], asked: Asked) -> tuple[tuple[str, PeopleFile], ...]:
    """Return the part of each file that is about a school; what was told of columns and schools is remembered.

    Raises Failure with the name of the file that cannot be read; then nothing was imported.
    """
    try:
        named = list(zip((file.name for file in files), contents(files), strict=True))
        with store.reading(school.id) as tx:
            columns = {**(tx.import_choices.get(COLUMNS) or {}), **asked.columns}
            structures = dict(tx.import_choices.get(STRUCTURES) or {})
        found = structures | feeds.structures(named)
        told = feeds.read(named, feeds.Context(columns, found, asked.complete))
        ours = [(name, _of_school(store, school, name, file)) for name, file in told]
    except ImportRefused as error:
        text = _("{file}: {reason} Nothing was imported, from this file or another.")
        refused = next((file for file in files if file.name == error.data.get("file")), files[0])
        raise Failure(text.format(file=refused, reason=wording.sentence(error))) from error
    here = {key: code for key, code in found.items() if code == school.code}
    if not asked.dry_run and (asked.columns or here.items() - structures.items()):
        with store.writing(school.id) as tx:
            tx.import_choices.set(COLUMNS, columns or None)
            tx.import_choices.set(STRUCTURES, {**structures, **here} or None)
    return tuple(ours)


def _of_school(store: Store, school: School, name: str, file: PeopleFile) -> PeopleFile:
    with store.reading(school.id) as tx:
        keys = frozenset(existing(tx, source_of(file)).external_ids.values())
    try:
        return feeds.of_school(file, school.code, keys)
    except ImportRefused as refusal:
        refusal.data.setdefault("file", name)
        raise


def news(store: Store, school: School, files: Iterable[PeopleFile]) -> bool:
    """Say whether files tell anything besides accounts: guardians, or classes and groups not known yet."""
    held = list(files)
    with store.reading(school.id) as tx:
        before = tx.import_choices.get(DIRECTORY)
        return any(file.links for file in held) or _directory(held, before) != before


def remember(tx: Transaction, files: Iterable[PeopleFile]) -> None:
    """Keep the classes and groups that the directory knows."""
    before = tx.import_choices.get(DIRECTORY)
    after = _directory(files, before)
    if after != before:
        tx.import_choices.set(DIRECTORY, after)


def _directory(files: Iterable[PeopleFile], before: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    found = audiences(files, before)
    return found if any(found.values()) else before
