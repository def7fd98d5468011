"""The academy's federated directory, second degree: chunks of add, modify and delete requests (reference, 4.1).

Complete or differential, any chunk in any order. Schools have a key of the academy's own (structJointure), which the
chunk EtabEducNat maps to UAIs; a differential file may lack it, then what an earlier file said serves.
"""

from __future__ import annotations

import codecs
import html
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from html.entities import html5
from typing import Any, Final

from lxml import etree

from importers.archives import Files
from importers.edt_values import line_of, local_name
from importers.errors import ImportRefused
from importers.people import Link, PeopleFile, PersonRecord, Role, Told, collect
from importers.people_table import Row
from importers.xml_tree import SIZE_LIMIT, attribute, children, plain, tree

ROOT: Final = "ficAlimMENESR"
SOURCE: Final = "aaf"
VALUES_LIMIT: Final = 500
PEOPLE_LIMIT: Final = 200_000

_HEAD = 8192
_DOCTYPE = re.compile(r"<!DOCTYPE\s+ficAlimMENESR\s+SYSTEM\s+(\"[^\"<>\[\]]{0,200}\"|'[^'<>\[\]]{0,200}')\s*>")
_DECLARATION = re.compile(r"^\s*<\?xml[^>]{0,200}\?>")
_ENCODING = re.compile(rb"^[\xef\xbb\xbf\s]*<\?xml[^>]{0,200}encoding\s*=\s*[\"']([\w.-]{1,40})[\"']")
# Only these are ever declared; others of Python's are no text encodings, slow, or fail in ways of their own.
_ENCODINGS = frozenset({"utf-8", "iso8859-1", "iso8859-15", "cp1252", "ascii"})
_ENTITY = re.compile(r"&([A-Za-z][A-Za-z0-9]{1,31});")
_XML_ENTITIES = frozenset({"amp", "lt", "gt", "quot", "apos"})
_DELTA = re.compile(r"delta", re.IGNORECASE)
_COMPLETE = re.compile(r"complet", re.IGNORECASE)
_CATEGORIES = ("categoriePersonne", "categorieStructure", "categorieMatiere", "categorieMef")
_ROLES: Final = {"Eleve": Role.PUPIL, "PersRelEleve": Role.GUARDIAN}
_RELATIONS: Final = {
    "1": "father",
    "20": "father",
    "2": "mother",
    "10": "mother",
    "3": "guardian",
    "50": "guardian",
}
# Attribute -> field, for those that a differential file may change one by one.
_FIELDS: Final = {
    "sn": "family",
    "ENTPersonNomPatro": "birth_family",
    "givenName": "given",
    "ENTPersonDateNaissance": "birth_date",
    "mail": "email",
    "ENTEleveINE": "ine",
    "ENTEleveStructRattachId": "siecle",
    "ENTPersonSTSId": "sts",
    "ENTPersonAutresPrenoms": "other_given",
    "ENTEleveClasses": "classes",
    "ENTEleveGroupes": "groups",
}


@dataclass(frozen=True, slots=True)
class _Request:
    """One request: "add", "modify" or "delete", what it is about, its key, and the values by attribute."""

    action: str
    category: str
    key: str
    values: Mapping[str, tuple[str, ...]]
    line: int

    def one(self, name: str) -> str:
        return next((value for value in self.values.get(name, ()) if value), "")


@dataclass(slots=True)
class _Reading:
    requests: list[_Request] = field(default_factory=list)
    structures: dict[str, str] = field(default_factory=dict)


def recognise(files: Files) -> bool:
    """Say whether one of the files is a chunk of the directory."""
    return any(f"<{ROOT}".encode() in data[:_HEAD] for data in files.values())


def parse(files: Files, structures: Mapping[str, str] | None = None) -> PeopleFile:
    """Read the chunks of one delivery; `structures` maps keys of schools to codes where the files do not.

    It is complete when the names of all its files or their folder say so and none says it is differential; one chunk
    alone never is, since it cannot tell what the others hold. Raises ImportRefused: "not-xml", "doctype", "too-deep",
    "too-large", "too-many-rows".
    """
    reading = _Reading(structures=dict(structures or {}))
    chunks = {name: data for name, data in files.items() if f"<{ROOT}".encode() in data[:_HEAD]}
    for _name, data in sorted(chunks.items()):
        for request in _requests(tree(_clean(data))):
            _take(request, reading)
    return _people_file(reading, _complete(chunks, reading))


def structures_of(files: Files) -> dict[str, str]:
    """Return the codes of schools by the academy's key, from the chunks about schools."""
    found: dict[str, str] = {}
    for data in files.values():
        if b"EtabEducNat" in data and f"<{ROOT}".encode() in data[:_HEAD]:
            for request in _requests(tree(_clean(data))):
                found |= _structure(request)
    return found


def _clean(data: bytes) -> bytes:
    """Return a chunk as UTF-8 without declaration, its harmless document type and its HTML entities taken out."""
    if len(data) > SIZE_LIMIT:
        raise ImportRefused("too-large", size=len(data), limit=SIZE_LIMIT)
    text = _DECLARATION.sub("", _decoded(data).lstrip("\ufeff"), count=1)
    text = _DOCTYPE.sub("", text, count=1)
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise ImportRefused("doctype")
    return _ENTITY.sub(_character, text).encode()


def _decoded(data: bytes) -> str:
    told = _ENCODING.match(data)
    for name in (_known(told[1].decode("ascii")) if told else "utf-8", "utf-8"):
        try:
            return data.decode(name)
        except UnicodeDecodeError:
            continue
    return data.decode("iso-8859-15")


def _known(encoding: str) -> str:
    try:
        name = codecs.lookup(encoding).name
    except LookupError:
        return "utf-8"
    return name if name in _ENCODINGS else "utf-8"


def _character(found: re.Match[str]) -> str:
    if found[1] in _XML_ENTITIES:
        return found[0]
    character = html5.get(f"{found[1]};", "")
    return html.escape(character) if character else ""


def _requests(root: etree._Element) -> Iterator[_Request]:
    if local_name(root) != ROOT:
        raise ImportRefused("wrong-root", name=local_name(root)[:80])
    for element in root:
        action = local_name(element).removesuffix("Request")
        if action in ("add", "modify", "delete"):
            yield _request(element, action)


def _request(element: etree._Element, action: str) -> _Request:
    about = {attribute(each, "name"): _values(each) for each in children(element, "operationalAttributes", "attr")}
    category = next((about[name][0] for name in _CATEGORIES if about.get(name)), "")
    key = next((plain(each.text or "") for each in children(element, "identifier", "id")), "")
    values: dict[str, tuple[str, ...]] = {}
    for path in (("attributes", "attr"), ("modifications", "modification")):
        for each in children(element, *path):
            values[attribute(each, "name")] = _values(each)
    return _Request(action, category, key, values, line_of(element))


def _values(element: etree._Element) -> tuple[str, ...]:
    return tuple(plain(each.text or "") for each in children(element, "value")[:VALUES_LIMIT])


def _take(request: _Request, reading: _Reading) -> None:
    if request.category == "EtabEducNat":
        reading.structures |= _structure(request)
    elif request.category in _ROLES or request.category == "PersEducNat":
        if len(reading.requests) >= PEOPLE_LIMIT:
            raise ImportRefused("too-many-rows", limit=PEOPLE_LIMIT)
        reading.requests.append(request)


def _structure(request: _Request) -> dict[str, str]:
    code = request.one("ENTStructureUAI").upper()
    key = request.one("ENTStructureJointure") or request.key
    return {key: code} if request.category == "EtabEducNat" and code and key else {}


def _complete(chunks: Files, reading: _Reading) -> frozenset[Role]:
    """Return the roles a delivery tells everything of."""
    differential = any(_DELTA.search(name) for name in chunks) or any(r.action != "add" for r in reading.requests)
    if len(chunks) < 2 or differential or not all(_COMPLETE.search(name) for name in chunks):
        return frozenset()
    told = {request.category for request in reading.requests}
    adults = frozenset({Role.TEACHER, Role.STAFF}) if "PersEducNat" in told else frozenset()
    return adults | {role for category, role in _ROLES.items() if category in told}


def _people_file(reading: _Reading, complete: frozenset[Role]) -> PeopleFile:
    pupils = [r for r in reading.requests if r.category == "Eleve" and r.action != "delete"]
    links = tuple(link for request in pupils for link in _links(request))
    children_of: defaultdict[str, set[str]] = defaultdict(set)
    schools = {request.key: _schools(request, reading.structures) for request in reading.requests}
    for link in links:
        children_of[link.guardian] |= set(schools[link.pupil])
    told = []
    for request in reading.requests:
        if request.action != "delete":
            codes = schools[request.key] or tuple(sorted(children_of[request.key]))
            told.append(_told(request, codes))
    found = collect(told)
    return replace(
        found,
        people=tuple(_narrowed(record) for record in found.people),
        source=SOURCE,
        complete=complete,
        gone=tuple(request.key for request in reading.requests if request.action == "delete"),
        links=links,
        schools=tuple(sorted({code for codes in schools.values() for code in codes})),
    )


def _narrowed(record: PersonRecord) -> PersonRecord:
    """Take back the names that stood in for those a differential record does not tell."""
    if record.only is None:
        return record
    family = record.family if "family" in record.only else ""
    return replace(record, family=family, given=record.given if "given" in record.only else "")


def _links(request: _Request) -> Iterator[Link]:
    for value in request.values.get("ENTElevePersRelEleve", ()):
        parts = [*value.split("$"), "", "", "", ""]
        if parts[0]:
            yield Link(request.key, parts[0], parts[3] == "1", _RELATIONS.get(parts[1], ""))


def _schools(request: _Request, structures: Mapping[str, str]) -> tuple[str, ...]:
    names = ("ENTPersonStructRattach", "ENTEleveClasses", "ENTAuxEnsClassesMatieres", "ENTPersonFonctions")
    keys = {value.partition("$")[0] for name in names for value in request.values.get(name, ())} - {""}
    return tuple(sorted({structures[key] for key in keys if key in structures}))


def _told(request: _Request, schools: tuple[str, ...]) -> Told:
    cells = {
        "external_id": request.key,
        "family": request.one("sn"),
        "birth_family": request.one("ENTPersonNomPatro"),
        "given": request.one("givenName"),
        "birth_date": request.one("ENTPersonDateNaissance"),
        "email": request.one("mail"),
        "ine": request.one("ENTEleveINE"),
        "role": _role(request),
    }
    more: dict[str, Any] = {
        "other_given": tuple(value for value in request.values.get("ENTPersonAutresPrenoms", ()) if value),
        "siecle": request.one("ENTEleveStructRattachId"),
        "sts": request.one("ENTPersonSTSId"),
        "classes": _named(request, "ENTEleveClasses"),
        "groups": _named(request, "ENTEleveGroupes"),
        "schools": schools,
    }
    if request.action == "modify":
        more["only"] = frozenset(_FIELDS[name] for name in request.values if name in _FIELDS)
        # A name it does not tell may not look like a missing one.
        cells |= {name: "x" for name in ("family", "given") if not cells[name] and name not in more["only"]}
    return Told(Row(request.line, cells, {}, surplus=False), more)


def _role(request: _Request) -> str:
    if request.category in _ROLES:
        return _ROLES[request.category].value
    codes = {value.split("$")[1] for value in request.values.get("ENTPersonFonctions", ()) if "$" in value}
    teaches = any(request.values.get(name) for name in ("ENTAuxEnsClassesMatieres", "ENTAuxEnsGroupesMatieres"))
    return Role.TEACHER.value if "ENS" in codes or teaches else Role.STAFF.value


def _named(request: _Request, name: str) -> tuple[str, ...]:
    found = (value.partition("$")[2].strip() for value in request.values.get(name, ()))
    return tuple(dict.fromkeys(each for each in found if each))
