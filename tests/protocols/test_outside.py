"""Which addresses outside may be called."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from threading import Event

import pytest

from protocols.outside import Lookups, Outside, Policy, Unanswered, Unwelcome, destination, is_public

PRIVATE = """
0.0.0.0 10.0.0.1 100.64.0.1 127.0.0.1 127.9.9.9 169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.1 192.0.2.1
192.168.1.1 198.18.0.1 198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255
:: ::1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 64:ff9b::10.0.0.1 64:ff9b::a9fe:a9fe 2002:7f00:1:: 2002:0a00:0001:: fc00::1
fd00:ec2::254 fe80::1 fe80::1%eth0 fec0::1 ff02::1 2001:db8::1 100::1 nothing
""".split()
PUBLIC = "1.1.1.1 8.8.8.8 93.184.216.34 2606:4700:4700::1111 2a00:1450:4007::1 ::ffff:8.8.8.8 64:ff9b::8.8.8.8".split()


@pytest.mark.parametrize("number", PRIVATE)
def test_addresses_of_no_public_machine_are_not_called(number: str) -> None:
    assert not is_public(number)


@pytest.mark.parametrize("number", PUBLIC)
def test_public_addresses_are_called(number: str) -> None:
    assert is_public(number)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://push.example/a",
        "ftp://push.example/a",
        "//push.example/a",
        "push.example",
        "https:///a",
        "https://user:password@push.example/a",
        "https://push.example@10.0.0.1/",
        "https://push.example/a#b",
        "https://push.example:0/",
        "https://push.example:99999/",
        "https://push.example:x/",
        "https://push example/",
        "https://push.example/\r\nHost: other",
        "https://[::1/",
        "https://é.example/",
        "https://push.example/" + "a" * 3000,
    ],
)
def test_only_plain_https_addresses_lead_somewhere(url: str) -> None:
    with pytest.raises(Unwelcome):
        destination(url)


def test_an_address_is_taken_apart() -> None:
    there = destination("https://push.example/a/b?c=d")
    assert (there.host, there.port, there.path, there.origin) == (
        "push.example",
        443,
        "/a/b?c=d",
        "https://push.example",
    )
    assert destination("https://push.example:8443").origin == "https://push.example:8443"
    assert destination("https://[2606:4700:4700::1111]/").origin == "https://[2606:4700:4700::1111]"


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "127.1", "0x7f000001", "2130706433", "[::1]", "[::ffff:127.0.0.1]", "10.1.2.3"]
)
def test_hosts_that_are_this_machine_or_a_neighbour_are_refused(host: str) -> None:
    with pytest.raises(Unwelcome):
        Outside().addresses(destination(f"https://{host}/"))


def test_one_private_address_among_public_ones_is_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = ["93.184.216.34"]

    def resolve(*arguments: object, **named: object) -> list[tuple[object, ...]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (number, 443)) for number in numbers]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    there = destination("https://push.example/")
    assert Outside().addresses(there) == ("93.184.216.34",)
    numbers.append("169.254.169.254")
    with pytest.raises(Unwelcome, match="not public"):
        Outside().addresses(there)


def test_the_operator_may_name_hosts_of_the_own_network() -> None:
    rules = Outside()
    rules.policy = Policy(private_hosts=frozenset({"localhost"}))
    assert rules.addresses(destination("https://localhost:8443/"))
    with pytest.raises(Unwelcome):
        rules.addresses(destination("https://127.0.0.1:8443/"))


@pytest.fixture
def silent(monkeypatch: pytest.MonkeyPatch) -> Iterator[Event]:
    """Let no name server answer until the event is set."""
    spoken = Event()

    def resolve(*arguments: object, **named: object) -> list[tuple[object, ...]]:
        spoken.wait(30)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.216.34", 443))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    yield spoken
    spoken.set()


def test_nobody_waits_for_a_name_server_that_says_nothing(silent: Event) -> None:
    lookups = Lookups(seconds=0.01)
    with pytest.raises(Unanswered, match="in time"):
        lookups.find(destination("https://push.example/"), "one")


def test_few_look_up_at_once_and_one_asker_fewer(silent: Event) -> None:
    lookups, there = Lookups(most=3, of_one=2, seconds=0.01), destination("https://push.example/")
    said = []
    for asker in ("one", "one", "one", "two", "two"):
        with pytest.raises(Unanswered) as caught:
            lookups.find(there, asker)
        said.append("Too many" in caught.value.reason)
    assert said == [False, False, True, False, True]


def test_a_lookup_that_ended_makes_room_for_another(silent: Event) -> None:
    lookups, there = Lookups(most=1, of_one=1, seconds=0.01), destination("https://push.example/")
    with pytest.raises(Unanswered):
        lookups.find(there, "one")
    silent.set()
    for thread in threading.enumerate():
        if thread.name == "lookup":
            thread.join()
    patient = Lookups()
    patient._under_way = lookups._under_way
    assert patient.find(there, "two") == ("93.184.216.34",)
    assert lookups._under_way.total() == 0


def test_who_registers_silent_hosts_does_not_hold_up_what_is_sent(silent: Event) -> None:
    rules, there = Outside(), destination("https://push.example/")
    rules._registering = Lookups(most=1, of_one=1, seconds=0.01)
    with pytest.raises(Unanswered):
        rules.check(there, "one")
    silent.set()
    assert rules.addresses(there) == ("93.184.216.34",)
