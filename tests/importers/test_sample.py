"""The sample school: realistic, the same for the same seed, with every trap where it says."""

import csv
import io
import re
from collections import Counter
from datetime import date
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from importers.sample import (
    for_other_school,
    generate,
    next_export,
    regenerate_idpn,
    truncated,
    write_people_csv,
    write_xml,
    year_of,
)
from importers.sample.names import fold
from importers.sample.terms import easter, holiday_weeks, public_holidays, school_year
from tests.importers.expansion import N, clashes, expand, sessions_of_pupil, sessions_of_teacher

NOW = date(2026, 11, 22)


@pytest.fixture(scope="module")
def small():
    return generate(60, 7)


@pytest.fixture(scope="module")
def school():
    return generate(240, 3)


@pytest.fixture(scope="module")
def xml(school):
    return write_xml(school, "2.0")


def rows(data: bytes, encoding: str = "utf-8") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode(encoding), newline=""), delimiter=";"))


def weeks(mask: int) -> set[int]:
    return {week for week in range(64) if mask >> week & 1}


def pupil_of(school, ident):
    return next(pupil for pupil in school.pupils if pupil.ident == ident)


def sessions_of(school, xml, ident):
    pupil = pupil_of(school, ident)
    return sessions_of_pupil(xml, pupil.family, pupil.given, pupil.birth)


def element(xml, index):
    return ElementTree.fromstring(xml).findall(f"{N}Cours/{N}Cours")[index]


@pytest.mark.parametrize(("year", "sunday"), [(2024, (3, 31)), (2025, (4, 20)), (2027, (3, 28)), (2038, (4, 25))])
def test_easter_falls_where_the_church_says(year, sunday):
    assert easter(year) == date(year, *sunday)


def test_the_movable_holidays_of_2027_are_mondays_and_a_thursday():
    assert {date(2027, 3, 29), date(2027, 5, 6), date(2027, 5, 17), date(2027, 11, 11)} <= public_holidays(2027)
    assert len(public_holidays(2027)) == 11


@pytest.mark.parametrize(("zone", "winter"), [("A", (2, 15)), ("B", (2, 22)), ("C", (2, 8))])
def test_the_zones_have_their_own_winter_and_spring(zone, winter):
    mondays = holiday_weeks(2026, zone)
    assert mondays[:4] == (date(2026, 10, 19), date(2026, 10, 26), date(2026, 12, 21), date(2026, 12, 28))
    assert mondays[4] == date(2027, *winter)
    assert (mondays[6] - mondays[4]).days == 56


@pytest.mark.parametrize("year", range(2020, 2040))
def test_a_year_has_36_weeks_or_so_and_its_first_monday_mask_lacks_week_1(year):
    found = school_year(year)
    assert found.monday.weekday() == 0
    assert found.monday < found.begins
    assert not found.open_weeks[0] & 2
    assert 34 <= len(weeks(found.open_weeks[1])) <= 37
    assert not found.fortnights[0] & found.fortnights[1]
    assert found.fortnights[0] | found.fortnights[1] == sum(
        {1 << week for mask in found.open_weeks for week in weeks(mask)}
    )


def test_holidays_shift_the_parity_of_fortnights():
    first, second = (weeks(mask) for mask in school_year(2026).fortnights)
    assert {1, 3, 5, 7, 10, 12} <= first
    assert {2, 4, 6, 11, 13} <= second


@pytest.mark.parametrize(
    ("day", "year"), [(date(2026, 11, 22), 2026), (date(2027, 7, 31), 2026), (date(2027, 8, 1), 2027)]
)
def test_the_school_year_of_a_day(day, year):
    assert year_of(day) == year


def test_the_same_seed_gives_the_same_bytes_and_another_seed_does_not(small):
    again, other = generate(60, 7), generate(60, 8)
    assert again == small
    assert write_xml(again, "2.0") == write_xml(small, "2.0")
    assert write_people_csv(again) == write_people_csv(small)
    assert write_xml(other) != write_xml(small)


@pytest.mark.parametrize("pupils", [59, 8001, 0, -1])
def test_a_size_out_of_bounds_is_refused(pupils):
    with pytest.raises(ValueError, match=str(pupils)):
        generate(pupils, 1)


def test_the_school_of_the_benchmark_has_its_size():
    school = generate(1568, 1)
    slots = Counter(index for index, _ in school.slots())
    assert (len(school.pupils), len(school.teachers)) == (1568, 107)
    assert 16_000 <= slots.total() <= 17_000


@settings(max_examples=12)
@given(st.integers(60, 400), st.integers(0, 2**64))
def test_every_school_has_every_trap_and_matches_its_own_expansion(pupils, seed):
    school = generate(pupils, seed)
    assert school.traps.keys() >= EXPECTED_TRAPS
    assert len(school.pupils) == pupils
    assert len(expand(write_xml(school, "2.0"), include_class_parts=True)) == len(list(school.slots()))
    assert school.showcase()[0].role == "enseignant"


@pytest.mark.parametrize("year", [2024, 2025, 2027, 2031])
def test_other_years_expand_too(year):
    school = generate(60, 1, year)
    assert len(expand(write_xml(school), include_class_parts=True)) == len(list(school.slots()))


def test_both_versions_hold_the_same_sessions(school):
    first, second = (expand(write_xml(school, version)) for version in ("1.1", "2.0"))
    assert len(first) > 5000
    assert Counter((s.starts, s.teachers, s.rooms) for s in first if s.audience) == Counter(
        (s.starts, s.teachers, s.rooms) for s in second if s.audience
    )


def test_no_session_falls_on_a_closed_day(school, xml):
    closed = public_holidays(2026) | public_holidays(2027)
    late = {school.year.date_of(53, 2), school.year.date_of(62, 1)}
    days = {session.day for session in expand(xml)} - late
    assert not days & closed
    assert not any((day - monday).days in range(7) for day in days for monday in holiday_weeks(2026))
    assert (min(days), max(days)) == (date(2026, 9, 1), date(2027, 7, 2))


def test_nobody_is_at_two_places_at_once_but_for_the_planted_duplicates(school, xml):
    planted = {school.courses[index].teachers[0].ident for index in school.traps["exact_duplicates"]}
    third = school.classes[2].ident
    for teacher in school.teachers:
        if teacher.ident not in planted:
            assert list(clashes(sessions_of_teacher(xml, teacher.family, teacher.given))) == []
    for pupil in school.pupils[::17]:
        if third not in {stay.ident for stay in pupil.classes}:
            assert list(clashes(sessions_of(school, xml, pupil.ident))) == []


def test_pupils_have_a_full_year(school, xml):
    odd = school.odd_pupils()
    counts = [len(sessions_of(school, xml, p.ident)) for p in school.pupils[::23] if p.ident not in odd]
    assert counts
    assert all(600 <= count <= 1000 for count in counts)


def test_the_showcase_is_a_matched_teacher_and_pupil(school, xml):
    teacher, pupil = school.showcase()
    spelt = school.teachers[teacher.ident - 1]
    assert len(sessions_of_teacher(xml, spelt.family, spelt.given)) > 300
    assert len(sessions_of(school, xml, pupil.ident)) > 600
    assert {teacher, pupil} <= set(school.accounts)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "latin-1"])
def test_the_people_file_reads_back_in_any_encoding(school, encoding):
    found = rows(write_people_csv(school, encoding), encoding)
    assert [row["Login"] for row in found] == [account.login for account in school.accounts]
    assert {fold(row["Nom"]) for row in found} == {fold(account.family) for account in school.accounts}
    assert {row["Type"] for row in found} == {"élève", "enseignant", "personnel"}
    assert all(re.fullmatch(r"\d\d/\d\d/\d{4}", row["Date de naissance"]) for row in found)


def test_logins_are_plain_and_unique(school):
    logins = [account.login for account in school.accounts]
    assert len(set(logins)) == len(logins)
    assert all(re.fullmatch(r"[a-z]+\.[a-z]+\d*", login) for login in logins)


def test_matched_people_fold_to_the_same_names_in_both_files(school):
    for account in school.accounts_of("élève"):
        pupil = pupil_of(school, account.ident)
        assert fold(pupil.family) in {fold(account.family), fold(account.birth_name)}
        assert fold(pupil.given) == fold(account.given)
        assert pupil.birth in (account.birth, None)


def test_the_two_files_spell_some_people_differently(school):
    spelt = {pupil.ident: (pupil.family, pupil.given) for pupil in school.pupils}
    pairs = [(a, *spelt[a.ident]) for a in school.accounts_of("élève")]
    assert any(family != account.family.upper() for account, family, _ in pairs)
    assert any(given != account.given for account, _, given in pairs)
    assert any(account.family != account.birth_name for account in school.accounts)


def test_some_people_are_in_one_file_only(school):
    with_account = {account.ident for account in school.accounts_of("élève")}
    assert set(school.traps["without_account_eleve"]) == {pupil.ident for pupil in school.pupils} - with_account
    strangers = {account.login for account in school.accounts if account.role == "élève" and account.ident is None}
    assert set(school.traps["without_timetable_eleve"]) == strangers != set()


def test_homonyms_differ_by_birth_date_and_get_two_logins(school):
    first, second = (pupil_of(school, ident) for ident in school.traps["homonyms"])
    assert (first.family, first.given) == (second.family, second.given)
    assert first.birth != second.birth
    logins = {a.login for a in school.accounts_of("élève") if a.ident in (first.ident, second.ident)}
    assert logins == {"anaelle.lhermitierebrancon", "anaelle.lhermitierebrancon2"}


def test_siblings_repeat_their_guardians(school):
    homes = [pupil_of(school, ident).guardians for ident in school.traps["siblings"]]
    assert len(homes) > 1
    assert len(set(homes)) == 1
    written = Counter(re.findall(rb'<Responsable Ident="(\d+)" RespLegal', write_xml(school)))
    assert written[str(homes[0][0].ident).encode()] == len(homes)


def test_an_unknown_birth_date_is_written_empty_and_a_part_dangles(school, xml):
    root = ElementTree.fromstring(xml)
    blank = root.find(f"{N}Eleves/{N}Eleve[@DateNaissance='']")
    assert blank is not None
    assert int(blank.get("Ident", "")) == school.traps["empty_birth"]
    declared = {part.get("Ident") for part in root.iterfind(f"{N}Classes/{N}Classe/{N}PartieDeClasse")}
    dangling = {
        int(pupil.get("Ident", ""))
        for pupil in root.iterfind(f"{N}Eleves/{N}Eleve")
        if any(part.get("Ident") not in declared for part in pupil.iterfind(f"{N}PartieDeClasse"))
    }
    assert dangling == set(school.traps["dangling_part"])


def test_a_pupil_who_changes_class_in_january_follows_both(school, xml):
    ident = school.traps["class_change"]
    old, new = pupil_of(school, ident).classes
    names = {item.ident: item.name for item in school.classes}
    assert (new.entered - old.left).days == 3
    followed = [s for s in sessions_of(school, xml, ident) if set(s.classes) & {names[old.ident], names[new.ident]}]
    assert {s.classes for s in followed if s.day <= old.left and len(s.classes) == 1} == {(names[old.ident],)}
    assert {s.classes for s in followed if s.day > old.left and len(s.classes) == 1} == {(names[new.ident],)}


EXPECTED_TRAPS = {
    "fortnights", "monday", "group_over_three_classes", "side_by_side_classes", "cleared_bit", "replacement",
    "room_switch", "cancelled_week", "week_1_only", "part_only", "class_and_group", "place_overflow", "week_53",
    "week_62", "exact_duplicates", "detached_pupil_course", "staff_course", "direct_group_course", "two_subjects",
    "bit_zero", "unplaced", "homonyms", "empty_birth", "siblings", "class_change", "dangling_part",
    "dangling_part_ident", "detached_pupil", "direct_group", "without_account_eleve", "without_account_enseignant",
    "without_account_personnel", "without_timetable_eleve", "without_timetable_enseignant",
    "without_timetable_personnel",
}  # fmt: skip


def test_fortnights_are_two_courses_with_masks_that_never_meet(school):
    first, second = (school.courses[index] for index in school.traps["fortnights"])
    assert (first.day, first.place, first.subjects) == (second.day, second.place, second.subjects)
    taught = [course.groups[0].weeks for course in (first, second)]
    assert not taught[0] & taught[1]
    assert min(len(weeks(mask)) for mask in taught) > 10


def test_a_monday_course_lacks_week_1_and_the_holidays(school):
    mask = school.courses[school.traps["monday"]].weeks()
    assert not weeks(mask) & {0, 1, 8, 9, 17, 18, 31, 38}


def test_one_week_is_replaced_moved_to_a_room_or_cancelled(school):
    index, week = school.traps["replacement"]
    usual, *_, substitute = school.courses[index].teachers
    assert substitute.weeks == 1 << week
    assert not usual.weeks & 1 << week
    index, week = school.traps["room_switch"]
    assert school.courses[index].rooms[-1].weeks == 1 << week
    index, week = school.traps["cancelled_week"]
    assert school.courses[index].cancelled == 1 << week
    assert school.courses[index].teachers[0].weeks & 1 << week
    index, week = school.traps["cleared_bit"]
    course = school.courses[index]
    assert not any(use.weeks >> week & 1 for use in (*course.teachers, *course.rooms, *course.classes, *course.groups))


def test_a_group_spans_three_classes(school):
    group = next(group for group in school.groups if group.ident == school.traps["group_over_three_classes"])
    assert len(group.classes) == 3
    assert any(use.ident == group.ident for course in school.courses for use in course.groups)


@pytest.mark.parametrize(
    ("trap", "kinds"),
    [
        ("part_only", {"PartieDeClasse", "Professeur"}),
        ("class_and_group", {"Classe", "Groupe", "Professeur", "Salle"}),
        ("detached_pupil_course", {"Eleve", "Professeur"}),
        ("staff_course", {"Personnel", "Materiel", "Professeur", "Salle"}),
        ("unplaced", set()),
    ],
)
def test_a_planted_course_has_just_its_resources(school, xml, trap, kinds):
    found = {child.tag.removeprefix(N) for child in element(xml, school.traps[trap][0])}
    assert found == kinds | {"Matiere", "Etiquette", "Periode"}


def test_the_overflow_leaves_the_grid_and_late_weeks_pass_52(school, xml):
    (overflow,) = (school.courses[index] for index in school.traps["place_overflow"])
    assert overflow.place + overflow.places > len(school.grid)
    assert {53, 62} <= {session.week for session in expand(xml)}
    assert element(xml, school.traps["week_53"][0]).find(f"{N}Classe").get("Semaines") == str(2**53)


def test_the_first_week_and_bit_zero_are_as_planted(school):
    assert {school.courses[index].weeks() for index in school.traps["week_1_only"]} == {2}
    assert all(school.courses[index].weeks() & 1 for index in school.traps["bit_zero"])


def test_direct_and_detached_pupils_attend_in_2_0_only(school, xml):
    detached = school.traps["detached_pupil"]
    old = write_xml(school)
    more = set(sessions_of(school, xml, detached)) - set(sessions_of(school, old, detached))
    assert {session.subject for session in more} == {"DEVOIRS FAITS « ÉTUDE »"}
    group = next(group for group in school.groups if group.ident == school.traps["direct_group"])
    member = group.pupils[1]
    extra = Counter(s.groups for s in sessions_of(school, xml, member)) - Counter(
        s.groups for s in sessions_of(school, old, member)
    )
    assert set(extra) == {(group.name,)}


def test_version_1_1_has_its_sections_in_order_and_nothing_of_2_x(school):
    root = ElementTree.fromstring(write_xml(school))
    assert [child.tag.removeprefix(N) for child in root] == [
        "AnneeScolaire", "GrilleHoraire", "Matieres", "Professeurs", "Classes", "Groupes", "Salles", "Eleves", "Cours",
    ]  # fmt: skip
    assert all(len(course.findall(f"{N}Matiere")) == 1 for course in root.iterfind(f"{N}Cours/{N}Cours"))


def test_version_2_0_has_blocks_whose_elements_collide_with_entities(xml):
    root = ElementTree.fromstring(xml)
    for path in ("Etablissements/Etablissement", "Personnels/Personnel", "Materiels/Materiel", "Mefs/Mef/Matiere",
                 "Absences/Absence/Professeur", "Responsables/Responsable", "Groupes/Groupe/Eleve"):  # fmt: skip
        assert root.find("/".join(N + step for step in path.split("/"))) is not None
    assert {course.get("Annuel") for course in root.iterfind(f"{N}Cours/{N}Cours")} == {"0", "1"}


def test_the_text_shows_both_spellings_escapes_comments_and_a_mark_on_request(school):
    text = write_xml(school, bom=True)
    assert text.startswith(b"\xef\xbb\xbf<?xml")
    assert text[3:] == write_xml(school)
    for shown in (b' IdPN="', b' IDPN="', b"&amp;", b'Semaines="2"/><!-- Domaine : [1] -->'):
        assert shown in text
    assert ElementTree.fromstring(text) is not None


def test_printed_times_have_gaps(school):
    gaps = [now.number for before, now in zip(school.grid, school.grid[1:], strict=False) if now.starts != before.ends]
    assert gaps == [4, 14]


def test_regenerated_identifiers_are_all_new_and_siblings_keep_one_guardian(school):
    fresh = regenerate_idpn(school, 5)
    known = {pupil.idpn for pupil in school.pupils} | {teacher.idpn for teacher in school.teachers}
    assert not known & ({pupil.idpn for pupil in fresh.pupils} | {teacher.idpn for teacher in fresh.teachers})
    assert len({pupil_of(fresh, ident).guardians for ident in school.traps["siblings"]}) == 1
    assert fresh.courses == school.courses


def test_another_school_differs_by_its_code_alone(school):
    other = write_xml(for_other_school(school, "0990002Y"))
    assert other.replace(b"0990002Y", school.uai.encode()) == write_xml(school)


def test_a_truncated_file_does_not_parse(xml):
    assert len(truncated(xml)) > len(xml) * 9 // 10
    with pytest.raises(ElementTree.ParseError):
        ElementTree.fromstring(truncated(xml))


@pytest.mark.parametrize("percent", [0, 1, 5, 30])
def test_the_next_export_changes_that_share_of_future_sessions(school, percent):
    future = [(i, w) for i, w in school.slots() if school.year.date_of(w, school.courses[i].day) > NOW]
    after = next_export(school, percent, 1, NOW)
    assert len(after.changes) == round(len(future) * percent / 100)
    assert next_export(school, percent, 1, NOW) == after


def test_the_changes_reported_are_the_changes_made(school):
    after = next_export(school, 5, 9, NOW)
    kinds = Counter(change.kind for change in after.changes)
    assert set(kinds) == {"room", "teacher", "cleared", "cancelled", "moved", "added"}
    was, now = (expand(write_xml(version), include_class_parts=True) for version in (school, after))
    keys_was, keys_now = (Counter(s.key for s in sessions) for sessions in (was, now))
    assert (keys_was - keys_now).total() == kinds["cleared"] + kinds["cancelled"] + kinds["moved"]
    assert (keys_now - keys_was).total() == kinds["moved"] + kinds["added"]
    content_was, content_now = (Counter((s.key, s.teachers, s.rooms) for s in sessions) for sessions in (was, now))
    assert (content_was - content_now).total() == len(after.changes) - kinds["added"]
    assert all(s[0][0] > NOW for s in (content_was - content_now) + (content_now - content_was))


def test_each_change_says_where_it_is(school):
    after = next_export(school, 5, 9, NOW)
    assert after.courses[: len(school.courses)] != school.courses
    for change in after.changes:
        bit = 1 << change.week
        course = after.courses[change.course]
        match change.kind:
            case "cleared" | "cancelled" | "moved":
                assert school.courses[change.course].weeks() & bit
                assert not course.weeks() & bit
            case "added":
                assert change.course >= len(school.courses)
                assert course.weeks() == bit
            case "room" | "teacher":
                assert course != school.courses[change.course]
                assert course.weeks() & school.courses[change.course].weeks() & bit
        assert (change.created is not None) == (change.kind == "moved")
        if change.created is not None:
            assert after.courses[change.created].weeks() == bit


def test_people_classes_and_the_past_stay_as_they_were(school):
    after = next_export(school, 30, 2, NOW)
    assert (after.pupils, after.classes, after.accounts) == (school.pupils, school.classes, school.accounts)
    assert next_export(school, 30, 2, date(2028, 1, 1)).courses == school.courses
