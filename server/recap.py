"""The recap of an import that is over, as words and rows: how well it went, and what to do about what did not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from server import places
from server.reports import located
from server.texts import N_, _, number
from storage.imports import DONE

_RECOGNISED: Final = {
    "pupils": N_("Pupils"),
    "teachers": N_("Teachers"),
    "classes": N_("Classes"),
    "groups": N_("Groups"),
}


def total(tasks: Mapping[str, Mapping[str, int]]) -> str:
    """Return how many tasks an import had (R177, R178)."""
    succeeded = sum(each["success"] for each in tasks.values())
    failed = sum(each["error"] for each in tasks.values())
    text = _("{total} tasks: {success} with success, {error} in error.")
    return text.format(total=number(succeeded + failed), success=number(succeeded), error=number(failed))


def recognised(report: Mapping[str, Any]) -> list[tuple[str, int, int]]:
    """Return of whom and what how many were recognised and how many not (R193, R195, R196); numbers outlive names."""
    counted = {each["check"]: each for each in report.get("verdicts", ())}
    return [
        (_(words), counted[name]["whole"] - counted[name]["part"], counted[name]["part"])
        for name, words in _RECOGNISED.items()
        if name in counted and counted[name]["whole"]
    ]


def advice(status: str, report: Mapping[str, Any], run_number: str = "") -> Iterator[str]:
    """Yield what the file had that could not be done, and whom to ask about it (R180, R181)."""
    for each in report.get("notices", ()):
        yield from located(each)
    if places.more(report.get("notices", ())):
        yield _("All of them, one by one: “cadran import faults {number}”.").format(number=run_number)
    if any(each[2] for each in recognised(report)[:2]):
        yield _("Who was not recognised: “cadran import unmatched”, with --csv for a spreadsheet.")
    if status == DONE and any(each["error"] for each in (report.get("tasks") or {}).values()):
        yield _(
            "What is in error is in the file: put it right in EDT. If you cannot tell what it is, tell whoever runs "
            "the server: the name of the school, the time of the import, what is missing (a group, a session, "
            "a person)."
        )
