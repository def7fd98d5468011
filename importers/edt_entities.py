"""One reader per element of an EDT/Pronote section; each turns a finished element into one neutral value.

Sources: reference/pronote-format.md, 1.2 (schema 1.1) and 1.3 (additions of later versions). What is not read is
counted, never fatal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import time

from lxml import etree

from importers.edt_values import Attributes, attributes, local_name, read_time
from importers.errors import ImportRefused
from importers.notices import Tally
from importers.timetable import (
    Group,
    Named,
    Part,
    Person,
    PersonKind,
    Resource,
    ResourceKind,
    SchoolClass,
    Stay,
    Subject,
)

CHILD_LIMIT = 20_000
IDPN_LIMIT = 128


@dataclass(frozen=True, slots=True)
class RawCourse:
    """A week course before the grid has turned its places into times and its references have been checked."""

    day: int
    first_place: int
    places: int
    subjects: tuple[str, ...]
    resources: tuple[Resource, ...]
    cancelled: int
    ident: str
    line: int


@dataclass(slots=True)
class Draft:
    """What has been read so far: one dictionary per entity, by identifier."""

    tally: Tally = field(default_factory=Tally)
    schools: dict[str, str] = field(default_factory=dict)
    subjects: dict[str, Subject] = field(default_factory=dict)
    classes: dict[str, SchoolClass] = field(default_factory=dict)
    parts: dict[str, Part] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    rooms: dict[str, Named] = field(default_factory=dict)
    equipment: dict[str, Named] = field(default_factory=dict)
    teachers: dict[str, Person] = field(default_factory=dict)
    pupils: dict[str, Person] = field(default_factory=dict)
    staff: dict[str, Person] = field(default_factory=dict)
    courses: list[RawCourse] = field(default_factory=list)
    starts: dict[int, time] = field(default_factory=dict)
    ends: dict[int, time] = field(default_factory=dict)

    def identify(self, found: Attributes, table: Mapping[str, object]) -> str:
        """Return the identifier of a new entity, or an empty string (counted) when it is missing or already taken."""
        ident = found.text("ident")
        if not ident:
            self.tally.add("no-ident", found.element)
        elif ident in table:
            self.tally.add("duplicate-ident", found.element)
            return ""
        return ident


def children(element: etree._Element, tally: Tally, known: frozenset[str]) -> Iterator[tuple[str, Attributes]]:
    """Yield the known children of an element by name; others are counted; raises ImportRefused("too-large")."""
    if len(element) > CHILD_LIMIT:
        raise ImportRefused("too-large", line=element.sourceline, element=local_name(element), limit=CHILD_LIMIT)
    for child in element:
        name = local_name(child)
        if name in known:
            yield name, attributes(child)
        elif name and name not in IGNORED_CHILDREN:
            tally.add("unknown", f"{local_name(element)}/{name}")


def count_unknown(found: Attributes, tally: Tally, known: frozenset[str]) -> None:
    """Count the attributes nothing reads."""
    for name in found.values.keys() - known:
        tally.add("unknown", f"{found.element}@{name}")


def read_school(element: etree._Element, draft: Draft) -> None:
    """Read Etablissement: identifier to school code (UAI)."""
    found = attributes(element)
    code = found.text("numero") or found.text("uai")
    if code and (ident := found.text("ident")):
        draft.schools[ident] = code.upper()


def read_subject(element: etree._Element, draft: Draft) -> None:
    """Read Matiere."""
    found = attributes(element)
    count_unknown(found, draft.tally, frozenset({"ident", "code", "libelle"}))
    if ident := draft.identify(found, draft.subjects):
        draft.subjects[ident] = Subject(ident, found.text("code"), found.text("libelle") or found.text("code"))


def read_class(element: etree._Element, draft: Draft) -> None:
    """Read Classe with the parts it declares, its schools and its head teachers."""
    found = attributes(element)
    count_unknown(found, draft.tally, frozenset({"ident", "nom"}))
    ident = draft.identify(found, draft.classes)
    if not ident:
        return
    held: dict[str, list[str]] = {"PartieDeClasse": [], "Etablissement": [], "ProfesseurPrincipal": []}
    for name, child in children(element, draft.tally, frozenset(held)):
        if name == "PartieDeClasse":
            part = draft.identify(child, draft.parts)
            if not part:
                continue
            draft.parts[part] = Part(part, ident, len(held[name]) + 1, child.text("nom"))
        held[name].append(child.text("ident"))
    draft.classes[ident] = SchoolClass(
        ident,
        found.text("nom") or ident,
        parts=tuple(held["PartieDeClasse"]),
        schools=tuple(held["Etablissement"]),
        head_teachers=tuple(held["ProfesseurPrincipal"]),
    )


def read_group(element: etree._Element, draft: Draft) -> None:
    """Read Groupe: whole classes, class parts, and direct pupils (since 2025)."""
    found = attributes(element)
    count_unknown(found, draft.tally, frozenset({"ident", "nom"}))
    ident = draft.identify(found, draft.groups)
    if not ident:
        return
    held: dict[str, dict[str, None]] = {"Classe": {}, "PartieDeClasse": {}, "Eleve": {}}
    for name, child in children(element, draft.tally, frozenset(held)):
        held[name][child.text("ident")] = None
    draft.groups[ident] = Group(
        ident, found.text("nom") or ident, tuple(held["Classe"]), tuple(held["PartieDeClasse"]), tuple(held["Eleve"])
    )


def read_room(element: etree._Element, draft: Draft) -> None:
    """Read Salle."""
    found = attributes(element)
    if ident := draft.identify(found, draft.rooms):
        draft.rooms[ident] = Named(ident, found.text("nom") or ident)


def read_equipment(element: etree._Element, draft: Draft) -> None:
    """Read Materiel."""
    found = attributes(element)
    if ident := draft.identify(found, draft.equipment):
        draft.equipment[ident] = Named(ident, found.text("nom") or ident)


def read_teacher(element: etree._Element, draft: Draft) -> None:
    """Read Professeur."""
    if person := _person(element, PersonKind.TEACHER, draft, draft.teachers):
        draft.teachers[person.ident] = person


def read_staff(element: etree._Element, draft: Draft) -> None:
    """Read Personnel."""
    if person := _person(element, PersonKind.STAFF, draft, draft.staff):
        draft.staff[person.ident] = person


def read_pupil(element: etree._Element, draft: Draft) -> None:
    """Read Eleve with dated memberships; guardians, whatever their shape, are not read."""
    if person := _person(element, PersonKind.PUPIL, draft, draft.pupils):
        draft.pupils[person.ident] = person


def _person(element: etree._Element, kind: PersonKind, draft: Draft, table: Mapping[str, object]) -> Person | None:
    found = attributes(element)
    count_unknown(found, draft.tally, _PERSON_ATTRIBUTES)
    ident = draft.identify(found, table)
    if not ident:
        return None
    stays: dict[str, list[Stay]] = {"Classe": [], "PartieDeClasse": []}
    for name, child in children(element, draft.tally, frozenset(stays)):
        first, last = child.optional_day("dateentree", draft.tally), child.optional_day("datesortie", draft.tally)
        if first is not None and last is not None and last < first:
            draft.tally.add("bad-date", f"{name}@datesortie")
            continue
        stays[name].append(Stay(child.text("ident"), first, last))
    return Person(
        kind=kind,
        ident=ident,
        family=found.text("nom"),
        given=found.text("prenom"),
        birth_date=found.optional_day("datenaissance", draft.tally),
        idpn=_identifier(found, draft.tally),
        idcas=found.text("idcas"),
        ine=found.text("numeronational"),
        idsconet=found.text("idsconet"),
        idsts=found.text("idsts"),
        classes=tuple(stays["Classe"]),
        parts=tuple(stays["PartieDeClasse"]),
    )


def _identifier(found: Attributes, tally: Tally) -> str:
    """Return Pronote's identifier of a person; one too long to be any is counted and not learnt."""
    value = found.text("idpn")
    if len(value) <= IDPN_LIMIT:
        return value
    tally.add("unknown", f"{found.element}@IDPN")
    return ""


def read_course(element: etree._Element, draft: Draft) -> None:
    """Read one weekly slot; every resource carries its own mask, a detached pupil in SemainesInclusion."""
    found = attributes(element)
    count_unknown(found, draft.tally, _COURSE_ATTRIBUTES)
    if len(draft.courses) >= COURSE_LIMIT:
        raise ImportRefused("too-large", line=found.line, element=found.element, limit=COURSE_LIMIT)
    subjects: dict[str, None] = {}
    resources = []
    for name, child in children(element, draft.tally, _COURSE_CHILDREN):
        ident = child.text("ident")
        if name == "Matiere":
            subjects[ident] = None
            continue
        mask = child.mask("semainesinclusion" if "semainesinclusion" in child.values else "semaines", draft.tally)
        resources.append(Resource(RESOURCES[name], ident, mask))
    draft.courses.append(
        RawCourse(
            day=found.number("jour"),
            first_place=found.number("numeroplacedebut"),
            places=found.number("nombreplaces"),
            subjects=tuple(subjects),
            resources=tuple(resources),
            cancelled=found.mask("semainesannulation", draft.tally),
            ident=found.text("ident"),
            line=found.line,
        )
    )


def read_grid(element: etree._Element, draft: Draft) -> None:
    """Read GrilleHoraire: the printed times of the places; an empty end means start plus the length of a place.

    Raises ImportRefused("bad-value") on an unreadable number or time: a wrong grid would shift every lesson.
    """
    minutes = attributes(element).number("dureeplace")
    places = [place for section in element if local_name(section) == "PlacesParJour" for place in section]
    for place in places[:PLACE_LIMIT]:
        if local_name(place) != "Place":
            continue
        found = attributes(place)
        number, starts = found.number("numero"), read_time(found.text("libelleheuredebut"))
        if starts is None:
            raise found.bad("libelleheuredebut")
        ends = _place_end(found, starts, minutes)
        draft.starts[number], draft.ends[number] = starts, ends


def _place_end(found: Attributes, starts: time, minutes: int) -> time:
    if found.text("libelleheurefin"):
        ends = read_time(found.text("libelleheurefin"))
    else:
        hour, minute = divmod(starts.hour * 60 + starts.minute + minutes, 60)
        ends = time(hour, minute) if hour < 24 else None
    if ends is None:
        raise found.bad("libelleheurefin")
    return ends


COURSE_LIMIT = 200_000
PLACE_LIMIT = 1440

IGNORED_CHILDREN = frozenset({"Responsable", "Etiquette", "Periode", "Mef"})

_PERSON_ATTRIBUTES = frozenset(
    {"ident", "nom", "prenom", "codepostal", "datenaissance", "sexe", "civilite", "idpn", "idcas", "idsts"}
    | {"idsconet", "idetablissement", "numeronational"}
)
_COURSE_ATTRIBUTES = frozenset({"ident", "jour", "numeroplacedebut", "nombreplaces", "semainesannulation", "annuel"})

RESOURCES = {
    "Professeur": ResourceKind.TEACHER,
    "Personnel": ResourceKind.STAFF,
    "Classe": ResourceKind.CLASS,
    "PartieDeClasse": ResourceKind.PART,
    "Groupe": ResourceKind.GROUP,
    "Eleve": ResourceKind.PUPIL,
    "Salle": ResourceKind.ROOM,
    "Materiel": ResourceKind.EQUIPMENT,
}
_COURSE_CHILDREN = frozenset({"Matiere", *RESOURCES})

# Section name -> (item name, reader). Names collide between sections and references, so only this path counts.
SECTIONS: dict[str, tuple[str, Callable[[etree._Element, Draft], None]]] = {
    "Etablissements": ("Etablissement", read_school),
    "Matieres": ("Matiere", read_subject),
    "Professeurs": ("Professeur", read_teacher),
    "Personnels": ("Personnel", read_staff),
    "Classes": ("Classe", read_class),
    "Groupes": ("Groupe", read_group),
    "Salles": ("Salle", read_room),
    "Materiels": ("Materiel", read_equipment),
    "Eleves": ("Eleve", read_pupil),
    "Cours": ("Cours", read_course),
}

# Known sections without meaning for a timetable; their insides reuse the names of real entities.
IGNORED_SECTIONS = frozenset(
    {"Etiquettes", "MotifsAbsence", "Absences", "Absence", "Nomenclatures", "Responsables"}
    | {"Mefs", "Mef", "Ressources", "Ressource"}
)
