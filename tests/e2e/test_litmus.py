"""litmus, Debian's WebDAV protocol tester, on the deposit folder of a started demo."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.e2e.running import Demo

PATIENCE_SECONDS = 170
SUMMARY = re.compile(r"^<- summary for `(\w+)': of (\d+) tests run: (\d+) passed, (\d+) failed", re.MULTILINE)


def tried(litmus: str, address: str, folder: Path, parts: str) -> str:
    """Return what litmus says of an address."""
    environment = {**os.environ, "TESTS": parts}
    command = [litmus, "--keep-going", address]
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False
    )
    return done.stdout + done.stderr


@pytest.mark.req("R225", "R228")
def test_the_deposit_folder_passes_what_asks_for_no_copies(litmus: str, own_demo: Demo, tmp_path: Path):
    path = json.loads(own_demo.cli("import", "access", "add", "admin", "--json"))["address"]
    said = tried(litmus, own_demo.base + path, tmp_path, "basic http")
    found = {part: (run == passed, failed) for part, run, passed, failed in SUMMARY.findall(said)}
    assert found == {"basic": (True, "0"), "http": (True, "0")}, said
    assert "WARNING" not in said, said
    runs = json.loads(own_demo.cli("import", "history", "--json"))
    assert [run["kind"] for run in runs] == ["manual"], runs
