"""Subfolders and files that are no export: for whoever wrote them, few, small, for a day; an export never comes out."""

from __future__ import annotations

import gzip

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from importers import handed
from storage.deposit_folder import DAY_SECONDS, DEPTH, EXPORTS, FOLDERS, PROBE_OCTETS, PROBES
from storage.store import Store
from storage.transaction import Transaction
from tests.protocols.deposit.folders import Folder, listed

PEOPLE = "nom;prénom;classe\nPetit;Léa;6A\n".encode()


@pytest.fixture
def folder(store: Store) -> Folder:
    return Folder(store, "0990001X")


def statuses(folder: Folder, *asked: tuple[str, str]) -> list[int]:
    return [folder.ask(method, name).status for method, name in asked]


def test_what_a_client_tries_with_comes_back_goes_away_and_is_no_import(folder: Folder):
    assert folder.ask("MKCOL", "essai/").status == 201
    assert folder.ask("PUT", "essai/r%C3%A9s", b"1, 2").status == 201
    assert folder.ask("PUT", "essai/r%C3%A9s", b"1, 2, 3").status == 204
    got = folder.ask("GET", "essai/r%C3%A9s")
    told = dict(got.headers)
    assert (got.status, got.body) == (200, b"1, 2, 3")
    assert (told["Content-Disposition"], told["X-Content-Type-Options"]) == ("attachment", "nosniff")
    assert dict(folder.ask("HEAD", "essai/r%C3%A9s").headers)["ETag"] == told["ETag"]
    home = f"/webdav/0990001X/{folder.secret}/"
    assert listed(folder.ask("PROPFIND", depth="1")) == {home: "", f"{home}essai/": ""}
    assert listed(folder.ask("PROPFIND", "essai", depth="1")) == {f"{home}essai/": "", f"{home}essai/r%C3%A9s": "7"}
    assert len(listed(folder.ask("PROPFIND"))) == 3
    assert statuses(folder, ("DELETE", "essai/r%C3%A9s"), ("GET", "essai/r%C3%A9s")) == [204, 404]
    assert statuses(folder, ("DELETE", "essai/"), ("GET", "essai/"), ("DELETE", "essai/")) == [204, 404, 404]
    assert folder.runs() == []
    with folder.store.reading(folder.school.id) as tx:
        assert (tx.deposits.untold(), tx.accesses.get(folder.access.id).used) == (0, None)


def test_a_folder_goes_with_all_that_is_in_it_and_no_other(folder: Folder):
    for name in ("a", "a/b", "a/b/c", "A", "a2"):
        assert folder.ask("MKCOL", name).status == 201
    folder.ask("PUT", "a/b/x", b"1")
    folder.ask("PUT", "A/x", b"1")
    assert folder.ask("DELETE", "a", depth="0").status == 400
    assert folder.ask("DELETE", "a").status == 204
    home = f"/webdav/0990001X/{folder.secret}/"
    assert set(listed(folder.ask("PROPFIND"))) == {home, f"{home}A/", f"{home}A/x", f"{home}a2/"}


@pytest.mark.parametrize(
    ("method", "name", "status"),
    [
        ("MKCOL", "a", 405),
        ("MKCOL", "a/x", 405),
        ("MKCOL", "a/x/y", 409),
        ("MKCOL", "none/y", 409),
        ("PUT", "a", 405),
        ("PUT", "a/x/y", 409),
        ("PUT", "none/y.xml", 409),
        ("GET", "a", 200),
        ("PROPFIND", "a/none", 404),
        ("DELETE", "a%23x", 404),
    ],
)
def test_folders_and_files_are_not_one_another(folder: Folder, method, name, status):
    folder.ask("MKCOL", "a")
    folder.ask("PUT", "a/x", b"1")
    assert folder.ask(method, name).status == status
    assert folder.ask("GET", "a/x").body == b"1"
    assert folder.runs() == []


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("export.xml", b"no export"),
        ("edt.TXT", b"?"),
        ("a/edt.zip", b""),
        ("edt", b"<cut"),
        ("edt", b"\xff\xfe<\0x\0"),
        ("edt", b"PK\3\4 cut"),
        ("edt", gzip.compress(b"?", mtime=0)),
        ("edt", b"BEGIN:VCALENDAR"),
        ("edt", PEOPLE),
        ("edt", b"?" * (PROBE_OCTETS + 1)),
        ("EDT_PRONOTE_0990001X", b"?"),
    ],
)
def test_what_may_be_meant_as_an_export_is_one_wherever_it_is_put_and_never_comes_out(folder, name, content):
    folder.ask("MKCOL", "a")
    assert folder.ask("PUT", name, content).status == 201
    assert [run[0] for run in folder.runs()] == [name.rpartition("/")[2]]
    got = folder.ask("GET", name)
    assert (got.status, content in got.body and bool(content)) == (403, False)
    assert "élèves" in got.body.decode()
    assert folder.ask("HEAD", name).status == 200


def test_an_export_hides_the_file_that_had_its_name_and_what_follows_it_is_an_export_too(folder: Folder):
    folder.ask("PUT", "edt", b"1")
    assert folder.runs() == []
    assert folder.ask("PUT", "edt", b"<export/>").status == 204
    assert folder.ask("GET", "edt").status == 403
    assert folder.ask("PUT", "edt", b"cut").status == 204
    assert folder.ask("GET", "edt").status == 403
    assert folder.runs() == [("edt", "queued"), ("edt", "superseded")]


def test_deleting_an_export_takes_its_name_and_never_its_import(folder: Folder):
    folder.ask("PUT", "edt.xml", b"<export/>")
    assert statuses(folder, ("DELETE", "edt.xml"), ("HEAD", "edt.xml"), ("DELETE", "edt.xml")) == [204, 404, 404]
    assert folder.runs() == [("edt.xml", "queued")]
    folder.ask("MKCOL", "a")
    folder.ask("PUT", "a/edt.xml", b"<newer/>")
    assert folder.ask("DELETE", "a").status == 204
    assert folder.runs() == [("edt.xml", "queued"), ("edt.xml", "superseded")]
    assert folder.ask("PUT", "edt.xml", b"<newest/>").status == 201


def test_nobody_uses_the_folder_as_a_store(folder: Folder):
    path = [f"f{number}" for number in range(DEPTH + 1)]
    made = [folder.ask("MKCOL", "/".join(path[: depth + 1])).status for depth in range(DEPTH + 1)]
    assert made == [201] * DEPTH + [403]
    rest = [folder.ask("MKCOL", f"g{number}").status for number in range(FOLDERS - DEPTH + 1)]
    assert rest == [201] * (FOLDERS - DEPTH) + [507]
    files = [folder.ask("PUT", f"x{number}", b"1").status for number in range(PROBES + 1)]
    assert files == [201] * PROBES + [507]
    assert folder.ask("PUT", "x0", b"2").status == 204
    assert folder.ask("PUT", "edt.xml", b"<a/>").status == 201
    assert folder.ask("DELETE", "x1").status == 204
    assert folder.ask("PUT", "y", b"1").status == 201
    many = [folder.ask("PUT", f"e{number}.xml", b"<a/>").status for number in range(EXPORTS + 1)]
    assert set(many) == {201}
    told = listed(folder.ask("PROPFIND"))
    assert sum(href.endswith(".xml") for href in told) == EXPORTS


def test_a_day_later_folders_and_files_are_gone_and_exports_are_still_told(folder: Folder, monkeypatch):
    start = 1_800_000_000
    monkeypatch.setattr(Transaction, "now", lambda tx: start)
    folder.ask("MKCOL", "a")
    folder.ask("PUT", "x", b"1")
    folder.ask("PUT", "edt.xml", b"<a/>")
    monkeypatch.setattr(Transaction, "now", lambda tx: start + DAY_SECONDS - 1)
    folder.ask("PUT", "a/y", b"1")
    monkeypatch.setattr(Transaction, "now", lambda tx: start + DAY_SECONDS)
    home = f"/webdav/0990001X/{folder.secret}/"
    assert set(listed(folder.ask("PROPFIND"))) == {home, f"{home}a/", f"{home}a/y", f"{home}edt.xml"}
    assert statuses(folder, ("GET", "x"), ("GET", "a/y")) == [404, 200]
    with folder.store.writing(folder.school.id) as tx:
        tx.deposit_folder.trim()
    monkeypatch.setattr(Transaction, "now", lambda tx: start)
    assert folder.ask("GET", "x").status == 404


def test_each_access_has_a_folder_of_its_own_in_each_school(store: Store, folder: Folder):
    other = Folder(store, "0990002Y")
    folder.ask("MKCOL", "a")
    folder.ask("PUT", "a/x", b"1")
    folder.ask("PUT", "edt.xml", b"<a/>")
    for asked, secret in ((folder, folder.others), (other, other.secret)):
        tried = [(method, name) for method in ("HEAD", "PROPFIND", "DELETE") for name in ("a", "a/x", "edt.xml")]
        assert [asked.ask(method, name, secret=secret).status for method, name in tried] == [404] * 9
        assert len(listed(asked.ask("PROPFIND", secret=secret))) == 1
    assert folder.ask("GET", "a/x", secret=other.secret).status == 404
    assert folder.ask("GET", "a/x").body == b"1"


def test_a_folder_goes_with_its_access(store: Store, folder: Folder):
    folder.ask("PUT", "x", b"1")
    with store.writing(folder.school.id) as tx:
        tx.accesses.revoke(folder.access.id)
        tx.deposit_folder.trim()
        assert tx.deposit_folder.below(folder.access) == ()
    other = Folder(store, "0990002Y")
    other.ask("PUT", "x", b"1")
    with store.writing(other.school.id) as tx:
        tx.principals.remove(other.head.id)
        assert tx.deposit_folder.below(other.access) == ()


def test_no_property_can_be_set_and_each_says_so(folder: Folder):
    folder.ask("PUT", "x", b"1")
    body = b'<propertyupdate xmlns="DAV:"><set><prop><t xmlns="urn:x">1</t></prop></set></propertyupdate>'
    answer = folder.ask("PROPPATCH", "x", body)
    assert (answer.status, answer.body.count(b"403 Forbidden")) == (207, 1)
    assert b'<x:t xmlns:x="urn:x"/>' in answer.body
    assert folder.ask("PROPPATCH", "none", body).status == 404
    assert folder.ask("PROPPATCH", "x", b'<propertyupdate xmlns="DAV:"/>').status == 400


@settings(max_examples=200)
@given(st.binary(max_size=400) | st.text("nom;,prénom\t\"'\n=19/é", max_size=200).map(str.encode))
def test_any_bytes_are_meant_as_an_export_or_not(content: bytes):
    assert handed.could_be(content) in {True, False}
    assert handed.could_be(b"<" + content)
