"""Put the bodies of fetched items beside the document instead of inside it (MS-ASHTTP 2.2.2.1.1.2; MS-ASCMD 2.2.1.10).

The answer is: how many parts as a little-endian number, then offset and length of each, then the parts; the first is
the document, in which `Part` numbers stand where `Data` would.
"""

from __future__ import annotations

import base64
import struct
from typing import Final

from protocols.eas.codepages import AirSyncBase
from protocols.eas.codepages import ItemOperations as Tags
from protocols.eas.wbxml import E, Element, encode

CONTENT_TYPE: Final = "application/vnd.ms-sync.multipart"


def multipart(root: Element) -> bytes:
    """Return an ItemOperations answer with the text of every body and the octets of every file as a part of its own."""
    bodies: list[bytes] = []
    document = encode(_referring(root, bodies))
    parts = [document, *bodies]
    at, head = 4 + 8 * len(parts), [struct.pack("<i", len(parts))]
    for part in parts:
        head.append(struct.pack("<ii", at, len(part)))
        at += len(part)
    return b"".join((*head, *parts))


def _referring(element: Element, bodies: list[bytes]) -> Element:
    """Return an element in which bodies name their part; the parts are appended."""
    if element.tag == AirSyncBase.Body:
        return E(element.tag, *(_moved(each, bodies) for each in element.children))
    if element.tag == Tags.Data:
        bodies.append(base64.b64decode(element.data))
        return E(Tags.Part, len(bodies))
    if not element.children:
        return element
    return E(element.tag, *(_referring(each, bodies) for each in element.children))


def _moved(child: Element, bodies: list[bytes]) -> Element:
    if child.tag != AirSyncBase.Data:
        return child
    bodies.append(child.data)
    return E(Tags.Part, len(bodies))
