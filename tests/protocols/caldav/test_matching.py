"""Text matching: the cheap look at raw bytes never decides otherwise than reading the text would."""

from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.caldav import matching
from protocols.caldav.collations import COLLATIONS
from protocols.caldav.filters import CompFilter, PropFilter, TextMatch
from storage.contentlines import Component, Property, serialise

PARIS = ZoneInfo("Europe/Paris")
letters = st.text("abABéÉſKıß ,;\\:\n^\"'", max_size=90)


def about(match: TextMatch) -> CompFilter:
    """Return a filter on the summary of events."""
    return CompFilter("VCALENDAR", comps=(CompFilter("VEVENT", props=(PropFilter("SUMMARY", match=match),)),))


def calendar(summary: str) -> bytes:
    """Return an event with a summary, escaped and folded."""
    event = Component("VEVENT", (Property.make("UID", "u"), Property.of_text("SUMMARY", summary)))
    return serialise(Component("VCALENDAR", (Property.make("VERSION", "2.0"),), (event,)))


@given(letters, letters, st.sampled_from(sorted(COLLATIONS)), st.booleans())
def test_a_summary_matches_as_its_collation_says(summary: str, wanted: str, collation: str, negated: bool):
    fold = COLLATIONS[collation]
    expected = (fold(wanted) in fold(summary)) is not negated
    assert matching.matches(about(TextMatch(wanted, collation, negated)), calendar(summary), PARIS) is expected


@given(letters, st.integers(0, 80), st.integers(1, 20), st.sampled_from(sorted(COLLATIONS)))
def test_every_part_of_a_summary_is_found(summary: str, at: int, length: int, collation: str):
    part = summary[at : at + length]
    assert matching.matches(about(TextMatch(part, collation)), calendar(summary), PARIS)


FOLDS = [
    ("i;ascii-casemap", "ÉTÉ a", "Été A", False),
    ("i;ascii-casemap", "été A", "été a", True),
    ("i;octet", "été A", "été a", False),
    ("i;unicode-casemap", "ÉTÉ", "été", True),
    ("i;unicode-casemap", "STRASSE", "Straße", True),
]


@pytest.mark.parametrize(("collation", "wanted", "text", "holds"), FOLDS)
def test_a_collation_folds_what_it_says(collation: str, wanted: str, text: str, holds: bool):
    assert TextMatch(wanted, collation).holds(text) is holds
