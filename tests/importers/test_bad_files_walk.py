"""Every kind of bad file in every format, by the real path: refused, or the live timetable left as it was."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from importers import archives, choices, formats, ical_feeds, xml_tree
from importers import edt as edt_format
from importers import untis as untis_format
from importers.archives import pack
from importers.errors import ImportRefused
from importers.run import Options, import_file
from storage.model import School
from storage.store import Store
from tests.importers.make import SCHOOL, sample
from tests.importers.samples_of import SAMPLES_OF, SETTING, YEAR, files_of

NAMES = sorted(SAMPLES_OF)
BEGINS = datetime(2026, 8, 30, tzinfo=UTC)
BOMB = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'


def whole(name: str) -> bytes:
    """Return the sample of a format as it is handed over."""
    files = files_of(name)
    return pack(files.items()) if len(files) > 1 else next(iter(files.values()))


def each_file(name: str, change: Callable[[bytes], bytes]) -> bytes:
    """Return the sample with every file of it changed."""
    files = {file: change(data) for file, data in files_of(name).items()}
    return pack(files.items()) if len(files) > 1 else next(iter(files.values()))


def swollen(name: str) -> bytes:
    """Return a zip whose first file inflates to far more than it holds."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, (file, data) in enumerate(files_of(name).items()):
            archive.writestr(file, data if number else data + b" " * (archives.RATIO_FREE * 3))
    return out.getvalue()


def straying(name: str) -> bytes:
    """Return a zip one of whose names leads out of its folder."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for number, (file, data) in enumerate(files_of(name).items()):
            archive.writestr(file if number else f"../../{file}", data)
    return out.getvalue()


WHOLE: dict[str, Callable[[str], bytes]] = {
    "empty": lambda name: each_file(name, lambda _data: b""),
    "white": lambda name: each_file(name, lambda _data: b" \r\n"),
    "entities": lambda name: each_file(name, lambda data: BOMB + data),
    "zip-bomb": swollen,
    "gzip-bomb": lambda name: gzip.compress(whole(name) + b" " * (archives.RATIO_FREE * 3)),
    "traversal": straying,
    "ebcdic": lambda name: each_file(name, lambda data: data.decode("latin-1", "replace").encode("cp500")),
    "cut-archive": lambda name: pack(files_of(name).items())[:-40],
    "archive-in-archive": lambda name: pack([("inner.zip", pack(files_of(name).items()))]),
}


@pytest.fixture
def school(store: Store) -> School:
    """The school of the samples, which has told its year."""
    made = store.directory.create_school(SCHOOL, "Collège", "Europe/Paris")
    with store.writing(made.id) as tx:
        choices.set_year(tx, YEAR)
    return made


def lessons(store: Store, school: School) -> object:
    with store.reading(school.id) as tx:
        return tx.lessons.stored(), tx.lessons.memberships(), tx.changes.clock()


@pytest.mark.parametrize("kind", WHOLE)
@pytest.mark.parametrize("name", NAMES)
def test_a_file_that_is_no_timetable_is_refused_whatever_its_format(name: str, kind: str) -> None:
    with pytest.raises(ImportRefused) as refused:
        formats.read(WHOLE[kind](name), SETTING)
    assert refused.value.reason


@pytest.mark.parametrize("name", NAMES)
def test_size_is_limited_in_every_format_before_anything_is_parsed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (xml_tree, edt_format, untis_format, ical_feeds):
        monkeypatch.setattr(module, "SIZE_LIMIT", 10)
    with pytest.raises(ImportRefused) as refused:
        formats.read(whole(name), SETTING)
    assert refused.value.reason == "too-large"


def test_a_file_beyond_the_limit_of_all_formats_is_refused_at_the_door(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "SIZE_LIMIT", 100)
    with pytest.raises(ImportRefused) as refused:
        formats.read(b"x" * 101, SETTING)
    assert (refused.value.reason, refused.value.data) == ("too-large", {"limit": 100})


@pytest.mark.parametrize("kind", ["empty", "entities", "zip-bomb", "traversal", "ebcdic"])
@pytest.mark.parametrize("name", NAMES)
def test_a_refused_file_leaves_the_live_timetable_as_it_was(store: Store, school: School, name: str, kind: str) -> None:
    import_file(store, school, whole(name), BEGINS)
    before = lessons(store, school)
    with pytest.raises(ImportRefused):
        import_file(store, school, WHOLE[kind](name), BEGINS, Options(force=True))
    assert lessons(store, school) == before
    with store.reading(school.id) as tx:
        assert [run.status for run in tx.imports.history()] == ["rejected", "done"]


@pytest.mark.parametrize("name", NAMES)
def test_half_of_a_file_is_refused_or_does_not_take_most_of_the_term(store: Store, school: School, name: str) -> None:
    first = import_file(store, school, whole(name), BEGINS)
    before = lessons(store, school)
    half = each_file(name, lambda data: data[: len(data) // 2])
    try:
        report = import_file(store, school, half, BEGINS)
    except ImportRefused:
        assert lessons(store, school) == before
        return
    lost = report.counts.events_deleted - report.counts.events_created
    assert lost <= first.sessions / 2


EMPTY_SAMPLE = Options(new_identifiers=True)


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"edt"}))
def test_a_timetable_without_lessons_ahead_wants_the_code_of_the_school_in_every_format(
    store: Store, school: School, name: str
) -> None:
    """A file without courses comes after that of another program: only typing the code lets it empty the term."""
    import_file(store, school, whole(name), BEGINS)
    before = lessons(store, school)
    xml = sample("college.xml")
    empty = xml[: xml.index(b"<Cours>")] + b"<Cours>" + xml[xml.rindex(b"</Cours>") :]
    for options in (EMPTY_SAMPLE, replace(EMPTY_SAMPLE, force=True), replace(EMPTY_SAMPLE, confirm="0750001A")):
        with pytest.raises(ImportRefused) as refused:
            import_file(store, school, empty, BEGINS, options)
        assert refused.value.reason == "empty-replace"
        assert lessons(store, school) == before
    report = import_file(store, school, empty, BEGINS, replace(EMPTY_SAMPLE, confirm=SCHOOL))
    assert report.counts.events_deleted > 0


def test_a_file_whose_lessons_have_all_been_given_is_as_empty_as_one_without(store: Store, school: School) -> None:
    xml = sample("college.xml")
    import_file(store, school, xml, BEGINS)
    with store.reading(school.id) as tx:
        last = max(lesson.starts for lesson in tx.lessons.stored())
    before = lessons(store, school)
    old = whole("edt-text")
    instant = datetime.fromtimestamp(last - 1, UTC)
    with pytest.raises(ImportRefused) as refused:
        import_file(store, school, old, instant, Options(force=True, new_identifiers=True))
    assert refused.value.reason == "empty-replace"
    assert lessons(store, school) == before
