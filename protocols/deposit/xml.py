"""XML of the deposit folder: what is asked, without DTDs, entities or network, and answers built as text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final
from xml.sax.saxutils import escape

from lxml import etree

DAV: Final = "{DAV:}"
BODY_LIMIT: Final = 64 * 1024
NAMES_LIMIT: Final = 200
HEAD: Final = '<?xml version="1.0" encoding="utf-8"?>\n'


class BadXml(Exception):
    """A body is too large, malformed, has a document type, or is not what its method takes."""


def root(body: bytes, name: str) -> etree._Element | None:
    """Return the root element of a body, None when the body is empty; raises BadXml unless it has this name."""
    if not body.strip():
        return None
    if len(body) > BODY_LIMIT:
        raise BadXml
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        found = etree.fromstring(body.lstrip(), parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise BadXml from error
    if found.getroottree().docinfo.internalDTD is not None or found.tag != DAV + name:
        raise BadXml
    return found


def element(name: str, content: str | None) -> str:
    """Return an element of a Clark name; `content` is ready XML, None leaves the element empty."""
    namespace, _, local = name.rpartition("}")
    namespace = namespace.removeprefix("{")
    if namespace == "DAV:":
        return f"<D:{local}/>" if content is None else f"<D:{local}>{content}</D:{local}>"
    marked = f'<x:{local} xmlns:x="{escape(namespace, {chr(34): "&quot;"})}"/>'
    return marked if namespace else f'<{local} xmlns=""/>'


def response(href: str, found: Mapping[str, str | None], missing: Iterable[str]) -> str:
    """Return one response of a multistatus (RFC 4918, 14.24)."""
    parts = [f"<D:href>{escape(href)}</D:href>"]
    if found:
        parts.append(_propstat("200 OK", (element(name, content) for name, content in found.items())))
    lacking = [element(name, None) for name in missing]
    if lacking or not found:
        parts.append(_propstat("404 Not Found", lacking))
    return f"<D:response>{''.join(parts)}</D:response>"


def refused(href: str, names: Iterable[str]) -> str:
    """Return one response that no property of these names was changed (RFC 4918, 9.2.1)."""
    told = _propstat("403 Forbidden", (element(name, None) for name in names))
    return f"<D:response><D:href>{escape(href)}</D:href>{told}</D:response>"


def _propstat(status: str, props: Iterable[str]) -> str:
    return f"<D:propstat><D:prop>{''.join(props)}</D:prop><D:status>HTTP/1.1 {status}</D:status></D:propstat>"


def multistatus(responses: Iterable[str]) -> bytes:
    """Return a multistatus (RFC 4918, 14.16)."""
    return f'{HEAD}<D:multistatus xmlns:D="DAV:">{"".join(responses)}</D:multistatus>'.encode()
