"""Recognise the file of the last import: the same bytes in the same circumstances change nothing."""

from __future__ import annotations

import hashlib
import json
from typing import Final

from importers import apply as applying
from storage.imports import ImportRun
from storage.transaction import Transaction

LAST: Final = "last-import"


def note(tx: Transaction, run_id: str) -> None:
    """Remember under which circumstances a run was carried out, in its own transaction and at its end."""
    tx.import_choices.set(LAST, {"run": run_id, "circumstances": circumstances(tx)})


def is_unchanged(tx: Transaction, run: ImportRun) -> bool:
    """Tell whether a run brings what the last one brought, to the same people and under the same choices.

    People who came meanwhile make a difference: the same file then fills their timetables.
    """
    last = tx.imports.last_done()
    if last is None or last.file_hash != run.file_hash:
        return False
    held = tx.import_choices.get(LAST) or {}
    return bool(held.get("run") == last.id and held.get("circumstances") == circumstances(tx))


def circumstances(tx: Transaction) -> str:
    """Return a fingerprint of everything but the file that an import depends on."""
    people = [
        (
            one.id,
            one.role,
            one.family_names,
            one.given,
            str(one.birth_date),
            sorted(one.idpns),
            sorted(one.external_ids),
        )
        for one in applying.accounts(tx)
    ]
    chosen = {name: value for name, value in tx.import_choices.all().items() if name != LAST}
    told = (sorted(people), chosen, tx.school.settings.include_class_parts, tx.school.zone)
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
