"""Requests that wait, over real sockets and a real database."""

from __future__ import annotations

import http.client
from concurrent.futures import ThreadPoolExecutor

from tests.server import protocol
from tests.server.conftest import Running, basic


def start(running: Running, path: str, device: str = "phone") -> http.client.HTTPConnection:
    """Send a request that will wait."""
    connection = running.connect()
    connection.request("POST", path, headers={"Authorization": basic("amelie"), "X-Device": device})
    return connection


def test_a_change_wakes_the_request_that_waits_for_it(running: Running) -> None:
    connection = start(running, "/dav/park")
    running.until(1)
    running.change()
    assert connection.getresponse().read() == b"woken"
    running.until(0)


def test_a_change_for_somebody_else_wakes_nobody(running: Running) -> None:
    connection = start(running, "/dav/park?2")
    running.until(1)
    running.change("paul")
    assert connection.getresponse().read() == b"expired"


def test_a_request_without_answer_of_its_own_is_handled_again(running: Running) -> None:
    connection = start(running, "/dav/again")
    running.until(1)
    running.change()
    assert connection.getresponse().read() == b"handled again"
    assert protocol.handled["again"] == 2


def test_a_request_handled_again_after_its_password_changed_is_refused(running: Running) -> None:
    connection = start(running, "/dav/again")
    running.until(1)
    account = running.store.directory.account("amelie")
    assert account is not None
    with running.store.writing(account.principal.school_id) as tx:
        tx.principals.set_password(account.principal.id, "")
    running.change()
    assert connection.getresponse().status == 401


def test_a_newer_request_of_the_device_ends_the_older_one(running: Running) -> None:
    older = start(running, "/dav/park")
    running.until(1)
    newer = start(running, "/dav/park")
    assert older.getresponse().read() == b"expired"
    running.change()
    assert newer.getresponse().read() == b"woken"


def test_a_client_that_goes_away_waits_no_more(running: Running) -> None:
    connection = start(running, "/dav/park")
    running.until(1)
    connection.close()
    running.until(0)


def test_waiting_requests_hold_no_thread(running: Running) -> None:
    waiting = [start(running, "/dav/park", f"phone{number}") for number in range(40)]
    running.until(40)
    assert running.ask("GET", "/dav/echo")[0].status == 200
    running.change()
    with ThreadPoolExecutor(8) as pool:
        bodies = set(pool.map(lambda connection: connection.getresponse().read(), waiting))
    assert bodies == {b"woken"}


def test_stopping_answers_who_waits_and_then_closes(running: Running) -> None:
    connection = start(running, "/dav/park")
    running.until(1)
    running.on_reactor(running.server.rest)
    response = connection.getresponse()
    assert (response.status, response.read()) == (200, b"expired")
