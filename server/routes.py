"""Which protocol answers which path."""

from __future__ import annotations

from typing import Final

import protocols.caldav.app as caldav
import protocols.deposit.app as deposit
import protocols.eas.app as eas
from importers import handed
from protocols.wire import Request
from server.route import Files, Route
from server.scanning import Verdict

DAV_PREFIX: Final = caldav.PREFIX


def _reads(_request: Request) -> bool:
    return False


ATTACHED: Final = Files(caldav.carries_file, {Verdict.INFECTED: caldav.unclean, Verdict.UNAVAILABLE: caldav.unscanned})
CALDAV: Final = Route(
    "caldav",
    caldav.handle,
    caldav.writes,
    frozenset({"PUT", "POST", "REPORT"}),
    atomic=True,
    files=ATTACHED,
    advertised=lambda: (caldav.compliance(),),
    light=lambda asked: caldav.light(asked.method, asked.path, asked.headers, len(asked.body)),
)
EAS: Final = Route("eas", eas.handle, _reads, frozenset({"POST"}), device=eas.device_of)
DEPOSIT: Final = Route(
    "deposit",
    deposit.handler(handed.could_be),
    deposit.writes,
    frozenset({"PUT"}),
    secret=True,
    most=deposit.LARGEST,
)
AUTODISCOVER: Final = Route("autodiscover", eas.handle, _reads, frozenset())

# In lower case: clients disagree on the letters; some end the path with a slash (reference/eas.md section 3).
_EXACT: Final = {"/microsoft-server-activesync": EAS, "/autodiscover/autodiscover.xml": AUTODISCOVER}


def find(path: str) -> Route | None:
    """Return the protocol that answers a path, None when there is none."""
    if path.startswith(DAV_PREFIX):
        return CALDAV
    return DEPOSIT if path.lower().startswith(deposit.PREFIX) else _EXACT.get(path.lower().removesuffix("/"))
