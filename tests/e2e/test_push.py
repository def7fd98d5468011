"""A started server tells a client through a push service that a calendar has changed, and forgets one that is gone."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import threading
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from queue import Empty
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest

from server import passwords
from storage.model import Role
from storage.principals import NewPerson
from storage.store import Store
from tests.e2e.running import cadran
from tests.server.conftest import EVENT
from tests.server.push_service import PushService, Subscription, listening
from tests.server.test_serving import answered, free_port

P = "{https://bitfire.at/webdav-push}"
AGENDA = "/dav/calendars/marie/agenda/"
LOGIN = {"Authorization": "Basic " + b64encode(b"marie:correct horse").decode()}


@pytest.fixture
def service(tmp_path: Path) -> Iterator[PushService]:
    """A push service on this machine."""
    with listening(tmp_path) as found:
        yield found


@pytest.fixture
def port(tmp_path: Path, sqlite_template: Path, service: PushService) -> Iterator[int]:
    """A server that trusts the service."""
    data = tmp_path / "data"
    data.mkdir()
    (data / "cadran.sqlite").write_bytes(sqlite_template.read_bytes())
    store = Store(f"sqlite:///{data / 'cadran.sqlite'}")
    school = store.directory.create_school("0751234A", "Collège", "Europe/Paris")
    with store.writing(school.id) as tx:
        tx.principals.create(NewPerson("marie", "D", "M", Role.TEACHER, password_hash=passwords.hash("correct horse")))
    store.close()
    number = free_port()
    environment = {"SSL_CERT_FILE": str(service.certificate), "CADRAN_PUSH__PRIVATE_HOSTS": "localhost"}
    process = subprocess.Popen(
        [sys.executable, "-m", "server.cli", "--data", str(data), "serve", "--port", str(number)],
        env={**os.environ, **environment},
        stderr=subprocess.DEVNULL,
    )
    try:
        answered(number)
        yield number
    finally:
        process.terminate()
        process.wait(20)


def send(port: int, method: str, path: str, body: str = "", **headers: str) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, body.encode(), {**LOGIN, **named})
    answer = connection.getresponse()
    found = answer.status, dict(answer.getheaders()), answer.read()
    connection.close()
    return found


def registering(resource: str, client: Subscription) -> str:
    return (
        '<push-register xmlns="https://bitfire.at/webdav-push" xmlns:D="DAV:"><subscription><web-push-subscription>'
        f"<push-resource>{resource}</push-resource><content-encoding>aes128gcm</content-encoding>"
        f'<subscription-public-key type="p256dh">{client.public_key}</subscription-public-key>'
        f"<auth-secret>{client.secret}</auth-secret></web-push-subscription></subscription><trigger><content-update>"
        "<D:sync-level>1</D:sync-level></content-update></trigger></push-register>"
    )


def test_a_change_reaches_the_client_that_asked_for_it(port: int, service: PushService, tmp_path: Path) -> None:
    client = Subscription()
    kind = "application/xml; charset=utf-8"
    status, headers, _ = send(port, "POST", AGENDA, registering(service.resource(), client), Content_Type=kind)
    assert status == 204
    assert urlsplit(headers["Location"]).path.startswith("/dav/push/")
    assert send(port, "PUT", AGENDA + "a.ics", EVENT.format(uid="a"), Content_Type="text/calendar")[0] == 201
    path, told, body = service.taken.get(timeout=30)
    assert path == "/a"
    assert told["content-encoding"] == "aes128gcm"
    assert told["authorization"].startswith("vapid t=")
    message = ElementTree.fromstring(client.opened(body))
    wish = (
        '<D:propfind xmlns:D="DAV:" xmlns:P="https://bitfire.at/webdav-push"><D:prop><D:sync-token/><P:topic/></D:prop>'
    )
    found = ElementTree.fromstring(send(port, "PROPFIND", AGENDA, wish + "</D:propfind>", Depth="0")[2])
    assert message.findtext(f"{P}content-update/{{DAV:}}sync-token") == found.findtext(".//{DAV:}sync-token")
    assert message.findtext(P + "topic") == found.findtext(f".//{P}topic")
    service.status = 410
    send(port, "PUT", AGENDA + "b.ics", EVENT.format(uid="b"), Content_Type="text/calendar")
    service.taken.get(timeout=30)
    one: dict[str, Any] = {}
    for _ in range(100):
        (one,) = json.loads(cadran("--data", str(tmp_path / "data"), "push", "list", "--json").stdout)
        if one["ended"]:
            break
        threading.Event().wait(0.1)
    assert (one["ended"], one["last_result"], one["login"], one["service"]) == (True, "410 Gone", "marie", "localhost")
    assert send(port, "DELETE", urlsplit(headers["Location"]).path)[0] == 404
    key = cadran("--data", str(tmp_path / "data"), "push", "key").stdout.strip()
    assert told["authorization"].endswith(f"k={key}")
    with pytest.raises(Empty):
        service.taken.get_nowait()


def test_time_zones_are_told_to_anybody(port: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("PROPFIND", "/.well-known/timezone")
    answer = connection.getresponse()
    assert (answer.status, answer.getheader("Location")) == (301, f"http://127.0.0.1:{port}/timezones")
    answer.read()
    connection.request("GET", "/timezones/zones/Europe%2FParis")
    answer = connection.getresponse()
    assert (answer.status, answer.getheader("Content-Type")) == (200, "text/calendar; charset=utf-8")
    assert b"TZID:Europe/Paris" in answer.read()
    connection.request("HEAD", "/timezones/capabilities")
    answer = connection.getresponse()
    assert (answer.status, answer.read()) == (200, b"")
    connection.close()
