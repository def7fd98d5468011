"""Locks of the deposit folder: given to whoever asks, keeping nobody out, for each deposit is a run of its own."""

from __future__ import annotations

import re
import uuid
from typing import Final

from protocols.deposit import xml
from protocols.deposit.visit import COMPLIANCE, XML, Visit, plain
from protocols.deposit.xml import DAV
from protocols.wire import Response
from storage.errors import LimitReached

LOCK_SECONDS: Final = 600
_TOKEN: Final = re.compile(r"<(opaquelocktoken:[0-9a-f-]{36})>")


def lock(visit: Visit) -> Response:
    """Give out a lock, or refresh the one that the If header names (RFC 4918, 9.10).

    A name that nothing has gets an empty file (7.3), which the PUT that follows replaces.
    """
    info = xml.root(visit.request.body, "lockinfo")
    held = _TOKEN.search(visit.request.headers.get("if", ""))
    if info is None and held is None:
        return plain(400)
    if not visit.is_folder(visit.target.parent):
        return plain(409)
    status = 201 if info is not None and _made(visit) else 200
    token = held[1] if info is None and held is not None else f"opaquelocktoken:{uuid.uuid4()}"
    shared = info is not None and info.find(f"{DAV}lockscope/{DAV}shared") is not None
    href = visit.target.href(visit.target.path, folder=False)
    active = (
        f"<D:locktype><D:write/></D:locktype><D:lockscope><D:{'shared' if shared else 'exclusive'}/></D:lockscope>"
        f"<D:depth>0</D:depth><D:timeout>Second-{LOCK_SECONDS}</D:timeout>"
        f"<D:locktoken><D:href>{token}</D:href></D:locktoken><D:lockroot><D:href>{href}</D:href></D:lockroot>"
    )
    body = f'{xml.HEAD}<D:prop xmlns:D="DAV:"><D:lockdiscovery><D:activelock>{active}</D:activelock></D:lockdiscovery>'
    return Response(status, (XML, COMPLIANCE, ("Lock-Token", f"<{token}>")), f"{body}</D:prop>".encode())


def _made(visit: Visit) -> bool:
    """Make an empty file where nothing is, and tell so; where no more fit, the lock is given all the same."""
    if not visit.target.path or visit.entry() is not None:
        return False
    try:
        return visit.tx.deposit_folder.keep(visit.access, visit.target.path, b"")
    except LimitReached:
        return False


def unlock(visit: Visit) -> Response:
    """Take a lock back (RFC 4918, 9.11)."""
    if not _TOKEN.search(visit.request.headers.get("lock-token", "")):
        return plain(400)
    return Response(204, (COMPLIANCE,))
