"""What every part of the engine is told about the request at hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from protocols.caldav import paths
from protocols.caldav.dead import Dead
from protocols.caldav.errors import DavError
from protocols.caldav.paths import Target
from protocols.wire import Request, Response
from storage import ical_by_reference
from storage.model import Client, ClientKind, Principal
from storage.transaction import Transaction

DAV_CLIENT = Client(ClientKind.DAV)
NO_ROOT = "depth-noroot"
WRITING = frozenset({"PROPPATCH", "MKCALENDAR", "MKCOL", "PUT", "DELETE", "COPY", "MOVE", "POST", "ACL"})
REPRESENTED = ("Preference-Applied", "return=representation")


@dataclass(frozen=True, slots=True)
class Context:
    """One request, what it is aimed at, the transaction it runs in, and the asker's dead properties."""

    request: Request
    tx: Transaction
    target: Target
    dead: Dead

    @property
    def principal(self) -> Principal:
        """The person who asks."""
        return self.request.principal

    @property
    def own_path(self) -> str:
        """The path of the person who asks."""
        return paths.principal(self.principal.login)

    @property
    def minimal(self) -> bool:
        """Whether the client wants no more than it needs (RFC 8144; Apple's older `Brief: t`)."""
        brief = self.request.headers.get("brief", "").strip().lower()
        return "return=minimal" in self._preferences or brief == "t"

    @property
    def without_root(self) -> bool:
        """Whether a listing is to leave out what it was asked of (RFC 8144, 2.2)."""
        return NO_ROOT in self._preferences

    @property
    def wants_representation(self) -> bool:
        """Whether the client wants to see what it wrote as it is now (RFC 7240, 4.2)."""
        return "return=representation" in self._preferences

    @property
    def shape(self) -> Callable[[bytes], bytes]:
        """What makes a stored text the one to send: with every VTIMEZONE, or without the known ones (RFC 7809, 7.1)."""
        wish = self.request.headers.get("caldav-timezones", "T").strip().upper()
        return ical_by_reference.stripped if wish == "F" else ical_by_reference.complete

    @property
    def _preferences(self) -> list[str]:
        wishes = self.request.headers.get("prefer", "").replace(" ", "").replace('"', "").lower()
        return wishes.replace(";", ",").split(",")

    def depth(self, missing: str) -> str:
        """Return the Depth header, or what its absence means; raises DavError when it is not one (RFC 4918, 10.2)."""
        depth = self.request.headers.get("depth", missing).strip().lower()
        if depth not in {"0", "1", "infinity"}:
            raise DavError(400, reason="Depth is 0, 1 or infinity.")
        return depth

    def applied(self) -> tuple[tuple[str, str], ...]:
        """Return the header that tells the client that its preference was honoured, if it had one."""
        applied = [name for name, on in (("return=minimal", self.minimal), (NO_ROOT, self.without_root)) if on]
        return (("Preference-Applied", ", ".join(applied)),) if applied else ()


def multistatus_response(context: Context, body: bytes) -> Response:
    """Return a 207 with an XML body."""
    return Response(207, (("Content-Type", "application/xml; charset=utf-8"), *context.applied()), body)
