"""Files over real sockets: up, down, and past the virus scanner."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import pytest

from server import config as configuration
from server import routes
from server.scanning import AT_ONCE, Scanner, Verdict
from storage.limits import Limits
from tests.server import protocol
from tests.server.conftest import EVENT, Running, Serve

READ = "import sys; found = sys.stdin.buffer.read(); "
FINDS = READ + "sys.exit(1 if b'EICAR' in found else 0)"
PATH = "/dav/calendars/amelie/agenda/1.ics"
MIB = 1024 * 1024


@pytest.fixture(autouse=True)
def _real_protocols(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "find", routes.find)


@pytest.mark.parametrize(
    ("code", "verdict"),
    [
        (FINDS, Verdict.CLEAN),
        (READ + "sys.exit(1)", Verdict.INFECTED),
        (READ + "sys.exit(2)", Verdict.UNAVAILABLE),
        ("import os; os.kill(os.getpid(), 9)", Verdict.UNAVAILABLE),
        # One that does not read to the end is heard all the same.
        ("import sys; sys.exit(0)", Verdict.CLEAN),
    ],
)
def test_the_exit_status_of_the_program_is_its_verdict(code: str, verdict: Verdict) -> None:
    assert Scanner((sys.executable, "-c", code), 30).verdict(b"x" * MIB) is verdict


def test_a_program_that_is_not_there_or_hangs_says_nothing(tmp_path: Path) -> None:
    assert Scanner((str(tmp_path / "nothing"),), 30).verdict(b"x") is Verdict.UNAVAILABLE
    hanging = Scanner((sys.executable, "-c", "import time; time.sleep(60)"), 0.2)
    assert hanging.verdict(b"x") is Verdict.UNAVAILABLE


def test_a_scanner_that_is_busy_takes_no_more_threads(tmp_path: Path) -> None:
    gate, begun = tmp_path / "gate", tmp_path / "begun"
    begun.mkdir()
    code = (
        f"import os, pathlib, time; (pathlib.Path({str(begun)!r}) / str(os.getpid())).touch()\n"
        f"while not pathlib.Path({str(gate)!r}).exists(): time.sleep(0.02)"
    )
    scanner = Scanner((sys.executable, "-c", code), 60)
    found: list[Verdict] = []
    started = [threading.Thread(target=lambda: found.append(scanner.verdict(b"x"))) for _ in range(AT_ONCE)]
    for thread in started:
        thread.start()
    try:
        while len(list(begun.iterdir())) < AT_ONCE:
            threading.Event().wait(0.02)
        assert scanner.verdict(b"x") is Verdict.UNAVAILABLE
    finally:
        gate.touch()
        for thread in started:
            thread.join()
    assert found == [Verdict.CLEAN] * AT_ONCE


def attach(running: Running, content: bytes) -> tuple[int, bytes, str]:
    """Add an attachment to the one event; returns status, body and managed id."""
    response, body = running.ask(
        "POST",
        f"{PATH}?action=attachment-add",
        content,
        Content_Type="application/pdf",
        Content_Disposition='attachment; filename="plan d\'été.pdf"'.encode().decode("latin-1"),
    )
    return response.status, body, response.headers.get("Cal-Managed-ID", "")


def test_a_file_goes_up_and_comes_down_as_it_was(serve: Serve) -> None:
    running = serve()
    running.ask("PUT", PATH, EVENT.format(uid="1").encode(), Content_Type="text/calendar")
    content = bytes(range(256)) * 4096 * 2
    status, _, managed = attach(running, content)
    assert status == 201
    _, text = running.ask("GET", PATH)
    assert f"MANAGED-ID={managed}".encode() in text.replace(b"\r\n ", b"")
    assert f":http://127.0.0.1:{running.port}/dav/attachments/{managed}/".encode() in text.replace(b"\r\n ", b"")
    response, body = running.ask("GET", f"/dav/attachments/{managed}/plan", Accept_Encoding="gzip")
    assert (response.status, body) == (200, content)
    assert response.headers["Content-Type"] == "application/pdf"
    assert response.headers["Content-Disposition"].endswith("filename*=UTF-8''plan%20d%27%C3%A9t%C3%A9.pdf")
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert running.ask("GET", f"/dav/attachments/{managed}/plan", login="paul")[0].status == 404
    assert running.ask("GET", f"/dav/attachments/{managed}/plan", login="")[0].status == 401
    assert running.ask("HEAD", f"/dav/attachments/{managed}")[0].headers["Content-Length"] == str(len(content))


def test_a_request_that_is_too_large_is_not_read_to_its_end(serve: Serve) -> None:
    running = serve()
    running.ask("PUT", PATH, EVENT.format(uid="1").encode(), Content_Type="text/calendar")
    response, _ = running.ask("POST", f"{PATH}?action=attachment-add", b"", Content_Length=str(11 * MIB))
    assert response.status == 413


def test_what_the_scanner_refuses_is_not_kept(serve: Serve) -> None:
    running = serve(attachments={"scan_command": [sys.executable, "-c", FINDS]})
    running.ask("PUT", PATH, EVENT.format(uid="1").encode(), Content_Type="text/calendar")
    _, before = running.ask("GET", PATH)
    status, body, _ = attach(running, b"...EICAR...")
    assert (status, b"clean-attachment" in body) == (403, True)
    assert running.ask("GET", PATH)[1] == before
    # However the query is written.
    response, body = running.ask("POST", f"{PATH}?act%69on=attachment-add", b"...EICAR...")
    assert (response.status, b"clean-attachment" in body) == (403, True)
    assert running.ask("GET", PATH)[1] == before
    assert attach(running, b"harmless")[0] == 201
    # Only files are looked at.
    infected = EVENT.format(uid="1").replace("Test", "EICAR").encode()
    assert running.ask("PUT", PATH, infected, Content_Type="text/calendar")[0].status == 204


def test_a_file_that_cannot_be_looked_at_may_be_sent_again(serve: Serve) -> None:
    running = serve(attachments={"scan_command": [sys.executable, "-c", "import sys; sys.exit(3)"]})
    running.ask("PUT", PATH, EVENT.format(uid="1").encode(), Content_Type="text/calendar")
    response, _ = running.ask("POST", f"{PATH}?action=attachment-add", b"x")
    assert (response.status, response.headers["Retry-After"]) == (503, "60")


def test_no_attachment_is_larger_than_a_request_may_be() -> None:
    config = configuration.load(
        None,
        {"data": Path("."), "server": {"max_body": MIB}, "attachments": {"max_size": 20 * MIB, "per_object": 3}},
        {},
    )
    assert config.limits() == Limits(attachment_size=MIB - 1024, attachments=3)
