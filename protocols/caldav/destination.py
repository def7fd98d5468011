"""Where COPY and MOVE go: the Destination and Overwrite headers (RFC 4918, 10.3 and 10.6)."""

from __future__ import annotations

from urllib.parse import urlsplit

from protocols.caldav import paths
from protocols.caldav.context import Context
from protocols.caldav.errors import DavError
from protocols.caldav.paths import Target


def overwrites(context: Context) -> bool:
    """Return whether what is at the destination may be overwritten; raises DavError."""
    overwrite = context.request.headers.get("overwrite", "T").strip().upper()
    if overwrite not in {"T", "F"}:
        raise DavError(400, reason="Overwrite is T or F.")
    return overwrite == "T"


def destination(context: Context) -> Target | None:
    """Return what the Destination header names (RFC 4918, 10.3), None when it is no address of ours."""
    text = context.request.headers.get("destination", "").strip()
    try:
        parts = urlsplit(text)
        target = paths.parse(parts.path)
    except ValueError as error:
        raise DavError(400, reason="The Destination header is no address.") from error
    if not parts.path:
        raise DavError(400, reason="A Destination header is needed.")
    here = {_host(urlsplit(context.request.base).netloc), _host(context.request.headers.get("host", ""))}
    if parts.netloc and _host(parts.netloc) not in here:
        raise DavError(502, reason="Objects do not leave this server.")
    return target


def _host(authority: str) -> str:
    """Return an authority in one form: the port that a scheme has anyway may be named or not (RFC 3986, 6.2.3)."""
    return authority.strip().lower().removesuffix(":80").removesuffix(":443")
