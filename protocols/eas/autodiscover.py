"""Answer Autodiscover for phones (MS-ASCMD 2.2.1.1, Autodiscover; reference/eas.md section 4).

Outlook for Windows asks its own schema on the same address: it is told that no provider has it, and goes on looking.
"""

import json
from typing import Any, Final
from urllib.parse import parse_qsl, unquote

from lxml import etree

REQUEST: Final = "http://schemas.microsoft.com/exchange/autodiscover/mobilesync/requestschema/2006"
MOBILE: Final = "http://schemas.microsoft.com/exchange/autodiscover/mobilesync/responseschema/2006"
RESPONSE: Final = "http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006"
MAX_BYTES: Final = 64 * 1024
MAX_QUERY: Final = 2048

INVALID_REQUEST: Final = 600
NO_PROVIDER: Final = 601
_PROTOCOL_ERROR: Final = 2
_MESSAGES: Final = {INVALID_REQUEST: "Invalid request", NO_PROVIDER: "Provider is not available for this schema"}


def answer(body: bytes, email: str, display_name: str, url: str) -> bytes:
    """Return the XML that leads an authenticated person's device to `url`.

    The person is the one who gave the password, whatever address the request names, so that nobody learns which
    addresses exist. A malformed request gets ErrorCode 600, another schema 601; nothing is raised.
    """
    schema = _wanted_schema(body)
    if schema is None:
        return _refusal(MOBILE, INVALID_REQUEST)
    if schema != MOBILE:
        return _refusal(RESPONSE, NO_PROVIDER)
    root, response = _envelope(MOBILE)
    _add(response, "Culture", "en:us")
    user = _add(response, "User")
    _add(user, "DisplayName", display_name)
    _add(user, "EMailAddress", email)
    server = _add(_add(_add(response, "Action"), "Settings"), "Server")
    for name, text in (("Type", "MobileSync"), ("Url", url), ("Name", url)):
        _add(server, name, text)
    return _written(root)


def told_openly(path: str, query: str, base: str) -> tuple[int, bytes]:
    """Return status and JSON for Autodiscover version 2, which asks for no password (MS-OXDISCO).

    Every address gets the same answer: nobody learns which exist. `path` ends in the address where the query has none.
    """
    asked = {name.lower(): value for name, value in reversed(parse_qsl(query[:MAX_QUERY], max_num_fields=16))}
    address = asked.get("email") or unquote(path.rpartition("/")[2])
    wanted = asked.get("protocol", "")
    if "@" not in address:
        return 400, _json(ErrorCode="InvalidUserId", ErrorMessage="The address is missing or is none.")
    if not wanted:
        return 400, _json(ErrorCode="MandatoryParameterMissing", ErrorMessage="Protocol is missing.")
    place = _PLACES.get(wanted.lower())
    if place is None:
        return 400, _json(ErrorCode="ProtocolNotSupported", ErrorMessage="This protocol is not offered.")
    name, where = place
    return 200, _json(Protocol=name, Url=base + where)


_PLACES: Final = {
    "activesync": ("ActiveSync", "/Microsoft-Server-ActiveSync"),
    "autodiscoverv1": ("AutodiscoverV1", "/autodiscover/autodiscover.xml"),
}


def _json(**facts: str) -> bytes:
    return json.dumps(facts).encode()


def _wanted_schema(body: bytes) -> str | None:
    """Return the response schema a request asks for, None when the body is no Autodiscover request.

    Requests are matched by local name: Outlook's has another namespace and must get 601, not 600.
    """
    if len(body) > MAX_BYTES:
        return None
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError):
        return None
    if root.getroottree().docinfo.internalDTD is not None or etree.QName(root).localname != "Autodiscover":
        return None
    space = etree.QName(root).namespace or ""
    schema = root.findtext(f"{{{space}}}Request/{{{space}}}AcceptableResponseSchema", "").strip()
    address = root.findtext(f"{{{space}}}Request/{{{space}}}EMailAddress", "").strip()
    legacy = root.findtext(f"{{{space}}}Request/{{{space}}}LegacyDN", "").strip()
    if not schema or not (address or legacy) or (schema == MOBILE and not (space == REQUEST and address)):
        return None
    return schema


def _refusal(namespace: str, code: int) -> bytes:
    """Return an error document: inside Action for a phone, directly in Response for everyone else."""
    root, response = _envelope(namespace)
    if namespace == MOBILE:
        error = _add(_add(response, "Action"), "Error")
        _add(error, "Status", str(_PROTOCOL_ERROR))
        _add(error, "Message", _MESSAGES[code])
        _add(error, "DebugData")
        _add(error, "ErrorCode", str(code))
        return _written(root)
    error = _add(response, "Error")
    _add(error, "ErrorCode", str(code))
    _add(error, "Message", _MESSAGES[code])
    _add(error, "DebugData")
    return _written(root)


def _envelope(namespace: str) -> tuple[etree._Element, etree._Element]:
    """Return root and Response; phones that read tags as plain strings need default namespaces, not prefixes."""
    outer: dict[Any, str] = {None: RESPONSE}
    inner: dict[Any, str] = {None: namespace}
    root = etree.Element(f"{{{RESPONSE}}}Autodiscover", nsmap=outer)
    return root, etree.SubElement(root, f"{{{namespace}}}Response", nsmap=inner)


def _add(parent: etree._Element, name: str, text: str | None = None) -> etree._Element:
    """Append a child of the parent's namespace; characters XML forbids are dropped from the text."""
    child = etree.SubElement(parent, f"{{{etree.QName(parent).namespace}}}{name}")
    child.text = text and "".join(c for c in text if c.isprintable())
    return child


def _written(root: etree._Element) -> bytes:
    return etree.tostring(root, xml_declaration=True, encoding="utf-8")
