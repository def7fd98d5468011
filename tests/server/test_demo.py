"""The demo: made once through the real path, found again afterwards."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from server import auth
from server.auth import Credentials
from server.cli import main
from server.config import DATABASE_NAME
from storage.model import Client, ClientKind
from storage.store import Store

CLIENT = Client(ClientKind.DAV)


def demo(folder: Path, *options: str) -> Result:
    arguments = ["demo", "--no-serve", "--data", str(folder), "--pupils", "60", *options]
    return CliRunner().invoke(main, arguments, catch_exceptions=False)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of a demo."""
    folder = tmp_path_factory.mktemp("demo") / "data"
    result = demo(folder)
    assert result.exit_code == 0, result.output
    assert "http://127.0.0.1:8008/dav/" in result.output
    assert f"demo --data {folder}\n" in result.output
    return folder


@pytest.fixture
def demo_store(made: Path) -> Store:
    """The demo's database."""
    return Store(f"sqlite:///{made / DATABASE_NAME}")


def test_scripts_are_told_addresses_and_accounts(made: Path) -> None:
    info = json.loads((made / "demo-info.json").read_text("utf-8"))
    assert set(info) == {"web", "caldav", "eas", "school", "accounts"}
    assert info["eas"] == "http://127.0.0.1:8008/Microsoft-Server-ActiveSync"
    assert [account["role"] for account in info["accounts"]] == ["admin", "teacher", "pupil"]
    assert all(set(account) == {"login", "password", "role", "name"} for account in info["accounts"])


def test_every_account_of_the_demo_lets_in(made: Path, demo_store: Store) -> None:
    for account in json.loads((made / "demo-info.json").read_text("utf-8"))["accounts"]:
        assert auth.verify(demo_store, Credentials(account["login"], account["password"])) is not None
    demo_store.close()


def test_the_teacher_and_the_pupil_have_full_timetables(made: Path, demo_store: Store) -> None:
    for account in json.loads((made / "demo-info.json").read_text("utf-8"))["accounts"][1:]:
        found = demo_store.directory.account(account["login"])
        assert found is not None
        with demo_store.reading(found.principal.school_id) as tx:
            timetable = tx.collections.by_slug(found.principal, "emploi-du-temps", CLIENT)
            assert tx.collections.count(timetable.id) > 100
    demo_store.close()


def test_a_second_run_finds_the_first(made: Path) -> None:
    before = (made / "samples" / "timetable.xml").stat().st_mtime_ns
    result = demo(made, "--port", "8100")
    assert result.exit_code == 0
    assert "made earlier" in result.output
    assert f"demo --data {made} --port 8100" in result.output
    assert "--pupils" in result.output
    assert (made / "samples" / "timetable.xml").stat().st_mtime_ns == before
    assert json.loads((made / "demo-info.json").read_text("utf-8"))["caldav"] == "http://127.0.0.1:8100/dav/"


def test_the_next_export_is_a_change_and_not_a_new_timetable(made: Path) -> None:
    runner = CliRunner()
    following = str(made / "samples" / "timetable-next.xml")
    result = runner.invoke(main, ["--data", str(made), "import", "edt", following, "--json"], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    counts = json.loads(result.stdout)["counts"]
    changed = counts["events_created"] + counts["events_updated"] + counts["events_deleted"]
    assert 0 < changed < json.loads(result.stdout)["sessions"] / 4
    again = runner.invoke(main, ["--data", str(made), "import", "edt", following], env={"LC_ALL": "C"})
    assert again.exit_code == 0


def test_a_demo_that_was_interrupted_is_made_again(tmp_path: Path) -> None:
    (tmp_path / "samples").mkdir()
    (tmp_path / "samples" / "unfinished").touch()
    (tmp_path / DATABASE_NAME).write_bytes(b"half a database")
    assert demo(tmp_path).exit_code == 0
    assert not (tmp_path / "samples" / "unfinished").exists()


def test_the_data_of_a_real_school_is_never_made_a_demo(folder: Path) -> None:
    before = (folder / DATABASE_NAME).read_bytes()
    assert demo(folder).exit_code == 1
    assert (folder / DATABASE_NAME).read_bytes() == before
