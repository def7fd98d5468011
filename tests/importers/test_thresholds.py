"""Thresholds: the defaults of the guide, strictly exceeded, and what an import measures."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importers import choices, rollover
from importers.errors import ImportRefused
from importers.measures import Service, services_of
from importers.run import Options, import_file
from importers.sample import generate, next_export, write_xml
from importers.school_calendar import Closure
from importers.selection import Selection
from importers.thresholds import DEFAULTS, Check, Measure, Threshold, Verdict, judge, read, stored
from tests.importers.conftest import AUTUMN, BEFORE, imported

AUTOMATIC = Options(kind="automatic", file_name="auto.xml")


@pytest.mark.req("R230", "R236", "R237")
def test_the_thirteen_checks_have_the_defaults_of_the_guide():
    table = {check.value: (each.limit, each.blocking) for check, each in DEFAULTS.items()}
    assert table == {
        "subjects-created": (50, True),
        "services-created": (50, True),
        "services-changed": (30, True),
        "services-deleted": (50, True),
        "sessions": (50, True),
        "incomplete-services": (40, False),
        "closures-added": (10, True),
        "closures-deleted": (10, True),
        "teachers": (5, False),
        "pupils": (5, False),
        "classes": (5, False),
        "groups": (5, False),
        "closures-kept": (0, True),
    }
    assert len(DEFAULTS) == len(Check) == 13


@given(st.integers(0, 400), st.integers(0, 400), st.integers(0, 100))
def test_a_limit_is_passed_when_strictly_exceeded(part, whole, limit):
    (verdict,) = judge([Measure(Check.SESSIONS, part, whole)], {Check.SESSIONS: Threshold(limit, blocking=True)})
    share = Fraction(part, whole) if whole else Fraction(bool(part))
    assert verdict.exceeded is (share > Fraction(limit, 100))


@pytest.mark.parametrize(
    ("threshold", "part", "exceeded", "stops"),
    [
        (Threshold(0, blocking=True), 1, True, True),
        (Threshold(0, blocking=True), 0, False, False),
        (Threshold(0, blocking=False), 1, True, False),
        (Threshold(0, blocking=True, active=False), 1, False, False),
    ],
)
def test_the_check_of_closures_has_no_percentage(threshold, part, exceeded, stops):
    (verdict,) = judge([Measure(Check.CLOSURES_KEPT, part, 5000)], {Check.CLOSURES_KEPT: threshold})
    assert (verdict.exceeded, verdict.stops) == (exceeded, stops)


def test_own_thresholds_survive_storage_and_unknown_ones_are_left_out():
    own = {Check.PUPILS: Threshold(21, blocking=False), Check.CLOSURES_KEPT: Threshold(0, blocking=True, active=False)}
    assert read({**stored(own), "no-such-check": {"limit": 1, "blocking": True}}) == own
    assert read(None) == {}


def test_a_store_key_tells_its_services():
    key = '["maths",["class:3A","group:3ALATIN","pupil:X"],["staff:aide","teacher:durand paul"]]'
    assert services_of(key) == {
        Service("maths", "teacher:durand paul", "class:3A"),
        Service("maths", "teacher:durand paul", "group:3ALATIN"),
    }
    assert [one.complete for one in services_of('["maths",["part:3A 1"],[]]')] == [False]


def verdicts(report) -> dict[Check, Verdict]:
    return {verdict.check: verdict for verdict in report.verdicts}


@pytest.mark.req("R235", "R238")
def test_the_first_import_passes_every_base_of_zero_by_hand(store, school, sample):
    found = verdicts(imported(store, school, sample))
    assert found[Check.SUBJECTS_CREATED].percent == 100.0
    assert found[Check.SESSIONS].exceeded
    assert found[Check.CLOSURES_ADDED].percent == 0.0
    assert [each.check for each in found.values()] == list(Check)


@pytest.mark.req("R212", "R234")
def test_an_unchanged_automatic_import_measures_nothing(store, school, sample):
    imported(store, school, sample)
    found = verdicts(import_file(store, school, write_xml(sample, "2.0"), AUTUMN, AUTOMATIC))
    moving = [check for check in list(Check)[:8] if found[check].part]
    assert moving == []
    assert found[Check.SESSIONS].whole > 1000


@pytest.mark.req("R231", "R232", "R235")
def test_a_blocking_threshold_rejects_an_automatic_import_until_it_is_unticked(store, school, sample):
    imported(store, school, sample)
    other = write_xml(next_export(sample, 60, 5, AUTUMN.date()), "2.0")
    with store.reading(school.id) as tx:
        before, clock = tx.lessons.stored(), tx.changes.clock()
    with pytest.raises(ImportRefused) as refused:
        import_file(store, school, other, AUTUMN, AUTOMATIC)
    assert refused.value.reason == "thresholds"
    with store.reading(school.id) as tx:
        assert (tx.lessons.stored(), tx.changes.clock()) == (before, clock)
        run = tx.imports.history()[0]
    assert run.status == "rejected"
    kept = {each["check"]: each for each in run.report["verdicts"]}
    assert kept["services-changed"]["exceeded"]
    assert run.report["planned"]["counts"]["events_created"] > 0
    with store.writing(school.id) as tx:
        stopping = [Check(name) for name, each in kept.items() if each["exceeded"] and each["blocking"]]
        choices.set_thresholds(tx, {check: replace(DEFAULTS[check], blocking=False) for check in stopping})
    report = import_file(store, school, other, AUTUMN, AUTOMATIC)
    assert {verdict.check for verdict in report.alerts} >= set(stopping)
    assert report.counts.events_created > 0


@pytest.mark.req("R232", "R238")
@pytest.mark.parametrize("options", [Options(), replace(AUTOMATIC, accepted=True)])
def test_a_passed_threshold_does_not_stop_a_person(store, school, sample, options):
    imported(store, school, sample)
    other = write_xml(next_export(sample, 60, 5, AUTUMN.date()), "2.0")
    report = import_file(store, school, other, AUTUMN, options)
    assert verdicts(report)[Check.SERVICES_CHANGED].stops
    assert report.counts.events_created > 0


@pytest.mark.req("R237")
def test_lessons_on_days_the_school_is_closed_are_measured(store, school, sample):
    imported(store, school, sample)
    with store.writing(school.id) as tx:
        choices.set_closures(tx, [Closure(date(2026, 12, 7), date(2026, 12, 11), "Stage")])
    with pytest.raises(ImportRefused) as refused:
        import_file(store, school, write_xml(sample, "2.0"), AUTUMN, AUTOMATIC)
    assert refused.value.data["checks"] == "closures-kept"


@pytest.mark.req("R237")
def test_a_new_closed_day_counts_as_a_closure(store, school, sample):
    imported(store, school, sample)
    monday = date(2026, 12, 7)
    week = (monday - sample.year.date_of(0, 1)).days // 7
    courses = tuple(
        replace(course, cancelled=course.cancelled | 1 << week) if course.day == 1 else course
        for course in sample.courses
    )
    report = import_file(store, school, write_xml(replace(sample, courses=courses), "2.0"), AUTUMN)
    added = verdicts(report)[Check.CLOSURES_ADDED]
    assert added.part == 1
    assert added.whole > 1


@pytest.mark.req("R212", "R213")
def test_automatic_imports_leave_out_what_the_last_manual_one_did(store, school, sample):
    xml = write_xml(sample, "2.0")
    everything = imported(store, school, sample)
    assert everything.sessions > 0
    left_out = Selection(classes=frozenset({sample.classes[0].name}))
    chosen = import_file(store, school, xml, datetime(2026, 8, 21, tzinfo=UTC), Options(selection=left_out, force=True))
    assert chosen.sessions < everything.sessions
    again = import_file(store, school, xml, datetime(2026, 8, 22, tzinfo=UTC), AUTOMATIC)
    assert again.sessions == chosen.sessions
    with store.reading(school.id) as tx:
        assert choices.selection(tx) == left_out


@pytest.mark.req("R237")
def test_a_percentage_is_of_the_last_import_and_not_of_all_the_years_before(store, school, sample):
    former = replace(generate(90, 8, 2025), uai=sample.uai)
    import_file(store, school, write_xml(former, "2.0"), BEFORE.replace(year=2025))
    with store.writing(school.id) as tx:
        rollover.begin(tx, BEFORE)
    imported(store, school, sample)
    found = verdicts(import_file(store, school, write_xml(sample, "2.0"), AUTUMN, AUTOMATIC))
    other = store.directory.create_school("0990002Y", "Collège neuf", "Europe/Paris")
    data = write_xml(replace(sample, uai=other.code), "2.0")
    import_file(store, other, data, BEFORE)
    alone = verdicts(import_file(store, other, data, AUTUMN, AUTOMATIC))
    moving = list(Check)[:8]
    assert {check: (found[check].part, found[check].whole) for check in moving} == {
        check: (alone[check].part, alone[check].whole) for check in moving
    }
    assert found[Check.SERVICES_CREATED].whole > found[Check.SUBJECTS_CREATED].whole > 0
