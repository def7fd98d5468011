"""What caldav-server-tester, which other CalDAV projects use to learn about servers, says of a started demo."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.running import Demo

PATIENCE_SECONDS = 170
LOGIN, PASSWORD = "marie@ecole.example", "une-phrase-de-passe"

# What is not "full", and why it is as it should be.
EXPECTED = {
    # A calendar is made by whoever asks for one, not by a mistyped address.
    "create-calendar.auto": "unsupported",
}
# Says whether there are calendars, not whether something works.
FACTS = {"get-current-user-principal.has-calendar"}
FEATURE = re.compile(r"^## (\S+)\nFeature support level found: (.+)$", re.MULTILINE)


def add_person(demo: Demo) -> None:
    """Add a teacher whose login is an address: paths then hold an @."""
    command = [sys.executable, "-m", "server.cli", "--data", str(demo.folder), "user", "add", LOGIN]
    command += ["--family", "Dupont", "--email", LOGIN, "--password-stdin"]
    subprocess.run(command, input=PASSWORD + "\n", text=True, capture_output=True, timeout=60, check=True)


def sections(demo: Demo) -> dict[str, dict[str, str]]:
    """Return the accounts: the first is examined, the others are invited."""
    # Another spelling of 127.0.0.1: discovery is not examined on what is plainly the own machine.
    url = demo.info["caldav"].replace("127.0.0.1", "127.1")
    people = [(LOGIN, PASSWORD), *((each["login"], each["password"]) for each in demo.info["accounts"][1:])]
    return {
        name: {"caldav_url": url, "caldav_username": login, "caldav_password": password}
        for name, (login, password) in zip(("default", "second", "third"), people, strict=True)
    }


def examined(demo: Demo, folder: Path) -> dict[str, str]:
    """Return what the tester found, by feature."""
    (folder / "calendar.conf").write_text(json.dumps(sections(demo)), "utf-8")
    command = [str(Path(sys.executable).with_name("caldav-server-tester")), "--verbose"]
    command += ["--config-section", "default", "--config-section", "second", "--config-section", "third"]
    environment = {**os.environ, "HOME": str(folder), "CALDAV_CONFIG_FILE": str(folder / "calendar.conf")}
    with (folder / "report.txt").open("w") as report, (folder / "report.err").open("w") as errors:
        subprocess.run(
            command, cwd=folder, env=environment, stdout=report, stderr=errors, timeout=PATIENCE_SECONDS, check=True
        )
    return dict(FEATURE.findall((folder / "report.txt").read_text("utf-8")))


def test_every_feature_is_full(own_demo: Demo, tmp_path: Path):
    pytest.importorskip("caldav_server_tester")
    add_person(own_demo)
    levels = examined(own_demo, tmp_path)
    short = {name: level for name, level in levels.items() if level != "full" and name not in FACTS}
    assert len(levels) > 90, levels
    assert short == EXPECTED, (tmp_path / "report.txt").read_text("utf-8")
