"""The deposit folder: whatever a WebDAV client tries around a PUT is answered so that it goes on."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from protocols.deposit import app, paths
from protocols.deposit.paths import BadPath
from protocols.wire import Request
from storage.errors import WritingRequired
from storage.store import Store
from tests.protocols.deposit.folders import HANDLE, NS, Folder, listed


@pytest.fixture
def dialect() -> str:
    """The storage tests run on both databases."""
    return "sqlite"


@pytest.fixture
def folder(store: Store) -> Folder:
    return Folder(store, "0990001X")


@pytest.mark.req("R225", "R228")
def test_a_file_is_taken_on_the_folder_itself_and_on_a_child(folder: Folder):
    assert folder.ask("PUT", "", b"<a/>").status == 201
    assert folder.ask("PUT", "", b"<b/>").status == 204
    assert folder.ask("PUT", "Edt%20To%20X.xml", b"<c/>").status == 201
    assert folder.runs() == [("Edt To X.xml", "queued"), ("export.xml", "superseded"), ("export.xml", "superseded")]


def test_names_sizes_and_dates_come_back_and_no_content(folder: Folder):
    folder.ask("PUT", "a.xml", b"<secret/>")
    answer = folder.ask("PROPFIND", depth="1")
    home = f"/webdav/0990001X/{folder.secret}/"
    assert answer.status == 207
    assert listed(answer) == {home: "", f"{home}a.xml": "9"}
    assert listed(folder.ask("PROPFIND", depth="0")) == {home: ""}
    assert listed(folder.ask("PROPFIND", "a.xml", depth="0")) == {f"{home}a.xml": "9"}
    head = folder.ask("HEAD", "a.xml")
    assert (head.status, dict(head.headers)["Content-Length"], head.body) == (200, "9", b"")
    got = folder.ask("GET", "a.xml")
    assert (got.status, b"secret" in got.body) == (403, False)
    assert [folder.ask(method, "none.xml").status for method in ("GET", "HEAD", "PROPFIND")] == [404, 404, 404]


def test_only_the_properties_asked_for_are_told(folder: Folder):
    body = b'<propfind xmlns="DAV:"><prop><resourcetype/><quota xmlns="urn:x"/></prop></propfind>'
    answer = folder.ask("PROPFIND", "", body, depth="0")
    root = etree.fromstring(answer.body)
    statuses = [each.findtext("D:status", "", NS) for each in root.iterfind(".//D:propstat", NS)]
    assert statuses == ["HTTP/1.1 200 OK", "HTTP/1.1 404 Not Found"]
    assert root.find(".//D:collection", NS) is not None
    assert root.find(".//{urn:x}quota") is not None
    names = folder.ask("PROPFIND", "", b'<propfind xmlns="DAV:"><propname/></propfind>', depth="0")
    assert b"<D:resourcetype/>" in names.body


@pytest.mark.parametrize(
    ("method", "name", "body", "status"),
    [
        ("MKCOL", "", b"", 405),
        ("MKCOL", "folder", b"<mkcol/>", 415),
        ("MKCOL", "none/folder", b"", 409),
        ("DELETE", "", b"", 403),
        ("DELETE", "a.xml", b"", 404),
        ("MOVE", "a.xml", b"", 405),
        ("COPY", "a.xml", b"", 405),
        ("PROPPATCH", "a.xml", b"", 400),
        ("BREW", "", b"", 405),
        ("PUT", "a/b.xml", b"<a/>", 409),
        ("PUT", "a%00b", b"<a/>", 404),
        ("PUT", "%2e%2e", b"<a/>", 404),
        ("PUT", "a%2Fb", b"<a/>", 404),
        ("PUT", "%ff", b"<a/>", 404),
        ("PUT", "a" * 300, b"<a/>", 404),
        ("GET", "", b"", 200),
        ("HEAD", "", b"", 200),
        ("PROPFIND", "", b"<broken", 400),
        ("PROPFIND", "", b'<propfind xmlns="DAV:"/>', 400),
        ("PROPFIND", "", b'<!DOCTYPE p [<!ENTITY x "y">]><propfind xmlns="DAV:"><allprop/></propfind>', 400),
        ("PROPFIND", "", b'<other xmlns="DAV:"/>', 400),
        ("LOCK", "", b"", 400),
        ("LOCK", "", b"<lockinfo/>", 400),
        ("UNLOCK", "", b"", 400),
    ],
)
def test_every_method_has_its_answer_and_nothing_is_queued_by_a_refused_one(folder, method, name, body, status):
    answer = folder.ask(method, name, body)
    assert answer.status == status
    if status == 405:
        assert "COPY" not in dict(answer.headers)["Allow"]
    assert folder.runs() == []


def test_options_announces_locks(folder: Folder):
    headers = dict(folder.ask("OPTIONS").headers)
    assert headers["DAV"] == "1, 2"
    assert {"PUT", "LOCK", "PROPFIND"} <= set(headers["Allow"].split(", "))


@pytest.mark.parametrize("scope", ["exclusive", "shared"])
def test_a_lock_is_given_refreshed_and_taken_back_and_keeps_nobody_out(folder: Folder, scope):
    info = f'<lockinfo xmlns="DAV:"><lockscope><{scope}/></lockscope><locktype><write/></locktype></lockinfo>'
    answer = folder.ask("LOCK", "a.xml", info.encode())
    token = dict(answer.headers)["Lock-Token"]
    assert (answer.status, folder.ask("GET", "a.xml").body) == (201, b"")
    root = etree.fromstring(answer.body)
    assert f"<{root.findtext('.//D:locktoken/D:href', '', NS)}>" == token
    assert root.find(f".//D:lockscope/D:{scope}", NS) is not None
    refreshed = folder.ask("LOCK", "a.xml", b"", "", **{"if": f"({token})"})
    assert dict(refreshed.headers)["Lock-Token"] == token
    assert folder.runs() == []
    assert folder.ask("PUT", "a.xml", b"<a/>", "", **{"if": f"({token})"}).status == 204
    assert folder.runs() == [("a.xml", "queued")]
    assert folder.ask("LOCK", "a.xml", info.encode()).status == 200
    assert folder.ask("LOCK", "none/a.xml", info.encode()).status == 409
    assert folder.ask("UNLOCK", "a.xml", lock_token=token).status == 204


def test_an_empty_file_and_the_second_one_of_pronote_are_taken_calmly(folder: Folder):
    assert folder.ask("PUT", "EDT_0990001X.xml", b"<a/>").status == 201
    assert folder.ask("PUT", "EDT_PRONOTE_0990001X.xml", b"<b/>").status == 201
    assert folder.ask("PUT", "new.xml", b"").status == 201
    assert [status for _, status in folder.runs()] == ["discarded", "discarded", "queued"]


def test_another_schools_path_does_nothing_here(store: Store, folder: Folder):
    other = Folder(store, "0990002Y")
    assert folder.ask("PUT", "a.xml", b"<a/>", secret=other.secret).status == 404
    assert folder.runs() == other.runs() == []


def test_a_revoked_path_does_nothing(store: Store, folder: Folder):
    with store.writing(folder.school.id) as tx:
        tx.accesses.revoke(folder.access.id)
    assert {folder.ask(method).status for method in (*app.METHODS, "PUT")} == {404}


def test_a_put_meets_a_reading_transaction_without_effect(store: Store, folder: Folder):
    request = Request("PUT", f"/webdav/0990001X/{folder.secret}/", "", {}, b"<a/>", folder.head, "")
    with store.reading(folder.school.id) as tx, pytest.raises(WritingRequired):
        HANDLE(request, tx)


@given(st.text(alphabet=st.characters(max_codepoint=255), max_size=80))
def test_any_path_is_a_place_or_no_path(text: str):
    try:
        target = paths.parse("/webdav/" + text)
    except BadPath:
        return
    assert "/" not in target.name + target.school + target.secret
    again = target.href(target.path, folder=False)
    assert not target.school or not target.secret or len(again) > paths.LONGEST or paths.parse(again) == target
