"""What people read in counts: words of a school, no words of the program, in both languages and in every place."""

from __future__ import annotations

from dataclasses import fields

import pytest

from importers.proposal import Counts
from server import reports, texts

JARGON = ("membership", "participation", "feed", "flux", "calendar", "ensemble", "hierarchy", "hiérarchie", "entry")
EVERYTHING = Counts(**dict.fromkeys((field.name for field in fields(Counts)), 3))


@pytest.mark.req("R164", "R177", "R179")
@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_counts_and_tasks_speak_as_a_school_does(language: str) -> None:
    with texts.speaking(language):
        counted = [words for words, _number in reports.counted(EVERYTHING)]
        tasks = {name: {"success": 1, "error": 0} for name in ("hierarchy-creation", "hierarchy-deletion")}
        told = [*counted, *(words for words, _success, _error in reports.tasks(tasks))]
    assert len(counted) == len(fields(Counts))
    assert len(set(counted)) == len(counted)
    assert [(word, words) for words in told for word in JARGON if word in words.casefold()] == []


@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_the_same_thing_has_the_same_name_in_counts_and_tasks(language: str) -> None:
    with texts.speaking(language):
        counted = {words for words, _number in reports.counted(EVERYTHING)}
        tasks = {name: {"success": 1, "error": 0} for name in ("hierarchy-creation", "hierarchy-deletion")}
        assert {words for words, _success, _error in reports.tasks(tasks)} <= counted


@pytest.mark.parametrize(("language", "words"), [("en", "(teacher): 2"), ("fr", "(enseignant) : 2")])
@pytest.mark.parametrize("about", ["teacher", "Professeur"])
def test_identifiers_given_twice_are_told(language: str, words: str, about: str) -> None:
    with texts.speaking(language):
        assert words in reports.notice_line("duplicate-ident", about, 2)
