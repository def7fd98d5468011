"""`cadran import year`: what files without dates leave out, told once by the school."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time
from typing import Final

import click

from importers import choices, school_year
from importers.school_year import Alternation, Period, SchoolYear
from server.commands.workplace import (
    Workplace,
    actor,
    chosen_school,
    json_option,
    pass_workplace,
    print_json,
    say,
    school_option,
)
from server.texts import _

_DAY: Final = click.DateTime(("%Y-%m-%d", "%d/%m/%Y"))
_PERIOD: Final = re.compile(r"(\d{1,2})=(\d{1,2}:\d{2})-(\d{1,2}:\d{2})")


@click.command(
    "year",
    help=_(
        "Show or set the school year, for files that tell days of the week and no dates (EXP_COURS.xml, aSc, Untis). "
        "Closed days are those of “cadran closures”."
    ),
    short_help=_("Show or set the school year, for files without dates."),
)
@click.option("--starts", type=_DAY, help=_("First day of lessons."))
@click.option("--ends", type=_DAY, help=_("Last day of lessons."))
@click.option(
    "--weeks",
    multiple=True,
    metavar="CODE=DAY,DAY…",
    help=_("Alternate weeks: their code in the file, such as Q1, and a day of each; again for each code."),
)
@click.option(
    "--period",
    "periods",
    multiple=True,
    metavar="N=HH:MM-HH:MM",
    help=_("When a numbered period is, for Untis; again for each period."),
)
@click.option("--forget", is_flag=True, help=_("Forget the school year."))
@json_option
@school_option
@pass_workplace
def year(
    workplace: Workplace,
    /,
    starts: datetime | None,
    ends: datetime | None,
    forget: bool,
    as_json: bool,
    code: str | None,
    **lists: tuple[str, ...],
) -> None:
    """Keep a school year when its days are given, and tell the one that is kept."""
    told = _told(starts, ends, lists)
    with workplace.store() as store:
        school = chosen_school(store, code)
        if told is not None or forget:
            with store.writing(school.id) as tx:
                choices.set_year(tx, told)
                tx.audit.record(actor(), "school-year-set", school.code)
        with store.reading(school.id) as tx:
            kept = choices.year(tx)
    if as_json:
        print_json(None if kept is None else school_year.stored(kept))
        return
    for line in _lines(kept):
        say(line)


def _told(starts: datetime | None, ends: datetime | None, lists: dict[str, tuple[str, ...]]) -> SchoolYear | None:
    if starts is None and ends is None and not any(lists.values()):
        return None
    if starts is None or ends is None:
        raise click.UsageError(_("Give both --starts and --ends."))
    try:
        return SchoolYear(
            starts.date(), ends.date(), tuple(_alternations(lists["weeks"])), tuple(_periods(lists["periods"]))
        )
    except ValueError as error:
        text = _("This is no school year: it has at most 62 weeks, and what ends comes after what starts.")
        raise click.UsageError(text) from error


def _alternations(given: Iterable[str]) -> Iterator[Alternation]:
    for text in given:
        code, _equals, days = text.partition("=")
        try:
            mondays = frozenset(school_year.monday(date.fromisoformat(day.strip())) for day in days.split(","))
        except ValueError:
            raise click.BadParameter(_("“{value}” is not CODE=DAY,DAY….").format(value=text)) from None
        yield Alternation(code.strip().upper(), mondays)


def _periods(given: Iterable[str]) -> Iterator[Period]:
    for text in given:
        match = _PERIOD.fullmatch(text)
        if match is None:
            raise click.BadParameter(_("“{value}” is not N=HH:MM-HH:MM.").format(value=text))
        yield Period(int(match[1]), *(time.fromisoformat(clock.zfill(5)) for clock in match.groups()[1:]))


def _lines(kept: SchoolYear | None) -> Iterator[str]:
    if kept is None:
        yield _("No school year is known; only files without dates need one.")
        return
    starts, ends = (day.strftime(_("%Y-%m-%d")) for day in (kept.starts, kept.ends))
    yield _("School year: {starts} to {ends}").format(starts=starts, ends=ends)
    for each in kept.alternations:
        yield _("Weeks {code}: {number}").format(code=each.code, number=len(each.mondays))
    for period in kept.periods:
        shown = (period.starts.isoformat("minutes"), period.ends.isoformat("minutes"))
        yield _("Period {number}: {starts} to {ends}").format(number=period.number, starts=shown[0], ends=shown[1])
