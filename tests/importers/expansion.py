"""An expansion of the timetable file written apart from the importer, straight from the reference.

It knows pronote-format sections 1.4 and 1.5 and the standard library, nothing of the product: where
it and the importer agree, two readings of the same rules do.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

N = "{http://www.index-education.com/exportemploidutemps}"
WEEKS = 62
RESOURCES = ("Professeur", "Personnel", "Materiel", "Classe", "PartieDeClasse", "Groupe", "Salle", "Eleve")


@dataclass(frozen=True, slots=True)
class Session:
    """One dated session; names as printed in the file, sorted; idents as written, for memberships."""

    day: date
    week: int
    starts: datetime
    ends: datetime
    subjects: tuple[str, ...]
    teachers: tuple[str, ...]
    staff: tuple[str, ...]
    classes: tuple[str, ...]
    groups: tuple[str, ...]
    rooms: tuple[str, ...]
    materials: tuple[str, ...]
    teacher_idents: frozenset[str]
    class_idents: frozenset[str]
    group_idents: frozenset[str]
    part_idents: frozenset[str]
    pupil_idents: frozenset[str]

    @property
    def subject(self) -> str:
        """The labels of the subjects in file order, joined by a slash."""
        return "/".join(self.subjects)

    @property
    def audience(self) -> tuple[str, ...]:
        """The names of groups, or of classes where there is no group."""
        return self.groups or self.classes

    @property
    def key(self) -> tuple[date, datetime, str, tuple[str, ...]]:
        """What makes a session the same one in two files, save the ordinal of exact duplicates."""
        return (self.day, self.starts, self.subject, self.audience)


def expand(xml: bytes, zone: str = "Europe/Paris", *, include_class_parts: bool = False) -> list[Session]:
    """Return every session that takes place, in order of time; those of class parts alone on request only."""
    return [session for session in _expanded(xml, zone) if include_class_parts or not _parts_alone(session)]


def sessions_of_teacher(xml: bytes, family: str, given: str, **options) -> list[Session]:
    """Return the sessions a teacher gives, the teacher named exactly as in the file."""
    root = _root(xml)
    idents = {
        found.get("Ident")
        for found in root.iterfind(f"{N}Professeurs/{N}Professeur")
        if (found.get("Nom"), found.get("Prenom")) == (family, given)
    }
    return [session for session in expand(xml, **options) if session.teacher_idents & idents]


def sessions_of_pupil(xml: bytes, family: str, given: str, birth: date | None, **options) -> list[Session]:
    """Return the sessions a pupil attends, named exactly as in the file; ``birth`` None is an empty date."""
    root = _root(xml)
    pupil = next(
        found
        for found in root.iterfind(f"{N}Eleves/{N}Eleve")
        if (found.get("Nom"), found.get("Prenom")) == (family, given)
        and (found.get("DateNaissance") or "") == (birth.isoformat() if birth else "")
    )
    groups = {found.get("Ident", ""): found for found in root.iterfind(f"{N}Groupes/{N}Groupe")}
    return [session for session in expand(xml, **options) if _attends(pupil, session, groups)]


def _attends(pupil: ElementTree.Element, session: Session, groups: dict[str, ElementTree.Element]) -> bool:
    ident = pupil.get("Ident")
    classes = _stays(pupil, "Classe", session.day)
    parts = _stays(pupil, "PartieDeClasse", session.day)
    if session.class_idents & classes or session.part_idents & parts or ident in session.pupil_idents:
        return True
    for number in session.group_idents:
        group = groups[number]
        if any(child.get("Ident") in classes for child in group.iterfind(f"{N}Classe")):
            return True
        if any(child.get("Ident") in parts for child in group.iterfind(f"{N}PartieDeClasse")):
            return True
        if any(child.get("Ident") == ident for child in group.iterfind(f"{N}Eleve")):
            return True
    return False


def _stays(pupil: ElementTree.Element, name: str, day: date) -> set[str | None]:
    return {
        stay.get("Ident")
        for stay in pupil.iterfind(N + name)
        if date.fromisoformat(stay.get("DateEntree", "")) <= day <= date.fromisoformat(stay.get("DateSortie", ""))
    }


def _parts_alone(session: Session) -> bool:
    followed = session.class_idents | session.group_idents | session.pupil_idents
    return bool(session.part_idents) and not followed


@lru_cache(maxsize=2)
def _root(xml: bytes) -> ElementTree.Element:
    return ElementTree.fromstring(xml)


@lru_cache(maxsize=2)
def _expanded(xml: bytes, zone: str) -> tuple[Session, ...]:
    """Walk the calendar day by day, week 1 first, and read off the courses of each weekday."""
    root = _root(xml)
    year = root.find(f"{N}AnneeScolaire")
    assert year is not None
    monday = date.fromisoformat(year.get("DatePremierJourSemaine1", ""))
    places = {
        int(place.get("Numero", "")): (place.get("LibelleHeureDebut", ""), place.get("LibelleHeureFin", ""))
        for place in root.iterfind(f"{N}GrilleHoraire/{N}PlacesParJour/{N}Place")
    }
    by_weekday = defaultdict(list)
    for course in root.iterfind(f"{N}Cours/{N}Cours"):
        by_weekday[int(course.get("Jour", ""))].append(course)
    names = _names(root)
    found = []
    for number in range(7 * WEEKS):
        day = monday + timedelta(days=number)
        for course in by_weekday[day.isoweekday()]:
            hours = _hours(course, places)
            active = _active(course, 1 + number // 7)
            if hours and active:
                found.append(
                    _session(course, (day, 1 + number // 7), [_at(day, hour, zone) for hour in hours], (active, names))
                )
    return tuple(
        sorted(found, key=lambda session: (session.starts, session.subject, session.audience, session.teachers))
    )


def _names(root: ElementTree.Element) -> dict[str, dict[str, str]]:
    """Return the printed name of every ident, by kind of resource."""

    def section(path: str, *attributes: str) -> dict[str, str]:
        outer, inner = path.split("/")
        return {
            found.get("Ident", ""): " ".join(found.get(attribute, "") for attribute in attributes)
            for found in root.iterfind(f"{N}{outer}/{N}{inner}")
        }

    return {
        "Matiere": section("Matieres/Matiere", "Libelle"),
        "Professeur": section("Professeurs/Professeur", "Nom", "Prenom"),
        "Personnel": section("Personnels/Personnel", "Nom", "Prenom"),
        "Materiel": section("Materiels/Materiel", "Nom"),
        "Classe": section("Classes/Classe", "Nom"),
        "Groupe": section("Groupes/Groupe", "Nom"),
        "Salle": section("Salles/Salle", "Nom"),
    }


def _hours(course: ElementTree.Element, places: dict[int, tuple[str, str]]) -> tuple[str, str] | None:
    """Return the printed start and end, None where the course leaves the grid."""
    first = int(course.get("NumeroPlaceDebut", ""))
    last = first + int(course.get("NombrePlaces", "")) - 1
    if first not in places or last not in places:
        return None
    return places[first][0], places[last][1]


def _active(course: ElementTree.Element, week: int) -> dict[str, frozenset[str]]:
    """Return the idents taking part in a week by kind, nothing in a cancelled week."""
    if int(course.get("SemainesAnnulation") or 0) >> week & 1:
        return {}
    found = defaultdict(set)
    for kind in RESOURCES:
        mask = "SemainesInclusion" if kind == "Eleve" else "Semaines"
        for resource in course.iterfind(N + kind):
            if int(resource.get(mask) or 0) >> week & 1:
                found[kind].add(resource.get("Ident", ""))
    return {kind: frozenset(idents) for kind, idents in found.items()}


def _at(day: date, hour: str, zone: str) -> datetime:
    return datetime.combine(day, time.fromisoformat(hour), ZoneInfo(zone))


def _session(course, when, hours, resources) -> Session:
    active, names = resources
    groups = active.get("Groupe", frozenset())
    classes = frozenset() if groups else active.get("Classe", frozenset())

    def shown(kind: str, idents: Iterable[str]) -> tuple[str, ...]:
        return tuple(sorted(names[kind][ident] for ident in idents))

    return Session(
        day=when[0],
        week=when[1],
        starts=hours[0],
        ends=hours[1],
        subjects=tuple(names["Matiere"][found.get("Ident", "")] for found in course.iterfind(f"{N}Matiere")),
        teachers=shown("Professeur", active.get("Professeur", ())),
        staff=shown("Personnel", active.get("Personnel", ())),
        classes=shown("Classe", classes),
        groups=shown("Groupe", groups),
        rooms=shown("Salle", active.get("Salle", ())),
        materials=shown("Materiel", active.get("Materiel", ())),
        teacher_idents=active.get("Professeur", frozenset()),
        class_idents=classes,
        group_idents=groups,
        part_idents=active.get("PartieDeClasse", frozenset()),
        pupil_idents=active.get("Eleve", frozenset()),
    )


def clashes(sessions: Iterable[Session]) -> Iterator[tuple[Session, Session]]:
    """Yield the pairs of sessions that overlap, among sessions in order of time."""
    last: Session | None = None
    for session in sessions:
        if last is not None and session.starts < last.ends:
            yield last, session
        if last is None or session.ends > last.ends:
            last = session
