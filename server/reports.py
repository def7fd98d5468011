"""Import reports in words and numbers, as commands print them (R164 to R168, R193 to R196)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

from importers.run import Report, Unmatched
from server.texts import N_, _
from server.wording import filled

SHOWN: Final = 20

_COUNTS: Final = {
    "courses_created": N_("Courses created"),
    "courses_renamed": N_("Courses renamed"),
    "calendars_created": N_("Lesson calendars created"),
    "events_created": N_("Sessions created"),
    "events_updated": N_("Sessions changed"),
    "events_deleted": N_("Sessions deleted"),
    "events_frozen": N_("Sessions left as they were, because they have begun"),
    "memberships_created": N_("Course memberships created"),
    "memberships_changed": N_("Course memberships changed"),
    "memberships_deleted": N_("Course memberships ended"),
    "feeds_changed": N_("Timetables changed"),
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
}
_NOTICES: Final = {
    "dangling": N_("References to something that is not in the file ({about}): {count}."),
    "outside-grid": N_("Courses outside the school day, left out: {count}."),
    "outside-year": N_("Sessions outside the school year, kept all the same: {count}."),
    "ends-before-start": N_("Courses that end before they start, left out: {count}."),
    "class-parts-only": N_("Entries for parts of classes only, which make no course: {count}."),
    "no-course": N_("Entries without subject, class or group, which make no course: {count}."),
    "bad-date": N_("Dates that cannot be read ({about}): {count}."),
}
_RUNS: Final = {"manual": N_("by hand"), "automatic": N_("automatic")}
_STATUS: Final = {
    "running": N_("running"),
    "done": N_("done"),
    "rejected": N_("refused"),
    "failed": N_("failed"),
    "interrupted": N_("interrupted"),
}
_STAGES: Final = {
    "reading": N_("Reading"),
    "expanding": N_("Unfolding weeks"),
    "planning": N_("Comparing"),
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
    counts = ((_(words), getattr(report.counts, name)) for name, words in _COUNTS.items())
    return found + [(words, number) for words, number in counts if number]


def warnings(report: Report) -> Iterator[str]:
    """Yield what deserves attention: people without account, oddities of the file, collections too large (R19)."""
    for each in report.unmatched[:SHOWN]:
        yield _unmatched(each)
    if len(report.unmatched) > SHOWN:
        yield _("… and {number} more people; --json lists them all.").format(number=len(report.unmatched) - SHOWN)
    for notice in report.notices:
        if notice.code in _NOTICES:
            yield filled(_NOTICES[notice.code], {"count": notice.count, "about": notice.about})
    for large in report.large:
        text = _("Warning: “{slug}” holds {count} entries; above 9000 some devices have trouble synchronising it.")
        yield text.format(slug=large.name, count=large.count)


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


def summary(report: Mapping[str, Any]) -> str:
    """Return the essence of a stored report: sessions created, changed and deleted, or why it was refused."""
    counts = report.get("counts")
    if not isinstance(counts, Mapping):
        return str(report.get("reason", ""))
    numbers = (counts.get(name, 0) for name in ("events_created", "events_updated", "events_deleted"))
    return "+{} ~{} -{}".format(*numbers)


def _unmatched(person: Unmatched) -> str:
    text = _("Not recognised: {family} {given}, {kind} ({reason}).")
    return text.format(
        family=person.family,
        given=person.given,
        kind=_(_KINDS.get(person.kind, person.kind)),
        reason=_(_REASONS.get(person.reason, person.reason)),
    )
