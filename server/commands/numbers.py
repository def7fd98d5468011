"""The numbers of imports as people type them: their beginning is enough, and “last” means the newest."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, TypeVar

from importers import undo as undoing
from server.commands.workplace import Failure
from server.reports import NUMBER_SHOWN
from server.texts import _
from storage.errors import NotFound
from storage.import_drafts import ImportDraft
from storage.imports import ImportRun
from storage.model import School
from storage.store import Store
from storage.transaction import Transaction

LAST: Final = "last"
SHORT: Final = NUMBER_SHOWN
_RUNS: Final = 1000
_OFFERED: Final = 5
_Held = TypeVar("_Held")


def run_of(store: Store, school: School, name: str, statuses: Iterable[str] = (), missing: str = "") -> ImportRun:
    """Return the run whose number, or that of the draft it was, begins with a name; "last" is the newest of statuses.

    Raises Failure, for "last" with `missing`, which says in words what there is none of, and NotFound.
    """
    with store.reading(school.id) as tx:
        runs, drafts = tx.imports.history(_RUNS), tx.import_drafts.all()
    if name == LAST:
        wanted = set(statuses)
        newest = (run for run in runs if (not wanted or run.status in wanted) and run.kind != undoing.UNDO)
        found = next(newest, None)
        if found is None:
            raise Failure(missing or nothing())
        return found
    meant = [run for run in runs if begins(run, name)]
    if not meant and any(draft.id.startswith(name) for draft in drafts):
        text = _("Import {number} is begun and not launched yet: “cadran import step {number} launch” comes first.")
        raise Failure(text.format(number=name))
    return only(meant, name, [run.id for run in meant])


def nothing() -> str:
    """Return that nothing was imported, and how to begin."""
    return _("Nothing was imported yet. “cadran import begin FILE” begins.")


def begins(run: ImportRun, name: str) -> bool:
    """Tell whether a run is called so: by the beginning of its number, or of the one it had before its launch."""
    return run.id.startswith(name) or str(run.report.get("draft", "")).startswith(name)


def is_draft(tx: Transaction, name: str) -> bool:
    """Tell whether the number of a draft begins with a name."""
    return any(draft.id.startswith(name) for draft in tx.import_drafts.all())


def draft_of(tx: Transaction, name: str) -> ImportDraft:
    """Return the draft whose number begins with a name; raises Failure and NotFound."""
    drafts = [draft for draft in tx.import_drafts.all() if draft.id.startswith(name)]
    if not drafts:
        for run in tx.imports.history(_RUNS):
            if str(run.report.get("draft", "")).startswith(name):
                text = _(
                    "Import {number} was launched: it is {run} in “cadran import history”. “cadran import begin FILE” "
                    "begins another one."
                )
                raise Failure(text.format(number=name, run=run.id[:SHORT]))
        raise NotFound("import-draft", name)
    return only(drafts, name, [draft.id for draft in drafts])


def only(found: Sequence[_Held], name: str, numbers: Sequence[str]) -> _Held:
    """Return the only one found; raises NotFound for none, and Failure with the first candidates for several."""
    if len(found) == 1:
        return found[0]
    if not found:
        raise NotFound("import", name)
    shown = ", ".join(number[:SHORT] for number in numbers[:_OFFERED]) + (", …" if len(numbers) > _OFFERED else "")
    raise Failure(
        _("Several numbers begin with “{name}”: {numbers}. Type more of it.").format(name=name, numbers=shown)
    )
