"""The house itself: what the repository promises outside its code."""

import ast
import os
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from server import cli, config
from tests import requirements

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
ROWS = frozenset(f"R{number}" for number in range(1, 243))

# The contracts that see whole packages cannot say "only this module", so these are read here.
ONLY_IN: dict[str, str | tuple[str, ...]] = {
    "icalendar": "storage/ical",
    "recurring_ical_events": "storage/ical",
    "sqlalchemy": "storage/",
    "alembic": "storage/",
    "twisted": "server/",
    "vobject": "protocols/radicale",
    "radicale": "protocols/radicale",
    "argon2": ("server/passwords", "protocols/radicale/auth"),
}


def _calls(path: Path) -> Iterator[ast.Call]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def _marked_rows() -> Iterator[tuple[str, str]]:
    """Yield (place, row) for each argument of a `req` marker under tests/."""
    for path in sorted((ROOT / "tests").rglob("*.py")):
        for call in _calls(path):
            if ast.unparse(call.func) in ("pytest.mark.req", "mark.req"):
                place = f"{path.relative_to(ROOT)}:{call.lineno}"
                yield from ((place, getattr(argument, "value", "")) for argument in call.args or [call.func])


def _imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield str(node.module).partition(".")[0]


def _packages() -> list[str]:
    return sorted(name for name in PROJECT["tool"]["importlinter"]["root_packages"])


def test_every_requirement_row_a_test_names_exists():
    assert [(place, row) for place, row in _marked_rows() if row not in ROWS] == []


def test_the_requirement_marker_is_registered(pytestconfig):
    assert any(marker.startswith("req(") for marker in pytestconfig.getini("markers"))


@pytest.mark.parametrize("library", sorted(ONLY_IN))
def test_a_library_is_imported_only_where_it_belongs(library):
    paths = [path for package in _packages() for path in (ROOT / package).rglob("*.py")]
    importers = {path.relative_to(ROOT).as_posix() for path in paths if library in set(_imported(path))}
    assert [name for name in sorted(importers) if not name.startswith(ONLY_IN[library])] == []


def test_every_protocol_is_named_by_the_contract_that_keeps_protocols_apart():
    contracts = PROJECT["tool"]["importlinter"]["contracts"]
    named = re.findall(r"\w+", " ".join(next(c for c in contracts if c["id"] == "protocols")["layers"]))
    folders = {path.parent.name for path in (ROOT / "protocols").glob("*/__init__.py")}
    assert folders <= set(named)


def test_every_package_is_checked_and_installed():
    installed = PROJECT["tool"]["setuptools"]["packages"]["find"]["include"]
    assert {name for name in installed if not name.endswith(".*")} == set(_packages())
    assert set(_packages()) <= set(PROJECT["tool"]["mypy"]["files"])


def test_continuous_integration_runs_the_test_command_of_the_readme():
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert script.read_text(encoding="utf-8").splitlines()[-1] == "make test"
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"^make \w+$", readme, re.MULTILINE)[:2] == ["make run", "make test"]


def test_the_changelog_knows_the_present_version():
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"## [{PROJECT['project']['version']}]" in changelog


def test_the_licence_is_the_one_declared():
    assert PROJECT["project"]["license"] == "AGPL-3.0-or-later"
    lines = (ROOT / "LICENSE").read_text(encoding="utf-8").split("\n")
    assert [line.strip() for line in lines[:2]] == ["GNU AFFERO GENERAL PUBLIC LICENSE", "Version 3, 19 November 2007"]


def test_the_sample_configuration_shows_every_setting_with_its_default(tmp_path):
    text = (ROOT / "conf" / "cadran.toml").read_text(encoding="utf-8")
    assert [section for section in tomllib.loads(text).values() if section] == []
    everything = tmp_path / "cadran.toml"
    everything.write_text(re.sub(r"^# (?=\w+ = )", "", text, flags=re.MULTILINE), encoding="utf-8")
    nothing = tmp_path / "nothing.toml"
    nothing.touch()
    defaults = config.load(nothing, {}, {}).model_dump(mode="json", by_alias=True)
    assert config.load(everything, {}, {}).model_dump(mode="json", by_alias=True) == defaults
    assert _shape(tomllib.loads(everything.read_text(encoding="utf-8"))) == _shape(defaults)


def _shape(values: dict[str, Any]) -> dict[str, Any]:
    return {key: _shape(value) if isinstance(value, dict) else None for key, value in values.items()}


def test_the_page_of_requirements_is_up_to_date():
    assert requirements.PAGE.read_text(encoding="utf-8") == requirements.page(), "run python -m tests.requirements"


def test_rows_said_to_be_met_are_shown_by_a_test():
    assert requirements.unshown() == []


def test_each_promise_of_the_timetable_import_has_a_test_or_a_reason():
    assert requirements.unexplained() == []
    assert requirements.lost() == []


def test_the_commands_of_the_systemd_unit_are_commands(tmp_path):
    lines = re.findall(r"^ExecStart\w*=\S+/cadran (.*)$", (ROOT / "conf" / "cadran.service").read_text(), re.MULTILINE)
    config_file = tmp_path / "cadran.toml"
    config_file.touch()
    assert lines
    for line in lines:
        arguments = [str(config_file) if word.startswith("/etc/") else word for word in line.split()]
        assert CliRunner().invoke(cli.main, [*arguments, "--help"]).exit_code == 0, line
