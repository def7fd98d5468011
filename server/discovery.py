"""What phones ask before they have a password to give: where the server is (MS-OXDISCO; reference/eas.md section 4)."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from protocols.eas.autodiscover import told_openly
from protocols.wire import Response
from server import outgoing
from server.incoming import Incoming

XML: Final = "/autodiscover/autodiscover.xml"
JSON: Final = "/autodiscover/autodiscover.json"


def answer(incoming: Incoming) -> Response | None:
    """Return the answer of Autodiscover version 2, None for other paths."""
    path = incoming.path.lower()
    if path != JSON and not path.startswith(f"{JSON}/"):
        return None
    if incoming.method != "GET":
        return outgoing.plain(405, ("Allow", "GET"))
    try:
        status, body = told_openly(incoming.path, incoming.query, incoming.base)
    except ValueError:
        return outgoing.plain(400)
    return Response(status, (("Content-Type", "application/json; charset=utf-8"),), body)


def elsewhere(incoming: Incoming, public_url: str) -> Response | None:
    """Return the way from another name of this server to its public address, for a GET without a password.

    Clients that find no certificate for `autodiscover.<domain>` ask there in the clear, and follow a 302 from there.
    """
    if incoming.method != "GET" or incoming.path.lower() != XML or not public_url:
        return None
    asked = incoming.headers.get("host", "").rpartition("@")[2].casefold()
    if asked == urlsplit(public_url).netloc.casefold():
        return None
    return outgoing.plain(302, ("Location", public_url + XML))
