"""The parts of the bench: chosen and written one by one, each on a school of its own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from bench import __main__ as command
from bench import blocks, machine
from bench.parts import PARTS, Part
from bench.processes import ROOT
from bench.wanted import Ground, Wishes

WISHES = Wishes(
    pupils=60, sizes=(120, 1200), peers=(), pings=40, entries=30, devices=10, schools=2, times=1, budget=0.2
)


def test_a_part_replaces_what_it_was_and_leaves_the_others():
    page = blocks.replaced("# Title\n\nBefore.\n", {"pings": "first", "phones": "second"})
    again = blocks.replaced(page.replace("first", "first\n\nof two lines") + "\nAfter.\n", {"pings": "third"})
    assert again.startswith("# Title\n\nBefore.\n")
    assert again.endswith("\nAfter.\n")
    assert "first" not in again
    assert "of two lines" not in again
    assert (again.count("second"), again.count("third")) == (1, 1)
    assert blocks.replaced(again, {}) == again


def test_parts_are_written_one_after_the_other_into_a_page_that_is_not_there(tmp_path: Path):
    file = tmp_path / "page.md"
    blocks.write(file, {"imports": "one"})
    blocks.write(file, {"pings": "two"})
    text = file.read_text("utf-8")
    assert [text.count(each) for each in ("one", "two", "bench: imports -->", "bench: end pings -->")] == [1] * 4


def test_each_part_has_its_place_on_the_page():
    text = (ROOT / "docs" / "performance.md").read_text("utf-8")
    assert all(text.count(blocks.marked(part, "\0").split("\0")[0].rstrip()) == 1 for part in PARTS)


def test_only_the_parts_that_were_asked_for_are_measured_and_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    page = tmp_path / "page.md"
    page.write_text(blocks.marked("phones", "phones of before") + "\n\n" + blocks.marked("pings", "pings of before"))
    seen: list[Wishes] = []
    part = Part("Waiting", lambda ground: seen.append(ground.wishes) or "| measured |\n")  # type: ignore[func-returns-value]
    monkeypatch.setattr(command, "PARTS", {**PARTS, "pings": part})
    asked = ["--only", "pings", "--pings", "7", "--long", "--folder", str(tmp_path), "--write", str(page)]
    run = CliRunner().invoke(command.main, asked)
    assert run.exit_code == 0, run.output
    text = page.read_text("utf-8")
    assert "phones of before" in text
    assert "pings of before" not in text
    assert "## Waiting\n\n*Measured 2" in text
    assert (seen[0].pings, seen[0].sizes) == (7, (1000, 10_000, 100_000))


@pytest.mark.parametrize(("option", "given"), [("--only", "pings,moon"), ("--peers", "moon")])
def test_what_is_not_known_is_refused_by_name(option: str, given: str):
    run = CliRunner().invoke(command.main, [option, given])
    assert run.exit_code == 2
    assert "moon" in run.output


def test_a_part_tells_when_and_on_what_it_was_measured(tmp_path: Path):
    text = machine.told(tmp_path, 12.4, (0.5, 1.5))
    assert "in 12 s on" in text
    assert f"files on {machine.file_system(tmp_path)}" in text
    assert "load 0.5 before, 1.5 after" in text


def test_the_school_is_made_once_and_copied_for_each_part(tmp_path: Path):
    said: list[str] = []
    ground = Ground(tmp_path, replace(WISHES, pupils=60), said.append)
    first, second = ground.school(), ground.school()
    assert first != second
    assert (first / "cadran.sqlite").stat().st_size == (second / "cadran.sqlite").stat().st_size
    assert len(said) == 2


def test_more_pings_than_open_files_are_said_to_be_too_many(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr("resource.getrlimit", lambda _kind: (256, 1024))
    text = PARTS["pings"].measure(Ground(tmp_path, replace(WISHES, pupils=60, pings=5000), lambda _: None))
    assert text.startswith("5 000 Pings need 5 200 open files in one process, and this machine allows 1 024")


def test_no_pings_are_parked_when_none_are_wanted(tmp_path: Path):
    assert "None" in PARTS["pings"].measure(Ground(tmp_path, replace(WISHES, pings=0), lambda _: None))
