"""The whole import against a real store: what people see, what an unchanged or changed file does, what is refused."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date, timedelta

import pytest

from importers.errors import ImportRefused
from importers.report import Report
from importers.run import Options, import_file
from importers.sample import (
    for_other_school,
    next_export,
    regenerate_idpn,
    truncated,
    write_xml,
)
from storage.contentlines import parse
from storage.model import (
    CalendarKind,
    Client,
    ClientKind,
    Collection,
    NewCalendar,
    Rights,
    Role,
    School,
    SyncToken,
)
from storage.principals import NewPerson
from storage.store import Store
from tests.importers.conftest import AUTUMN, BEFORE, imported
from tests.importers.expansion import Session, sessions_of_pupil, sessions_of_teacher

DAV = Client(ClientKind.DAV)


def timetable(store: Store, school: School, login: str) -> tuple[Collection, dict[str, bytes]]:
    """A person's timetable as DAV shows it: texts by name."""
    with store.reading(school.id) as tx:
        person = tx.principals.by_login(login)
        collection = tx.collections.by_slug(person, "emploi-du-temps", DAV)
        entries = tx.objects.entries(collection)
        found = tx.objects.many(collection, [entry.href for entry in entries])
        return collection, {href: each.ical for href, each in found.items()}


def instants(texts: dict[str, bytes]) -> Counter[tuple[str, str, str]]:
    """Local start, local end and room of each text, read from its own lines."""
    seen: Counter[tuple[str, str, str]] = Counter()
    for text in texts.values():
        event = next(iter(parse(text).children("VEVENT")))
        start, end = event.first("DTSTART"), event.first("DTEND")
        assert start is not None
        assert end is not None
        assert start.param("TZID") == end.param("TZID") == "Europe/Paris"
        seen[start.value, end.value, event.text("LOCATION") or ""] += 1
    return seen


def expected(sessions: list[Session]) -> Counter[tuple[str, str, str]]:
    """The same, from the independent expansion."""
    form = "%Y%m%dT%H%M%S"
    return Counter((s.starts.strftime(form), s.ends.strftime(form), ", ".join(sorted(s.rooms))) for s in sessions)


@pytest.mark.req("R96", "R148", "R152", "R205", "R210")
def test_pupil_and_teacher_see_what_an_independent_expansion_says(store, school, sample):
    imported(store, school, sample)
    xml = write_xml(sample, "2.0")
    teacher, pupil = sample.showcase()
    by_login = {p.login: p for p in sample.accounts}
    assert {teacher.login, pupil.login} <= set(by_login)
    known = {person.ident: person for person in sample.pupils}[pupil.ident]
    of_pupil = sessions_of_pupil(xml, known.family, known.given, known.birth)
    assert len(of_pupil) > 300
    assert instants(timetable(store, school, pupil.login)[1]) == expected(of_pupil)
    taught = {person.ident: person for person in sample.teachers}[teacher.ident]
    of_teacher = sessions_of_teacher(xml, taught.family, taught.given)
    assert len(of_teacher) > 100
    assert instants(timetable(store, school, teacher.login)[1]) == expected(of_teacher)


def heads(store: Store, school: School) -> int:
    with store.reading(school.id) as tx:
        return tx.changes.clock()


@pytest.mark.req("R212")
def test_the_same_file_again_moves_nothing(store, school, sample):
    first = imported(store, school, sample)
    assert first.counts.events_created == first.sessions > 0
    clock = heads(store, school)
    again = imported(store, school, sample, BEFORE + timedelta(days=1))
    assert heads(store, school) == clock
    assert set(vars_of(again)) == {0}


def vars_of(report: Report) -> list[int]:
    counts = report.data()["counts"]
    return [value for name, value in counts.items() if name != "events_frozen"]


@pytest.mark.req("R70", "R183", "R205")
def test_the_next_export_reaches_a_client_as_exactly_its_changes(store, school, sample):
    imported(store, school, sample)
    later = next_export(sample, 5, 3, AUTUMN.date())
    _, pupil = sample.showcase()
    known = {person.ident: person for person in sample.pupils}[pupil.ident]
    collection, before = timetable(store, school, pupil.login)
    token = SyncToken(collection.id, collection.head)
    imported(store, school, later, AUTUMN)
    _, after = timetable(store, school, pupil.login)
    with store.reading(school.id) as tx:
        page = tx.changes.since(token)
    told = {change.href for change in page.changes}
    differ = {href for href in before.keys() | after.keys() if before.get(href) != after.get(href)}
    assert told == differ
    assert {c.href for c in page.changes if c.new} == after.keys() - before.keys()
    assert {c.href for c in page.changes if c.etag is None} == before.keys() - after.keys()
    xml = write_xml(later, "2.0")
    wanted = sessions_of_pupil(xml, known.family, known.given, known.birth)
    assert instants(after) == expected(wanted)
    assert 0 < len(differ) < len(after) / 4


@pytest.mark.req("R207")
def test_the_past_is_neither_created_nor_changed(store, school, sample):
    report = imported(store, school, sample, AUTUMN)
    assert report.counts.events_frozen > 0
    with store.reading(school.id) as tx:
        assert min(lesson.starts for lesson in tx.lessons.stored()) >= AUTUMN.timestamp()
    spring = AUTUMN + timedelta(days=120)
    changed = next_export(sample, 40, 5, date(2026, 12, 1))
    with store.reading(school.id) as tx:
        before = {each.uid: each for each in tx.lessons.stored() if each.starts < spring.timestamp()}
    imported(store, school, changed, spring)
    with store.reading(school.id) as tx:
        after = {each.uid: each for each in tx.lessons.stored() if each.starts < spring.timestamp()}
    assert before == after


@pytest.mark.req("R80", "R81", "R156", "R193", "R194")
def test_people_without_a_fed_account_are_named_and_get_nothing(store, school, sample):
    with store.writing(school.id) as tx:
        tx.principals.create(NewPerson("main", "Main", "Faite", Role.TEACHER))
    report = imported(store, school, sample)
    in_file = Counter(matched for matched in report.matched)
    assert in_file.keys() >= {"pupil", "teacher"}
    assert report.matched["pupil"] + sum(each.kind == "pupil" for each in report.unmatched) == len(sample.pupils)
    assert {each.kind for each in report.unmatched} >= {"pupil", "teacher"}
    assert all(each.family and each.reason for each in report.unmatched)


@pytest.mark.req("R164", "R165", "R166", "R167", "R168")
def test_a_dry_run_tells_the_same_and_writes_nothing(store, school, sample):
    clock = heads(store, school)
    xml = write_xml(sample, "2.0")
    dry = import_file(store, school, xml, BEFORE, Options(dry_run=True))
    assert heads(store, school) == clock
    real = import_file(store, school, xml, BEFORE, Options(digest=dry.digest))
    assert dry.counts == real.counts
    assert real.counts.courses_created > 0
    assert real.counts.memberships_created > 0
    with pytest.raises(ImportRefused) as refused:
        import_file(store, school, xml, BEFORE, Options(digest=dry.digest))
    assert refused.value.reason == "plan-changed"


@pytest.mark.req("R77", "R121")
@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda s: write_xml(for_other_school(s, "0990002Y"), "2.0"), "wrong-school"),
        (lambda s: truncated(write_xml(s, "2.0")), "truncated"),
        (lambda s: write_xml(regenerate_idpn(s, 3), "2.0"), "idpn-regenerated"),
        (lambda s: b"\x00\x01 not an export", "not-recognised"),
    ],
)
def test_a_wrong_file_is_refused_whole_and_the_run_is_kept(store, school, sample, spoil, reason):
    imported(store, school, sample)
    clock = heads(store, school)
    with pytest.raises(ImportRefused) as refused:
        import_file(store, school, spoil(sample), AUTUMN, Options(file_name="faux.xml"))
    assert refused.value.reason == reason
    assert heads(store, school) == clock
    with store.reading(school.id) as tx:
        runs = {run.file_name: run for run in tx.imports.history()}
    assert runs["faux.xml"].status == "rejected"
    assert runs["faux.xml"].report["reason"] == reason
    assert runs[""].status == "done"


@pytest.mark.req("R77")
def test_regenerated_identifiers_are_imported_when_they_are_said_to_be(store, school, sample):
    first = imported(store, school, sample)
    data = write_xml(regenerate_idpn(sample, 3), "2.0")
    report = import_file(store, school, data, AUTUMN, Options(new_identifiers=True))
    assert report.matched == first.matched
    again = import_file(store, school, data, AUTUMN)
    assert again.matched == first.matched


@pytest.mark.req("R19")
def test_the_report_warns_above_9000_entries(store, school, sample):
    report = imported(store, school, sample)
    assert report.sessions <= 9000
    assert report.large == ()
    with store.writing(school.id) as tx:
        assert [count for _, count in tx.collections.large(report.sessions - 1)] == [report.sessions]


@pytest.mark.req("R68", "R92", "R143", "R147")
def test_courses_are_named_after_subject_and_class_or_group(store, school, sample):
    imported(store, school, sample)
    with store.reading(school.id) as tx:
        names = [name for _, name in tx.lessons.calendars(CalendarKind.COURSE).values()]
    classes = {each.name for each in sample.classes}
    assert names
    assert all(" - " in name for name in names)
    assert {name.rsplit(" - ", 1)[1] for name in names} & classes


@pytest.mark.req("R75", "R76")
def test_pronote_identifiers_are_learnt_and_match_after_a_change_of_name(store, school, sample):
    imported(store, school, sample)
    with store.reading(school.id) as tx:
        learnt = dict(tx.principals.identities("idpn"))
    assert len(learnt) > len(sample.pupils) / 2
    _, pupil = sample.showcase()
    before = timetable(store, school, pupil.login)[1]
    with store.writing(school.id) as tx:
        person = tx.principals.by_login(pupil.login)
        assert person.id in learnt.values()
        tx.principals.update(person.id, usual="Nouveau-Nom")
    imported(store, school, sample)
    assert timetable(store, school, pupil.login)[1] == before


@pytest.mark.req("R97", "R98")
def test_an_import_leaves_calendars_made_by_hand_alone(store, school, sample):
    teacher, _ = sample.showcase()
    with store.writing(school.id) as tx:
        person = tx.principals.by_login(teacher.login)
        made = tx.collections.create(person, NewCalendar("projet", "Projet"))
        tx.objects.put(made, "a.ics", EVENT)
    imported(store, school, sample)
    imported(store, school, next_export(sample, 30, 2, AUTUMN.date()), AUTUMN)
    with store.reading(school.id) as tx:
        assert tx.collections.by_slug(person, "projet", DAV).head == tx.changes.head(made.id)
        assert [entry.href for entry in tx.objects.entries(made)] == ["a.ics"]


@pytest.mark.req("R93")
def test_groups_stand_between_square_brackets_in_titles(store, school, sample):
    imported(store, school, sample)
    with store.reading(school.id) as tx:
        admin = tx.lessons.school_collection()
        assert admin is not None
        whole = Collection(
            admin, CalendarKind.SCHOOL, None, "", "", "", 0, "", "", ("VEVENT",), Rights(), True, False, 0
        )
        titles = {parse(text).children("VEVENT")[0].text("SUMMARY") for text in tx.objects.texts(whole)}
    groups = {group.name for group in sample.groups}
    bracketed = {part for title in titles for part in re.findall(r"\[([^]]*)\]", title or "")}
    assert bracketed
    assert bracketed <= groups


EVENT = b"""BEGIN:VCALENDAR\r
VERSION:2.0\r
PRODID:-//test//EN\r
BEGIN:VEVENT\r
UID:mine\r
DTSTAMP:20261122T100000Z\r
DTSTART:20261201T090000Z\r
DTEND:20261201T100000Z\r
SUMMARY:Mine\r
END:VEVENT\r
END:VCALENDAR\r
"""


def without_courses(xml: bytes) -> bytes:
    start, end = xml.index(b"<Cours>"), xml.rindex(b"</Cours>")
    return xml[:start] + b"<Cours>" + xml[end:]


@pytest.mark.parametrize(
    "options", [Options(), Options(force=True), Options(confirm="0990002Y"), Options(kind="automatic")]
)
def test_a_file_without_courses_is_refused_even_by_force(store, school, sample, options):
    imported(store, school, sample)
    with store.reading(school.id) as tx:
        before = tx.lessons.stored()
    with pytest.raises(ImportRefused) as refused:
        import_file(store, school, without_courses(write_xml(sample, "2.0")), AUTUMN, options)
    assert refused.value.reason == "empty-replace"
    assert refused.value.data["school"] == school.code
    with store.reading(school.id) as tx:
        assert tx.lessons.stored() == before


def test_a_file_without_courses_is_imported_once_the_code_of_the_school_is_typed(store, school, sample):
    imported(store, school, sample)
    empty = without_courses(write_xml(sample, "2.0"))
    report = import_file(store, school, empty, AUTUMN, Options(confirm="0990001x"))
    assert report.counts.events_deleted > 0
