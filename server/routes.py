"""Which protocol answers which path."""

from __future__ import annotations

from typing import Final

import protocols.caldav.app as caldav
import protocols.eas.app as eas
from protocols.wire import Request
from server.route import Route

DAV_PREFIX: Final = caldav.PREFIX
EAS_PATHS: Final = frozenset({"/microsoft-server-activesync", "/autodiscover/autodiscover.xml"})


def _reads(_request: Request) -> bool:
    return False


CALDAV: Final = Route("caldav", caldav.handle, caldav.writes, frozenset({"PUT", "POST", "REPORT"}), atomic=True)
EAS: Final = Route("eas", eas.handle, _reads, frozenset({"POST"}))


def find(path: str) -> Route | None:
    """Return the protocol that answers a path, None when there is none; EAS paths come in any letter case."""
    if path.startswith(DAV_PREFIX):
        return CALDAV
    return EAS if path.lower() in EAS_PATHS else None
