"""Temporary files go to memory where there is room for them, and nowhere else."""

import tempfile
from pathlib import Path

import pytest

from tests import places


def test_memory_is_taken_when_there_is_room(tmp_path: Path) -> None:
    assert places.in_memory(tmp_path, 1) == tmp_path


def test_too_little_room_is_none(tmp_path: Path) -> None:
    assert places.in_memory(tmp_path, 2**62) is None


def test_a_folder_that_is_not_there_is_none(tmp_path: Path) -> None:
    assert places.in_memory(tmp_path / "nowhere", 1) is None


@pytest.mark.parametrize(("before", "after"), [(None, "memory"), ("elsewhere", "elsewhere")])
def test_who_names_a_folder_is_obeyed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: str | None, after: str
) -> None:
    for name in ("memory", "elsewhere"):
        (tmp_path / name).mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / (before or "")))
    if before is None:
        monkeypatch.delenv("TMPDIR")
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setattr(places, "in_memory", lambda: tmp_path / "memory")
    places.prefer_memory()
    assert tempfile.gettempdir() == str(tmp_path / after)
