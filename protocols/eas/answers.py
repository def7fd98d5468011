"""Build HTTP answers: WBXML documents, refusals in the terms of each version, nothing at all (MS-ASHTTP 2.2.2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from protocols.eas import codepages
from protocols.eas.codepages import Tag
from protocols.eas.wbxml import E, Element, encode
from protocols.wire import Response

CONTENT_TYPE: Final = "application/vnd.ms-sync.wbxml"
SERVER_VERSION: Final = "14.1"
# In the order in which MS-ASHTTP numbers them. Find is not spoken.
COMMANDS: Final = (
    "Sync,SendMail,SmartForward,SmartReply,FolderSync,FolderCreate,FolderDelete,FolderUpdate,MoveItems,"
    "GetItemEstimate,MeetingResponse,Search,Settings,Ping,ItemOperations,Provision,ResolveRecipients,ValidateCert"
)

INVALID_CONTENT: Final = 101
INVALID_WBXML: Final = 102
INVALID_XML: Final = 103
INVALID_MIME: Final = 107
DEVICE_BLOCKED: Final = 129
QUARANTINED: Final = 130
UNKNOWN_COMMAND: Final = 137
NOT_ENFORCED: Final = 139
WIPE_REQUESTED: Final = 140
NOT_PROVISIONED: Final = 142
POLICY_CHANGED: Final = 143
INVALID_POLICY_KEY: Final = 144
TOO_MANY_DEVICES: Final = 177

_COMMON: Final = 100
# Up to 12.1 there are no common statuses: the HTTP status says it (MS-ASCMD 2.2.2).
_HTTP: Final[Mapping[int, int]] = {
    INVALID_CONTENT: 400,
    INVALID_WBXML: 400,
    INVALID_XML: 400,
    INVALID_MIME: 400,
    # MS-ASCMD has 500 for every failure of a letter, which phones take for "try again": these will not get better.
    **dict.fromkeys(range(116, 123), 400),
    115: 403,
    120: 403,
    DEVICE_BLOCKED: 403,
    QUARANTINED: 403,
    UNKNOWN_COMMAND: 501,
    NOT_ENFORCED: 403,
    **dict.fromkeys((WIPE_REQUESTED, NOT_PROVISIONED, POLICY_CHANGED, INVALID_POLICY_KEY), 449),
    TOO_MANY_DEVICES: 403,
}
_FIXED: Final = (("Cache-Control", "private"), ("MS-Server-ActiveSync", SERVER_VERSION))

# The document element of each command and its Status; a command that has none is refused by HTTP alone.
ROOTS: Final[Mapping[str, tuple[Tag, Tag]]] = {
    "Sync": (codepages.AirSync.Sync, codepages.AirSync.Status),
    "FolderSync": (codepages.FolderHierarchy.FolderSync, codepages.FolderHierarchy.Status),
    "FolderCreate": (codepages.FolderHierarchy.FolderCreate, codepages.FolderHierarchy.Status),
    "FolderDelete": (codepages.FolderHierarchy.FolderDelete, codepages.FolderHierarchy.Status),
    "FolderUpdate": (codepages.FolderHierarchy.FolderUpdate, codepages.FolderHierarchy.Status),
    "GetItemEstimate": (codepages.GetItemEstimate.GetItemEstimate, codepages.GetItemEstimate.Status),
    "ItemOperations": (codepages.ItemOperations.ItemOperations, codepages.ItemOperations.Status),
    "MeetingResponse": (codepages.MeetingResponse.MeetingResponse, codepages.MeetingResponse.Status),
    "MoveItems": (codepages.Move.MoveItems, codepages.Move.Status),
    "Ping": (codepages.Ping.Ping, codepages.Ping.Status),
    "Provision": (codepages.Provision.Provision, codepages.Provision.Status),
    "ResolveRecipients": (codepages.ResolveRecipients.ResolveRecipients, codepages.ResolveRecipients.Status),
    "Search": (codepages.Search.Search, codepages.Search.Status),
    "SendMail": (codepages.ComposeMail.SendMail, codepages.ComposeMail.Status),
    "Settings": (codepages.Settings.Settings, codepages.Settings.Status),
    "SmartForward": (codepages.ComposeMail.SmartForward, codepages.ComposeMail.Status),
    "SmartReply": (codepages.ComposeMail.SmartReply, codepages.ComposeMail.Status),
    "ValidateCert": (codepages.ValidateCert.ValidateCert, codepages.ValidateCert.Status),
}

# Where a refusal names the bound to respect instead.
_LIMITS: Final[Mapping[tuple[str, int], Tag]] = {
    ("Sync", 14): codepages.AirSync.Limit,
    ("Sync", 15): codepages.AirSync.Limit,
    ("Ping", 5): codepages.Ping.HeartbeatInterval,
    ("Ping", 6): codepages.Ping.MaxFolders,
}


def document(root: Element, *headers: tuple[str, str]) -> Response:
    """Answer with one WBXML document."""
    return Response(200, (("Content-Type", CONTENT_TYPE), *_FIXED, *headers), encode(root))


def octets(kind: str, body: bytes) -> Response:
    """Answer with a body of another type than one document."""
    return Response(200, (("Content-Type", kind), *_FIXED), body)


def nothing(status: int = 200) -> Response:
    """Answer without a body; with 200 that says "nothing new" (reference/eas.md section 8.8)."""
    return Response(status, _FIXED)


def capabilities(versions: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Give the headers that tell versions and commands, for OPTIONS and the first FolderSync."""
    return (("MS-ASProtocolVersions", ",".join(versions)), ("MS-ASProtocolCommands", COMMANDS))


def refusal(command: str, version: str, status: int, limit: int | None = None) -> Response:
    """Refuse a command as its protocol version says it: a common status is an HTTP status up to 12.1."""
    root = ROOTS.get(command)
    if status > _COMMON and (version < "14.0" or root is None):
        return nothing(_HTTP.get(status, 400))
    if root is None:
        return nothing(400)
    tag, status_tag = root
    bound = _LIMITS.get((command, status))
    return document(E(tag, E(status_tag, status), E(bound, limit) if bound and limit is not None else None))
