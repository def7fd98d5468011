"""Whole processes: starting, several workers, and a clean stop."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.server.conftest import basic

ROOT = Path(__file__).parent.parent.parent
Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start processes that are ended with the test."""
    started: list[subprocess.Popen[str]] = []
    # What a shell runs in the background ignores SIGINT, and so would all that it starts.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)

    def run(*command: str, **environment: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=ROOT,
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield run
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()
    signal.signal(signal.SIGINT, before)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answered(port: int, path: str = "/health/ready") -> dict[str, Any]:
    """Return what a starting server says once it answers."""
    for _ in range(600):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", path)
            return dict(json.loads(connection.getresponse().read()))
        except (ConnectionError, OSError):
            threading.Event().wait(0.1)
        finally:
            connection.close()
    pytest.fail("never answered")


def logged(lines: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines.splitlines() if line.startswith("{")]


@pytest.mark.parametrize("signal_number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_answers_the_waiting_request_and_ends_well(start: Start, folder: Path, signal_number: int) -> None:
    process = start("tests.server.process", str(folder))
    assert process.stdout is not None
    port = int(process.stdout.readline().rpartition(":")[2])
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("POST", "/dav/park?60", headers={"Authorization": basic("amelie")})
    idle = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    idle.request("GET", "/health/live")
    idle.getresponse().read()
    time.sleep(0.5)
    process.send_signal(signal_number)
    response = connection.getresponse()
    assert (response.status, response.read(), response.headers["Connection"]) == (200, b"expired", "close")
    _, errors = process.communicate(timeout=10)
    assert process.returncode == 0
    assert {"stopping"} <= {line["event"] for line in logged(errors)}


def test_a_request_that_never_ends_does_not_keep_the_process(start: Start, folder: Path) -> None:
    process = start("tests.server.process", str(folder))
    assert process.stdout is not None
    port = int(process.stdout.readline().rpartition(":")[2])
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("POST", "/dav/stuck", headers={"Authorization": basic("amelie")})
    time.sleep(0.5)
    process.terminate()
    process.communicate(timeout=10)
    assert process.returncode == 0


def test_the_log_tells_requests_without_what_they_carry(start: Start, folder: Path) -> None:
    process = start("tests.server.process", str(folder))
    assert process.stdout is not None
    port = int(process.stdout.readline().rpartition(":")[2])
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    for path in ("/dav/echo?User=amelie", "/dav/boom"):
        connection.request("POST", path, b"the body", {"Authorization": basic("amelie")})
        connection.getresponse().read()
    process.terminate()
    _, errors = process.communicate(timeout=10)
    requests = [line for line in logged(errors) if line["event"] == "request"]
    assert [(line["path"], line["status"]) for line in requests] == [("/dav/echo", 200), ("/dav/boom", 500)]
    assert "the body" not in errors
    assert "User=amelie" not in errors
    assert basic("amelie") not in errors
    failure = next(line for line in logged(errors) if line["event"] == "request failed")
    assert "RuntimeError" in failure["exception"]


def test_cadran_serve_serves(start: Start, folder: Path) -> None:
    port = free_port()
    listen = f"tcp:{port}:interface=127.0.0.1"
    process = start("server.cli", "--data", str(folder), "serve", CADRAN_SERVER__LISTEN=listen)
    assert answered(port) == {"status": "ready"}
    process.terminate()
    process.communicate(timeout=10)
    assert process.returncode == 0


def test_the_demo_serves_and_tells_its_real_port(start: Start, tmp_path: Path) -> None:
    process = start("server.cli", "demo", "--port", "0", "--pupils", "60", "--data", str(tmp_path), LC_ALL="C")
    assert process.stdout is not None
    lines = iter(process.stdout.readline, "")
    assert any("Next export" in line for line in lines)
    info = json.loads((tmp_path / "demo-info.json").read_text("utf-8"))
    port = int(info["web"].rpartition(":")[2].strip("/"))
    teacher = info["accounts"][1]
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    headers = {"Authorization": basic(teacher["login"], teacher["password"]), "Depth": "1"}
    connection.request("PROPFIND", f"/dav/calendars/{teacher['login']}/", headers=headers)
    response = connection.getresponse()
    assert (response.status, b"emploi-du-temps" in response.read()) == (207, True)
    connection.request("OPTIONS", "/microsoft-server-activesync", headers=headers)
    assert "14.1" in str(connection.getresponse().headers["MS-ASProtocolVersions"])
    process.terminate()
    process.communicate(timeout=15)
    assert process.returncode == 0


def test_workers_share_the_socket_are_replaced_and_stop_together(start: Start, folder: Path) -> None:
    port = free_port()
    process = start(
        "server.cli",
        "--data",
        str(folder),
        "serve",
        CADRAN_SERVER__LISTEN=f"tcp:{port}:interface=127.0.0.1",
        CADRAN_SERVER__WORKERS="2",
    )
    assert answered(port) == {"status": "ready"}
    workers = children(process.pid)
    assert len(workers) == 2
    os.kill(workers[0], signal.SIGKILL)
    for _ in range(100):
        if len(set(children(process.pid)) - {workers[0]}) == 2:
            break
        threading.Event().wait(0.1)
    replaced = children(process.pid)
    assert len(set(replaced) - {workers[0]}) == 2
    assert answered(port) == {"status": "ready"}
    process.terminate()
    process.communicate(timeout=20)
    assert process.returncode == 0
    assert not any(Path(f"/proc/{pid}").exists() for pid in replaced)


def test_a_port_in_use_is_a_failure_that_says_so(start: Start, folder: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        listen = f"tcp:{taken.getsockname()[1]}:interface=127.0.0.1"
        process = start("server.cli", "--data", str(folder), "serve", CADRAN_SERVER__LISTEN=listen, LC_ALL="C")
        _, errors = process.communicate(timeout=20)
    assert process.returncode == 1
    assert "cannot listen" in errors
    assert "Traceback" not in errors


def children(pid: int) -> list[int]:
    """Return the living children of a process."""
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in found if "Z" not in Path(f"/proc/{child}/stat").read_text().split()[2]]
