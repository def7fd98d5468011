"""What is read from a request before anybody is known to have sent it."""

from __future__ import annotations

from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server import texts
from server.incoming import Peer, believed, split_target

PROXIES = (ip_network("127.0.0.1/32"), ip_network("10.0.0.0/8"), ip_network("::1/128"))
HERE = "127.0.0.1:8008"


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (b"/dav/", ("/dav/", "")),
        (b"/a?b=c?d", ("/a", "b=c?d")),
        (b"/a%20b", ("/a%20b", "")),
        (b"http://cal.example/dav/?x", ("/dav/", "x")),
        (b"http://cal.example", ("/", "")),
        (b"/a://b", ("/a://b", "")),
        (b"*", ("*", "")),
        ("/zo\u00e9?\u00e9".encode(), ("/zo%C3%A9", "%C3%A9")),
        (b"/a\xff", ("/a%FF", "")),
    ],
)
def test_a_target_is_split_into_path_and_query(target: bytes, expected: tuple[str, str]) -> None:
    assert split_target(target) == expected


@pytest.mark.parametrize(
    ("peer", "chain", "sender"),
    [
        ("203.0.113.9", "", "203.0.113.9"),
        ("203.0.113.9", "198.51.100.1", "203.0.113.9"),
        ("127.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("127.0.0.1", "1.1.1.1, 198.51.100.1, 10.1.2.3", "198.51.100.1"),
        ("127.0.0.1", "10.1.2.3, 10.4.5.6", "10.1.2.3"),
        ("127.0.0.1", "", "127.0.0.1"),
        ("::1", "2001:db8::7", "2001:db8::7"),
        ("", "198.51.100.1", "198.51.100.1"),
        ("127.0.0.1", "nonsense", "nonsense"),
    ],
)
def test_the_sender_is_the_last_address_that_is_no_proxy(peer: str, chain: str, sender: str) -> None:
    headers = {"x-forwarded-for": chain} if chain else {}
    assert believed(Peer(peer, False, HERE), headers, PROXIES, "")[0] == sender


@pytest.mark.parametrize(
    ("host", "base"),
    [
        ("cal.example", "http://cal.example"),
        ("cal.example:8443", "http://cal.example:8443"),
        ("[2001:db8::1]:80", "http://[2001:db8::1]:80"),
        ("", f"http://{HERE}"),
        ("a b", f"http://{HERE}"),
        ("evil/path", f"http://{HERE}"),
        ("user@evil", f"http://{HERE}"),
        ("cal.example\r\nX: y", f"http://{HERE}"),
    ],
)
def test_a_host_that_is_none_is_not_repeated(host: str, base: str) -> None:
    assert believed(Peer("203.0.113.9", False, HERE), {"host": host}, PROXIES, "")[1] == base


@given(st.binary(), st.text(), st.text(), st.text())
def test_nothing_in_a_head_is_fatal(target: bytes, chain: str, host: str, language: str) -> None:
    path, _ = split_target(target)
    assert "?" not in path
    headers = {"x-forwarded-for": chain, "x-forwarded-host": host, "x-forwarded-proto": chain}
    assert believed(Peer("127.0.0.1", False, HERE), headers, PROXIES, "")[1].startswith("http")
    assert texts.preferred(language) in texts.LANGUAGES
