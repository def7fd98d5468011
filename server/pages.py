"""What is answered without an account: the welcome page and the redirections that clients look for."""

from __future__ import annotations

from html import escape
from typing import Final

from protocols.wire import Response
from server import outgoing, texts
from server.incoming import Incoming
from server.texts import N_

DAV_PREFIX: Final = "/dav/"
WELL_KNOWN: Final = "/.well-known/caldav"
EAS_PATH: Final = "/Microsoft-Server-ActiveSync"

_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
_STYLE: Final = (
    ":root{color-scheme:light dark}"
    "body{font:1.1rem/1.6 system-ui,sans-serif;max-width:42rem;margin:10vh auto;padding:0 1rem}"
    "code{font-size:1rem;background:#8882;padding:.1em .35em;border-radius:.25em;overflow-wrap:anywhere}"
    "dt{font-weight:600;margin-top:1em}dd{margin:0}"
)

_LEAD = N_("This is the calendar server of a school. It is used from calendar software and phones, not from this page.")
_ROWS = (
    (N_("Thunderbird and other calendar software (CalDAV)"), DAV_PREFIX),
    (N_("Phones: account of the type “Exchange”, server address (ActiveSync)"), EAS_PATH),
)
_HELP = N_("Use the login and the password that your school gave you.")


def answer(incoming: Incoming) -> Response | None:
    """Return the answer of a path that asks for no account, None when the path is somebody else's.

    Discovery is redirected for every method and before any password is asked (RFC 6764, 5; Thunderbird sends
    PROPFIND to the well-known path, others to the root).
    """
    if incoming.path.rstrip("/") == WELL_KNOWN or incoming.path == DAV_PREFIX.rstrip("/"):
        return outgoing.redirect(incoming.base + DAV_PREFIX)
    if incoming.path != "/":
        return None
    if incoming.method not in {"GET", "HEAD"}:
        return outgoing.redirect(incoming.base + DAV_PREFIX)
    return welcome(incoming.base, texts.preferred(incoming.headers.get("accept-language", "")))


def welcome(base: str, language: str) -> Response:
    """Return the page that says what this server is and which addresses to type where."""
    rows = "".join(
        f"<dt>{escape(texts.translated(label, language))}</dt><dd><code>{escape(base + path)}</code></dd>"
        for label, path in _ROWS
    )
    page = (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8"><title>Cadran</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head><body><main><h1>Cadran</h1>'
        f"<p>{escape(texts.translated(_LEAD, language))}</p><dl>{rows}</dl>"
        f"<p>{escape(texts.translated(_HELP, language))}</p></main></body></html>\n"
    )
    headers = (
        ("Content-Type", "text/html; charset=utf-8"),
        ("Content-Language", language),
        ("Content-Security-Policy", _POLICY),
        ("Vary", "Accept-Language"),
    )
    return Response(200, headers, page.encode())
