"""Dead properties: what clients keep with calendars, objects and the home (RFC 4918, 4.1), as XML that is not read."""

from __future__ import annotations

import copy
from collections.abc import Mapping

from lxml import etree

from protocols.caldav.names import DAV, split
from storage.dead_properties import HOME, MAX_NAME, MAX_VALUE, Place
from storage.model import Principal
from storage.transaction import Transaction

_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_NONE: Mapping[str, str] = {}


class Dead:
    """A person's dead properties, each kind read once in a request and only when it is asked for."""

    def __init__(self, tx: Transaction, principal: Principal) -> None:
        """Read in a transaction for a person."""
        self._store = tx.dead_properties
        self._principal = principal.id
        self._collections: dict[int, dict[str, str]] | None = None
        self._objects: dict[int, dict[str, dict[str, str]]] = {}

    def of(self, place: Place) -> Mapping[str, str]:
        """Return the properties of one address as whole elements, by Clark name."""
        collection_id, href = place
        if href:
            return self.of_objects(collection_id).get(href, _NONE)
        if self._collections is None:
            self._collections = self._store.of_collections(self._principal)
        return self._collections.get(collection_id, _NONE)

    def of_objects(self, collection_id: int) -> Mapping[str, Mapping[str, str]]:
        """Return the properties of the objects of a collection, by href."""
        if collection_id not in self._objects:
            self._objects[collection_id] = self._store.of_objects(self._principal, collection_id)
        return self._objects[collection_id]


def home() -> Place:
    """Return the address of the asker's home."""
    return HOME, ""


def can_be(name: str) -> bool:
    """Whether a property of this name may be kept: those of WebDAV itself are not for clients to invent."""
    return len(name) <= MAX_NAME and split(name)[0] != DAV


def element(node: etree._Element) -> str | None:
    """Return a property as an element that stands anywhere, its language with it; None when it is too long."""
    alone = copy.deepcopy(node)
    alone.tail = None
    language = next((each.get(_LANG) for each in (node, *node.iterancestors()) if each.get(_LANG)), None)
    if language:
        alone.set(_LANG, language)
    text = _written(alone)
    return text if len(text) <= MAX_VALUE else None


def _written(alone: etree._Element) -> str:
    """Return an element in its canonical form, or as it is where libxml2 has none.

    It refuses namespaces that are relative addresses, and does not escape an ampersand in one.
    """
    try:
        text = etree.tostring(alone, method="c14n", exclusive=True).decode()
        etree.fromstring(text)
    except (etree.C14NError, etree.XMLSyntaxError):
        return etree.tostring(alone, encoding="unicode")
    return text
