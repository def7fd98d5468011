"""Show the managed attachments of events to devices of 16.0 and later and hand out their octets (MS-ASAIRS 2.2.2.7).

A file reference is the managed id of RFC 8607: random, and whoever fetches it is checked as a reader of it over CalDAV.
"""

from __future__ import annotations

import base64
import re
from typing import Final

from protocols.eas.codepages import AirSyncBase
from protocols.eas.codepages import ItemOperations as Tags
from protocols.eas.errors import CommandRefused
from protocols.eas.session import Session
from protocols.eas.wbxml import E, Element
from storage.attachment_lines import MANAGED_ID
from storage.contentlines import Component, Property
from storage.errors import NotFound

BAD_RANGE: Final = 8
NO_ATTACHMENT: Final = 15
RANGE: Final = re.compile(r"([0-9]{1,10})-([0-9]{1,10})", re.ASCII)
_NORMAL: Final = 1
_REFERENCE: Final = re.compile(r"[0-9a-f]{32}", re.ASCII)


def listed(event: Component) -> Element | None:
    """Give the files of an event, None when it has none; links to elsewhere are no files."""
    files = [_listed(prop) for prop in event.all("ATTACH") if _REFERENCE.fullmatch(prop.param(MANAGED_ID) or "")]
    return E(AirSyncBase.Attachments, *files) if files else None


def _listed(prop: Property) -> Element:
    size = prop.param("SIZE") or ""
    reference = prop.param(MANAGED_ID) or ""
    return E(
        AirSyncBase.Attachment,
        E(AirSyncBase.DisplayName, prop.param("FILENAME") or reference),
        E(AirSyncBase.FileReference, reference),
        E(AirSyncBase.Method, _NORMAL),
        E(AirSyncBase.EstimatedDataSize, size if size.isascii() and size.isdigit() else "0"),
    )


def fetched(session: Session, reference: str, wanted: str | None) -> tuple[Element, ...]:
    """Return the properties of a fetched file: its octets in base64, all or those of the range `first-last`.

    Raises CommandRefused: 15 for a file this person may not read, as for one that is none, 8 for a range that is none.
    """
    if _REFERENCE.fullmatch(reference) is None:
        raise CommandRefused(NO_ATTACHMENT)
    try:
        found = session.tx.attachments.readable(session.principal, reference)
    except NotFound as error:
        raise CommandRefused(NO_ATTACHMENT) from error
    content = session.tx.attachments.content(found)
    told: list[Element] = []
    if wanted is not None:
        match = RANGE.fullmatch(wanted.strip())
        if match is None or not int(match[1]) <= int(match[2]) or int(match[1]) >= len(content):
            raise CommandRefused(BAD_RANGE)
        first, total = int(match[1]), len(content)
        content = content[first : int(match[2]) + 1]
        told = [E(Tags.Range, f"{first}-{first + len(content) - 1}"), E(Tags.Total, total)]
    data = E(Tags.Data, base64.b64encode(content).decode())
    return (*told, data, E(AirSyncBase.ContentType, found.media_type))
