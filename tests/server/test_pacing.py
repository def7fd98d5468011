"""Devices in a tight loop are told to come back later; all others are not noticed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from server import routes
from server.pacing import KEPT, Pace
from tests.server import protocol
from tests.server.conftest import Serve

PHONE = ("paul", "DROID1")


def test_a_burst_is_welcome_then_the_rate_counts() -> None:
    pace = Pace(rate=2.0, burst=10)
    assert [pace.pause(PHONE, 100.0) for _ in range(10)] == [0] * 10
    assert pace.pause(PHONE, 100.0) == 1
    assert pace.pause(PHONE, 100.1) == 1
    assert pace.pause(PHONE, 100.6) == 0
    assert pace.pause(PHONE, 100.6) > 0


def test_each_device_of_each_person_has_its_own_count() -> None:
    pace = Pace(rate=1.0, burst=1)
    assert pace.pause(PHONE, 0.0) == 0
    assert pace.pause(("paul", "TABLET"), 0.0) == 0
    assert pace.pause(("lea", "DROID1"), 0.0) == 0
    assert pace.pause(PHONE, 0.0) == 1


def test_refusals_do_not_make_the_wait_longer_and_a_rest_makes_up_for_all() -> None:
    pace = Pace(rate=1.0, burst=100)
    waits = [pace.pause(PHONE, 0.0) for _ in range(300)]
    assert set(waits[:100]) == {0}
    assert set(waits[100:]) == {10}
    assert [pace.pause(PHONE, 1000.0) for _ in range(100)] == [0] * 100


def test_a_rate_of_nothing_allows_everything() -> None:
    pace = Pace(rate=0.0, burst=1)
    assert {pace.pause(PHONE, 0.0) for _ in range(100)} == {0}


def test_the_count_of_many_devices_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    assert KEPT >= 10_000
    monkeypatch.setattr("server.pacing.KEPT", 3)
    pace = Pace(rate=1.0, burst=1)
    for number in range(10):
        pace.pause(("paul", str(number)), 0.0)
    assert len(pace._left) == 3


def test_over_the_wire_it_is_503_with_a_time_to_come_back(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    named = replace(protocol.ROUTE, device=lambda _query, headers: headers.get("x-device", ""))
    monkeypatch.setattr(protocol, "ROUTE", named)
    running = serve(server={"device_rate": 0.01, "device_burst": 10})
    running.ask("GET", "/dav/echo")  # verifies the password; guesses are slowed down elsewhere
    answers = [running.ask("GET", "/dav/echo", X_Device="DROID1")[0] for _ in range(12)]
    assert [each.status for each in answers] == [200] * 10 + [503] * 2
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert running.ask("GET", "/dav/echo", X_Device="OTHER")[0].status == 200
    assert running.ask("GET", "/dav/echo")[0].status == 200


@pytest.mark.parametrize(
    ("path", "query", "version", "device"),
    [
        ("/Microsoft-Server-ActiveSync", "Cmd=Sync&DeviceId=DROID1&DeviceType=Android", "14.1", "DROID1"),
        ("/Microsoft-Server-ActiveSync", "jAAJBAp2MTQwRGV2aWNlAApTbWFydFBob25l", "", "v140Device"),
        ("/Microsoft-Server-ActiveSync", "Cmd=Sync&DeviceType=Android", "14.1", ""),
        ("/Microsoft-Server-ActiveSync", "%", "", ""),
    ],
)
def test_a_phone_is_known_by_either_form_of_its_query(path: str, query: str, version: str, device: str) -> None:
    route = routes.find(path)
    assert route is not None
    assert route.device is not None
    assert route.device(query, {"ms-asprotocolversion": version}) == device


def test_other_protocols_are_not_paced() -> None:
    route = routes.find("/dav/")
    assert route is not None
    assert route.device is None
