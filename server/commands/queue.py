"""`cadran import waiting|settings`: the queue of automatic imports, and what the school decides about it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any, Final

import click

from importers import automatic
from server import reports
from server.commands.workplace import (
    Workplace,
    actor,
    chosen_school,
    json_option,
    pass_workplace,
    print_json,
    print_table,
    say,
    school_option,
)
from server.texts import N_, _
from storage.model import School
from storage.store import Store

_DAYS = click.IntRange(1, 3650)
_SETTINGS: Final = {
    "automatic_imports_per_day": N_("Automatic imports in 24 hours"),
    "import_files_days": N_("Days for which imported files are kept"),
    "import_reports_days": N_("Days for which reports name people who were not recognised"),
    "import_drafts_days": N_("Days after which a manual import that nobody goes on with is forgotten"),
}


@dataclass(frozen=True, slots=True)
class Wait:
    """A run that waits: its position on the whole server, the first is 1, and when its window opens if it is closed."""

    id: str
    started: int
    file_name: str
    position: int
    opens: int | None

    def words(self, zone: str) -> str:
        """Return what it waits for."""
        told = _("position {number}").format(number=self.position)
        if self.opens is None:
            return told
        return _("{position}, not before {moment}").format(position=told, moment=reports.moment(self.opens, zone))


def waits(store: Store, school: School) -> tuple[Wait, ...]:
    """Return the runs of a school that wait, with their places (R172)."""
    positions = {place.run_id: number for number, place in enumerate(store.import_queue.waiting(), 1)}
    with store.reading(school.id) as tx:
        opens = automatic.opens(tx)
        return tuple(
            Wait(run.id, run.started, run.file_name, positions.get(run.id, len(positions)), opens)
            for run in tx.imports.waiting()
        )


@click.command("waiting", help=_("List the imports that wait, with their position in the queue of the whole server."))
@json_option
@school_option
@pass_workplace
def waiting(workplace: Workplace, /, as_json: bool, code: str | None) -> None:
    """Print what waits and for what."""
    with workplace.store() as store:
        school = chosen_school(store, code)
        found = waits(store, school)
    if as_json:
        print_json([asdict(each) for each in found])
        return
    if not found:
        say(_("Nothing waits. “cadran import history” shows what was imported."))
        return
    columns = (_("Import"), _("When"), _("File"), _("State"))
    rows = [(w.id[:18], reports.moment(w.started, school.zone), w.file_name, w.words(school.zone)) for w in found]
    print_table(columns, rows)


@click.command(
    "settings",
    help=_("Show or change how often the school imports automatically, and how long files and reports are kept."),
)
@click.option(
    "--per-day", "automatic_imports_per_day", type=click.IntRange(1, 24), help=_("Automatic imports in 24 hours.")
)
@click.option("--files-days", "import_files_days", type=_DAYS, help=_("Days for which imported files are kept."))
@click.option(
    "--reports-days",
    "import_reports_days",
    type=_DAYS,
    help=_("Days for which reports name people who were not recognised."),
)
@click.option(
    "--drafts-days",
    "import_drafts_days",
    type=_DAYS,
    help=_("Days after which a manual import that nobody goes on with is forgotten."),
)
@json_option
@school_option
@pass_workplace
def settings(workplace: Workplace, /, as_json: bool, code: str | None, **told: int | None) -> None:
    """Change what is told and print what holds now."""
    changes: dict[str, Any] = {name: value for name, value in told.items() if value is not None}
    with workplace.store() as store:
        school = chosen_school(store, code)
        chosen = replace(school.settings, **changes)
        if changes:
            store.directory.configure(school.id, chosen)
            with store.writing(school.id) as tx:
                tx.audit.record(actor(), "import-settings", school.code, **changes)
    values = {name: getattr(chosen, name) for name in _SETTINGS}
    if as_json:
        print_json(values)
        return
    for name, words in _SETTINGS.items():
        say(_("{name}: {value}").format(name=_(words), value=values[name]))
