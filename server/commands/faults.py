"""`cadran import faults`: which courses and sessions of a file are faulty, one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import click

from importers import formats, told
from importers import run as importing
from importers.container import PartnerKey
from importers.errors import ImportRefused
from importers.wizard import selection
from server import partner_keys, places, reports
from server.commands.numbers import LAST, draft_of, is_draft, run_of
from server.commands.workplace import (
    Workplace,
    chosen_school,
    json_option,
    pass_workplace,
    print_json,
    say,
    school_option,
)
from server.texts import _
from storage.errors import NotFound
from storage.model import School
from storage.store import Store
from storage.transaction import Transaction

Notices = Sequence[Mapping[str, Any]]


@click.command(
    "faults",
    help=_("List which courses and sessions of an import's file are faulty: subject, class, day, line in the file."),
)
@click.argument("number", default=LAST)
@json_option
@school_option
@pass_workplace
def faults(workplace: Workplace, /, number: str, as_json: bool, code: str | None) -> None:
    """Print every oddity with its places, of a run or of a draft."""
    with workplace.store() as store:
        school = chosen_school(store, code)
        found = _found(store, school, number, partner_keys.load(workplace.config, school.code))
    if as_json:
        print_json(list(found))
        return
    told_of = [each for each in found if reports.notice_line(each["code"], each["about"], each["count"])]
    if not told_of:
        say(_("None: nothing in the file is faulty."))
    for each in told_of:
        say(reports.notice_line(each["code"], each["about"], each["count"]))
        for line in places.lines(each):
            say(line)


def _found(store: Store, school: School, number: str, keys: tuple[PartnerKey, ...]) -> Notices:
    with store.reading(school.id) as tx:
        if number != LAST and is_draft(tx, number):
            return _of_draft(tx, school, number, keys)
    run = run_of(store, school, number)
    report = run.report.get("planned", run.report)
    return list(report.get("notices", ()))


def _of_draft(tx: Transaction, school: School, number: str, keys: tuple[PartnerKey, ...]) -> Notices:
    """Read the file of a draft as its launch would."""
    draft = draft_of(tx, number)
    try:
        data = tx.import_files.content(draft.file_id)
    except NotFound as error:
        raise ImportRefused("file-forgotten") from error
    reading = formats.read(data, told.setting(tx, keys))
    made = importing.prepared(reading, school, selection(draft), importing.silent)
    return [asdict(each) for each in (*made.timetable.notices, *made.expansion.notices)]
