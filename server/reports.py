"""Import reports in words and numbers, as commands print them (R164 to R168, R193 to R196)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from itertools import takewhile
from typing import Any, Final
from zoneinfo import ZoneInfo

from importers.proposal import Counts
from importers.report import Report, Unmatched
from importers.thresholds import WITHOUT_PERCENT
from importers.undo import UNDO
from server import places, wording
from server.check_names import check
from server.texts import N_, _, number
from server.wording import filled, refusal
from storage.imports import DONE, REJECTED, ImportRun

SHOWN: Final = 20
NUMBER_SHOWN: Final = 18
OTHERS_SHOWN: Final = 3

_COUNTS: Final = {
    "courses_created": N_("Courses created"),
    "courses_renamed": N_("Courses renamed"),
    "calendars_created": N_("Series of sessions created (same subject, class and teachers)"),
    "events_created": N_("Sessions created"),
    "events_updated": N_("Sessions changed"),
    "events_deleted": N_("Sessions deleted"),
    "events_frozen": N_("Sessions before now, not imported"),
    "memberships_created": N_("Enrolments in courses added"),
    "memberships_changed": N_("Enrolments in courses with other dates"),
    "memberships_deleted": N_("Enrolments in courses ended"),
    "feeds_changed": N_("Updates in the timetables of people and courses"),
}
_MATCHED: Final = {
    "pupil": N_("Pupils recognised"),
    "teacher": N_("Teachers recognised"),
    "staff": N_("Staff recognised"),
}
_KINDS: Final = {"pupil": N_("pupil"), "teacher": N_("teacher"), "staff": N_("staff member")}
_REASONS: Final = {
    "unknown": N_("no account has this name"),
    "birth-differs": N_("the account of this name has another birth date"),
    "homonyms": N_("several accounts have this name"),
    "conflict": N_("its identifiers are those of different accounts"),
    "shared": N_("another person of the file has the same account"),
    "refused": N_("the account that fits was refused by hand"),
    "decided": N_("decided by hand"),
    "external-id": N_("same identifier (CAS)"),
    "idpn": N_("known Pronote identifier"),
    "siecle": N_("same number in SIECLE or INE"),
    "sts": N_("same number in STS"),
    "names-birth": N_("same names and birth date"),
    "names": N_("same names, nobody else has them"),
    "no-session": N_("no session in the file"),
}
_NOTICES: Final = {
    "dangling": N_("The file names what it does not hold ({about}): {count}."),
    "duplicate-ident": N_("Identifiers that the file gives more than once ({about}): {count}."),
    "outside-grid": N_("Courses outside the school day, left out: {count}."),
    "outside-year": N_("Sessions outside the school year, kept all the same: {count}."),
    "ends-before-start": N_("Courses that end before they start, left out: {count}."),
    "class-parts-only": N_("Lessons of parts of classes only, without a group, which make no course here: {count}."),
    "no-course": N_("Lessons without a subject, or without class and group, which make no course here: {count}."),
    "bad-date": N_("Dates that cannot be read ({about}): {count}."),
    "unplaced": N_("Lessons without a day or an hour, left out: {count}."),
    "no-week": N_("Lessons of no week of the school year, left out: {count}."),
    "term-unknown": N_("Lessons of one term only, left out because its dates are not known: {count}."),
    "not-a-session": N_("Calendar entries that are no lessons, left out: {count}."),
    "newer-software": N_("The export was written by {about}, newer than the versions known here: look at the result."),
    "would-wreck": N_("The import itself asks for --force: {about} of {count} coming sessions would disappear."),
    "empty-replace": N_("The import itself asks for --confirm: all {count} coming sessions would disappear."),
    "people-missing": N_("People whom the last import recognised and who are not in the file: {count}."),
    "older-export": N_("The file was exported on {about}, before the one imported last."),
}
_ABOUT: Final = {
    "teacher": N_("teacher"),
    "staff": N_("staff member"),
    "pupil": N_("pupil"),
    "class": N_("class"),
    "part": N_("part of a class"),
    "group": N_("group"),
    "room": N_("room"),
    "equipment": N_("equipment"),
    "subject": N_("subject"),
    "school": N_("school"),
    "lesson": N_("lesson"),
    "alternation": N_("alternation of weeks"),
    "cell": N_("place in the grid"),
    "classroom": N_("room"),
    # As EDT calls them in its own export.
    "Matiere": N_("subject"),
    "Professeur": N_("teacher"),
    "Personnel": N_("staff member"),
    "Eleve": N_("pupil"),
    "Classe": N_("class"),
    "PartieDeClasse": N_("part of a class"),
    "Groupe": N_("group"),
    "Salle": N_("room"),
    "Materiel": N_("equipment"),
}
_RUNS: Final = {"manual": N_("by hand"), "automatic": N_("automatic"), "undo": N_("undo")}
_STATUS: Final = {
    "queued": N_("waiting"),
    "running": N_("running"),
    "done": N_("done"),
    "rejected": N_("refused"),
    "failed": N_("failed"),
    "interrupted": N_("interrupted"),
    "superseded": N_("replaced by a newer one"),
    "discarded": N_("put aside"),
    "undone": N_("undone"),
}
_ASIDE: Final = {
    "second-file": N_("The second file that EDT sends, for Pronote alone: it is not needed here."),
    "empty-file": N_("The file is empty."),
}
_TASKS: Final = {
    "course-creation": N_("Creation of courses"),
    "group-creation": N_("Creation of groups"),
    "hierarchy-creation": N_("Enrolments in courses added"),
    "hierarchy-deletion": N_("Enrolments in courses ended"),
    "event-creation": N_("Creation of sessions"),
    "event-change": N_("Changes of sessions"),
    "event-deletion": N_("Deletion of sessions"),
}
_STAGES: Final = {
    "reading": N_("Reading"),
    "expanding": N_("Unfolding weeks"),
    "planning": N_("Comparing"),
    "undoing": N_("Undoing"),
    "calendars": N_("Writing calendars"),
    "sessions": N_("Writing sessions"),
    "feeds": N_("Writing timetables"),
    "memberships": N_("Writing courses"),
    "done": N_("Done"),
}


def plain(report: Report) -> dict[str, Any]:
    """Return a report as data for JSON."""
    return report.data()


def rows(report: Report) -> list[tuple[str, int]]:
    """Return what a report counts, in words; zeros are left out."""
    found = [(_("Sessions in the file"), report.sessions)]
    found += [(_(words), report.matched.get(kind, 0)) for kind, words in _MATCHED.items()]
    missing = Counter(each.kind for each in report.unmatched)
    found += [(_("Not recognised"), missing.total())] if missing else []
    return found + counted(report.counts)


def counted(counts: Counts) -> list[tuple[str, int]]:
    """Return what was written, in words; zeros are left out."""
    numbers = ((_(words), getattr(counts, name)) for name, words in _COUNTS.items())
    return [(words, number) for words, number in numbers if number]


def warnings(report: Report) -> Iterator[str]:
    """Yield what deserves attention: people without account, oddities of the file, collections too large (R19)."""
    if not any(report.matched.values()):
        yield _("Nobody was recognised: import people first, with “cadran people import”. Timetables stay empty.")
    for each in report.unmatched[:SHOWN]:
        yield _unmatched(each)
    if len(report.unmatched) > SHOWN:
        yield _("… and {number} more people; --json lists them all.").format(number=len(report.unmatched) - SHOWN)
    for notice in report.notices:
        yield from located(asdict(notice))
    for verdict in report.alerts:
        if not verdict.whole:
            # The first import: there is nothing yet that it could upset.
            continue
        text = _("Check “{check}”: {percent} % ({part} of {whole}), the limit is {limit} %.")
        if verdict.check in WITHOUT_PERCENT:
            text = _("Check “{check}”: {part} coming sessions are on days on which the school is closed.")
        yield text.format(
            check=check(verdict.check),
            percent=number(verdict.percent),
            part=verdict.part,
            whole=verdict.whole,
            limit=verdict.limit,
        )
    for large in report.large:
        text = _("Warning: “{slug}” holds {count} entries; above 9000 some devices have trouble synchronising it.")
        yield text.format(slug=large.name, count=large.count)


def notice_line(code: str, about: str, count: int) -> str:
    """Return an oddity of a file in words, "" when it needs none."""
    return filled(_NOTICES[code], {"count": count, "about": _(_ABOUT.get(about, about))}) if code in _NOTICES else ""


def located(notice: Mapping[str, Any]) -> Iterator[str]:
    """Yield an oddity of a file in words, and below it the first places where it is."""
    line = notice_line(notice["code"], notice["about"], notice["count"])
    if not line:
        return
    yield line
    # Reports of earlier versions have no places.
    if where := places.first(notice.get("places") or ()):
        yield f"  {where}"


def outcome(report: Report) -> str:
    """Return in one sentence what became of an import."""
    changes = sum(getattr(report.counts, name) for name in _COUNTS if name != "events_frozen")
    if report.dry_run:
        return _("Nothing was written: this was a dry run.")
    return _("The timetable is imported.") if changes else _("Nothing has changed since the last import.")


def status(name: str) -> str:
    """Return the status of a run in words."""
    return _(_STATUS.get(name, name))


def kind(name: str) -> str:
    """Return how a run was started, in words."""
    return _(_RUNS.get(name, name))


def stage(name: str) -> str:
    """Return what an import is doing in words."""
    return _(_STAGES.get(name, name))


def summary(status_name: str, report: Mapping[str, Any]) -> str:
    """Return the essence of a stored report: sessions created, changed and deleted, or why it was refused."""
    if status_name == "running":
        return _under_way(report)
    if status_name == "done" and report.get("idle"):
        return _("Nothing has changed since the last import.")
    if status_name == "discarded":
        return _put_aside(report)
    counts = report.get("counts")
    if isinstance(counts, Mapping):
        if status_name == "done" and not any(counts.get(name, 0) for name in _COUNTS if name != "events_frozen"):
            return _("Nothing has changed since the last import.")
        text = _("{events_created} sessions created, {events_updated} changed, {events_deleted} deleted")
        return text.format_map({name: counts.get(name, 0) for name in _COUNTS})
    if status_name == "rejected":
        return _refusal(report)
    return _("An error of the program: the log of that day tells more.") if status_name == "failed" else ""


def _put_aside(report: Mapping[str, Any]) -> str:
    """Return why an import was put aside: what it is, or why it was rejected before and what became of it."""
    reason = str(report.get("reason", ""))
    if reason in _ASIDE:
        return _(_ASIDE[reason])
    if not reason:
        return _("It was put aside before its turn came.")
    if report.get("applied"):
        text = _("{refusal} It was applied all the same as import {number}.")
        return text.format(refusal=_refusal(report), number=str(report["applied"])[:NUMBER_SHOWN])
    return _refusal(report)


def next_step(run: ImportRun) -> str:
    """Return what to do about an import that was rejected, with the commands to do it; "" when there is nothing."""
    if run.status != REJECTED:
        return ""
    return wording.next_step(run, run.id[:NUMBER_SHOWN])


def open_steps(runs: Sequence[ImportRun]) -> Iterator[str]:
    """Yield what to do about runs, newest first, that were refused and that no later import has made old.

    The newest in full; of the others it is told how to see it.
    """
    newer = takewhile(lambda run: run.status != DONE or run.kind == UNDO, runs)
    refused = [run for run in newer if run.status == REJECTED]
    if not refused:
        return
    yield next_step(refused[0])
    others = ", ".join(run.id[:NUMBER_SHOWN] for run in refused[1 : 1 + OTHERS_SHOWN])
    if others:
        text = _("Refused as well since the last import: {numbers}; “cadran import show NUMBER” says what to do.")
        yield text.format(numbers=others + (", …" if len(refused) > 1 + OTHERS_SHOWN else ""))


def _refusal(report: Mapping[str, Any]) -> str:
    return refusal(str(report.get("reason", "")), _named(report.get("data")))


def _named(data: object) -> dict[str, Any]:
    """Return what a refusal says, the checks that it names in words."""
    said = dict(data) if isinstance(data, Mapping) else {}
    if "checks" in said:
        said["checks"] = ", ".join(check(name) for name in str(said["checks"]).split(", "))
    return said


def _under_way(report: Mapping[str, Any]) -> str:
    """Return what a running run said last of its stage."""
    if not report.get("stage"):
        return ""
    total = report.get("total", 0)
    return stage(report["stage"]) + (f" ({report['done']}/{total})" if total > 1 else "")


def tasks(counted_tasks: Mapping[str, Mapping[str, int]]) -> list[tuple[str, int, int]]:
    """Return the tasks of a stored report in words, with successes and errors (R179)."""
    return [(_(_TASKS.get(name, name)), each["success"], each["error"]) for name, each in counted_tasks.items()]


def verdicts(stored: Iterable[Mapping[str, Any]]) -> list[tuple[str, ...]]:
    """Return the checks of a stored report in words."""
    return [
        (
            check(each["check"]),
            _measured(each),
            "" if each["check"] in WITHOUT_PERCENT else f"{each['limit']} %",
            _("yes") if each["blocking"] else _("no"),
            _exceeded(each),
        )
        for each in stored
    ]


def _exceeded(verdict: Mapping[str, Any]) -> str:
    """Return whether a limit was passed; a percentage has none where there was nothing before."""
    if verdict["exceeded"] and not verdict["whole"] and verdict["check"] not in WITHOUT_PERCENT:
        return _("no comparison")
    return _("yes") if verdict["exceeded"] else _("no")


def _measured(verdict: Mapping[str, Any]) -> str:
    """Return what a check counted; a percentage only where there was something before."""
    part, whole = verdict["part"], verdict["whole"]
    if not whole:
        return _("{number}, nothing before").format(number=part) if part else "0"
    return f"{number(verdict['percent'])} % ({part}/{whole})"


def heading(run: ImportRun, zone: str) -> Iterator[str]:
    """Yield the lines that introduce one run: when, what, how it ended, how long it took."""
    yield _("Import of {when}, {kind}: {status}").format(
        when=moment(run.started, zone), kind=kind(run.kind), status=status(run.status)
    )
    if run.file_name:
        yield _("File: {name} ({fingerprint})").format(name=run.file_name, fingerprint=run.file_hash[:12])
    if run.finished is not None:
        yield _("Duration: {seconds} s").format(seconds=run.finished - run.started)
    yield summary(run.status, run.report)


def unmatched_columns() -> tuple[str, ...]:
    """Return the columns of a table of people who were not recognised."""
    return _("Kind"), _("Family name"), _("First name"), _("Birth date"), _("Reason")


def unmatched_lines(people: Iterable[Mapping[str, str]]) -> Iterator[str]:
    """Yield a line of text for each person who was not recognised (R194)."""
    for each in people:
        yield _unmatched(Unmatched(**each))


def person_kind(name: str) -> str:
    """Return in words what a person of a timetable file is."""
    return _(_KINDS.get(name, name))


def reason(name: str) -> str:
    """Return in words why a person was not recognised."""
    return _(_REASONS.get(name, name))


def progress(step: Callable[[str, int, int], None]) -> Callable[[str, int, int], None]:
    """Return a progress function that says the stages of an import in words."""
    return lambda name, done, total: step(stage(name), done, total)


def moment(seconds: int, zone: str) -> str:
    """Return an instant (Unix seconds) as the clocks of a school show it."""
    return datetime.fromtimestamp(seconds, ZoneInfo(zone)).strftime(_("%Y-%m-%d %H:%M"))


def _unmatched(person: Unmatched) -> str:
    text = _("Not recognised: {family} {given}, {kind} ({reason}).")
    return text.format(
        family=person.family,
        given=person.given,
        kind=person_kind(person.kind),
        reason=reason(person.reason),
    )
