"""`cadran import keys`: keys of partners for one school or all, kept in the data folder and never shown."""

from __future__ import annotations

import json
import shutil
import stat
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat

from importers.sample.container import Wrapping, encrypted
from server import config, partner_keys
from server.cli import main
from server.config import DATABASE_NAME
from storage.model import Role
from storage.principals import NewPerson
from storage.store import Store
from tests.importers.keys import OURS, VENDOR, private, public, written
from tests.importers.make import SAMPLES, SCHOOL

Cadran = Callable[..., Result]
OTHER = "0990043L"


@pytest.fixture
def cadran(tmp_path: Path, sqlite_template: Path, monkeypatch: pytest.MonkeyPatch) -> Cadran:
    """Run the command where there are two schools without timetable."""
    monkeypatch.setenv("LC_ALL", "C")
    (tmp_path / "data").mkdir()
    url = f"sqlite:///{tmp_path / 'data' / DATABASE_NAME}"
    shutil.copyfile(sqlite_template, tmp_path / "data" / DATABASE_NAME)
    store = Store(url)
    for code in (SCHOOL, OTHER):
        school = store.directory.create_school(code, "Collège", "Europe/Paris")
        with store.writing(school.id) as tx:
            tx.principals.create(NewPerson(f"admin.{code}", "A", "B", Role.ADMIN))
    store.close()

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(main, ["--data", str(tmp_path / "data"), *arguments], catch_exceptions=False)

    return run


@pytest.fixture
def pem(tmp_path: Path) -> str:
    (tmp_path / "ours.pem").write_bytes(written(OURS))
    return str(tmp_path / "ours.pem")


def box(folder: Path, uai: str) -> str:
    """Return an export encrypted for us, of a school."""
    file = folder / f"Edt_To_CadranEssai_{uai}.xml"
    clear = (SAMPLES / "college.xml").read_bytes().replace(SCHOOL.encode(), uai.encode())
    wrapping = Wrapping(uai=uai, exported=datetime(2026, 9, 24, 8, tzinfo=UTC))
    file.write_bytes(encrypted(clear, public(VENDOR, OURS), wrapping))
    return str(file)


def listed(cadran: Cadran) -> list[dict[str, str]]:
    result = cadran("import", "keys", "list", "--json")
    assert result.exit_code == 0, result.output
    found: list[dict[str, str]] = json.loads(result.output)
    return found


def opened(cadran: Cadran, tmp_path: Path, uai: str) -> bool:
    result = cadran("import", "edt", box(tmp_path, uai), "--school", uai, "--dry-run")
    assert (result.exit_code == 0) != ("is encrypted for" in result.output)
    return result.exit_code == 0


@pytest.mark.req("R119")
@pytest.mark.parametrize(("school", "serves"), [((), (True, True)), (("--school", SCHOOL), (True, False))])
def test_a_key_serves_its_school_or_all_until_it_is_removed(
    cadran: Cadran, tmp_path: Path, pem: str, school: tuple[str, ...], serves: tuple[bool, bool]
) -> None:
    assert not opened(cadran, tmp_path, SCHOOL)
    assert cadran("import", "keys", "add", OURS, pem, *school).exit_code == 0
    assert (opened(cadran, tmp_path, SCHOOL), opened(cadran, tmp_path, OTHER)) == serves
    (key,) = listed(cadran)
    assert (key["partner"], key["school"]) == (OURS, school[-1] if school else "")
    assert cadran("import", "keys", "remove", key["id"][:8]).exit_code == 0
    assert listed(cadran) == []
    assert not opened(cadran, tmp_path, SCHOOL)
    assert list((tmp_path / "data" / partner_keys.FOLDER).glob("*.pem")) == []


def test_nobody_but_its_owner_reads_a_key_and_no_command_shows_one(cadran: Cadran, tmp_path: Path, pem: str) -> None:
    told = cadran("import", "keys", "add", OURS, pem).output
    told += cadran("import", "keys", "list").output + cadran("import", "keys", "list", "--json").output
    told += cadran("import", "edt", box(tmp_path, SCHOOL), "--school", SCHOOL).output
    secret = private(OURS).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    assert not [line for line in secret.splitlines()[1:-1] if line in told]
    folder = tmp_path / "data" / partner_keys.FOLDER
    modes = {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert (modes, stat.S_IMODE(folder.stat().st_mode)) == ({0o600}, 0o700)


def test_several_keys_may_bear_one_name_and_each_is_kept_once(cadran: Cadran, tmp_path: Path, pem: str) -> None:
    second = tmp_path / "second.der"
    second.write_bytes(private(OURS, 1).private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()))
    for file in (str(second), pem):
        assert cadran("import", "keys", "add", OURS, file).exit_code == 0
    assert len(listed(cadran)) == 2
    again = cadran("import", "keys", "add", OURS, pem)
    assert (again.exit_code, "there already" in again.output) == (1, True)
    assert opened(cadran, tmp_path, SCHOOL)


def test_adding_and_removing_stands_in_the_trail_of_each_school_concerned(
    cadran: Cadran, tmp_path: Path, pem: str
) -> None:
    cadran("import", "keys", "add", OURS, pem, "--school", OTHER)
    (key,) = listed(cadran)
    cadran("import", "keys", "remove", key["id"])
    store = Store(f"sqlite:///{tmp_path / 'data' / DATABASE_NAME}")
    found = {}
    for school in store.directory.schools():
        with store.reading(school.id) as tx:
            found[school.code] = [(each.action, each.subject) for each in tx.audit.trail()]
    store.close()
    assert found == {SCHOOL: [], OTHER: [("partner-key-removed", OURS), ("partner-key-added", OURS)]}


@pytest.mark.parametrize("kind", ["nothing", "text", "elliptic", "password", "long"])
def test_what_is_no_key_is_refused_in_words_and_nothing_is_kept(cadran: Cadran, tmp_path: Path, kind: str) -> None:
    plain, pkcs8 = NoEncryption(), PrivateFormat.PKCS8
    data = {
        "nothing": lambda: b"",
        "text": lambda: b"-----BEGIN PRIVATE KEY-----\nno\n-----END PRIVATE KEY-----\n",
        "elliptic": lambda: generate_private_key(SECP256R1()).private_bytes(Encoding.PEM, pkcs8, plain),
        "password": lambda: private(OURS).private_bytes(Encoding.PEM, pkcs8, BestAvailableEncryption(b"secret")),
        "long": lambda: written(OURS) + b"\n" * partner_keys.SIZE_LIMIT,
    }[kind]()
    (tmp_path / "bad.pem").write_bytes(data)
    result = cadran("import", "keys", "add", OURS, str(tmp_path / "bad.pem"))
    assert (result.exit_code, "no RSA private key" in result.output) == (1, True)
    assert listed(cadran) == []


def test_an_unknown_school_or_key_is_told(cadran: Cadran, pem: str) -> None:
    assert cadran("import", "keys", "add", OURS, pem, "--school", "0000000X").exit_code == 1
    assert listed(cadran) == []
    removed = cadran("import", "keys", "remove", "00")
    assert (removed.exit_code, "cadran import keys list" in removed.output) == (1, True)


@pytest.mark.parametrize("content", [b"{", b"[1]", b'[{"id": "x"}]'])
def test_a_damaged_list_of_keys_is_told_and_not_taken_for_an_empty_one(
    cadran: Cadran, tmp_path: Path, content: bytes
) -> None:
    folder = tmp_path / "data" / partner_keys.FOLDER
    folder.mkdir()
    (folder / "index.json").write_bytes(content)
    result = cadran("import", "keys", "list")
    assert (result.exit_code, "index.json" in result.output) == (1, True)


def test_configured_keys_are_listed_with_their_file(
    cadran: Cadran, pem: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CADRAN_IMPORTS__KEYS", f"{OURS}={pem}")
    (key,) = listed(cadran)
    assert (key["partner"], key["source"]) == (OURS, pem)
    assert cadran("import", "keys", "remove", key["id"]).exit_code == 1
    loaded = config.load(None, {"data": tmp_path / "data"}, {"CADRAN_IMPORTS__KEYS": f"{OURS}={pem}"})
    assert [each.partner for each in partner_keys.load(loaded, SCHOOL)] == [OURS]
