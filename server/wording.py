"""Every error of the other packages in words, with what to do next: the one place where commands get them from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from importers.errors import ImportRefused
from importers.people import RowError
from importers.run import AUTOMATIC
from server import going_on
from server.check_names import checks
from server.config import ConfigError
from server.texts import N_, _
from storage import errors
from storage.delegations import DelegationRefused
from storage.imports import ImportRun
from storage.model import Role
from storage.principals import BadLogin

KNOWN: Final = (errors.CadranError, errors.Unreadable, ImportRefused, ConfigError)

_MEGABYTE: Final = 2**20
_MISSING: Final = {
    "principal": N_("There is no account with the login “{key}”. “cadran user list” shows those there are."),
    "school": N_("There is no school with the code “{key}”. “cadran init” creates one."),
    "collection": N_("This person has no calendar named “{key}”. “cadran calendar list LOGIN” shows those there are."),
    "trashed": N_("There is no number {key} in the trash of this person. “cadran calendar trash LOGIN” shows it."),
    "access": N_("There is no access “{key}”. “cadran import access list” shows those there are."),
    "import": N_("There is no import “{key}”. “cadran import history” shows those there are."),
    "people-run": N_("There is no reading of a people file “{key}”. “cadran people history” shows those there are."),
    "partner-key": N_("There is no added key “{key}”: “cadran import keys list” shows those there are."),
    "import-draft": N_(
        "There is no import “{key}” that was begun. “cadran import drafts” shows those there are; one that was "
        "launched is in “cadran import history”, one that nobody touched for the days of “cadran import settings” is "
        "forgotten."
    ),
    "device": N_("This person has no device “{key}”. “cadran devices list” shows those there are."),
}
_ROLES: Final = {
    Role.ADMIN: N_("administrator"),
    Role.TEACHER: N_("teacher"),
    Role.STAFF: N_("staff member"),
    Role.PUPIL: N_("pupil"),
    Role.GUARDIAN: N_("guardian"),
    Role.READER: N_("reader"),
}
_TAKEN: Final = {
    "login": N_("The login “{name}” is already in use: choose another one."),
    "school": N_("There is already a school with the code “{name}”."),
    "partner-key": N_("This key is there already: {name}."),
    "slug": N_("This person already has a calendar named “{name}”: choose another name."),
}
_REFUSED: Final = {
    "not-recognised": N_(
        "This is not a timetable that is known here, such as an EDT or Pronote export in XML; docs/timetable.md lists "
        "the files that are read."
    ),
    "empty-file": N_("The file is empty: export it again."),
    "several-files": N_("The files do not belong together: {names}. Hand over one timetable, without other files."),
    "missing-file": N_("The file {name} is missing: hand it over together with the other one."),
    "files-differ": N_("The files are of different schools ({found}): choose those of one school."),
    "archive-damaged": N_("The archive cannot be opened: it is damaged or incomplete."),
    "archive-encrypted": N_("The archive is protected by a password."),
    "archive-name": N_("The archive holds a file with a name that is not accepted: “{name}”."),
    "archive-nested": N_("The archive holds another archive ({name})."),
    "archive-crowded": N_("The file holds too much at once (limit: {limit}): hand over the timetable alone."),
    "archive-empty": N_("The archive is empty."),
    "not-for-us": N_(
        "The export is encrypted for {partners}, and the keys here are those of {ours}: it cannot be opened."
    ),
    "damaged": N_("The encrypted export is damaged, or was encrypted with another key."),
    "newer-container": N_(
        "The encrypted export has version {value}, which is not known here: a newer Cadran may read it."
    ),
    "old-software": N_("The export was written by {software}; versions since {oldest} are read: update that program."),
    "older-export": N_(
        "The file was exported on {exported}, before the one imported last ({last}). Nothing was imported; by hand it "
        "can be imported all the same."
    ),
    "no-school-year": N_(
        "This file tells days of the week and no dates. Tell the school year first: "
        "cadran import year --starts DAY --ends DAY"
    ),
    "no-alternation": N_(
        "The file has lessons every other week ({code}), and the school has not told which weeks those are: "
        "cadran import year --weeks"
    ),
    "no-periods": N_("Nobody has told when period {period} is: cadran import year --period {period}=08:00-08:55"),
    "no-sessions": N_("The calendar holds no lesson of Pronote, EDT or HYPERPLANNING."),
    "old-variant": N_("This is an older variant of the aSc file: export it as “aSc Timetables 2012 XML”."),
    "not-xml": N_(
        "This is not a well-formed XML file (line {line}, column {column}). Export it again from EDT or Pronote."
    ),
    "doctype": N_("The file contains a document type declaration, which no export has: it is refused."),
    "too-large": N_("The file is too large: {limit} MB at most, unpacked. Export the school alone, or less at once."),
    "too-many-items": N_("The file holds too much for one school: {limit} things of one kind at most."),
    "too-deep": N_("Line {line}: the file is nested too deeply (limit: {limit}): it is not an EDT or Pronote export."),
    "wrong-root": N_("This is not an EDT or Pronote export: its first element is “{name}”."),
    "missing-section": N_("The file has no “{name}” section: choose a complete export in EDT or Pronote."),
    "truncated": N_("The file ends too early (line {line}): it is not whole."),
    "encrypted": N_("The file is encrypted for {partners}, and there is no key here."),
    "unsupported-version": N_("Version {value} of the export format is not known; 1.1 and 2.x are."),
    "bad-value": N_("Line {line}: “{value}” is not a valid value of {element} {name}."),
    "wrong-school": N_("The file is of the school {found}, not of {expected}. Nothing was imported."),
    "too-many-sessions": N_("Line {line}: the file holds more than {limit} sessions: it is refused."),
    "idpn-regenerated": N_(
        "{vanished} of {known} Pronote identifiers are no longer in the file: were they regenerated, or is this "
        "another school's file? Nothing was imported."
    ),
    "would-wreck": N_("{lost} of {coming} coming sessions would disappear: is the file whole? Nothing was imported."),
    "people-missing": N_(
        "{absent} of the {known} people whom the last import recognised are not in the file: is it whole, and is it "
        "this school's? Nothing was imported."
    ),
    "empty-replace": N_(
        "The file has no course at all, and {coming} coming sessions would disappear. Nothing was imported."
    ),
    "thresholds": N_("The import was rejected, blocking thresholds are exceeded: {checks}. Nothing was imported."),
    "already-running": N_("Another import of this school is running: try again when it has ended."),
    "file-forgotten": N_("The file of this import is no longer kept: hand it over again."),
    "no-manual-import": N_(
        "No manual import yet: the first import of a school, and of each school year, is made by hand. Nothing was "
        "imported."
    ),
    "no-such-person": N_("Nobody of the file is “{name}”: “cadran import people” lists everybody."),
    "several-people": N_("{count} people of the file are “{name}”: add the birth date, or name them as pupil:12."),
    "manual-match": N_("The account “{login}” was made by hand: only accounts of a people file get a timetable."),
    "closed-account": N_("The account “{login}” is closed."),
    "wrong-role": N_("The account “{login}” has another role: {role}."),
    "no-such-line": N_("There is no line “{name}” at this step."),
    "no-choice": N_("Nothing is chosen at the step “{step}”."),
    "not-reviewed": N_("Look at what the import would do first: its step “launch”."),
    "year-begun": N_("A new year was begun already: import the timetable by hand, or take it back with --undo."),
    "year-not-begun": N_("No new year was begun, or the timetable was imported since: it cannot be taken back."),
    "not-last": N_("Only the last import can be undone, one after the other; the last is {last}."),
    "not-done": N_("This import cannot be undone: it was not carried out, or is undone already."),
    "changed-nothing": N_("This import changed nothing: there is nothing to undo."),
    "no-journal": N_("What undoing this import needs is no longer kept: import the earlier file instead."),
    "nothing-to-undo": N_("No import that stands has changed anything: there is nothing to undo."),
    "parts-gone": N_(
        "{count} courses or calendars that this import changed are no longer there (a new school year was begun?): it "
        "cannot be undone. Import the earlier file instead."
    ),
    "not-a-calendar": N_("This is not a calendar file (.ics): {detail}."),
    "too-many-closures": N_("The file holds more than {limit} closures: it is refused."),
    "plan-changed": N_("What the import would do has changed since it was approved: look at it again."),
    "bad-encoding": N_(
        "The file's characters cannot be read: it is no people file, or has to be saved as CSV in UTF-8."
    ),
    "bad-csv": N_("Line {line}: this is not a table separated by commas, semicolons or tabs."),
    "missing-column": N_("The first line lacks the columns: {columns}."),
    "not-radicale": N_(
        "{name} is not a Radicale storage folder: name the folder of its option “filesystem_folder”, "
        "which holds “collection-root”."
    ),
    "unreadable": N_("{name} cannot be read: run the command as a user who may."),
    "too-many-files": N_("{name} holds more than {limit} files: it is refused."),
    "no-people-file": N_(
        "This is not a people file: it has to be a table (CSV) whose first line names its columns, such as "
        "Nom;Prénom;Classe."
    ),
    "leavers": N_(
        "{missing} of the {known} people of this source are not in the file: is it whole? Nothing was imported. "
        "If they have left, import it again with --force."
    ),
    "school-unknown": N_(
        "The file does not say which school is {expected}: import the whole directory first, with its file of schools."
    ),
    "not-people": N_("This is not a people file: AAF, SIECLE, STS, an archive of them, or a table (CSV) is needed."),
    "bad-mapping": N_("“{value}” does not say what a column holds: write COLUMN=FIELD, the field one of {fields}."),
    "too-many-rows": N_("The file has more than {limit} lines: it is refused."),
}
_ROWS: Final = {
    "missing": N_("Line {line}: the column “{column}” is empty."),
    "too-long": N_("Line {line}: “{value}…” is too long for the column “{column}”."),
    "formula": N_("Line {line}: “{value}” in the column “{column}” looks like a spreadsheet formula."),
    "control-character": N_("Line {line}: the column “{column}” holds a character that cannot be shown."),
    "bad-date": N_("Line {line}: “{value}” in the column “{column}” is not a date; write it as 31/12/2010."),
    "bad-role": N_("Line {line}: “{value}” is not a known role; write pupil, teacher, staff or guardian."),
    "role-refused": N_("Line {line}: administrators are not imported; make them with “cadran user add”."),
    "bad-email": N_("Line {line}: “{value}” is not an e-mail address."),
    "bad-login": N_("Line {line}: “{value}” cannot be a login; use letters, digits, dots and hyphens."),
    "duplicate": N_("Line {line}: “{value}” is already on line {other_line}."),
    "too-many-cells": N_("Line {line}: there are more cells than columns."),
    "manual-account": N_("Line {line}: the account “{value}” was made by hand and is left alone."),
    "login-taken": N_("Line {line}: the login “{value}” is somebody else's: write another one, or none."),
    "unknown-person": N_("Line {line}: “{value}” is to be changed and has no account here."),
    "ambiguous": N_("Line {line}: several people are named “{value}”: tell them apart by an identifier or a login."),
}
_COLUMNS: Final = {"family": N_("Family name (Nom)"), "given": N_("Given name (Prénom)")}
_PEOPLE_COLUMNS: Final = 2
_UNKNOWN_PLACE: Final = "?"
_SHOWN: Final = 80


def sentence(error: Exception) -> str:
    """Return what went wrong and what to do about it, in the language of this process."""
    for kind, words in _WORDS.items():
        if isinstance(error, kind):
            return words(error)
    return str(error)


def row_sentence(error: RowError) -> str:
    """Return why a row of a people file was left out."""
    values = {"line": error.line, "column": error.column, "value": error.value, "other_line": error.other_line}
    template = _ROWS.get(error.code, N_("Line {line}: “{value}” in the column “{column}” cannot be used."))
    return filled(template, values)


def filled(template: str, values: Mapping[str, object]) -> str:
    """Return a translated template with its places filled; a place without a value shows a question mark."""
    return _(template).format_map(_Values(values))


class _Values(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return _UNKNOWN_PLACE


def _not_found(error: errors.NotFound) -> str:
    return filled(_MISSING.get(error.kind, N_("There is no {kind} “{key}”.")), {"kind": error.kind, "key": error.key})


def _name_taken(error: errors.NameTaken) -> str:
    return filled(_TAKEN.get(error.kind, N_("The name “{name}” is already in use.")), {"name": error.name})


def _bad_login(error: BadLogin) -> str:
    shown = "".join(letter if letter.isprintable() else _UNKNOWN_PLACE for letter in error.login[:_SHOWN])
    text = N_(
        "“{login}” cannot be a login: use 1 to 64 letters, digits, dots, hyphens, underscores, “+”, “'” or “@”, "
        "the first a letter or a digit."
    )
    return filled(text, {"login": shown})


def refusal(reason: str, data: Mapping[str, object]) -> str:
    """Return in words why a file was refused, from what the history keeps of it."""
    return _refused(ImportRefused(reason, **data))


def next_step(run: ImportRun, number: str) -> str:
    """Return how to go on from a refused run, with the commands to do it on its number."""
    reason, data = str(run.report.get("reason", "")), run.report.get("data")
    told = (going_on.after_deposit(reason),) if run.kind == AUTOMATIC else going_on.after_run(reason)
    values = {**(data if isinstance(data, Mapping) else {}), "number": f" {number}"}
    return " ".join(filled(template, values) for template in told)


def repeated(error: ImportRefused, number: str) -> str:
    """Return why a kept file was refused once more, with the commands that go on with the run of this number."""
    told = going_on.after_deposit(error.reason)
    return f"{_refused(error)} {filled(told, {**error.data, 'number': f' {number}'})}"


def _import_refused(error: ImportRefused) -> str:
    told = going_on.after_file(error.reason)
    return " ".join(filter(None, (_refused(error), filled(told, {**error.data, "number": ""}) if told else "")))


def _refused(error: ImportRefused) -> str:
    if _no_table(error):
        return filled(_REFUSED["no-people-file"], {})
    reason, limit = error.reason, error.data.get("limit")
    told = {name: _listed(value) for name, value in error.data.items()}
    if reason == "too-large" and isinstance(limit, int):
        # Whole files have limits in bytes, what is counted in them never so high a one.
        told["limit"] = limit // _MEGABYTE or limit
        reason = reason if limit >= _MEGABYTE else "too-many-items"
    template = _REFUSED.get(reason)
    if template is not None:
        if error.reason == "thresholds":
            told["checks"] = checks(str(error.data.get("checks", "")))
        return filled(template, told)
    details = ", ".join(f"{name} = {value}" for name, value in error.data.items())
    return filled(N_("The file is refused: {reason} ({details})."), {"reason": error.reason, "details": details})


def _no_table(error: ImportRefused) -> bool:
    """Tell whether what should be a people file has no column that is known: a page, a picture, nothing at all."""
    if error.reason == "bad-csv":
        return error.data.get("line") == 1
    missing = error.data.get("columns")
    return error.reason == "missing-column" and isinstance(missing, tuple) and len(missing) == _PEOPLE_COLUMNS


def _listed(value: object) -> object:
    """Return several names as one text; columns as a person would write them."""
    if isinstance(value, tuple | list | set | frozenset):
        return ", ".join(_(_COLUMNS.get(str(each), str(each))) for each in value)
    return value


def _config(error: ConfigError) -> str:
    lines = [f"  {key}: {reason}" for key, reason in error.problems]
    return "\n".join((_("The configuration cannot be used:"), *lines))


def _invalid_object(error: errors.InvalidObject) -> str:
    return filled(N_("The event is not valid: {reason}."), {"reason": error.reason})


def _schema_missing(_error: errors.SchemaMissing) -> str:
    return _("The database is empty. “cadran init” prepares it.")


def _schema_outdated(error: errors.SchemaOutdated) -> str:
    text = N_(
        "The database is older than the program ({found}, needed: {known}). “cadran migrate” brings it up to date."
    )
    return filled(text, {"found": error.found, "known": error.known})


def _schema_too_new(error: errors.SchemaTooNew) -> str:
    text = N_(
        "The database was written by a newer Cadran ({found}, known: {known}). Install that version or a later one."
    )
    return filled(text, {"found": error.found, "known": error.known})


def _unreadable(error: errors.Unreadable) -> str:
    return filled(N_("The database cannot be opened ({reason}): look at --data and database.url."), vars(error))


def _read_only(_error: errors.ReadOnly) -> str:
    return _("This calendar can be read and not changed.")


def _busy(_error: errors.Busy) -> str:
    return _("The database is busy with something else, an import perhaps: try again in a minute.")


def _storage_full(_error: errors.StorageFull) -> str:
    return _("The disk of the database is full: nothing was written. Make room and try again.")


def _delegation_refused(error: DelegationRefused) -> str:
    text = N_(
        "“{delegate}” cannot use the calendars of “{owner}” so ({access}): those who work in the school stand in for "
        "one another and for pupils, guardians only read a pupil's calendars, and accounts have to be open."
    )
    return filled(text, vars(error))


def _limit_reached(error: errors.LimitReached) -> str:
    if error.kind == "delegate":
        return filled(N_("One person may have {limit} delegates."), {"limit": error.limit})
    if error.kind == "share":
        return filled(N_("A calendar is shared {limit} times at most."), {"limit": error.limit})
    if error.kind == "access":
        return filled(N_("A school has at most {limit} accesses: revoke one first."), {"limit": error.limit})
    return filled(N_("One person may have {limit} calendars."), {"limit": error.limit})


def _forbidden(_error: errors.Forbidden) -> str:
    return _("This is not allowed.")


_WORDS: Final[Mapping[type[Exception], Callable[[Any], str]]] = {
    errors.NotFound: _not_found,
    errors.NameTaken: _name_taken,
    BadLogin: _bad_login,
    DelegationRefused: _delegation_refused,
    errors.ReadOnly: _read_only,
    errors.Busy: _busy,
    errors.StorageFull: _storage_full,
    errors.LimitReached: _limit_reached,
    errors.Forbidden: _forbidden,
    errors.InvalidObject: _invalid_object,
    errors.Unreadable: _unreadable,
    errors.SchemaMissing: _schema_missing,
    errors.SchemaOutdated: _schema_outdated,
    errors.SchemaTooNew: _schema_too_new,
    ImportRefused: _import_refused,
    ConfigError: _config,
}


def role(of: Role) -> str:
    """Return in words what somebody is in their school."""
    return _(_ROLES[of])
