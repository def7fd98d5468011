"""Write docs/requirements.md: for each row of the requirements, where it is met and which tests show it.

Run `python -m tests.requirements` after adding marks; `tests/test_house.py` checks that the file is up to date.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "requirements.md"
ROWS = range(1, 243)

HEAD = """# Requirements

One line for each row R1 to R242 of the product's requirements: its state today, where it is met, and the tests that
carry its mark (`@pytest.mark.req`). *Met*: shown by a test. *Part*: the rule or the data is there, a screen or a client
of it is still to come. *To come*: not built yet. *Context*: describes the source product, nothing to build. *Help*: a
rule for people, to be carried by help texts.

This page is written by `python -m tests.requirements`; a test checks that it is up to date.

| row | state | where | tests |
| --- | --- | --- | --- |
"""

# Rows of the timetable import that are of kind B (behaviour), D (data), N (notification) or P (precondition).
PROMISED = (
    "68-70 72 74-84 86 91-93 96-98 104 117 119 121-124 126-128 141 143 147-150 152-154 156 160-161 "
    "164-169 173 175 177-179 182-184 186 188-189 191-192 194-196 202 205-207 210-214 216-217 219 221-222 "
    "225 227-235 237-238 "
)

WHERE: dict[str, tuple[str, str]] = {
    "1": ("met", "`storage/collections.py`: a switch per person and collection"),
    "2": ("to come", "web settings page"),
    "3": ("part", "`cadran calendar switch`; the web switch is to come"),
    "4": ("met", "CalDAV and EAS bring the data down"),
    "5-6": ("part", "`storage/policy.py`; the web application is to come"),
    "7-15": ("met", "`storage/policy.py`, honoured by `protocols/caldav` and `protocols/eas`"),
    "16-18": ("part", "`storage/policy.py`; the Outlook connector is to come"),
    "19": ("met", "`storage/policy.py`, import report, `cadran calendar list`; web pages are to come"),
    "20-67": ("to come", "`booking/`"),
    "68": ("met", "`importers/plan.py`, `importers/apply.py`: a course for each subject with a class or group"),
    "69": ("met", "`importers/desired.py`, `storage/lessons.py`: members of courses, dated"),
    "70": ("met", "`importers/sessions.py`, `importers/apply.py`: sessions of the courses"),
    "71": ("context", ""),
    "72": ("met", "`importers/origin.py`: versions of the programs; `importers/edt.py`: of the format"),
    "73": ("help", "`docs/import.md`: minor updates stay on"),
    "74": ("help", "`docs/import.md`: version and hosting stay for the year; what R77 guards against when they do not"),
    "75": ("met", "`storage/principals.py`: identifiers with first and last sight"),
    "76": ("met", "`importers/reconcile.py`: a known identifier recognises whoever had it"),
    "77": ("met", "`importers/reconcile.py`: the run stops above 20 % vanished, renumbered or missing"),
    "78": ("met", "`server/reports.py`: an import that recognises nobody says to import people first"),
    "79": ("met", "who is only in the file is counted and listed: `cadran import show`, `cadran import unmatched`"),
    "80": ("met", "`importers/apply.py`: only fed accounts are reconciled"),
    "81": ("met", "`importers/apply.py`: accounts made by hand are left alone"),
    "82": ("met", "`cadran import begin`, `edt` by hand; `protocols/deposit`, `server/jobs.py` by itself"),
    "83": ("met", "`docs/import.md`; `importers/advice.py`: pupils without class are told at the step of the courses"),
    "84": ("met", "`importers/naming.py`: class parts alone make no course, and are counted"),
    "85": ("help", "`docs/import.md`, `importers/advice.py`: shown where the file has the defect"),
    "86": ("met", "`importers/sessions.py`: left out, unless the school's setting includes class parts"),
    "87": ("help", "`docs/import.md`, `importers/advice.py`: groups that are nearly a class are told"),
    "88-90": ("help", "`docs/import.md`, `importers/advice.py`"),
    "91": ("met", "`importers/naming.py`: a group over two classes makes one course; `importers/advice.py` says how"),
    "92": ("met", "`importers/naming.py`: two classes side by side make two courses, the session is stored once"),
    "93": (
        "met",
        "`importers/advice.py`: courses with only class parts are named; `docs/import.md` tells the brackets",
    ),
    "94": ("help", "`docs/import.md`, `importers/advice.py`"),
    "95": ("help", "`docs/import.md`, `importers/advice.py`: the command of EDT by its name"),
    "96": ("met", "`importers/run.py`: the whole year, courses and members, from one file"),
    "97": ("met", "`importers/apply.py`: reads and writes imported calendars and courses only"),
    "98": ("met", "`importers/apply.py`: what was made by hand is neither read nor changed"),
    "99": ("help", "`docs/import.md`"),
    "100": ("help", "`docs/import.md`; `importers/container.py`: a file for another platform says whose it is"),
    "101-103": ("help", "`docs/import.md`"),
    "104": ("met", "`importers/container.py`: encrypted exports; clear ones too"),
    "105": ("to come", "a screen, with the web application; the data is there: `cadran import begin`"),
    "106-109": ("context", ""),
    "110": ("part", "`cadran import`; screen to come"),
    "111": ("part", "`cadran people import`; screen to come"),
    "112": ("context", ""),
    "113": ("part", "`server/feeding.py`, `cadran people history`, `show`; screen to come"),
    "114": ("part", "`cadran import begin --school`, the only school without it; screen to come"),
    "115": ("part", "`cadran import begin`; screen to come"),
    "116": ("part", "`cadran import begin FILE`; screen to come"),
    "117": (
        "met",
        "`server/timetable.py`: one file, or one archive of those that belong together",
    ),
    "118": ("part", "`cadran import step NUMBER subjects`; screen to come"),
    "119": ("met", "`importers/container.py`: the partner's key, with exact errors"),
    "120": ("part", "`cadran import step NUMBER check`; screen to come"),
    "121-124": ("met", "`importers/origin.py`: `cadran import step NUMBER check`, `cadran import show`"),
    "125": ("part", "each step names the next: `server/commands/wizard.py`; screen to come"),
    "126": ("met", "`importers/wizard.py`: every subject of the file is kept unless it is left out"),
    "127": ("met", "`importers/naming.py`: SUBJECT - CLASS"),
    "128": (
        "part",
        "`importers/wizard.py`, `cadran import step NUMBER subjects`; green to come with the screen",
    ),
    "129": ("part", "`cadran import step NUMBER subjects --leave-out`; red to come with the screen"),
    "130": ("part", "`cadran import step NUMBER subjects --add`; screen to come"),
    "131": ("part", "`cadran import step NUMBER subjects`: name, name here, state, number in the file; screen to come"),
    "132": ("part", "each step names the next; screen to come"),
    "133": ("part", "`cadran import step NUMBER classes`; screen to come"),
    "134": (
        "to come",
        "colours, with the web application; the data is there: the state of each line in `cadran import step --json`",
    ),
    "135": ("part", "`cadran import step NUMBER classes --all`, `--none`; screen to come"),
    "136": ("part", "each step names the next; screen to come"),
    "137": ("part", "`cadran import step NUMBER groups`; screen to come"),
    "138": ("part", "`cadran import step NUMBER groups --all`, `--none`; screen to come"),
    "139": ("part", "`cadran import step NUMBER groups --offset --limit`, 25 lines unless told; screen to come"),
    "140": ("part", "each step names the next; screen to come"),
    "141": (
        "met",
        "`importers/wizard.py`, `importers/naming.py`: courses from the subjects, classes and groups that are kept",
    ),
    "142": ("part", "`cadran import step NUMBER courses --leave-out`; red to come with the screen"),
    "143": ("met", '`importers/naming.py`: SUBJECT - CLASS, several groups joined by "/"'),
    "144": ("part", "`cadran import step NUMBER courses --all`, `--none`; screen to come"),
    "145": ("part", "`cadran import step NUMBER courses --offset --limit`; screen to come"),
    "146": ("part", "each step names the next; screen to come"),
    "147": ("met", "`importers/naming.py`"),
    "148": ("met", "`importers/desired.py`: all pupils of the class and all teachers of the course"),
    "149": ("met", "`importers/naming.py`: a group within a class keeps the label of the class"),
    "150": ("met", "`storage/ical_lessons.py`: sessions say their group and room"),
    "151": ("to come", "a screen, with the web application; the data is there: the course's collection over CalDAV"),
    "152": ("met", "`importers/reconcile.py`"),
    "153": ("met", "`importers/reconcile.py`: the CAS identifier comes first"),
    "154": ("met", "`importers/reconcile.py`: names, and the birth date for pupils"),
    "155": ("part", "`cadran import step NUMBER people`; red to come with the screen"),
    "156": ("met", "`importers/desired.py`: only recognised people get a timetable"),
    "157": ("part", "`cadran import people`, `match`, `refuse`; screen to come"),
    "158": ("part", "`cadran import people`, with birth dates; screen to come"),
    "159": (
        "to come",
        "a screen, with the web application; the data is there: `cadran import step NUMBER people --offset --limit`",
    ),
    "160": ("met", "`importers/recognition.py`, `storage/decisions.py`: `cadran import match`, `refuse`, remembered"),
    "161": ("met", "seconds instead of minutes (`docs/performance.md`); the launch survives nothing half-written"),
    "162": (
        "part",
        "a progress bar on the command line; stages of automatic runs in `cadran import history`; screen to come",
    ),
    "163": ("part", "`cadran import history`: the stage of an automatic run, *running* of one by hand; screen to come"),
    "164-168": ("met", "`importers/proposal.py`: printed by `cadran import launch`, `edt` and `show`"),
    "169": (
        "met",
        "`storage/import_queue.py`: a deposit waits, an import by hand runs at once; `cadran import history`",
    ),
    "170-171": ("part", "`cadran import history`; screen to come"),
    "172": ("part", "`cadran import waiting`, `cadran import history`: position on the whole server; screen to come"),
    "173": ("met", "`storage/imports.py`: done in the transaction that wrote the timetable"),
    "174": ("part", "`cadran import history`; screen to come"),
    "175": ("met", "`storage/imports.py`, `server/reports.py`"),
    "176": ("part", "`cadran import show NUMBER`; screen to come"),
    "177": ("met", "`importers/report.py`, `server/recap.py`: tasks with success and in error, `cadran import show`"),
    "178": ("met", "`server/recap.py`: moment and number of all tasks, `cadran import show`"),
    "179": ("met", "`importers/report.py`: success and error of each kind of task, `cadran import show`"),
    "180": ("met", "`server/recap.py`: what is in error, and whom to tell"),
    "181": ("met", "`server/recap.py`: what to say to them"),
    "182": ("met", "`importers/automatic.py`: four that change the timetable in any 24 hours, a setting of the school"),
    "183": ("met", "`server/jobs.py`: the next export arrives as its changes"),
    "184": ("met", "`importers/automatic.py`"),
    "185": ("help", "`docs/import.md`"),
    "186": ("help", "`docs/import.md`, the letter with the address"),
    "187": ("help", "`docs/import.md`"),
    "188": ("help", "`docs/import.md`, `cadran import access add`, the letter with the address"),
    "189": ("met", "`importers/container.py`"),
    "190": ("help", "`docs/import.md`"),
    "191": ("met", "`server/commands/accesses.py`: the address is made and printed by the server"),
    "192": ("met", "`storage/accesses.py`: each school has accesses and addresses of its own"),
    "193": ("part", "`server/recap.py`: `cadran import show`; screen to come"),
    "194": ("met", "`cadran import unmatched`, as text, CSV or JSON"),
    "195": (
        "met",
        "`cadran import show`; pages: `cadran import unmatched --kind pupil --offset`; screen to come",
    ),
    "196": (
        "met",
        "`cadran import show`; pages: `cadran import unmatched --kind teacher --offset`; screen to come",
    ),
    "197": ("to come", "a screen, with the web application; the data is there: course collections by origin"),
    "198-201": ("to come", "a screen, with the web application"),
    "202": (
        "met",
        "`storage/lessons.py`: members are kept with their course; no second tree",
    ),
    "203": ("context", ""),
    "204": ("to come", "the course's page of the web application will list its members, without enrolling"),
    "205": ("met", "`importers/apply.py`: stable UIDs, so that devices see changes"),
    "206": ("met", "`storage/policy.py`: imported calendars are read-only in every protocol"),
    "207": ("met", "`importers/plan.py`: the past is frozen"),
    "208": ("to come", "a screen, with the web application; the data is there: the course's collection over CalDAV"),
    "209": ("help", "`docs/import.md`; `importers/container.py` says for which platform a file was made"),
    "210": (
        "met",
        "`importers/desired.py`: better than the limit: a substitute sees the sessions they give, and no others",
    ),
    "211": ("met", "`importers/naming.py`"),
    "212": ("met", "`importers/choices.py`: automatic imports reuse what the last manual one chose"),
    "213": ("met", "`importers/choices.py`: only a manual import changes it"),
    "214": ("met", "`docs/import.md`; `importers/automatic.py` refuses before the first import by hand"),
    "215": ("part", "`cadran import access`; screen to come"),
    "216": ("part", "`storage/accesses.py`, `cadran import access add LOGIN`; screen to come"),
    "217": (
        "met",
        "`server/notices.py`: a letter with the address; the command prints it too",
    ),
    "218": ("help", "`docs/import.md`, `server/notices.py`"),
    "219": ("met", "`storage/accesses.py`: five, not revoked"),
    "220": ("part", "`cadran import access list`; screen to come"),
    "221": ("met", "`storage/accesses.py`: one person may hold several"),
    "222": ("met", "`server/notices.py`: one letter for a mailbox and run"),
    "223": ("part", "`cadran import show`, letters; screen to come"),
    "224": ("help", "`docs/import.md`"),
    "225": ("met", "`protocols/deposit`: whatever WebDAV clients are known to try, litmus included"),
    "226": ("help", "`docs/import.md`"),
    "227": ("help", "`docs/import.md`: conditions of EDT, nothing of them reaches the server"),
    "228": (
        "met",
        "`protocols/deposit/paths.py`, `server/deposits.py`: `/webdav/<school>/<access>/`, a proxy brings https",
    ),
    "229": ("met", "a deposit is taken at any time; `docs/import.md`: look at the thresholds first"),
    "230": ("met", "`importers/thresholds.py`"),
    "231": ("met", "`importers/run.py`"),
    "232": ("met", "`cadran thresholds set CHECK --warning`, `cadran import apply`, or by hand"),
    "233": ("met", "`cadran thresholds set CHECK --limit N --blocking`; screen to come"),
    "234": ("met", "`importers/thresholds.py`, `server/notices.py`"),
    "235": ("met", "`importers/run.py`: judged before anything is written"),
    "236": ("part", "`cadran thresholds show`: defaults beside the values; screen to come"),
    "237": ("met", "`importers/thresholds.py`, `importers/measures.py`: all thirteen; closures: `cadran closures`"),
    "238": ("met", "`importers/run.py`: an import by hand is told of them and not stopped"),
    "239": ("part", "CalDAV and EAS; the Outlook connector is to come"),
    "240": ("met", "`storage/`"),
    "241": ("met", "`protocols/radicale`: plug-ins for an unmodified Radicale, which bring vobject"),
    "242": ("part", "Thunderbird, DAV clients and phones; Outlook is to come"),
}


def marks() -> dict[int, set[str]]:
    """Return the test files that carry the mark of each row."""
    found: defaultdict[int, set[str]] = defaultdict(set)
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.req":
                for argument in node.args:
                    name = ast.literal_eval(argument)
                    found[int(re.sub(r"\D.*", "", name[1:]))].add(str(path.relative_to(ROOT / "tests")))
    return found


def page() -> str:
    """Return the page as it should be."""
    described: dict[int, tuple[str, str]] = {}
    for span, what in WHERE.items():
        described.update(dict.fromkeys(_rows(span), what))
    tests = marks()
    lines = []
    for row in ROWS:
        state, where = described[row]
        shown = ", ".join(f"`{name}`" for name in sorted(tests.get(row, ())))
        lines.append(f"| R{row} | {state} | {where} | {shown} |")
    return HEAD + "\n".join(lines) + "\n"


def _rows(span: str) -> range:
    first, _, last = span.partition("-")
    return range(int(first), int(last or first) + 1)


def unexplained() -> list[int]:
    """Return the promised rows of the timetable import that neither a test shows nor a line explains."""
    tests = marks()
    explained = {row for span, (_, where) in WHERE.items() if where for row in _rows(span)}
    shown_only = {row for span, (state, _) in WHERE.items() if state in {"met", "part"} for row in _rows(span)}
    promised = [row for span in PROMISED.split() for row in _rows(span)]
    return [row for row in promised if row not in explained or (row in shown_only and not tests.get(row))]


def lost() -> list[str]:
    """Return the files that lines of the table name and that are not there."""
    named = {name for _, where in WHERE.values() for name in re.findall(r"`([\w/]+(?:\.py|\.md|/))`", where)}
    return sorted(name for name in named if not (ROOT / name).exists())


def unshown() -> list[int]:
    """Return the rows said to be met that no test shows."""
    tests = marks()
    met = [span for span, (state, _) in WHERE.items() if state == "met"]
    return [row for span in met for row in _rows(span) if not tests.get(row)]


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
