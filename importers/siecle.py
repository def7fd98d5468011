"""SIECLE's generic exports: the pupils of a school, and who answers for them (reference, 4.3)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from typing import Final

from lxml import etree

from importers.archives import Files
from importers.edt_values import line_of
from importers.errors import ImportRefused
from importers.people import Link, PeopleFile, Role, Told, collect
from importers.people_table import Row
from importers.xml_tree import attribute, children, root_name, text, tree

SOURCE: Final = "siecle"
PUPILS: Final = "BEE_ELEVES"
GUARDIANS: Final = "BEE_RESPONSABLES"
PEOPLE_LIMIT: Final = 50_000
# Pupils and guardians are numbered apart.
_PERSON: Final = "person:"
_LEGAL: Final = frozenset({"1", "2"})
_RELATIONS: Final = {"1": "mother", "2": "father", "10": "mother", "20": "father", "50": "guardian"}


def recognise(files: Files) -> bool:
    """Say whether a file is one of the two exports."""
    return any(root_name(data) in (PUPILS, GUARDIANS) for data in files.values())


def parse(files: Files) -> PeopleFile:
    """Read the pupils and their guardians; each export names everybody of its kind.

    Pupils whose date of leaving is before the export have left. Raises ImportRefused: "not-xml", "doctype", "too-deep",
    "too-large", "too-many-rows", "missing-section".
    """
    roots = {name: tree(data) for data in files.values() if (name := root_name(data)) in (PUPILS, GUARDIANS)}
    told: list[Told] = []
    links: tuple[Link, ...] = ()
    schools: set[str] = set()
    complete: set[Role] = set()
    for name, root in roots.items():
        schools |= {code for each in children(root, "PARAMETRES", "UAJ") if (code := text(each).upper())}
        if name == PUPILS:
            told += _pupils(root)
            complete.add(Role.PUPIL)
        else:
            told += _guardians(root)
            links = tuple(_links(root))
            complete.add(Role.GUARDIAN)
        if len(told) > PEOPLE_LIMIT:
            raise ImportRefused("too-many-rows", limit=PEOPLE_LIMIT)
    return replace(
        collect(told), source=SOURCE, complete=frozenset(complete), links=links, schools=tuple(sorted(schools))
    )


def _pupils(root: etree._Element) -> Iterator[Told]:
    classes, groups = _structures(root)
    exported = _day(text(root, "PARAMETRES", "HORODATAGE")) or date.max
    if not children(root, "DONNEES", "ELEVES"):
        raise ImportRefused("missing-section", name="ELEVES")
    for pupil in children(root, "DONNEES", "ELEVES", "ELEVE"):
        left = _day(text(pupil, "DATE_SORTIE"))
        if left is not None and left < exported:
            continue
        number = attribute(pupil, "ELEVE_ID")
        others = (text(pupil, "PRENOM2"), text(pupil, "PRENOM3"))
        cells = _identity(pupil) | {
            "external_id": number,
            "birth_date": text(pupil, "DATE_NAISS"),
            "ine": text(pupil, "ID_NATIONAL") or text(pupil, "INE_BEA"),
            "role": Role.PUPIL.value,
        }
        more = {
            "siecle": number,
            "classes": tuple(classes[number]),
            "groups": tuple(groups[number]),
            "other_given": tuple(name for name in others if name),
        }
        yield Told(Row(line_of(pupil), cells, {}, surplus=False), more)


def _identity(person: etree._Element) -> dict[str, str]:
    return {
        "family": text(person, "NOM_DE_FAMILLE") or text(person, "NOM"),
        "usual_family": text(person, "NOM_USAGE"),
        "given": text(person, "PRENOM"),
        "email": text(person, "MEL"),
    }


def _structures(root: etree._Element) -> tuple[defaultdict[str, list[str]], defaultdict[str, list[str]]]:
    classes: defaultdict[str, list[str]] = defaultdict(list)
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for each in children(root, "DONNEES", "STRUCTURES", "STRUCTURES_ELEVE"):
        number = attribute(each, "ELEVE_ID")
        for structure in children(each, "STRUCTURE"):
            table = classes if text(structure, "TYPE_STRUCTURE") == "D" else groups
            if code := text(structure, "CODE_STRUCTURE"):
                table[number].append(code)
    return classes, groups


def _guardians(root: etree._Element) -> Iterator[Told]:
    if not children(root, "DONNEES", "PERSONNES"):
        raise ImportRefused("missing-section", name="PERSONNES")
    # People who answer for nobody here any more are in the file too.
    needed = {link.guardian for link in _links(root)}
    for person in children(root, "DONNEES", "PERSONNES", "PERSONNE"):
        number = attribute(person, "PERSONNE_ID")
        if f"{_PERSON}{number}" in needed:
            cells = _identity(person) | {"external_id": f"{_PERSON}{number}", "role": Role.GUARDIAN.value}
            yield Told(Row(line_of(person), cells, {}, surplus=False))


def _links(root: etree._Element) -> Iterator[Link]:
    for each in children(root, "DONNEES", "RESPONSABLES", "RESPONSABLE_ELEVE"):
        pupil, guardian = text(each, "ELEVE_ID"), text(each, "PERSONNE_ID")
        if pupil and guardian:
            relation = _RELATIONS.get(text(each, "CODE_PARENTE"), "")
            yield Link(pupil, f"{_PERSON}{guardian}", text(each, "RESP_LEGAL") in _LEGAL, relation)


def _day(value: str) -> date | None:
    """Return a date written as dd/mm/yyyy, whatever follows it; None when it is none."""
    try:
        return datetime.strptime(value[:10], "%d/%m/%Y").replace(tzinfo=None).date() if value else None
    except ValueError:
        return None
