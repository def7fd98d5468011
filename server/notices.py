"""Telling the holders of access accounts what became of an automatic import, each of them once (R222, R231, R234)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from importers.proposal import Counts
from server import going_on, letters, reports, wording
from server.config import Config, MailSection
from server.texts import N_, _, speaking
from storage.accesses import Access
from storage.imports import DISCARDED, DONE, FAILED, INTERRUPTED, REJECTED, SUPERSEDED, ImportRun
from storage.model import School
from storage.outbox import Letter
from storage.store import Store

_QUIET: Final = frozenset({SUPERSEDED, DISCARDED})
_SUBJECTS: Final = {
    DONE: N_("Timetable of {school}: imported"),
    REJECTED: N_("Timetable of {school}: the import was refused"),
    FAILED: N_("Timetable of {school}: the import failed"),
    INTERRUPTED: N_("Timetable of {school}: the import was interrupted"),
}
_ALERT: Final = N_("Timetable of {school}: imported, with alerts")
_NEXT: Final = {
    DONE: N_("There is nothing to do."),
    REJECTED: N_(
        "What to do next: mend the file and export it again. If the file is right, import it by hand, or let the "
        "administrator carry out this one: cadran import apply --school {code} {run}"
    ),
    FAILED: N_(
        "What to do next: tell the administrator of the server, with the name of the school, the time and what is "
        "missing. The timetable is what it was before."
    ),
    INTERRUPTED: N_(
        "The server stopped during the import. The timetable is what it was before. What to do next: wait for the next "
        "export, or ask the administrator to run it again: cadran import again --school {code} {run}"
    ),
}
_FIRST: Final = N_("What to do next: import this file by hand once: cadran import again --school {code} {run}")
_WATCH: Final = N_(
    "Some limits are exceeded that do not stop an import: look whether the timetable is what you expect. The import "
    "can be undone: cadran import undo --school {code} {run}"
)
RUN_SHOWN: Final = 18


def tell(store: Store, config: Config) -> None:
    """Queue the letters about runs that have ended; without a mail server the report is only kept."""
    schools: dict[int, School] = {}
    for place in store.import_queue.untold():
        schools = schools or {school.id: school for school in store.directory.schools()}
        with store.writing(place.school_id) as tx:
            if not tx.deposits.claim_untold(place.run_id) or not config.mail.host:
                continue
            run = tx.imports.run(place.run_id)
            if run.status in _QUIET:
                continue
            for access in _holders(tx.accesses.all()):
                tx.outbox.post(report_letter(schools[place.school_id], run, access, config.mail))


def _holders(accesses: Iterable[Access]) -> Iterator[Access]:
    """Yield one access of each mailbox that wants to be told."""
    seen: set[str] = set()
    for access in accesses:
        if access.notify and letters.is_mailbox(access.email) and access.email.casefold() not in seen:
            seen.add(access.email.casefold())
            yield access


def report_letter(school: School, run: ImportRun, access: Access, section: MailSection) -> Letter:
    """Return the report of a run in the language of an access: numbers, checks, what to do next."""
    with speaking(access.language):
        alerts = [each for each in _report(run).get("verdicts", ()) if each["exceeded"]]
        template = _ALERT if run.status == DONE and alerts else _SUBJECTS.get(run.status, _SUBJECTS[FAILED])
        subject = _(template).format(school=school.name)
        lines = [*reports.heading(run, school.zone), "", *_numbers(run), *_checks(run), *_next(school, run, alerts)]
    key = f"import {school.id} {run.id} {access.email.casefold()}"
    return Letter(key, _sender(section, access.email), access.email, subject, "\n".join(lines) + "\n")


def address_letter(school: School, access: Access, address: str, section: MailSection) -> Letter:
    """Return the letter that gives the holder of an access its address (R217)."""
    with speaking(access.language):
        text = _(
            "You may deposit the timetable of {school} with this address, which nobody else should know:\n\n"
            "{address}\n\n"
            "In EDT: Imports/Exports > Socles ENT > Export automatique; paste the address into the field “Vers URL”, "
            "first trigger at 8:00, then once a day (never more often than every 4 hours).\n"
            "Access identifier: {identifier}\n"
        )
        subject = _("Address for the timetable of {school}").format(school=school.name)
        told = text.format(school=school.name, address=address, identifier=access.identifier)
    return Letter(f"access {access.id}", _sender(section, access.email), access.email, subject, told)


def _sender(section: MailSection, recipient: str) -> str:
    """Return the server's own address; where none is configured, one of the recipient's own domain."""
    return section.sender or f"cadran@{letters.mailbox(recipient).rpartition('@')[2]}"


def _report(run: ImportRun) -> Mapping[str, Any]:
    """Return what was counted: of a rejected run, what it would have done."""
    planned = run.report.get("planned")
    return planned if isinstance(planned, Mapping) else run.report


def _numbers(run: ImportRun) -> Iterator[str]:
    report = _report(run)
    if run.status == REJECTED and report.get("counts"):
        yield _("This is what it would have done:")
    known = Counts.__dataclass_fields__
    counts = {name: value for name, value in (report.get("counts") or {}).items() if name in known}
    for words, number in reports.counted(Counts(**counts)):
        yield _("{name}: {value}").format(name=words, value=number)
    missing = len(report.get("unmatched", ()))
    if missing:
        yield _("People of the file who were not recognised: {number}; “cadran import unmatched” lists them.").format(
            number=missing
        )
    yield ""


def _checks(run: ImportRun) -> Iterator[str]:
    verdicts = _report(run).get("verdicts", ())
    if not verdicts:
        return
    yield _("Checks:")
    for each, (name, measured, limit, _blocking, _exceeded) in zip(verdicts, reports.verdicts(verdicts), strict=True):
        told = _("{name}: {measured}, limit {limit}") if limit else _("{name}: {measured}")
        yield f"{_mark(each)} {told.format(name=name, measured=measured, limit=limit)}"
    yield ""


def _mark(verdict: Mapping[str, Any]) -> str:
    if not verdict["exceeded"]:
        return _("[within the limit]")
    return _("[STOPS THE IMPORT]") if verdict["blocking"] else _("[alert]")


def _next(school: School, run: ImportRun, alerts: list[Mapping[str, Any]]) -> Iterator[str]:
    template = _WATCH if run.status == DONE and alerts else _NEXT.get(run.status, "")
    if run.report.get("reason") == "no-manual-import":
        template = _FIRST
    elif run.status == REJECTED and run.report.get("reason", "thresholds") not in going_on.APPLICABLE:
        # Nothing that somebody could carry out as it is: the commands that help.
        yield wording.next_step(run, f"--school {school.code} {run.id[:RUN_SHOWN]}")
        return
    if template:
        yield _(template).format(code=school.code, run=run.id[:RUN_SHOWN])
