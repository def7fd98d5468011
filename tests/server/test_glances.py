"""Light requests are answered in the reactor's own thread, and every other one in a thread of the pool."""

from __future__ import annotations

import io
import json
from collections.abc import Callable

import pytest

from protocols.caldav.app import light
from server.access_log import AccessLog
from server.service import GLANCE_OCTETS
from tests.server import protocol
from tests.server.conftest import Running

EVENT = "/dav/calendars/ana/agenda/1.ics"
# The thread in which the tests run the reactor.
REACTOR = "Thread"


def thread_of(running: Running, name: str) -> str:
    """Return the thread that answered, told by the answer."""
    response, content = running.ask("POST", f"/dav/{name}")
    assert response.status == 200
    return content.decode().strip().partition("-")[0]


def test_a_known_person_s_light_request_needs_no_other_thread(running: Running):
    first, second = thread_of(running, "light"), thread_of(running, "light")
    assert first == "logins"
    assert second == (REACTOR if running.store.near else "requests")
    assert thread_of(running, "thread") == "requests"


def test_a_light_request_that_writes_after_all_is_written_once_in_a_thread(running: Running):
    running.ask("GET", "/dav/echo")
    assert thread_of(running, "light-writing") == "requests"
    response, _ = running.ask("POST", "/dav/create?light")
    assert response.status == 500, "the calendar is there already"


def test_a_light_request_whose_answer_is_large_leaves_the_reactor_to_the_others(running: Running):
    running.ask("GET", "/dav/echo")
    assert thread_of(running, f"light?{GLANCE_OCTETS}") == "requests"


def test_a_light_request_that_fails_is_told_once_by_a_thread(running: Running):
    running.ask("GET", "/dav/echo")
    response, content = running.ask("POST", "/dav/light-boom")
    assert response.status == 500
    assert b"secret" not in content
    assert protocol.handled["light-boom"] == (2 if running.store.near else 1)
    assert thread_of(running, "light") == (REACTOR if running.store.near else "requests")


def test_a_light_request_may_wait(running: Running):
    running.ask("GET", "/dav/echo")
    response, content = running.ask("POST", "/dav/light-park?0.05")
    assert (response.status, content) == (200, b"expired")


def test_a_changed_password_is_asked_again_at_a_glance(running: Running):
    assert running.ask("GET", "/dav/light")[0].status == 200
    account = running.store.directory.account("amelie")
    assert account is not None
    with running.store.writing(account.principal.school_id) as tx:
        tx.principals.set_password(account.principal.id, "another")
    assert running.ask("GET", "/dav/light")[0].status == 401


@pytest.mark.parametrize(
    ("method", "path", "headers", "octets", "expected"),
    [
        ("PROPFIND", "/dav/calendars/ana/agenda/", {"depth": "0"}, 200, True),
        ("PROPFIND", "/dav/calendars/ana/", {"depth": "0"}, 200, True),
        ("PROPFIND", "/dav/calendars/ana/agenda/", {"depth": "1"}, 200, False),
        ("PROPFIND", "/dav/calendars/ana/agenda/", {}, 200, False),
        ("PROPFIND", "/dav/calendars/ana/agenda/", {"depth": "0", "content-encoding": "gzip"}, 200, False),
        ("PROPFIND", "/dav/calendars/ana/agenda/", {"depth": "0"}, 1 << 20, False),
        ("PROPFIND", "/dav/groups/all/", {"depth": "0"}, 200, False),
        ("REPORT", "/dav/calendars/ana/agenda/", {"depth": "0"}, 200, False),
        ("GET", EVENT, {}, 0, True),
        ("HEAD", EVENT, {}, 0, True),
        ("GET", EVENT, {"accept": "application/calendar+json"}, 0, False),
        ("PUT", EVENT, {}, 900, False),
        ("DELETE", EVENT, {}, 0, False),
        ("GET", "/dav/calendars/ana/agenda/", {}, 0, False),
        ("GET", "/dav/calendars/ana/agenda", {}, 0, False),
        ("GET", "/dav/attachments/1/plan.pdf", {}, 0, False),
    ],
)
def test_light_is_what_reads_a_few_rows(method: str, path: str, headers: dict[str, str], octets: int, expected: bool):
    assert light(method, path, headers, octets) is expected


def told(path: str, *, as_json: bool) -> str:
    """Return the line of one request."""
    stream = io.StringIO()
    turns: list[Callable[[], object]] = []
    log = AccessLog(stream, turns.append, as_json=as_json, clock=lambda: 1_790_000_000.25)
    log.tell("GET", path, 207, 12, 0.4, "127.0.0.1")
    assert not stream.getvalue()
    turns.pop()()
    assert stream.getvalue().count("\n") == 1
    return stream.getvalue()


def test_a_line_of_the_access_log_tells_one_request():
    line = told("/dav/a", as_json=False)
    assert line == "2026-09-21T14:13:20.250000Z [info     ] request 207 GET /dav/a octets=12 ms=0.4 address=127.0.0.1\n"
    values = json.loads(told("/dav/a", as_json=True))
    assert (values["event"], values["path"], values["status"], values["ms"]) == ("request", "/dav/a", 207, 0.4)


def test_the_lines_of_one_turn_are_written_together_and_in_order():
    stream, turns = io.StringIO(), list[Callable[[], object]]()
    log = AccessLog(stream, turns.append, as_json=True)
    for path in ("/a", "/b", "/c"):
        log.tell("GET", path, 200, 0, 0.1, "")
    assert len(turns) == 1
    turns.pop()()
    log.tell("GET", "/d", 200, 0, 0.1, "")
    turns.pop()()
    assert [json.loads(line)["path"] for line in stream.getvalue().splitlines()] == ["/a", "/b", "/c", "/d"]


@pytest.mark.parametrize("path", ["/dav/\x1b[31m", "/dav/\x85"])
def test_a_path_cannot_write_on_the_terminal_of_whoever_reads_the_log(path: str):
    assert path not in told(path, as_json=False)
    assert told(path, as_json=False).isascii()
