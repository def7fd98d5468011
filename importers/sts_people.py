"""The people of an STS export: teachers and staff with the number that timetables know them by (reference, 4.4)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from lxml import etree

from importers.archives import Files
from importers.edt_values import line_of
from importers.errors import ImportRefused
from importers.people import PeopleFile, Role, Told, collect
from importers.people_table import Row
from importers.xml_tree import attribute, children, root_name, text, tree

SOURCE: Final = "sts"
ROOT: Final = "STS_EDT"
PEOPLE_LIMIT: Final = 20_000


def recognise(files: Files) -> bool:
    """Say whether a file is what STS hands to timetabling software."""
    return any(root_name(data) == ROOT for data in files.values())


def parse(files: Files) -> PeopleFile:
    """Read the individuals of one school; raises ImportRefused as for any XML, "missing-section", "too-many-rows"."""
    root = next(tree(data) for data in files.values() if root_name(data) == ROOT)
    if not children(root, "DONNEES", "INDIVIDUS"):
        raise ImportRefused("missing-section", name="INDIVIDUS")
    people = list(_people(root))
    if len(people) > PEOPLE_LIMIT:
        raise ImportRefused("too-many-rows", limit=PEOPLE_LIMIT)
    schools = {attribute(each, "CODE").upper() or text(each).upper() for each in children(root, "PARAMETRES", "UAJ")}
    return replace(
        collect(people),
        source=SOURCE,
        complete=frozenset({Role.TEACHER, Role.STAFF}),
        schools=tuple(sorted(schools - {""})),
    )


def _people(root: etree._Element) -> Iterator[Told]:
    for person in children(root, "DONNEES", "INDIVIDUS", "INDIVIDU"):
        number, kind = attribute(person, "ID"), attribute(person, "TYPE")
        usual, birth = text(person, "NOM_USAGE"), text(person, "NOM_PATRONYMIQUE")
        cells = {
            # The local and the national numbers are counted apart.
            "external_id": f"{kind or 'epp'}:{number}" if number else "",
            "family": birth or usual,
            "usual_family": usual,
            "given": text(person, "PRENOM"),
            "birth_date": text(person, "DATE_NAISSANCE"),
            "role": Role.TEACHER.value if text(person, "FONCTION") in ("ENS", "") else Role.STAFF.value,
        }
        yield Told(Row(line_of(person), cells, {}, surplus=False), {"sts": number})
