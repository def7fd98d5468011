"""Read the query string of an ActiveSync request, in both its forms (MS-ASHTTP 2.2.1.1.1; reference/eas.md 3.1).

The plain form needs the headers (`MS-ASProtocolVersion`, `X-MS-PolicyKey`, `MS-ASAcceptMultiPart`); the base64 form,
which Windows Mail uses, carries the same in itself.
"""

import base64
import binascii
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, unquote

COMMANDS: Final = {
    0: "Sync",
    1: "SendMail",
    2: "SmartForward",
    3: "SmartReply",
    4: "GetAttachment",
    9: "FolderSync",
    10: "FolderCreate",
    11: "FolderDelete",
    12: "FolderUpdate",
    13: "MoveItems",
    14: "GetItemEstimate",
    15: "MeetingResponse",
    16: "Search",
    17: "Settings",
    18: "Ping",
    19: "ItemOperations",
    20: "Provision",
    21: "ResolveRecipients",
    22: "ValidateCert",
}
VERSIONS: Final = frozenset(("12.1", "14.0", "14.1", "16.0", "16.1"))
MAX_QUERY: Final = 8192
MAX_FIELDS: Final = 32
MAX_DEVICE_ID: Final = 32
MAX_DEVICE_TYPE: Final = 64

INVALID_CONTENT: Final = 101
INVALID_DEVICE_ID: Final = 108
INVALID_DEVICE_TYPE: Final = 109
INVALID_VERSION: Final = 136
UNKNOWN_COMMAND: Final = 137
UNSUPPORTED_VERSION: Final = 138

_HTTP: Final = {UNKNOWN_COMMAND: 501, UNSUPPORTED_VERSION: 505}
_NAMES: Final = {name.lower(): name for name in (*COMMANDS.values(), "Find")}
_BINARY_VERSIONS: Final = frozenset((120, 121, 140, 141, 160, 161))
_GUID: Final = 16
_UINT32: Final = 0xFFFFFFFF
_SAVE_IN_SENT: Final = 1
_MULTIPART: Final = 2
_ATTACHMENT, _COLLECTION, _ITEM, _LONG_ID, _OCCURRENCE, _OPTIONS, _USER = 0, 1, 3, 4, 6, 7, 8


class QueryError(Exception):
    """Refuse a request line: `status` is the common status code (MS-ASCMD 2.2.2), `http` its form up to 12.1.

    `version` and `command` are those of the request as far as they were understood: they decide between the two.
    """

    def __init__(self, status: int, version: str = "", command: str = "") -> None:
        """Keep the code, the version and the command as data."""
        super().__init__(status, version, command)
        self.status = status
        self.http = _HTTP.get(status, 400)
        self.version = version
        self.command = command


@dataclass(frozen=True, slots=True)
class Query:
    """Say what one request asks, whichever form it came in.

    `command` is None for a capability probe, which needs neither device nor version. `policy_key` is None when the
    device sent none. `user` is what the account was set up with and decides nothing: who asks is told by the
    Authorization header, and a login or address that changed since must not lock a phone out.
    """

    command: str | None
    user: str | None = None
    device_id: str = ""
    device_type: str = ""
    version: str = ""
    policy_key: int | None = None
    collection_id: str | None = None
    item_id: str | None = None
    long_id: str | None = None
    occurrence: str | None = None
    attachment_name: str | None = None
    save_in_sent: bool = False
    accept_multipart: bool = False
    locale: int | None = None


def parse(query: str, headers: Mapping[str, str], versions: Collection[str] = VERSIONS) -> Query:
    """Return what the query string (without "?") and the headers (any letter case) say; raises QueryError."""
    if len(query) > MAX_QUERY:
        raise QueryError(INVALID_CONTENT)
    packed = _packed(query)
    found = _binary(packed) if packed else _plain(query, {name.lower(): value for name, value in headers.items()})
    return _checked(found, versions)


def _checked(query: Query, versions: Collection[str]) -> Query:
    """Return the query if a server may work on it: a version it speaks, a sound device; raises QueryError."""
    if query.command is None:
        return query
    if query.version not in versions:
        known = query.version.replace(".", "", 1).isdigit()
        raise QueryError(UNSUPPORTED_VERSION if known else INVALID_VERSION)
    if query.command not in _NAMES.values():
        raise QueryError(UNKNOWN_COMMAND, query.version)
    if not _sound(query.device_id, MAX_DEVICE_ID):
        raise QueryError(INVALID_DEVICE_ID, query.version, query.command)
    if not _sound(query.device_type, MAX_DEVICE_TYPE):
        raise QueryError(INVALID_DEVICE_TYPE, query.version, query.command)
    return query


def _sound(name: str, limit: int) -> bool:
    return 0 < len(name) <= limit and name.isprintable() and "\ufffd" not in name


def _plain(query: str, headers: Mapping[str, str]) -> Query:
    try:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError as error:
        raise QueryError(INVALID_CONTENT) from error
    fields = {name.lower(): value for name, value in reversed(pairs)}
    command = fields.get("cmd") or "OPTIONS"
    return Query(
        command=None if command.upper() == "OPTIONS" else _NAMES.get(command.lower(), command),
        user=fields.get("user") or None,
        device_id=fields.get("deviceid", ""),
        device_type=fields.get("devicetype", ""),
        version=headers.get("ms-asprotocolversion", "").strip(),
        policy_key=_policy_key(headers.get("x-ms-policykey") or fields.get("policykey")),
        collection_id=fields.get("collectionid") or None,
        item_id=fields.get("itemid") or None,
        long_id=fields.get("longid") or None,
        occurrence=fields.get("occurrence") or None,
        attachment_name=fields.get("attachmentname") or None,
        save_in_sent=fields.get("saveinsent", "").upper() == "T",
        accept_multipart=headers.get("ms-asacceptmultipart", "").strip().upper() == "T",
    )


def _policy_key(text: str | None) -> int | None:
    """Return an unsigned 32-bit number, None for anything else: a device without a valid key has none."""
    digits = (text or "").strip()
    if not (digits.isascii() and digits.isdigit()) or len(digits) > len(str(_UINT32)):
        return None
    return int(digits) if int(digits) <= _UINT32 else None


def _packed(query: str) -> bytes | None:
    """Return the bytes of a base64 query, None when the query is a plain one.

    Proxies and clients escape the string, turn "+" into a space and drop the padding.
    """
    if not query or "cmd=" in query.lower():
        return None
    text = unquote(query).replace(" ", "+").rstrip("=")
    try:
        packed = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None
    return packed if packed and packed[0] in _BINARY_VERSIONS else None


def _binary(packed: bytes) -> Query:
    fields = _Fields(packed)
    version = f"{packed[0] // 10}.{packed[0] % 10}"
    fields.take(1)
    try:
        return _unpacked(fields, version)
    except _ShortError as error:
        raise QueryError(INVALID_CONTENT, version) from error


def _unpacked(fields: "_Fields", version: str) -> Query:
    code = fields.take(1)[0]
    locale = int.from_bytes(fields.take(2), "little")
    device_id = fields.counted()
    key = fields.counted()
    if len(key) not in (0, 4):
        raise QueryError(INVALID_CONTENT, version)
    device_type = fields.counted().decode("utf-8", "replace")
    extra = fields.parameters()
    options = extra.get(_OPTIONS, b"\0")[:1] or b"\0"
    return Query(
        command=COMMANDS.get(code, str(code)),
        user=_text(extra.get(_USER)),
        device_id=_device_id(device_id),
        device_type=device_type,
        version=version,
        policy_key=int.from_bytes(key, "little") if key else None,
        collection_id=_text(extra.get(_COLLECTION)),
        item_id=_text(extra.get(_ITEM)),
        long_id=_text(extra.get(_LONG_ID)),
        occurrence=_text(extra.get(_OCCURRENCE)),
        attachment_name=_text(extra.get(_ATTACHMENT)),
        save_in_sent=bool(options[0] & _SAVE_IN_SENT),
        accept_multipart=bool(options[0] & _MULTIPART),
        locale=locale,
    )


def _device_id(raw: bytes) -> str:
    """Return the id as text; Windows Mail sends 16 raw bytes, which are told in hexadecimal."""
    text = raw.decode("ascii", "replace")
    return raw.hex() if len(raw) == _GUID and not _sound(text, _GUID) else text


def _text(raw: bytes | None) -> str | None:
    return raw.decode("utf-8", "replace") if raw else None


class _ShortError(Exception):
    """A base64 query ends before what its lengths promise."""


class _Fields:
    """Take the fields of a base64 query one after the other."""

    def __init__(self, packed: bytes) -> None:
        self._rest = packed

    def take(self, count: int) -> bytes:
        if count > len(self._rest):
            raise _ShortError
        taken, self._rest = self._rest[:count], self._rest[count:]
        return taken

    def counted(self) -> bytes:
        return self.take(self.take(1)[0])

    def parameters(self) -> dict[int, bytes]:
        """Take what is left as tags with values; the first of a repeated tag counts."""
        found: dict[int, bytes] = {}
        while self._rest:
            tag = self.take(1)[0]
            found.setdefault(tag, self.counted())
        return found
