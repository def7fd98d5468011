"""`cadran closures import|show` on a real data folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.importers.test_school_calendar import AUTUMN, calendar, event
from tests.server.test_wizard_commands import Cadran, cadran

__all__ = ("cadran",)


@pytest.mark.req("R237")
def test_holidays_of_a_zone_and_of_the_law_come_together_and_replace_or_join_what_was_there(
    cadran: Cadran, tmp_path: Path
) -> None:
    zone = tmp_path / "zone-a.ics"
    zone.write_bytes(calendar(AUTUMN, event("SUMMARY:Rentrée des élèves", "DTSTART;VALUE=DATE:20260901")))
    told = cadran("closures", "import", str(zone), "--public-holidays", "2026")
    assert told.exit_code == 0, told.output
    assert told.output.startswith("12 closures are known")
    held = json.loads(cadran("closures", "show", "--json").output)
    assert {"first": "2026-12-25", "last": "2026-12-25", "name": "Noël"} in held
    assert {"first": "2026-10-17", "last": "2026-11-01", "name": "Vacances de la Toussaint - Zone A"} in held
    assert cadran("closures", "import", "--public-holidays", "2026").output.startswith("12 closures")
    assert cadran("closures", "import", str(zone), "--replace").output.startswith("1 closures")
    assert len(json.loads(cadran("closures", "show", "--json").output)) == 1


def test_what_is_no_calendar_changes_nothing(cadran: Cadran, tmp_path: Path) -> None:
    cadran("closures", "import", "--public-holidays", "2026")
    (tmp_path / "x.ics").write_text("Vacances;17/10/2026", "utf-8")
    assert cadran("closures", "import", str(tmp_path / "x.ics"), "--replace").exit_code == 1
    assert len(json.loads(cadran("closures", "show", "--json").output)) == 11
