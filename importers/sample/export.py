"""The timetable file of a sample school: clear EDT/Pronote XML, versions 1.1 and 2.0 (pronote-format 1)."""

from collections.abc import Iterable, Iterator
from datetime import date
from functools import lru_cache
from xml.sax.saxutils import escape

from importers.sample.model import (
    MASK_WEEKS,
    Course,
    Group,
    Guardian,
    Pupil,
    SampleSchool,
    SchoolClass,
    Stay,
    Teacher,
    Use,
    Version,
)

NAMESPACE = "http://www.index-education.com/exportemploidutemps"
BOM = b"\xef\xbb\xbf"
QUOTES = {'"': "&quot;", "\n": "&#10;"}

ACCOUNT_LEARNT_EVERY = 10
"""One person in so many has logged in to Pronote through the portal, which then knows their login."""


def write_xml(school: SampleSchool, version: Version = "1.1", *, bom: bool = False) -> bytes:
    """Return the export as UTF-8 bytes; version 1.1 leaves out what only 2.x can say.

    The identifier attribute is spelt ``IDPN`` and ``IdPN`` in turn, as seen in two vintages of files.
    """
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<ExportEmploiDuTemps xmlns="{NAMESPACE}" Version="{version}" UAI="{_text(school.uai)}">',
        *(line for section in _sections(school, version) for line in section),
        "</ExportEmploiDuTemps>",
        "",
    ]
    return (BOM if bom else b"") + "\n".join(lines).encode()


def _sections(school: SampleSchool, version: Version) -> Iterator[Iterable[str]]:
    extended = version != "1.1"
    logins = {(account.role, account.ident): account.login for account in school.accounts}
    yield (
        _tag(
            "AnneeScolaire",
            DateDebut=school.year.begins.isoformat(),
            DateFin=school.year.ends.isoformat(),
            DatePremierJourSemaine1=school.year.monday.isoformat(),
        ),
    )
    if extended:
        yield _section("Etablissements", [_tag("Etablissement", Ident=1, Numero=school.uai, Nom=school.name)])
    yield _grid(school)
    if extended:
        yield from _nomenclatures(school)
    yield _section("Matieres", (_tag("Matiere", Ident=s.ident, Code=s.code, Libelle=s.label) for s in school.subjects))
    yield _section(
        "Professeurs", (_teacher(found, logins.get(("enseignant", found.ident))) for found in school.teachers)
    )
    if extended:
        yield _section("Personnels", (_tag("Personnel", **_named(found)) for found in school.staff))
        yield _section("Materiels", (_tag("Materiel", Ident=item.ident, Nom=item.name) for item in school.materials))
    yield _section("Classes", (line for item in school.classes for line in _class(item, extended)))
    yield _section("Groupes", (line for group in school.groups for line in _group(group, extended)))
    yield _section("Salles", (_tag("Salle", Ident=room.ident, Nom=room.name) for room in school.rooms))
    if extended:
        guardians = {one.ident: one for pupil in school.pupils for one in pupil.guardians}
        yield _section("Responsables", (_guardian(guardians[ident], Pays="FRANCE") for ident in sorted(guardians)))
    pupils = (_pupil(found, logins.get(("élève", found.ident)), extended) for found in school.pupils)
    yield _section("Eleves", (line for pupil in pupils for line in pupil))
    if extended:
        yield _absences(school)
    yield _section("Cours", (line for course in school.courses for line in _course(course, extended)))


def _text(value: object) -> str:
    return escape(str(value), QUOTES)


def _tag(name: str, **attributes: object) -> str:
    written = "".join(f' {key}="{_text(value)}"' for key, value in attributes.items())
    return f"<{name}{written}/>"


def _open(name: str, **attributes: object) -> str:
    return _tag(name, **attributes).removesuffix("/>") + ">"


def _section(name: str, lines: Iterable[str]) -> Iterator[str]:
    yield f"<{name}>"
    yield from lines
    yield f"</{name}>"


def _grid(school: SampleSchool) -> Iterator[str]:
    first = school.grid[0]
    minutes = (first.ends.hour - first.starts.hour) * 60 + first.ends.minute - first.starts.minute
    yield _open("GrilleHoraire", NombrePlacesParJour=len(school.grid), DureePlace=minutes)
    yield "<JoursOuvres>" + "".join(f"<Jour>{day}</Jour>" for day in range(1, 6)) + "</JoursOuvres>"
    yield "<PlacesParJour>"
    for place in school.grid:
        times = {"LibelleHeureDebut": place.starts.isoformat(), "LibelleHeureFin": place.ends.isoformat()}
        yield _tag("Place", Numero=place.number, **times)
    yield "</PlacesParJour>"
    yield "</GrilleHoraire>"


def _nomenclatures(school: SampleSchool) -> Iterator[Iterable[str]]:
    """Yield sections to be skipped as blocks: their elements have the names and idents of real entities."""
    false = _tag("Matiere", Ident=school.subjects[0].ident, Code="MEF", Libelle="MATIERE D'UN MEF & RIEN D'AUTRE")
    yield _section("Mefs", (_open("Mef", Ident=1, Code="10010012110", Nom="MEF"), false, "</Mef>"))
    yield _section("Etiquettes", (_tag("Etiquette", Ident=1, Libelle="Co-animation"),))
    yield _section("MotifsAbsence", (_tag("MotifAbsence", Ident=1, Libelle="Stage & formation"),))


def _absences(school: SampleSchool) -> Iterator[str]:
    day = school.year.begins.isoformat()
    yield "<Absences>"
    yield _open("Absence", Ident=1, DateDebut=day, DateFin=day)
    yield _tag("Professeur", Ident=school.teachers[0].ident, Nom="ABSENT", Prenom="Personne", IDPN="A" * 16)
    yield "</Absence>"
    yield "</Absences>"


def _named(person: Teacher | Pupil) -> dict[str, object]:
    return {"Ident": person.ident, "Nom": person.family, "Prenom": person.given}


def _identifier(ident: int, idpn: str) -> dict[str, object]:
    return {"IdPN" if ident % 2 else "IDPN": idpn}


def _learnt(ident: int, login: str | None) -> dict[str, object]:
    return {"IDCAS": login} if login and ident % ACCOUNT_LEARNT_EVERY == 0 else {}


def _teacher(teacher: Teacher, login: str | None) -> str:
    known = _identifier(teacher.ident, teacher.idpn) | _learnt(teacher.ident, login)
    return _tag("Professeur", **_named(teacher), IDSTS=teacher.sts, **known)


def _class(item: SchoolClass, extended: bool) -> Iterator[str]:
    yield _open("Classe", Ident=item.ident, Nom=item.name)
    if extended:
        yield _tag("Etablissement", Ident=1)
        yield _tag("ProfesseurPrincipal", Ident=item.head)
    yield from (_tag("PartieDeClasse", Ident=ident) for ident in item.parts)
    yield "</Classe>"


def _group(group: Group, extended: bool) -> Iterator[str]:
    yield _open("Groupe", Ident=group.ident, Nom=group.name)
    yield from (_tag("Classe", Ident=ident) for ident in group.classes)
    yield from (_tag("PartieDeClasse", Ident=ident) for ident in group.parts)
    if extended:
        yield from (_tag("Eleve", Ident=ident) for ident in group.pupils)
    yield "</Groupe>"


def _guardian(guardian: Guardian, **more: object) -> str:
    return _tag(
        "Responsable",
        Ident=guardian.ident,
        RespLegal=1 + guardian.ident % 2,
        Civilite=guardian.title,
        Nom=guardian.family,
        Prenom=guardian.given,
        Adresse1=guardian.street,
        **_identifier(guardian.ident, guardian.idpn),
        **more,
    )


def _date(day: date | None) -> str:
    return day.isoformat() if day else ""


def _stay(name: str, stay: Stay) -> str:
    return f'<{name} Ident="{stay.ident}" DateEntree="{stay.entered}" DateSortie="{stay.left}"/>'


def _pupil(pupil: Pupil, login: str | None, extended: bool) -> Iterator[str]:
    yield _open(
        "Eleve",
        **_named(pupil),
        DateNaissance=_date(pupil.birth),
        Sexe="Feminin" if pupil.female else "Masculin",
        NumeroNational=pupil.ine,
        **_identifier(pupil.ident, pupil.idpn),
        **_learnt(pupil.ident, login),
    )
    for guardian in pupil.guardians:
        yield _tag("Responsable", Ident=guardian.ident) if extended else _guardian(guardian)
    yield from (_stay("Classe", stay) for stay in pupil.classes)
    yield from (_stay("PartieDeClasse", stay) for stay in pupil.parts)
    yield "</Eleve>"


@lru_cache(maxsize=4096)
def _domain(mask: int) -> str:
    """Return the comment that stands beside a mask, its weeks written as runs."""
    runs: list[list[int]] = []
    for week in MASK_WEEKS:
        if not mask >> week & 1:
            continue
        if runs and runs[-1][1] == week - 1:
            runs[-1][1] = week
        else:
            runs.append([week, week])
    shown = ",".join(str(first) if first == last else f"{first}..{last}" for first, last in runs)
    return f"<!-- Domaine : [{shown}] -->"


def _uses(name: str, uses: Iterable[Use], mask: str = "Semaines") -> Iterator[str]:
    for use in uses:
        yield f'<{name} Ident="{use.ident}" {mask}="{use.weeks}"/>{_domain(use.weeks)}'


def _course(course: Course, extended: bool) -> Iterator[str]:
    marks = {"SemainesAnnulation": course.cancelled} if course.cancelled else {}
    if extended:
        marks["Annuel"] = int(course.yearly)
    where = {"Jour": course.day, "NumeroPlaceDebut": course.place, "NombrePlaces": course.places}
    yield _open("Cours", **where, **marks)
    yield from (_tag("Matiere", Ident=ident) for ident in course.subjects[: None if extended else 1])
    yield from _uses("Professeur", course.teachers)
    yield from _uses("Classe", course.classes)
    yield from _uses("PartieDeClasse", course.parts)
    yield from _uses("Groupe", course.groups)
    yield from _uses("Salle", course.rooms)
    if extended:
        yield from _uses("Personnel", course.staff)
        yield from _uses("Materiel", course.materials)
        yield from _uses("Eleve", course.pupils, "SemainesInclusion")
        yield _tag("Etiquette", Ident=1)
        yield _tag("Periode", Ident=1)
    yield "</Cours>"
