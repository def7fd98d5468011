"""`cadran thresholds` and `cadran closures`: the guard rails of automatic imports, and the days without lessons."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import click

from importers import choices, school_calendar
from importers.school_calendar import Closure
from importers.thresholds import DEFAULTS, LIMITS, WITHOUT_PERCENT, Check, Threshold
from server import check_names
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
from server.texts import _

_CHECKS: Final = click.Choice([check.value for check in Check])
_YEARS: Final = click.IntRange(1900, 2999)
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group("thresholds", help=_("See and set what stops an automatic import."))
def thresholds() -> None:
    """Gather the commands about thresholds."""


@thresholds.command("show", help=_("List the thirteen checks with their limits and defaults."))
@json_option
@school_option
@pass_workplace
def show(workplace: Workplace, /, as_json: bool, code: str | None) -> None:
    """Print every check: its value, whether it blocks, and the defaults beside them (R236)."""
    with workplace.store() as store:
        school = chosen_school(store, code)
        with store.reading(school.id) as tx:
            own = choices.own_thresholds(tx)
    if as_json:
        print_json(
            [
                {"check": check.value, **asdict(own.get(check, default)), "default": asdict(default)}
                for check, default in DEFAULTS.items()
            ]
        )
        return
    columns = (_("Check"), _("Name"), _("Limit"), _("Blocking"), _("Default"), _("Blocking by default"))
    print_table(columns, [_row(check, own.get(check, default), default) for check, default in DEFAULTS.items()])
    text = _(
        "Only what is above a limit exceeds it; a blocking one rejects the import. Imports by hand are never stopped."
    )
    say(text)


def _row(check: Check, threshold: Threshold, default: Threshold) -> tuple[str, ...]:
    return (
        check.value,
        check_names.check(check.value),
        _limit(check, threshold),
        _yes(threshold.blocking),
        _limit(check, default),
        _yes(default.blocking),
    )


def _limit(check: Check, threshold: Threshold) -> str:
    if check in WITHOUT_PERCENT:
        return _("on") if threshold.active else _("off")
    return f"{threshold.limit} %"


def _yes(value: bool) -> str:
    return _("yes") if value else _("no")


@thresholds.command(
    "set",
    help=_(
        "Set the limit (percent) of a check, whether passing it blocks an automatic import, or put the default back. "
        "The check of closures has no limit: it is on or off."
    ),
)
@click.argument("check", type=_CHECKS, metavar="CHECK")
@click.option("--limit", type=click.IntRange(LIMITS[0], LIMITS[-1]), help=_("Percentage that may not be exceeded."))
@click.option("--blocking/--warning", default=None, help=_("Reject the import, or only tell of it."))
@click.option("--on/--off", "active", default=None, help=_("For the check that has no percentage."))
@click.option("--default", "reset", is_flag=True, help=_("Put the default back."))
@school_option
@pass_workplace
def set_(workplace: Workplace, /, check: str, code: str | None, **told: Any) -> None:
    """Change one threshold and print what it is now."""
    chosen, change = Check(check), _Change(**told)
    change.check(chosen)
    with workplace.store() as store:
        school = chosen_school(store, code)
        with store.writing(school.id) as tx:
            own = choices.own_thresholds(tx)
            now = change.of(own.get(chosen, DEFAULTS[chosen]), DEFAULTS[chosen])
            rest = {each: value for each, value in own.items() if each is not chosen}
            choices.set_thresholds(tx, rest if now == DEFAULTS[chosen] else {**rest, chosen: now})
            tx.audit.record(actor(), "threshold-set", check, limit=now.limit, blocking=now.blocking, active=now.active)
    kind = _("blocking") if now.blocking else _("warning only")
    say(_("{check}: {limit}, {kind}").format(check=check_names.check(check), limit=_limit(chosen, now), kind=kind))


@dataclass(frozen=True, slots=True)
class _Change:
    """What is to be changed of a threshold; None for what stays."""

    limit: int | None
    blocking: bool | None
    active: bool | None
    reset: bool

    def check(self, chosen: Check) -> None:
        """Raise UsageError for a change that means nothing to a check."""
        if self.limit is not None and chosen in WITHOUT_PERCENT:
            raise click.UsageError(_("This check has no percentage: use --on or --off."))
        if self.active is not None and chosen not in WITHOUT_PERCENT:
            text = _("This check has a percentage: use --limit, or --warning so that it stops nothing.")
            raise click.UsageError(text)
        if self == _Change(None, None, None, reset=False):
            raise click.UsageError(_("Nothing to set: use --limit, --blocking, --warning, --on, --off or --default."))

    def of(self, before: Threshold, default: Threshold) -> Threshold:
        """Return the threshold as changed."""
        start = default if self.reset else before
        return Threshold(
            start.limit if self.limit is None else self.limit,
            start.blocking if self.blocking is None else self.blocking,
            start.active if self.active is None else self.active,
        )


@click.group("closures", help=_("The days on which the school is closed; automatic imports are compared with them."))
def closures() -> None:
    """Gather the commands about the school calendar."""


@closures.command("show", help=_("List the closures of the school."))
@json_option
@school_option
@pass_workplace
def show_closures(workplace: Workplace, /, as_json: bool, code: str | None) -> None:
    """Print the closures in order."""
    with workplace.store() as store:
        school = chosen_school(store, code)
        with store.reading(school.id) as tx:
            held = choices.closures(tx)
    if as_json:
        print_json([{"first": str(each.first), "last": str(each.last), "name": each.name} for each in held])
        return
    rows = [(str(each.first), str(each.last), each.name) for each in held]
    empty = _("No closure is known. “cadran closures import FILE” adds those of a calendar file.")
    print_table((_("From"), _("To"), _("Name")), rows, empty=empty)


@closures.command(
    "import",
    help=_(
        "Add the closures of a calendar file (.ics), such as the school holidays of a zone; --public-holidays adds the "
        "French public holidays of a year. With --replace, what was there before goes."
    ),
)
@click.argument("file", type=_FILE, required=False)
@click.option("--public-holidays", "years", type=_YEARS, multiple=True, help=_("Year whose public holidays to add."))
@click.option("--replace", is_flag=True, help=_("Forget the closures there were."))
@school_option
@pass_workplace
def import_closures(
    workplace: Workplace, /, file: Path | None, years: tuple[int, ...], replace: bool, code: str | None
) -> None:
    """Read closures and keep them."""
    with workplace.store() as store:
        school = chosen_school(store, code)
        zone = ZoneInfo(school.zone)
        new: set[Closure] = {holiday for year in years for holiday in school_calendar.public_holidays(year)}
        if file is not None:
            new |= set(school_calendar.parse(file.read_bytes(), zone))
        with store.writing(school.id) as tx:
            kept = new if replace else new | set(choices.closures(tx))
            choices.set_closures(tx, kept)
            tx.audit.record(actor(), "closures-set", school.code, count=len(kept))
    ahead = sum(closure.last >= _today(zone) for closure in kept)
    say(_("{number} closures are known, {ahead} of them ahead.").format(number=len(kept), ahead=ahead))


def _today(zone: ZoneInfo) -> date:
    return datetime.now(zone).date()
