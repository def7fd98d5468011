"""Which addresses outside this server may be called: those of the public Internet, and none of a network of ours.

Somebody with an account may name any address for messages to be sent to; none of them may be a way into the school's
own network, to this machine, or to the machine that hosts it.
"""

from __future__ import annotations

import re
import socket
from collections import Counter
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from typing import Final
from urllib.parse import urlsplit

LONGEST: Final = 2_048
# A name server may take a minute to say nothing; nobody waits so long, and few may ask at once.
LOOKUP_SECONDS: Final = 3.0
MOST_LOOKUPS: Final = 8
MOST_OF_ONE: Final = 2
_HOST = re.compile(r"[A-Za-z0-9._-]{1,253}|[0-9A-Fa-f:.]{2,45}", re.ASCII)
_VISIBLE = re.compile(r"[\x21-\x7e]+")
# Addresses that stand for an IPv4 address: NAT64, 6to4; what is mapped is told by the address itself.
_NAT64: Final = ip_network("64:ff9b::/96")
_SITE_LOCAL: Final = ip_network("fec0::/10")


class Unwelcome(Exception):
    """An address that must not be called, or cannot be; `reason` is for people."""

    def __init__(self, reason: str) -> None:
        """Keep the reason."""
        super().__init__(reason)
        self.reason = reason


class Unanswered(Unwelcome):
    """A host whose address is not known in time, or not asked for now; later it may be."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What the operator allows: whether anything is called at all, and hosts that may have private addresses."""

    enabled: bool = True
    private_hosts: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Destination:
    """Where an https address leads: `path` is with the query, `origin` as in RFC 6454."""

    host: str
    port: int
    path: str

    @property
    def origin(self) -> str:
        """Scheme and authority, without the port that https has anyway."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"https://{host}" if self.port == 443 else f"https://{host}:{self.port}"


class Lookups:
    """Asks name servers in threads of its own, a few at a time, and waits for none of them long.

    A thread whose answer nobody waits for any more counts until it ends: no operating system ends a look-up early.
    """

    def __init__(self, most: int = MOST_LOOKUPS, of_one: int = MOST_OF_ONE, seconds: float = LOOKUP_SECONDS) -> None:
        """Allow so many at once, so many of them for one asker, each for so long."""
        self._most, self._of_one, self._seconds = most, of_one, seconds
        self._under_way: Counter[object] = Counter()
        self._lock = Lock()

    def find(self, there: Destination, asker: object) -> tuple[str, ...]:
        """Return the numeric addresses of a host, none when it has none; raises Unanswered."""
        with self._lock:
            if self._under_way.total() >= self._most or self._under_way[asker] >= self._of_one:
                raise Unanswered("Too many hosts are being looked up.")
            self._under_way[asker] += 1
        answer: SimpleQueue[tuple[str, ...]] = SimpleQueue()
        Thread(target=self._ask, args=(there, asker, answer), name="lookup", daemon=True).start()
        try:
            return answer.get(timeout=self._seconds)
        except Empty as error:
            raise Unanswered(f"The address of {there.host} is not told in time.") from error

    def _ask(self, there: Destination, asker: object, answer: SimpleQueue[tuple[str, ...]]) -> None:
        try:
            found = socket.getaddrinfo(there.host, there.port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            found = []
        finally:
            with self._lock:
                self._under_way[asker] -= 1
                self._under_way += Counter()
        answer.put(tuple(dict.fromkeys(str(each[4][0]) for each in found)))


class Outside:
    """The rules of this process; the server sets the policy when it starts."""

    def __init__(self) -> None:
        """Begin with the rules that trust nobody."""
        self.policy = Policy()
        # What is sent does not wait for who registers hosts that nobody answers for.
        self._registering, self._sending = Lookups(), Lookups(of_one=MOST_LOOKUPS)

    def check(self, there: Destination, asker: object) -> None:
        """Raise Unwelcome unless a host that somebody names may be called."""
        self._judged(there, self._registering.find(there, asker))

    def addresses(self, there: Destination) -> tuple[str, ...]:
        """Return the numeric addresses of a host; raises Unwelcome when one of them is not public.

        Whoever connects must connect to one of these: asked again, the name could mean something else.
        """
        return self._judged(there, self._sending.find(there, None))

    def _judged(self, there: Destination, numbers: tuple[str, ...]) -> tuple[str, ...]:
        if not numbers:
            raise Unwelcome(f"The host {there.host} has no address.")
        if there.host.lower() not in self.policy.private_hosts and not all(map(is_public, numbers)):
            raise Unwelcome(f"The host {there.host} has an address that is not public.")
        return numbers


OUTSIDE: Final = Outside()


def destination(url: str) -> Destination:
    """Return where an address leads; raises Unwelcome unless it is a plain https address."""
    if len(url) > LONGEST or not _VISIBLE.fullmatch(url):
        raise Unwelcome("This is no address, or it is too long.")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise Unwelcome("This is no address.") from error
    if parts.scheme != "https":
        raise Unwelcome("The address is not https.")
    if "@" in parts.netloc or parts.fragment or not parts.hostname or not _HOST.fullmatch(parts.hostname):
        raise Unwelcome("The address has a part that it must not have, or no host.")
    if port == 0:
        raise Unwelcome("There is no port 0.")
    return Destination(parts.hostname, port or 443, (parts.path or "/") + (f"?{parts.query}" if parts.query else ""))


def is_public(number: str) -> bool:
    """Tell whether a numeric address is one of the public Internet, whatever it is wrapped in."""
    try:
        address = ip_address(number.partition("%")[0])
    except ValueError:
        return False
    inner = _inner(address)
    return inner.is_global and not inner.is_multicast and not inner.is_reserved and inner not in _SITE_LOCAL


def _inner(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """Return the IPv4 address that an IPv6 address stands for, or the address itself."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else address)
