"""Each of the thirteen checks at its limit: just under and at it nothing is said, just above it is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from importers import choices
from importers.errors import ImportRefused
from importers.run import AUTOMATIC, Options, import_file
from importers.sample import write_xml
from importers.thresholds import DEFAULTS, WITHOUT_PERCENT, Check, Measure, Threshold, Verdict, judge
from tests.importers.conftest import AUTUMN, imported
from tests.importers.test_half_a_school import last, seen, without_classes

IN_PERCENT = [check for check in Check if check not in WITHOUT_PERCENT]
WHOLE = 1000


def judged(check: Check, part: int, whole: int, own: Threshold | None = None) -> Verdict:
    (verdict,) = judge([Measure(check, part, whole)], {} if own is None else {check: own})
    return verdict


@pytest.mark.req("R230", "R231", "R236", "R237")
@pytest.mark.parametrize("check", IN_PERCENT)
@pytest.mark.parametrize(("more", "exceeded"), [(-1, False), (0, False), (1, True)])
def test_a_check_speaks_just_above_its_limit(check, more, exceeded):
    """A thousandth under the default, at it, and over it; it stops a deposit only where its box is ticked."""
    verdict = judged(check, DEFAULTS[check].limit * WHOLE // 100 + more, WHOLE)
    assert (verdict.exceeded, verdict.stops) == (exceeded, exceeded and DEFAULTS[check].blocking)


@pytest.mark.req("R236", "R237")
@pytest.mark.parametrize("check", IN_PERCENT)
@pytest.mark.parametrize("blocking", [True, False])
@pytest.mark.parametrize(
    ("limit", "part", "exceeded"), [(0, 0, False), (0, 1, True), (33, 330, False), (33, 331, True)]
)
def test_a_schools_own_limit_and_box_count_instead(check, blocking, limit, part, exceeded):
    verdict = judged(check, part, WHOLE, Threshold(limit, blocking))
    assert (verdict.limit, verdict.exceeded, verdict.stops) == (limit, exceeded, exceeded and blocking)


@pytest.mark.req("R237")
@pytest.mark.parametrize("check", IN_PERCENT)
@pytest.mark.parametrize(
    ("part", "limit", "percent", "exceeded"), [(0, 0, 0.0, False), (1, 99, 100.0, True), (1, 100, 100.0, False)]
)
def test_of_nothing_nothing_is_no_part_and_anything_all(check, part, limit, percent, exceeded):
    """A school that was empty before: the base is zero (design, section 9.16)."""
    verdict = judged(check, part, 0, Threshold(limit, blocking=True))
    assert (verdict.percent, verdict.exceeded, verdict.stops) == (percent, exceeded, exceeded)


@pytest.mark.req("R231", "R236")
def test_every_check_that_moves_stops_a_deposit_by_itself_one_percent_lower(store, school, sample):
    imported(store, school, sample)
    data = write_xml(without_classes(sample), "2.0")
    shown = import_file(store, school, data, AUTUMN, Options(dry_run=True))
    before = seen(store, school)
    moving = [each for each in shown.verdicts if each.part * 100 > each.whole and each.whole]
    assert len(moving) >= 3
    for verdict in moving:
        lower = Threshold((verdict.part * 100 - 1) // verdict.whole, blocking=True)
        own = {check: Threshold(100, blocking=False) for check in IN_PERCENT} | {verdict.check: lower}
        with store.writing(school.id) as tx:
            choices.set_thresholds(tx, own)
        with pytest.raises(ImportRefused) as refused:
            import_file(store, school, data, AUTUMN, Options(kind=AUTOMATIC))
        assert (refused.value.reason, refused.value.data["checks"]) == ("thresholds", verdict.check.value)
        assert seen(store, school) == before
        held = {each["check"]: each for each in last(store, school).report["verdicts"]}[verdict.check.value]
        assert (held["part"], held["whole"], held["limit"]) == (verdict.part, verdict.whole, lower.limit)
        at_it = replace(lower, limit=-(-verdict.part * 100 // verdict.whole))
        assert not judged(verdict.check, verdict.part, verdict.whole, at_it).exceeded
