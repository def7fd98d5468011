"""docs/import.md and docs/timetable.md carry the advice of the requirements: what an administrator reads."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from importers import archives, formats, origin
from importers.proposal import Counts
from importers.wizard import Step
from server import cli, reports, texts
from tests.importers.samples_of import SAMPLES_OF

DOCS = Path(__file__).parents[2] / "docs"
LEADING = (DOCS / "import.md").read_text("utf-8")
PAGE = " ".join((LEADING + (DOCS / "timetable.md").read_text("utf-8")).split())


def says(*phrases: str) -> bool:
    return all(phrase in PAGE for phrase in phrases)


@pytest.mark.req("R83", "R87", "R88", "R89", "R90")
def test_pupils_of_last_year_and_ulis_pupils_are_spoken_of():
    assert says("No pupils of the previous year", "SIECLE still lists them")
    assert says(
        "Not with ULIS or allophone pupils", "directly to the lesson of the class", "make no group of the class"
    )


@pytest.mark.req("R84", "R85", "R86", "R91", "R92", "R93", "R94", "R95")
def test_groups_parts_and_shared_lessons_are_spoken_of():
    assert says("A part of a class alone makes no course", "create a group, put the part into it, attach the group")
    assert says("`[groups]` in square brackets", "`<parts>` in angle brackets have to become groups")
    assert says("Générer les groupes pour PRONOTE", "create a group with both classes", "make two courses")


@pytest.mark.req("R99", "R100", "R101", "R102", "R103", "R104", "R209")
def test_the_export_by_hand_is_led_step_by_step():
    assert says("Socles ENT > Export manuel", "choose the platform, the right one", "choose the folder")
    assert says(
        "tick *un répertoire par établissement*", "do not tick it for a *cité scolaire*", "(encrypted) XML file"
    )


@pytest.mark.req("R185", "R186", "R187", "R188", "R189", "R190", "R224", "R225", "R226", "R227", "R228", "R229")
def test_the_automatic_export_is_led_step_by_step():
    assert says("Fichier > Socle ENT > Export automatique", "first trigger at 08:00", "repeat every 12 hours")
    assert says("once a day is enough", "never less than 4 hours", "*Vers URL*: paste the address", "/webdav/<school>/")
    assert says("timetable was modified", "absences were entered", "pupils changed class or group", "variable size")
    assert says("exports at once", "blocking thresholds first", "encrypted for safety", "free for every portal")


@pytest.mark.req("R73", "R74")
def test_versions_and_hosting_stay_for_a_year():
    assert says("minor updates on", "Change neither the version of Pronote nor where it is hosted")
    assert says("Ne changez ni de version de Pronote ni d’hébergement", "mises à jour mineures")


@pytest.mark.req("R214", "R218")
def test_both_languages_lead_the_same_way_through_commands_that_there_are():
    french, english = LEADING.split("\n---\n")
    assert headings(french) == headings(english)
    assert commands(french) == commands(english)
    assert {"import begin", "import access", "import history", "import undo", "import new-year"} <= commands(french)
    for command in sorted(commands(french)):
        said = CliRunner().invoke(cli.main, [*command.split(), "--help"])
        assert said.exit_code == 0, said.output


@pytest.mark.parametrize(("language", "half"), [("fr", 0), ("en", 1)])
def test_the_launch_and_the_steps_are_shown_as_the_program_shows_them(language: str, half: int):
    text = LEADING.split("\n---\n")[half].replace("\xa0", " ")
    steps = re.findall(r"^\| `([a-z]+)` \|", text, re.MULTILINE)
    assert steps == [step.value for step in Step]
    first = dict.fromkeys(("courses", "calendars", "events", "memberships"), 1)
    counts = Counts(**{f"{name}_created": number for name, number in first.items()}, events_frozen=1, feeds_changed=1)
    notices = ("outside-grid", "class-parts-only", "no-course", "outside-year")
    with texts.speaking(language):
        shown = [f"\n{words}  " for words, _number in reports.counted(counts)]
        shown += [f"\n{reports.notice_line(code, '', 3).partition('3')[0]}" for code in notices]
        shown.append(reports.notice_line("dangling", "part", 1))
    assert [line for line in shown if line.replace("\xa0", " ") not in text] == []


def headings(text: str) -> list[str]:
    """Return the levels of the headings."""
    return re.findall(r"^#+", text, re.MULTILINE)


def commands(text: str) -> set[str]:
    """Return the commands a text names, at most two words of each."""
    found = re.findall(r"cadran ([a-z][a-z-]*(?:\s[a-z][a-z-]*)?)", text)
    return {" ".join(words.split()) for words in found}


@pytest.mark.req("R72")
def test_the_versions_and_limits_of_the_page_are_those_of_the_program():
    assert says(f"since version {origin.OLDEST_PRODUCT}", f"newer than {origin.NEWEST_PRODUCT}", "1.x and 2.x")
    assert says(f"an archive of {archives.MEMBER_LIMIT} files", f"more than {archives.RATIO_LIMIT} times")


def test_every_format_stands_in_the_page():
    words = {
        "edt": "ExportEmploiDuTemps",
        "edt-text": "EXP_COURS.xml",
        "sts": "emp_sts",
        "ical": "iCalendar",
        "udt": "UDCal_NN.xml",
        "asc": "aSc Timetables 2012 XML",
        "untis": "GPU001.TXT",
    }
    assert words.keys() == SAMPLES_OF.keys() == {each.name for each in formats.FORMATS}
    assert all(re.search(re.escape(word), PAGE) for word in words.values())
