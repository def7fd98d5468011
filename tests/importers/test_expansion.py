"""The independent expansion against the vectors of pronote-format 1.6 and hand-made courses."""

from datetime import UTC, date, datetime

import pytest

from tests.importers.expansion import expand, sessions_of_pupil, sessions_of_teacher

HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<ExportEmploiDuTemps xmlns="http://www.index-education.com/exportemploidutemps" Version="1.1" UAI="0990001X">
<AnneeScolaire DateDebut="2026-09-01" DateFin="2027-08-31" DatePremierJourSemaine1="2026-08-31"/>
<GrilleHoraire NombrePlacesParJour="3" DureePlace="60"><PlacesParJour>
<Place Numero="0" LibelleHeureDebut="08:00:00" LibelleHeureFin="09:00:00"/>
<Place Numero="1" LibelleHeureDebut="09:00:00" LibelleHeureFin="10:00:00"/>
<Place Numero="2" LibelleHeureDebut="10:20:00" LibelleHeureFin="11:20:00"/>
</PlacesParJour></GrilleHoraire>
<Matieres><Matiere Ident="5" Code="MATHS" Libelle="MATHS &amp; LOGIQUE"/></Matieres>
<Professeurs><Professeur Ident="1" Nom="ORLIER" Prenom="Zoé"/><Professeur Ident="2" Nom="VASSOT" Prenom="Luc"/>
</Professeurs>
<Classes><Classe Ident="1" Nom="6A"><PartieDeClasse Ident="1"/></Classe><Classe Ident="2" Nom="6B"/></Classes>
<Groupes><Groupe Ident="1" Nom="6AGR.1"><PartieDeClasse Ident="1"/></Groupe></Groupes>
<Salles><Salle Ident="9" Nom="B12"/></Salles>
<Eleves><Eleve Ident="1" Nom="BRUGUET" Prenom="Inès" DateNaissance="2015-02-28">
<Classe Ident="1" DateEntree="2026-09-01" DateSortie="2027-01-15"/>
<Classe Ident="2" DateEntree="2027-01-18" DateSortie="2027-08-31"/>
<PartieDeClasse Ident="1" DateEntree="2026-09-01" DateSortie="2027-01-15"/>
</Eleve></Eleves><Cours>"""


def school(*courses: str) -> bytes:
    return f"{HEAD}{''.join(courses)}</Cours></ExportEmploiDuTemps>".encode()


def course(resources: str, day: int = 1, place: int = 0, places: int = 1, more: str = "") -> str:
    where = f'Jour="{day}" NumeroPlaceDebut="{place}" NombrePlaces="{places}"'
    return f'<Cours {where} {more}><Matiere Ident="5"/>{resources}</Cours>'


@pytest.mark.parametrize(
    ("mask", "weeks"),
    [
        (2, [1]),
        (254, [1, 2, 3, 4, 5, 6, 7]),
        (130302, [*range(1, 8), *range(10, 17)]),
        (87124, [2, 4, 6, 10, 12, 14, 16]),
        (43178, [1, 3, 5, 7, 11, 13, 15]),
        (4096, [12]),
        (9007199254740992, [53]),
        (9223372036854775806, list(range(1, 63))),
        (
            15328486225148,
            [*range(2, 8), 10, *range(12, 17), *range(19, 24), *range(28, 32), *range(36, 41), 42, 43],
        ),
    ],
)
def test_a_mask_gives_its_weeks(mask, weeks):
    sessions = expand(school(course(f'<Professeur Ident="1" Semaines="{mask}"/>')))
    assert [session.week for session in sessions] == weeks


@pytest.mark.parametrize(
    ("week", "day", "utc"),
    [
        (1, 2, datetime(2026, 9, 1, 6, 0, tzinfo=UTC)),
        (10, 1, datetime(2026, 11, 2, 7, 0, tzinfo=UTC)),
        (12, 4, datetime(2026, 11, 19, 7, 0, tzinfo=UTC)),
        (31, 1, datetime(2027, 3, 29, 6, 0, tzinfo=UTC)),
        (53, 2, datetime(2027, 8, 31, 6, 0, tzinfo=UTC)),
    ],
)
def test_a_session_starts_at_the_wall_clock_hour_on_both_sides_of_a_clock_change(week, day, utc):
    (session,) = expand(school(course(f'<Professeur Ident="1" Semaines="{1 << week}"/>', day)))
    assert session.starts.astimezone(UTC) == utc


def test_the_end_is_the_printed_end_of_the_last_place_breaks_included():
    (session,) = expand(school(course('<Professeur Ident="1" Semaines="2"/>', place=1, places=2)))
    assert session.ends - session.starts == datetime(1, 1, 1, 11, 20) - datetime(1, 1, 1, 9, 0)


def test_a_replacement_shows_only_in_its_week():
    uses = '<Professeur Ident="1" Semaines="10"/><Professeur Ident="2" Semaines="4"/><Classe Ident="1" Semaines="14"/>'
    sessions = expand(school(course(uses)))
    assert [session.teachers for session in sessions] == [("ORLIER Zoé",), ("VASSOT Luc",), ("ORLIER Zoé",)]
    assert [session.week for session in sessions_of_teacher(school(course(uses)), "VASSOT", "Luc")] == [2]


def test_a_cancelled_week_a_course_off_the_grid_and_one_without_resources_give_nothing():
    teacher = '<Professeur Ident="1" Semaines="6"/>'
    xml = school(course(teacher, more='SemainesAnnulation="4"'), course(teacher, place=2, places=2), course(""))
    assert [session.week for session in expand(xml)] == [1]


def test_groups_blank_classes_and_parts_alone_are_left_out_unless_asked_for():
    both = '<Classe Ident="1" Semaines="2"/><Groupe Ident="1" Semaines="2"/>'
    alone = '<PartieDeClasse Ident="1" Semaines="4"/>'
    xml = school(course(both), course(alone))
    assert [session.audience for session in expand(xml)] == [("6AGR.1",)]
    assert [session.week for session in expand(xml, include_class_parts=True)] == [1, 2]


def test_a_pupil_follows_each_class_on_the_days_of_the_stay_both_included():
    friday = course('<Classe Ident="1" Semaines="3145728"/>', day=5)
    monday = course('<Classe Ident="2" Semaines="3145728"/>', day=1)
    group = course('<Groupe Ident="1" Semaines="3145728"/>', day=4)
    found = sessions_of_pupil(school(friday, monday, group), "BRUGUET", "Inès", date(2015, 2, 28))
    assert [session.day for session in found] == [date(2027, 1, 14), date(2027, 1, 15), date(2027, 1, 18)]
