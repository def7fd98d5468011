"""Deposits over a socket: the path is the credential, and each school, role and state of an access has its answer."""

from __future__ import annotations

import gzip
import http.client
import socket
from dataclasses import replace

import pytest

from server import passwords, routes
from server.deposits import shown
from storage.accesses import NewAccess
from tests.server import protocol
from tests.server.conftest import Running, basic


@pytest.fixture
def folder_url(store):
    """Paths of accesses: two of one school (one with a password, one revoked beside them) and one of another."""
    made: dict[str, str] = {}
    last = ""
    other = store.directory.create_school("0750002B", "Lycée", "Europe/Paris")
    here = store.directory.school("0750001A")
    password = passwords.hash("paste this")
    with store.writing(here.id) as tx:
        holder = tx.principals.by_login("admin").id
        for name, field in (("plain", ""), ("locked", password), ("revoked", "")):
            access, secret = tx.accesses.add(NewAccess(holder, name, field))
            made[name] = f"/webdav/{here.code}/{secret}/"
            last = access.id
        tx.accesses.revoke(last)
    made["crossed"] = made["plain"].replace(here.code, other.code)
    made["guessed"] = f"/webdav/{here.code}/{'0' * 40}/"
    made["no-school"] = f"/webdav/9999999Z/{'0' * 40}/"
    made["short"] = "/webdav/"
    return made


@pytest.fixture
def deposits(serve, monkeypatch) -> Running:
    """A server that answers deposits beside the protocol of these tests."""
    before = protocol.find
    monkeypatch.setattr(protocol, "find", lambda path: before(path) or routes.find(path))
    running: Running = serve()
    return running


def runs(running: Running) -> list[str]:
    found = []
    for school in running.store.directory.schools():
        with running.store.reading(school.id) as tx:
            found += [run.status for run in tx.imports.history()]
    return found


@pytest.mark.parametrize("login", ["", "admin", "amelie", "paul"])
@pytest.mark.parametrize(
    ("which", "status"),
    [("plain", 201), ("revoked", 404), ("crossed", 404), ("guessed", 404), ("no-school", 404), ("short", 404)],
)
def test_the_path_alone_decides_whoever_asks(deposits: Running, folder_url, which, status, login):
    response, _ = deposits.ask("PUT", folder_url[which], b"<a/>", login=login)
    assert response.status == status
    assert runs(deposits) == (["queued"] if status == 201 else [])


@pytest.mark.parametrize("login", ["", "admin", "amelie", "paul"])
@pytest.mark.parametrize(
    ("which", "statuses"),
    [("plain", [201, 201, 200, 204, 204]), *((which, [404] * 5) for which in ("revoked", "crossed", "guessed"))],
)
def test_folders_and_files_to_try_with_are_whose_the_path_is(deposits: Running, folder_url, which, statuses, login):
    asked = [("MKCOL", "a/"), ("PUT", "a/x"), ("GET", "a/x"), ("DELETE", "a/x"), ("DELETE", "a/")]
    found = [
        deposits.ask(method, folder_url[which] + name, b"1" if method == "PUT" else b"", login=login)[0].status
        for method, name in asked
    ]
    # Whoever guesses has to wait longer and longer: 429.
    assert found[0] == statuses[0]
    assert all(status in {wanted, 429} for status, wanted in zip(found, statuses, strict=True))
    assert runs(deposits) == []


def test_every_unknown_path_gets_the_same_answer(deposits: Running, folder_url):
    answers = []
    for which in ("revoked", "crossed", "guessed", "no-school", "short"):
        response, body = deposits.ask("PROPFIND", folder_url[which], login="")
        told = {name: value for name, value in response.getheaders() if name != "Date"}
        answers.append((response.status, body, told))
    assert answers == answers[:1] * 5


def test_a_password_is_asked_for_only_where_there_is_one(deposits: Running, folder_url):
    response, _ = deposits.ask("PUT", folder_url["locked"], b"<a/>", login="")
    assert (response.status, response.getheader("WWW-Authenticate", "")[:5]) == (401, "Basic")
    response, _ = deposits.ask("PUT", folder_url["locked"], b"<a/>", login="x", password="wrong")
    assert response.status == 401
    assert runs(deposits) == []
    response, _ = deposits.ask("PUT", folder_url["locked"], b"<a/>", login="anybody", password="paste this")
    assert response.status == 201


def test_whoever_guesses_paths_has_to_wait_and_who_repeats_one_does_not(deposits: Running, folder_url):
    for _ in range(8):
        assert deposits.ask("PUT", folder_url["revoked"], b"<a/>", login="")[0].status == 404
    seen = [deposits.ask("GET", f"/webdav/0750001A/{number:040x}/", login="")[0].status for number in range(8)]
    assert seen[0] == 404
    assert seen[-1] == 429


@pytest.mark.parametrize("kind", ["application/xml", "text/plain", "application/octet-stream", ""])
@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("zipped", [False, True])
def test_a_file_comes_whole_however_it_is_sent(deposits: Running, folder_url, kind, chunked, zipped):
    text = b"<timetable>" + b"0123456789" * 20_000
    body = gzip.compress(text) if zipped else text
    headers = {"Content-Type": kind} | ({"Content-Encoding": "gzip"} if zipped else {})
    connection = deposits.connect()
    sent = iter((body[:100], body[100:])) if chunked else body
    connection.request("PUT", folder_url["plain"] + "a.xml", sent, headers, encode_chunked=chunked)
    assert connection.getresponse().status == 201
    connection.close()
    school = deposits.store.directory.school("0750001A")
    with deposits.store.reading(school.id) as tx:
        assert tx.import_files.content(tx.imports.waiting()[0].file_id or "") == text


def test_a_client_that_waits_for_100_continue_gets_it(deposits: Running, folder_url):
    with socket.create_connection(("127.0.0.1", deposits.port), 10) as connection:
        head = f"PUT {folder_url['plain']} HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n"
        connection.sendall(head.encode())
        assert connection.recv(100).startswith(b"HTTP/1.1 100 ")
        connection.sendall(b"<a/>")
        assert connection.recv(100).startswith(b"HTTP/1.1 201 ")


@pytest.mark.parametrize(
    ("body", "coding", "status"),
    [(b"no gzip", "gzip", 400), (gzip.compress(b"<a/>")[:-4], "gzip", 400), (b"<a/>", "br", 415)],
)
def test_a_body_that_cannot_be_unpacked_is_refused_in_http(deposits: Running, folder_url, body, coding, status):
    response, _ = deposits.ask("PUT", folder_url["plain"], body, login="", Content_Encoding=coding)
    assert response.status == status
    assert runs(deposits) == []


def test_a_bomb_stops_at_the_limit(deposits: Running, folder_url, monkeypatch):
    small = replace(routes.DEPOSIT, most=10_000)
    monkeypatch.setattr(routes, "DEPOSIT", small)
    bomb = gzip.compress(b"0" * 10_001)
    assert deposits.ask("PUT", folder_url["plain"], bomb, login="", Content_Encoding="gzip")[0].status == 413
    fits = gzip.compress(b"0" * 10_000)
    assert deposits.ask("PUT", folder_url["plain"], fits, login="", Content_Encoding="gzip")[0].status == 201


def test_too_large_a_file_is_refused_before_it_is_read(deposits: Running, folder_url):
    connection = http.client.HTTPConnection("127.0.0.1", deposits.port, timeout=10)
    connection.putrequest("PUT", folder_url["plain"])
    connection.putheader("Content-Length", str(10**10))
    connection.endheaders()
    assert connection.getresponse().status == 413
    connection.close()


def test_a_stranger_may_not_send_a_large_body(deposits: Running, folder_url):
    deposits.server.known_secret = lambda path: path == folder_url["plain"]
    large = b"<a>" + b" " * 2**21
    assert deposits.ask("PUT", folder_url["guessed"], large, login="")[0].status == 413
    assert deposits.ask("PUT", folder_url["plain"], large, login="")[0].status == 201


def test_the_secret_of_a_path_is_not_logged(deposits: Running, folder_url):
    assert shown(folder_url["plain"]) == "/webdav/0750001A/…/"
    assert shown("/WebDAV/0750001A/secret") == "/WebDAV/0750001A/…"
    assert shown("/dav/calendars/paul/") == "/dav/calendars/paul/"


def test_the_server_is_told_of_a_deposit_at_once(deposits: Running, folder_url):
    told = []
    deposits.server.deposited = lambda: told.append(1)
    deposits.ask("GET", folder_url["plain"], login="")
    deposits.ask("PUT", folder_url["guessed"], b"<a/>", login="")
    deposits.on_reactor(lambda: None)
    assert told == []
    deposits.ask("PUT", folder_url["plain"], b"<a/>", login="")
    # The answer leaves first: the reactor has to end what it is at.
    deposits.on_reactor(lambda: None)
    assert told == [1]


def test_credentials_of_people_open_no_deposit(deposits: Running, folder_url):
    response, _ = deposits.ask("PUT", "/webdav/0750001A/admin/", b"<a/>", login="admin", authorization=basic("admin"))
    assert response.status == 404
