"""Which protocol answers which path."""

from __future__ import annotations

from typing import Final

import protocols.caldav.app as caldav
import protocols.eas.app as eas
from protocols.wire import Request
from server.route import Route

DAV_PREFIX: Final = caldav.PREFIX


def _reads(_request: Request) -> bool:
    return False


CALDAV: Final = Route("caldav", caldav.handle, caldav.writes, frozenset({"PUT", "POST", "REPORT"}), atomic=True)
EAS: Final = Route("eas", eas.handle, _reads, frozenset({"POST"}), device=eas.device_of)
AUTODISCOVER: Final = Route("autodiscover", eas.handle, _reads, frozenset())

# In lower case: clients disagree on the letters.
_EXACT: Final = {"/microsoft-server-activesync": EAS, "/autodiscover/autodiscover.xml": AUTODISCOVER}


def find(path: str) -> Route | None:
    """Return the protocol that answers a path, None when there is none."""
    return CALDAV if path.startswith(DAV_PREFIX) else _EXACT.get(path.lower())
