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
    "68": ("met", "`importers/`: courses"),
    "69": ("met", "`importers/desired.py`, `storage/lessons.py`: memberships"),
    "70": ("met", "`importers/sessions.py`, `importers/apply.py`"),
    "71": ("context", ""),
    "72": ("met", "`importers/origin.py`: versions of the programs; `importers/edt.py`: of the format"),
    "73-74": ("help", ""),
    "75-76": ("met", "`storage/principals.py`: identifiers with first and last sight; `importers/reconcile.py`"),
    "77": ("met", "`importers/reconcile.py`: the run stops above 20 % vanished"),
    "78-79": ("help", ""),
    "80-81": ("met", "`importers/apply.py`: only fed accounts are reconciled"),
    "82": ("part", "manual import; the automatic one is to come"),
    "83": ("help", "`docs/timetable.md`, `importers/advice.py`: pupils without class are told"),
    "84-86": ("met", "`importers/sessions.py`, `importers/naming.py`"),
    "87-91": ("help", "`docs/timetable.md`, `importers/advice.py`: shown where the file has the defect"),
    "92-93": ("met", "`importers/naming.py`, `importers/apply.py`"),
    "94-95": ("help", "`docs/timetable.md`, `importers/advice.py`: shown where the file has the defect"),
    "96-98": ("met", "`importers/run.py`"),
    "99-103": ("help", "`docs/timetable.md`"),
    "104": ("met", "`importers/container.py`: encrypted exports; clear ones too"),
    "105": ("to come", "web application"),
    "106-109": ("context", ""),
    "110-111": ("part", "`cadran import edt`, `cadran people import`; screens are to come"),
    "112": ("context", ""),
    "113": ("part", "`server/feeding.py`, `cadran people history|show`; the screen is to come"),
    "114-116": ("part", "`importers/wizard.py`, `cadran import begin`; the web wizard is to come"),
    "117": ("met", "`cadran import edt FILE`"),
    "118": ("part", "`importers/wizard.py`, `cadran import begin|step`; the web wizard is to come"),
    "119": ("met", "`importers/container.py`: the partner's key; the wizard's page is to come"),
    "120": ("part", "`importers/wizard.py`, `cadran import begin|step`; the web wizard is to come"),
    "121-124": ("met", "`importers/origin.py` in the report, `cadran import show`; the wizard's page is to come"),
    "125-133": ("part", "`importers/wizard.py`, `cadran import begin|step`; the web wizard is to come"),
    "134": ("to come", "web wizard; the state of each line is in `importers/wizard.py`"),
    "135-146": ("part", "`importers/wizard.py`, `cadran import step`; the web wizard is to come"),
    "147-150": ("met", "`importers/naming.py`, `importers/apply.py`"),
    "151": ("to come", "web application"),
    "152-154": ("met", "`importers/reconcile.py`"),
    "155": ("part", "`importers/wizard.py`, `cadran import people`; the web wizard is to come"),
    "156": ("met", "`importers/desired.py`: only matched people get a timetable"),
    "157-160": ("part", "`importers/recognition.py`, `cadran import people|match|refuse`; the web wizard is to come"),
    "161-163": ("part", "seconds instead of minutes, a progress bar on the command line, stages in the history"),
    "164-168": ("met", "`importers/proposal.py`, `importers/run.py`, printed by `cadran import edt`"),
    "169-175": ("met", "`cadran import history`, `waiting`, `show`, `undo`; the page is to come"),
    "176": ("part", "`cadran import show`; the page is to come"),
    "177-179": ("part", "counts of the report; error counts per task are to come"),
    "180-181": ("help", ""),
    "182": ("met", "`importers/automatic.py`: a window of 24 hours"),
    "183": ("met", "the next export arrives as its changes"),
    "184": ("met", "`importers/automatic.py`"),
    "185-192": ("help", "`docs/deposit.md`"),
    "193-196": ("part", "counts and names in the report; lists to export are to come"),
    "197-204": ("to come", "web application"),
    "205": ("met", "`importers/apply.py`"),
    "206": ("met", "`storage/policy.py`: imported calendars are read-only in every protocol"),
    "207": ("met", "`importers/plan.py`: the past is frozen"),
    "208": ("to come", "web application"),
    "209": ("help", "`docs/timetable.md`"),
    "210": ("met", "`importers/desired.py`: a substitute sees the sessions they give, and no others"),
    "211": ("met", "`importers/naming.py`"),
    "212-213": ("met", "`importers/choices.py`: automatic imports reuse what the last manual one chose"),
    "214": ("help", "`docs/deposit.md`"),
    "215": ("to come", "web application; `cadran import access`"),
    "216-217": ("met", "`storage/accesses.py`, `cadran import access`; mailed by `server/notices.py`"),
    "218": ("help", "`docs/deposit.md`"),
    "219-222": ("met", "`storage/accesses.py`, `server/notices.py`"),
    "223": ("part", "`cadran import show`, letters; the page is to come"),
    "224": ("help", "`docs/deposit.md`"),
    "225": ("met", "`protocols/deposit`"),
    "226-227": ("help", "`docs/deposit.md`"),
    "228": ("met", "`protocols/deposit`, `server/deposits.py`"),
    "229": ("help", "`docs/deposit.md`"),
    "230-232": ("met", "`importers/thresholds.py`, `importers/run.py`"),
    "233": ("part", "`cadran thresholds set`; the page is to come"),
    "234-238": ("met", "`importers/thresholds.py`, `importers/measures.py`, `server/notices.py`"),
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
        first, _, last = span.partition("-")
        described.update(dict.fromkeys(range(int(first), int(last or first) + 1), what))
    tests = marks()
    lines = []
    for row in ROWS:
        state, where = described[row]
        shown = ", ".join(f"`{name}`" for name in sorted(tests.get(row, ())))
        lines.append(f"| R{row} | {state} | {where} | {shown} |")
    return HEAD + "\n".join(lines) + "\n"


def unshown() -> list[int]:
    """Return the rows said to be met that no test shows."""
    tests = marks()
    met = [span for span, (state, _) in WHERE.items() if state == "met"]
    rows = [row for span in met for row in range(int(span.partition("-")[0]), int(span.rpartition("-")[2]) + 1)]
    return [row for row in rows if not tests.get(row)]


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
