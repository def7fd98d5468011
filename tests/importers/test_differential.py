"""The importer's expansion against an independent one, on generated schools with every trap."""

from collections import Counter
from datetime import UTC, date
from typing import Any

import pytest

from importers import edt
from importers.desired import desired
from importers.errors import ImportRefused
from importers.people import Role, parse
from importers.plan import plan
from importers.proposal import Current
from importers.reconcile import Account, Match, Reason, idpn_regenerated, reconcile
from importers.sample import (
    for_other_school,
    generate,
    next_export,
    regenerate_idpn,
    truncated,
    write_people_csv,
    write_xml,
)
from importers.selection import of_school
from importers.sessions import Settings, expand
from importers.timetable import Timetable
from tests.importers import expansion
from tests.importers.make import AUGUST, PARIS, accounts, applied

SCHOOL = generate(80, 11)


@pytest.fixture(scope="module", params=["1.1", "2.0"])
def export(request) -> bytes:
    return write_xml(SCHOOL, request.param)


def config(read: Timetable, **options) -> Settings:
    return Settings(read.schools[0], PARIS, **options)


def ours(data: bytes, **options) -> Counter[Any]:
    read = edt.parse(data)
    return Counter(
        (
            session.starts.astimezone(UTC),
            session.ends.astimezone(UTC),
            session.lesson.subject.label,
            tuple(person.name for person in session.lesson.teachers),
            tuple(person.name for person in session.lesson.staff),
            tuple(sorted(unit.name for unit in session.lesson.audience if unit.kind in ("class", "group"))),
            session.lesson.rooms,
            session.lesson.equipment,
        )
        for session in expand(read, config(read, **options)).sessions
    )


def theirs(data: bytes, **options) -> Counter[Any]:
    return Counter(
        (
            session.starts.astimezone(UTC),
            session.ends.astimezone(UTC),
            "/".join(session.subjects),
            session.teachers,
            session.staff,
            session.audience,
            session.rooms,
            session.materials,
        )
        for session in expansion.expand(data, **options)
    )


def by_name(sessions: Counter[Any]) -> Counter[Any]:
    """Teachers sort by folded name here and by printed name there."""
    return Counter({(*key[:3], *(tuple(sorted(part)) for part in key[3:])): count for key, count in sessions.items()})


@pytest.mark.parametrize("options", [{}, {"include_class_parts": True}], ids=["usual", "with class parts"])
def test_two_readings_of_one_file_give_the_same_sessions(export, options):
    assert by_name(ours(export, **options)) == by_name(theirs(export, **options))


def test_every_pupil_and_teacher_sees_what_an_independent_reading_gives_them(export):
    read = edt.parse(export)
    everybody = {
        person.ref: Match(account.id, account.role, Reason.IDPN)
        for person, account in zip(read.people(), accounts(read), strict=True)
    }
    state = applied(Current(), plan(Current(), desired(read, expand(read, config(read)), everybody, PARIS), AUGUST))
    seen: dict[int, list[int]] = {}
    by_store: dict[str, list[int]] = {}
    for session in state.sessions.values():
        by_store.setdefault(session.store_key, []).append(session.starts)
    for key, windows in state.feeds.items():
        if key.kind == "person":
            starts = [at for at in by_store.get(key.store, ()) if any(start <= at < end for start, end in windows)]
            seen.setdefault(int(key.owner), []).extend(starts)
    for pupil in read.pupils:
        expected = expansion.sessions_of_pupil(export, pupil.family, pupil.given, pupil.birth_date)
        assert sorted(seen.get(everybody[pupil.ref].account, [])) == [
            int(session.starts.timestamp()) for session in expected
        ], pupil.name
    for teacher in read.teachers:
        expected = expansion.sessions_of_teacher(export, teacher.family, teacher.given)
        assert sorted(seen.get(everybody[teacher.ref].account, [])) == [
            int(session.starts.timestamp()) for session in expected
        ], teacher.name


def wish(read: Timetable, known: list[Account]):
    return desired(read, expand(read, config(read)), reconcile(read.people(), known).matched, PARIS)


def test_the_next_export_arrives_as_its_changes(export):
    first, later = edt.parse(write_xml(SCHOOL)), edt.parse(write_xml(next_export(SCHOOL, 5, 3, date(2026, 9, 1))))
    known = accounts(first)
    state = applied(Current(), plan(Current(), wish(first, known), AUGUST))
    made = plan(state, wish(later, known), AUGUST)
    total = len(state.sessions)
    touched = made.counts.events_created + made.counts.events_updated + made.counts.events_deleted
    assert 0 < touched < total * 0.2
    assert made.counts.events_updated > 0
    assert plan(applied(state, made), wish(later, known), AUGUST).empty


def test_the_people_file_of_the_sample_reconciles_the_timetable():
    read = edt.parse(write_xml(SCHOOL))
    file = parse(write_people_csv(SCHOOL))
    assert file.errors == ()
    known = [
        Account(
            id=number,
            role=str(record.role),
            family_names=tuple(filter(None, (record.family, record.birth_family))),
            given=record.given,
            birth_date=record.birth_date,
        )
        for number, record in enumerate(file.people, 1)
        if record.role is not Role.GUARDIAN
    ]
    found = reconcile(read.people(), known)
    assert len(found.matched) > 0.9 * len(list(read.people()))
    names = {account.id: account for account in known}
    for pupil in read.pupils:
        if pupil.birth_date and (match := found.matched.get(pupil.ref)):
            assert names[match.account].birth_date == pupil.birth_date


@pytest.mark.req("R77")
def test_regenerated_identifiers_are_noticed():
    read = edt.parse(write_xml(SCHOOL))
    known = [
        Account(id=n, role="pupil", family_names=(p.family,), given=p.given, idpns=frozenset({p.idpn}))
        for n, p in enumerate(read.pupils)
        if p.idpn
    ]
    changed = edt.parse(write_xml(regenerate_idpn(SCHOOL, 5)))
    assert not idpn_regenerated(read.people(), known).regenerated
    assert idpn_regenerated(changed.people(), known).regenerated


def test_a_cut_file_and_another_schools_file_are_refused():
    with pytest.raises(ImportRefused, match="truncated"):
        edt.parse(truncated(write_xml(SCHOOL)))
    with pytest.raises(ImportRefused, match="wrong-school"):
        of_school(edt.parse(write_xml(for_other_school(SCHOOL, "0750001A"))), SCHOOL.uai)
