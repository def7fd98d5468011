"""The EDT/Pronote export for school portals, clear XML, schema 1.1 and the known additions of 2.x.

Element names collide (`Cours/Cours`, `Matiere` as entity and as reference, `Mef` and `Absence` blocks that reuse
both), so the document is read by path: a section, its items, and what each item's reader asks for. Nothing is
validated against the vendor's schema, because real exports do not validate against it (reference/pronote-format.md,
1.1); nothing is fetched.
"""

from __future__ import annotations

import io
from datetime import date

from lxml import etree

from importers.edt_entities import IGNORED_SECTIONS, SECTIONS, Draft, read_grid
from importers.edt_links import Header, finished
from importers.edt_values import attributes, local_name
from importers.errors import ImportRefused
from importers.timetable import Timetable

SIZE_LIMIT = 200 * 2**20
DEPTH_LIMIT = 12
ITEM_LIMIT = 50_000
ROOT = "ExportEmploiDuTemps"
CONTAINER = "EXPORT_INDEX_EDUCATION"
REQUIRED = ("AnneeScolaire", "GrilleHoraire", "Cours")
SUPPORTED_MAJORS = frozenset({"1", "2"})

_HEAD = 4096
_TAIL = 400
_SECTION, _ITEM = 2, 3


def recognise(data: bytes) -> bool:
    """Say whether a file looks like an EDT/Pronote export, clear or encrypted."""
    head = data[:_HEAD].replace(b"\0", b"")
    return ROOT.encode() in head or CONTAINER.encode() in head


def parse(data: bytes) -> Timetable:
    """Read a clear export; raises ImportRefused.

    Reasons: "too-large", "too-deep", "doctype", "not-xml", "truncated", "wrong-root", "encrypted",
    "unsupported-version", "missing-section" and "bad-value" (with line, element, name and value). Dangling
    references, unknown names and slots outside the grid are counted in `notices`.
    """
    if len(data) > SIZE_LIMIT:
        raise ImportRefused("too-large", size=len(data), limit=SIZE_LIMIT)
    if b"<!DOCTYPE" in data or b"<!DOCTYPE" in data[: _HEAD * 4].replace(b"\0", b""):
        raise ImportRefused("doctype")
    document = _Document()
    try:
        _walk(data.lstrip(b" \t\r\n"), document)
    except etree.XMLSyntaxError as error:
        raise _broken(data, document, error) from None
    return document.timetable()


def _broken(data: bytes, document: _Document, error: etree.XMLSyntaxError) -> ImportRefused:
    closed = ROOT.encode() in data[-_TAIL:].replace(b"\0", b"")
    reason = "truncated" if document.root_seen and not closed else "not-xml"
    return ImportRefused(reason, line=error.lineno, column=error.offset)


def _walk(data: bytes, document: _Document) -> None:
    """Hand the document over item by item; at most ITEM_LIMIT elements and comments are held in memory at once."""
    depth = held = 0
    for event, element in etree.iterparse(
        io.BytesIO(data),
        events=("start", "end", "comment", "pi"),
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
    ):
        held += event != "end"
        if held > ITEM_LIMIT:
            raise ImportRefused("too-large", line=element.sourceline, limit=ITEM_LIMIT)
        if event in ("comment", "pi"):
            continue
        if event == "start":
            depth += 1
            if depth > DEPTH_LIMIT:
                raise ImportRefused("too-deep", line=element.sourceline, limit=DEPTH_LIMIT)
            if depth == 1:
                document.open_root(element)
            elif depth == _SECTION:
                document.open_section(local_name(element))
            continue
        if depth == _ITEM and document.close_item(element):
            held = 0
        elif depth == _SECTION:
            document.close_section(element)
        depth -= 1


class _Document:
    """One reading of one document."""

    def __init__(self) -> None:
        self.root_seen = False
        self._version = ""
        self._uai = ""
        self._year: tuple[date, date, date] | None = None
        self._draft = Draft()
        self._sections: set[str] = set()
        self._section = ""

    def open_root(self, element: etree._Element) -> None:
        if element.getroottree().docinfo.internalDTD is not None:
            raise ImportRefused("doctype")
        name = local_name(element)
        if name == CONTAINER:
            raise ImportRefused("encrypted")
        if name != ROOT:
            raise ImportRefused("wrong-root", name=name[:80])
        found = attributes(element)
        self._version, self._uai = found.text("version"), found.text("uai").upper()
        if self._version and self._version.partition(".")[0] not in SUPPORTED_MAJORS:
            raise ImportRefused("unsupported-version", value=self._version)
        self.root_seen = True

    def open_section(self, name: str) -> None:
        self._section = name
        self._sections.add(name)

    def close_item(self, element: etree._Element) -> bool:
        """Read and drop an item; false when its section is read as a whole."""
        if self._section == "GrilleHoraire":
            return False
        name = local_name(element)
        item, read = SECTIONS.get(self._section, ("", None))
        if read is not None and name == item:
            read(element, self._draft)
        elif read is not None and name:
            self._draft.tally.add("unknown", f"{self._section}/{name}")
        _discard(element)
        return True

    def close_section(self, element: etree._Element) -> None:
        match self._section:
            case "AnneeScolaire":
                found = attributes(element)
                self._year = found.day("datedebut"), found.day("datefin"), found.day("datepremierjoursemaine1")
            case "GrilleHoraire":
                read_grid(element, self._draft)
            case name if name in IGNORED_SECTIONS:
                self._draft.tally.add("ignored", name)
            case name if name not in SECTIONS:
                self._draft.tally.add("unknown", name)
        _discard(element)

    def timetable(self) -> Timetable:
        for name in REQUIRED:
            if name not in self._sections:
                raise ImportRefused("missing-section", name=name)
        if self._year is None:
            raise ImportRefused("missing-section", name="AnneeScolaire")
        return finished(self._draft, Header(self._version, self._uai, *self._year))


def _discard(element: etree._Element) -> None:
    # Keep memory flat: what has been read is dropped with its elder siblings.
    element.clear()
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]
