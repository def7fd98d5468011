"""`cadran import waiting|settings`: the queue of automatic imports, and what the school decides about it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

import click

from importers import automatic
from server import reports
from server.commands.numbers import SHORT
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
from server.wording import filled
from storage.model import School
from storage.store import Store

SCHOOL: Final = "school"
PLACES: Final = "places"
QUEUE: Final = "queue"
TURN: Final = "turn"

_DAYS = click.IntRange(1, 3650)
_WHY: Final = {
    automatic.LIMIT: N_(
        "It waits because the limit is reached: {most} automatic imports have changed the timetable in 24 hours. It is "
        "carried out from {opens} on; “cadran import settings --per-day NUMBER” allows more."
    ),
    automatic.TRIED: N_(
        "It waits because {most} files were read in 24 hours, most of them refused or the same as before: does EDT "
        "export too often? It is carried out from {opens} on; “cadran import settings --per-day NUMBER” allows more."
    ),
    SCHOOL: N_("It waits because another import of this school is running: it is next when that has ended."),
    PLACES: N_(
        "It waits because the server imports as much at once as it may ({most}, the setting imports.at_once): it is "
        "carried out when a place is free."
    ),
    QUEUE: N_("It waits because deposits of other schools came before: nothing has to be done."),
    TURN: N_("Its turn is next: the server carries it out within seconds, if it is running (“cadran serve”)."),
}
_SETTINGS: Final = {
    "automatic_imports_per_day": N_("Automatic imports in 24 hours"),
    "import_files_days": N_("Days for which imported files are kept"),
    "import_reports_days": N_("Days for which reports name people who were not recognised"),
    "import_drafts_days": N_("Days after which a manual import that nobody goes on with is forgotten"),
}


@dataclass(frozen=True, slots=True)
class Wait:
    """A run that waits: its position on the whole server, the first is 1, and why it does.

    `reason` is automatic.LIMIT or automatic.TRIED, with `most` of them until `opens` (epoch seconds); SCHOOL while
    another import of the school runs, PLACES while all `most` places of the server are taken, QUEUE behind others, and
    TURN when it is next.
    """

    id: str
    started: int
    file_name: str
    position: int
    opens: int | None = None
    reason: str = TURN
    most: int = 0

    def words(self, zone: str) -> str:
        """Return what it waits for."""
        told = _("position {number}").format(number=self.position)
        if self.opens is None:
            return told
        return _("{position}, not before {moment}").format(position=told, moment=reports.moment(self.opens, zone))

    def why(self, zone: str) -> str:
        """Return why it waits, and the command or the setting that changes it."""
        opens = "" if self.opens is None else reports.moment(self.opens, zone)
        return filled(_WHY[self.reason], {"most": self.most, "opens": opens, "number": self.id[:SHORT]})


def waits(store: Store, school: School, places: int) -> tuple[Wait, ...]:
    """Return the runs of a school that wait, with their positions and why (R172); `places` is imports.at_once."""
    positions = {place.run_id: number for number, place in enumerate(store.import_queue.waiting(), 1)}
    running = [place.school_id for place in store.import_queue.running()]
    with store.reading(school.id) as tx:
        shut = automatic.shut(tx)
        found = [
            Wait(run.id, run.started, run.file_name, positions.get(run.id, len(positions)))
            for run in tx.imports.waiting()
        ]
    if shut is not None:
        return tuple(replace(each, opens=shut.opens, reason=shut.reason, most=shut.most) for each in found)
    if school.id in running:
        return tuple(replace(each, reason=SCHOOL) for each in found)
    if len(running) >= places:
        return tuple(replace(each, reason=PLACES, most=places) for each in found)
    return tuple(replace(each, reason=QUEUE if each.position > 1 else TURN) for each in found)


def reasons(found: Sequence[Wait], zone: str) -> Iterator[str]:
    """Yield what there is to know and to do about the newest of some runs that wait; it replaces the others."""
    if not found:
        return
    newest = max(found, key=lambda each: each.id)
    yield newest.why(zone)
    yield _("To put it aside: “cadran import discard {number}”.").format(number=newest.id[:SHORT])


@click.command("waiting", help=_("List the imports that wait, with their position in the queue of the whole server."))
@json_option
@school_option
@pass_workplace
def waiting(workplace: Workplace, /, as_json: bool, code: str | None) -> None:
    """Print what waits and for what."""
    with workplace.store() as store:
        school = chosen_school(store, code)
        found = waits(store, school, workplace.config.imports.at_once)
    if as_json:
        print_json([asdict(each) for each in found])
        return
    if not found:
        say(_("Nothing waits. “cadran import history” shows what was imported."))
        return
    columns = (_("Import"), _("When"), _("File"), _("State"))
    rows = [(w.id[:SHORT], reports.moment(w.started, school.zone), w.file_name, w.words(school.zone)) for w in found]
    print_table(columns, rows)
    for line in reasons(found, school.zone):
        say(line)


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
