"""Secret links over real sockets: no login, gzip, HEAD, and a pause for whoever guesses."""

from __future__ import annotations

import gzip

import pytest

from storage.model import Client, ClientKind
from tests.server.conftest import Running, Serve

WEB = Client(ClientKind.WEB)


def link(running: Running) -> str:
    """Make a link to paul's agenda and return its token."""
    account = running.store.directory.account("paul")
    assert account is not None
    with running.store.writing(account.principal.school_id) as tx:
        agenda = tx.collections.by_slug(account.principal, "agenda", WEB)
        token: str = tx.links.make(account.principal, agenda)
        return token


def test_a_link_is_read_without_a_login(running: Running) -> None:
    address = f"/feeds/{link(running)}.ics"
    for number in range(20):
        running.change("paul", str(number))
    response, body = running.ask("GET", address, login="")
    assert (response.status, body.count(b"BEGIN:VEVENT")) == (200, 20)
    assert response.headers["X-Robots-Tag"].startswith("noindex")
    packed, small = running.ask("GET", address, login="", Accept_Encoding="gzip")
    assert gzip.decompress(small) == body
    assert packed.headers["ETag"] == response.headers["ETag"]
    head, nothing = running.ask("HEAD", address, login="")
    assert (head.status, nothing, head.headers["Content-Length"]) == (200, b"", str(len(body)))
    known, _ = running.ask("GET", address, login="", If_None_Match=str(response.headers["ETag"]))
    assert known.status == 304


def test_a_login_makes_no_difference(running: Running) -> None:
    address = f"/feeds/{link(running)}.ics"
    assert running.ask("GET", address, password="wrong")[0].status == 200
    assert running.ask("GET", "/feeds/1-x.ics")[0].status == 404


def test_who_tries_one_token_after_the_other_has_to_wait(running: Running) -> None:
    address = f"/feeds/{link(running)}.ics"
    for number in range(30):
        assert running.ask("GET", f"/feeds/1-{number:032}.ics", login="")[0].status == 404
    assert running.ask("GET", "/feeds/1-x.ics", login="")[0].status == 429
    assert running.ask("GET", address, login="")[0].status == 429
    assert running.ask("PROPFIND", "/dav/echo")[0].status == 200


def test_a_revoked_link_that_is_asked_again_and_again_is_no_guess(running: Running) -> None:
    for _ in range(40):
        assert running.ask("GET", f"/feeds/1-{'a' * 32}.ics", login="")[0].status == 404


def test_the_secret_is_not_in_the_access_log(serve: Serve, capsys: pytest.CaptureFixture[str]) -> None:
    running = serve(log={"access": True})
    token = link(running)
    running.ask("GET", f"/feeds/{token}.ics", login="")
    running.ask("GET", f"/freebusy/{token}.ifb", login="")
    # The lines of a turn of the reactor are written at the next one.
    for _ in range(2):
        running.on_reactor(lambda: None)
    told = capsys.readouterr().err
    assert "GET /feeds/…" in told
    assert token not in told
