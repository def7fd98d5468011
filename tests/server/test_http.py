"""Requests over real sockets: limits, refusals, compression, redirections."""

from __future__ import annotations

import gzip
import json
import socket

import pytest

from server import discovery
from server.incoming import Incoming
from tests.server.conftest import PASSWORD, Running, Serve, basic

MIB = 1024 * 1024


def exchange(running: Running, request: bytes) -> bytes:
    """Send octets as they are and return all that comes back until the end."""
    with socket.create_connection(("127.0.0.1", running.port), timeout=10) as wire:
        wire.sendall(request)
        received = b""
        while part := wire.recv(65536):
            received += part
        return received


def test_the_protocol_gets_the_request_as_it_was_sent(running: Running) -> None:
    response, body = running.ask("REPORT", "/dav/echo?a=%20b", b"x" * 10, Accept="text/xml")
    assert response.status == 200
    assert json.loads(body) == {
        "method": "REPORT",
        "query": "a=%20b",
        "base": f"http://127.0.0.1:{running.port}",
        "login": "amelie",
        "length": 10,
        "accept": "text/xml",
    }


def test_without_credentials_basic_is_asked_for_with_a_quoted_realm(running: Running) -> None:
    response, _ = running.ask("PROPFIND", "/dav/echo", login="")
    assert response.status == 401
    assert response.headers["WWW-Authenticate"] == 'Basic realm="Cadran", charset="UTF-8"'


@pytest.mark.parametrize("header", ["Bearer x", "Basic", "Basic !!!", "Basic YWJj", "Basic " + "A" * 9000])
def test_credentials_that_are_none_are_asked_for_again(running: Running, header: str) -> None:
    response, _ = running.ask("GET", "/dav/echo", login="", Authorization=header)
    assert response.status == 401


def test_a_large_body_without_credentials_is_asked_for_them_and_not_kept(running: Running) -> None:
    response, _ = running.ask("PUT", "/dav/echo", b"x" * (9 * MIB), login="")
    assert response.status == 401


@pytest.mark.parametrize(("method", "size", "status"), [("PUT", 9 * MIB, 200), ("REPORT", MIB, 200)])
def test_bodies_within_the_limit_are_taken(running: Running, method: str, size: int, status: int) -> None:
    response, body = running.ask(method, "/dav/echo", b"x" * size)
    assert (response.status, json.loads(body)["length"]) == (status, size)


@pytest.mark.parametrize(("method", "size"), [("PUT", 10 * MIB + 1), ("REPORT", MIB + 1)])
def test_a_body_announced_too_large_is_refused_before_it_is_read(running: Running, method: str, size: int) -> None:
    head = (
        f"{method} /dav/echo HTTP/1.1\r\nHost: x\r\nAuthorization: {basic('amelie')}\r\nContent-Length: {size}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", running.port), timeout=10) as wire:
        wire.sendall(head.encode())
        assert wire.recv(100).startswith(b"HTTP/1.1 413 ")


def test_a_chunked_body_is_refused_once_it_is_too_large(running: Running) -> None:
    head = (
        f"REPORT /dav/echo HTTP/1.1\r\nHost: x\r\nAuthorization: {basic('amelie')}\r\n"
        "Transfer-Encoding: chunked\r\n\r\n"
    )
    chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
    with socket.create_connection(("127.0.0.1", running.port), timeout=10) as wire:
        wire.sendall(head.encode() + chunk * 17)
        assert wire.recv(100).startswith(b"HTTP/1.1 413 ")
        wire.sendall(b"0\r\n\r\n")
        while wire.recv(65536):
            pass


def test_a_client_that_expects_to_continue_is_not_told_to_when_its_body_is_too_large(running: Running) -> None:
    head = (
        f"PUT /dav/echo HTTP/1.1\r\nHost: x\r\nAuthorization: {basic('amelie')}\r\nContent-Length: {99 * MIB}\r\n"
        "Expect: 100-continue\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", running.port), timeout=10) as wire:
        wire.sendall(head.encode())
        assert wire.recv(100).startswith(b"HTTP/1.1 413 ")


def test_a_gzipped_request_is_inflated(running: Running) -> None:
    response, body = running.ask("PUT", "/dav/echo", gzip.compress(b"x" * 5000, mtime=0), Content_Encoding="gzip")
    assert (response.status, json.loads(body)["length"]) == (200, 5000)


@pytest.mark.parametrize(
    ("body", "coding", "status"),
    [
        (gzip.compress(b"\0" * 50 * MIB, mtime=0), "gzip", 413),
        (b"not gzip at all", "gzip", 400),
        (gzip.compress(b"x" * 5000, mtime=0)[:-20], "gzip", 400),
        (b"x", "br", 415),
    ],
)
def test_request_codings_that_cannot_be_undone_are_refused(
    running: Running, body: bytes, coding: str, status: int
) -> None:
    response, _ = running.ask("PUT", "/dav/echo", body, Content_Encoding=coding)
    assert response.status == status


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [("gzip, deflate", "gzip"), ("gzip;q=0", None), ("identity", None), ("x-gzip;q=0.5", "gzip")],
)
def test_large_answers_are_gzipped_for_those_who_take_it(running: Running, accepted: str, coding: str | None) -> None:
    response, body = running.ask("GET", "/dav/large", Accept_Encoding=accepted)
    assert (response.headers["Content-Encoding"], response.headers["Vary"]) == (coding, "Accept-Encoding")
    assert (gzip.decompress(body) if coding else body) == b"BEGIN:VCALENDAR\r\n" * 1000
    assert response.headers["ETag"] == 'W/"1"'


def test_a_strong_tag_is_of_the_octets_that_are_sent(running: Running) -> None:
    response, body = running.ask("GET", "/dav/strong", Accept_Encoding="gzip")
    assert (response.headers["ETag"], response.headers["Content-Encoding"]) == ('"1"', None)
    assert body == b"BEGIN:VCALENDAR\r\n" * 1000


def test_head_tells_the_length_and_sends_no_body(running: Running) -> None:
    response, body = running.ask("HEAD", "/dav/large", Accept_Encoding="identity")
    assert (response.status, response.headers["Content-Length"], body) == (200, "17000", b"")


def test_one_connection_serves_several_requests(running: Running) -> None:
    connection = running.connect()
    for _ in range(3):
        connection.request("GET", "/dav/echo", headers={"Authorization": basic("amelie")})
        response = connection.getresponse()
        response.read()
        assert (response.status, response.will_close) == (200, False)
    connection.close()


def test_pipelined_requests_are_answered_in_order(running: Running) -> None:
    request = f"GET /dav/echo?%d HTTP/1.1\r\nHost: x\r\nAuthorization: {basic('amelie')}\r\n\r\n"
    last = request.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n")
    received = exchange(running, (request % 1 + request % 2 + last % 3).encode())
    assert [received.index(b'"query": "%d"' % n) for n in (1, 2, 3)] == sorted(
        received.index(b'"query": "%d"' % n) for n in (1, 2, 3)
    )


def test_an_unforeseen_failure_is_a_500_that_tells_nothing_of_the_inside(
    running: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    response, body = running.ask("GET", "/dav/boom")
    assert (response.status, body) == (500, b"500 Internal Server Error\n")


def test_what_was_written_before_a_refusal_is_undone(running: Running) -> None:
    response, _ = running.ask("POST", "/dav/create?maths", b"wrong")
    assert response.status == 409
    assert running.ask("POST", "/dav/create?maths")[0].status == 201


def test_a_header_cannot_be_split(running: Running) -> None:
    response, _ = running.ask("GET", "/dav/split")
    assert response.headers["X-Injected"] is None


@pytest.mark.parametrize("method", ["GET", "PROPFIND", "OPTIONS", "REPORT"])
def test_discovery_is_redirected_before_a_password_is_asked(running: Running, method: str) -> None:
    response, _ = running.ask(method, "/.well-known/caldav", login="")
    assert (response.status, response.headers["Location"]) == (301, f"http://127.0.0.1:{running.port}/dav/")


@pytest.mark.parametrize("path", ["/", "/dav"])
def test_a_client_that_is_given_the_root_is_sent_to_the_calendars(running: Running, path: str) -> None:
    response, _ = running.ask("PROPFIND", path, login="")
    assert (response.status, response.headers["Location"]) == (301, f"http://127.0.0.1:{running.port}/dav/")


@pytest.mark.parametrize(
    ("accepted", "language", "text"),
    [
        ("", "en", "calendar server of a school"),
        ("fr-FR,fr;q=0.9,en;q=0.5", "fr", "établissement"),
        ("de,en", "en", "a school"),
    ],
)
def test_the_welcome_page_speaks_the_language_of_its_reader(
    running: Running, accepted: str, language: str, text: str
) -> None:
    response, body = running.ask("GET", "/", login="", Accept_Language=accepted)
    assert (response.status, response.headers["Content-Language"]) == (200, language)
    assert text in body.decode()
    assert "href" not in body.decode()


def test_unknown_paths_are_not_found(running: Running) -> None:
    assert running.ask("GET", "/nothing", login="")[0].status == 404


def test_the_server_tells_its_name_and_no_version(running: Running) -> None:
    response, _ = running.ask("GET", "/nothing", login="")
    assert response.headers["Server"] == "Cadran"
    assert response.headers["X-Content-Type-Options"] == "nosniff"


def test_health_is_told_without_credentials(running: Running) -> None:
    assert json.loads(running.ask("GET", "/health/live", login="")[1]) == {"status": "live"}
    response, body = running.ask("GET", "/health/ready", login="")
    assert (response.status, json.loads(body)) == (200, {"status": "ready"})


def test_a_database_without_tables_is_not_ready(running: Running) -> None:
    running.store.close()
    name = running.store.url.removeprefix("sqlite:///")
    with open(name, "wb"):
        pass
    response, body = running.ask("GET", "/health/ready", login="")
    assert response.status == 503
    assert json.loads(body)["status"] == "unavailable"


@pytest.mark.parametrize(
    ("trusted", "headers", "base"),
    [
        ("127.0.0.1", {"X_Forwarded_Proto": "https", "X_Forwarded_Host": "cal.example"}, "https://cal.example"),
        ("10.0.0.0/8", {"X_Forwarded_Proto": "https", "X_Forwarded_Host": "cal.example"}, "http://127.0.0.1:{port}"),
        ("127.0.0.1", {"X_Forwarded_Host": "a/../b<script>"}, "http://127.0.0.1:{port}"),
    ],
)
def test_forwarded_headers_count_from_a_trusted_proxy_only(
    serve: Serve, trusted: str, headers: dict[str, str], base: str
) -> None:
    running = serve(server={"trusted_proxies": trusted})
    _, body = running.ask("GET", "/dav/echo", None, "amelie", PASSWORD, **headers)
    assert json.loads(body)["base"] == base.format(port=running.port)


def test_the_configured_address_is_the_one_told_to_clients(serve: Serve) -> None:
    running = serve(server={"public_url": "https://cal.example/"})
    assert running.ask("GET", "/.well-known/caldav", login="")[0].headers["Location"] == "https://cal.example/dav/"


@pytest.mark.parametrize(
    "request_",
    [
        b"GARBAGE\r\n\r\n",
        b"GET /dav/echo HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
        b"PUT /dav/echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
)
def test_malformed_http_is_a_400_and_the_end_of_the_connection(running: Running, request_: bytes) -> None:
    try:
        received = exchange(running, request_)
    except ConnectionResetError:
        received = b""
    assert received[:12] in {b"HTTP/1.1 400", b""}
    assert running.ask("GET", "/health/live", login="")[0].status == 200


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET /dav/" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", b"414"),
        (b"GET / HTTP/1.1\r\nX: " + b"y" * 20_000 + b"\r\n\r\n", b"431"),
        (b"GET / HTTP/1.1\r\n" + (b"X: " + b"y" * 1000 + b"\r\n") * 40 + b"\r\n", b"431"),
        (b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 200 + b"\r\n", b"431"),
    ],
    ids=["address", "header", "headers", "many headers"],
)
def test_what_is_too_long_before_the_body_is_told_so(running: Running, request_: bytes, status: bytes) -> None:
    try:
        received = exchange(running, request_)
    except ConnectionResetError:
        # The rest of what was sent was on its way when the connection closed.
        received = b"HTTP/1.1 " + status
    assert received.startswith(b"HTTP/1.1 " + status)
    assert received.count(b"HTTP/1.1 ") == 1
    assert running.ask("GET", "/health/live", login="")[0].status == 200


def test_http_1_0_is_answered_and_its_connection_closed(running: Running) -> None:
    received = exchange(running, b"GET /health/live HTTP/1.0\r\n\r\n")
    assert received.startswith(b"HTTP/1.1 200 ")
    assert b"\r\nConnection: close\r\n" in received


def test_the_absolute_form_of_an_address_is_understood(running: Running) -> None:
    received = exchange(running, b"GET http://x.example/health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert received.startswith(b"HTTP/1.1 200 ")


def test_a_request_that_never_ends_is_cut(serve: Serve) -> None:
    running = serve(server={"timeout": 1})
    with socket.create_connection(("127.0.0.1", running.port), timeout=10) as wire:
        wire.sendall(b"GET / HTTP/1.1\r\nHost:")
        running.until_connected()
        running.on_reactor(running.age)
        running.on_reactor(running.factory.sweep)
        assert wire.recv(100) == b""


def test_a_connection_on_which_nothing_comes_is_closed(serve: Serve) -> None:
    running = serve(server={"timeout": 1})
    with socket.create_connection(("127.0.0.1", running.port), timeout=10) as wire:
        wire.sendall(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
        assert wire.recv(1000).startswith(b"HTTP/1.1 200 ")
        running.on_reactor(running.factory.sweep)
        wire.sendall(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
        assert wire.recv(1000).startswith(b"HTTP/1.1 200 ")
        running.on_reactor(running.idle)
        running.on_reactor(running.factory.sweep)
        assert wire.recv(1000) == b""


def test_discovery_asks_for_no_password_and_tells_every_address_the_same(running: Running) -> None:
    for path in ("/autodiscover/autodiscover.json?Email=x%40y.example&Protocol=ActiveSync",):
        response, body = running.ask("GET", path, login="")
        url = f"http://127.0.0.1:{running.port}/Microsoft-Server-ActiveSync"
        assert (response.status, json.loads(body)) == (200, {"Protocol": "ActiveSync", "Url": url})
    path = "/AutoDiscover/AutoDiscover.json/v1.0/x@y.example"
    assert running.ask("GET", path + "?Protocol=Nonsense", login="")[0].status == 400
    assert running.ask("GET", path + "?" + "&".join(["a=b"] * 99), login="")[0].status == 400
    assert running.ask("POST", path, b"", login="")[0].status == 405


def test_another_name_of_the_server_leads_to_its_public_address() -> None:
    public, xml = "https://cal.example", "/Autodiscover/Autodiscover.xml"

    def asked(method: str, path: str, host: str) -> Incoming:
        return Incoming(method, path, "", {"host": host}, b"", public, "127.0.0.1")

    found = discovery.elsewhere(asked("GET", xml, "autodiscover.example"), public)
    assert found is not None
    assert (found.status, dict(found.headers)["Location"]) == (302, public + "/autodiscover/autodiscover.xml")
    assert discovery.elsewhere(asked("GET", xml, "CAL.example"), public) is None
    assert discovery.elsewhere(asked("POST", xml, "autodiscover.example"), public) is None
    assert discovery.elsewhere(asked("GET", "/dav/", "autodiscover.example"), public) is None
    assert discovery.elsewhere(asked("GET", xml, "autodiscover.example"), "") is None
