"""A limit is told in what it counts: megabytes of a file, or things in it."""

from __future__ import annotations

import pytest

from importers import aaf, archives, builder, container, edt, edt_entities, ical_feeds, people_table, siecle, xml_tree
from importers.errors import ImportRefused
from server.wording import sentence

SIZES = [
    *(archives.SIZE_LIMIT, archives.RATIO_FREE, edt.SIZE_LIMIT, xml_tree.SIZE_LIMIT, container.SIZE_LIMIT),
    *(ical_feeds.SIZE_LIMIT, people_table.SIZE_LIMIT),
]
COUNTS = [
    *(edt.ITEM_LIMIT, edt_entities.CHILD_LIMIT, edt_entities.COURSE_LIMIT, xml_tree.ELEMENT_LIMIT),
    *(builder.COURSE_LIMIT, builder.THING_LIMIT, ical_feeds.SESSION_LIMIT, siecle.PEOPLE_LIMIT, aaf.PEOPLE_LIMIT),
]


@pytest.mark.parametrize("limit", SIZES)
def test_a_file_too_large_is_told_in_megabytes(limit: int) -> None:
    told = sentence(ImportRefused("too-large", limit=limit, size=limit + 1))
    assert f": {limit // 2**20} MB at most" in told


@pytest.mark.parametrize("limit", COUNTS)
def test_a_file_of_too_many_things_is_told_by_their_number(limit: int) -> None:
    told = sentence(ImportRefused("too-large", limit=limit, line=3))
    assert f" {limit} things" in told


def test_a_limit_that_is_not_kept_is_a_question_mark() -> None:
    assert "?" in sentence(ImportRefused("too-large"))
