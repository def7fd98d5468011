"""A Radicale folder becomes calendars: all of it, twice without change, and every loss with its reason."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from importers import radicale_tree
from importers.errors import ImportRefused
from importers.radicale_migration import Options, migrate
from importers.radicale_report import FolderReport, Report, UserReport
from storage.model import Client, ClientKind, Collection, Principal, Role, School, Source
from storage.store import Store
from tests.importers.radicale_folder import ZONE, calendar, text, write
from tests.storage.builders import make_person, make_school

WEB = Client(ClientKind.WEB)
RUN = Options("test")
LATER = 2_000_000_000
both = pytest.mark.parametrize("dialect", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def dialect(request: pytest.FixtureRequest) -> str:
    """SQLite, or what a test names; the tests of the storage core run on both."""
    return str(getattr(request, "param", "sqlite"))


@pytest.fixture
def school(store: Store) -> School:
    return make_school(store)


@pytest.fixture
def ana(store: Store, school: School) -> Principal:
    return make_person(store, school)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with one user, one calendar, one address book."""
    items = {"e1.ics": text("e1"), "t1.ics": text("t1", "VTODO"), "j1.ics": text("j1", "VJOURNAL")}
    shown = {"D__displayname": "Travail", "ICAL__calendar_color": "#ff0000ff", "ICAL__calendar_order": "7"}
    more = {"C__calendar_description": "Réunions", "C__calendar_timezone": ZONE}
    calendar(tmp_path, "Ana/0f3c", items, **shown, **more)
    calendar(tmp_path, "Ana/amis", {"a.vcf": "BEGIN:VCARD\r\nEND:VCARD\r\n"}, tag="VADDRESSBOOK")
    return tmp_path


def only(report: Report, folder: str = "0f3c") -> FolderReport:
    (found,) = [each for user in report.users for each in user.folders if each.folder == folder]
    return found


def reasons(folder: FolderReport) -> dict[str, str]:
    return {skip.name: skip.reason for skip in folder.skips}


def seen(store: Store, person: Principal, slug: str = "0f3c") -> Collection:
    with store.reading(person.school_id) as tx:
        return tx.collections.by_slug(person, slug, WEB)


def texts(store: Store, person: Principal, slug: str = "0f3c") -> dict[str, bytes]:
    with store.reading(person.school_id) as tx:
        collection = tx.collections.by_slug(person, slug, WEB)
        names = [each.href for each in tx.objects.entries(collection)]
        return {href: found.ical for href, found in tx.objects.many(collection, names).items()}


def test_a_collection_becomes_a_calendar_with_its_properties(
    store: Store, school: School, ana: Principal, root: Path
) -> None:
    report = migrate(store, school, root, RUN)
    found = seen(store, ana)
    assert (found.name, found.colour, found.position, found.description) == ("Travail", "#ff0000ff", 7, "Réunions")
    assert (found.timezone, found.components) == (ZONE, ("VEVENT", "VTODO"))
    assert texts(store, ana) == {"e1.ics": text("e1").encode(), "t1.ics": text("t1", "VTODO").encode()}
    assert (only(report).imported, only(report).created, reasons(only(report))) == (2, True, {"j1.ics": "journal"})
    assert reasons(only(report, "amis")) == {"": "addressbook"}


@both
def test_a_second_run_changes_nothing(store: Store, school: School, ana: Principal, root: Path) -> None:
    migrate(store, school, root, RUN)
    before = store.directory.clocks()
    with store.reading(school.id) as tx:
        trail = tx.audit.trail()
    report = migrate(store, school, root, RUN)
    assert (only(report).imported, only(report).updated, only(report).unchanged) == (0, 0, 2)
    assert (report.changed, store.directory.clocks()) == (False, before)
    with store.reading(school.id) as tx:
        assert tx.audit.trail() == trail


@both
def test_a_dry_run_tells_the_same_and_writes_nothing(store: Store, school: School, ana: Principal, root: Path) -> None:
    calendar(root, "eve/perso", {"e.ics": text("e")})
    before = store.directory.clocks()
    wanted = replace(RUN, create_users=Role.STAFF)
    tried = migrate(store, school, root, replace(wanted, dry_run=True))
    assert store.directory.clocks() == before
    assert store.directory.account("eve") is None
    assert migrate(store, school, root, wanted).users == tried.users


def test_unknown_users_are_told_or_made(store: Store, school: School, root: Path) -> None:
    report = migrate(store, school, root, RUN)
    assert [(user.user, user.state) for user in report.users] == [("Ana", "unknown")]
    assert not report.changed
    made = migrate(store, school, root, replace(RUN, create_users=Role.STAFF))
    account = store.directory.account("ana")
    assert account is not None
    assert (account.password_hash, account.principal.source, account.principal.role) == ("", Source.MANUAL, Role.STAFF)
    assert (made.users[0].state, only(made).imported) == ("created", 2)


def test_a_login_that_is_an_address_is_found_without_its_domain(
    store: Store, school: School, ana: Principal, tmp_path: Path
) -> None:
    calendar(tmp_path, "ana@ecole.example/perso", {"e.ics": text("e")})
    assert migrate(store, school, tmp_path, RUN).users[0].login == "ana"


@pytest.mark.parametrize("role", [None, Role.PUPIL])
@pytest.mark.parametrize("dry_run", [False, True])
def test_two_users_who_are_one_person_are_not_mixed(
    store: Store, school: School, tmp_path: Path, role: Role | None, dry_run: bool
) -> None:
    if role is None:
        make_person(store, school)
    calendar(tmp_path, "ana/perso", {"e.ics": text("e")})
    calendar(tmp_path, "ANA/perso", {"f.ics": text("f")})
    report = migrate(store, school, tmp_path, replace(RUN, create_users=role, dry_run=dry_run))
    assert [user.state for user in report.users] == ["created" if role else "found", "double"]
    assert [user.user for user in report.users] == ["ANA", "ana"]
    if not dry_run:
        account = store.directory.account("ana")
        assert account is not None
        assert set(texts(store, account.principal, "perso")) == {"f.ics"}


def test_another_schools_login_and_an_impossible_one_are_left_alone(
    store: Store, school: School, ana: Principal, tmp_path: Path
) -> None:
    other = make_school(store, "0990002Y")
    make_person(store, other, "eve")
    calendar(tmp_path, "eve/perso", {"e.ics": text("e")})
    calendar(tmp_path, "a b/perso", {"e.ics": text("e")})
    report = migrate(store, school, tmp_path, replace(RUN, create_users=Role.STAFF))
    assert [(user.user, user.state) for user in report.users] == [("a b", "bad-login"), ("eve", "taken")]


def test_the_first_calendar_goes_into_the_agenda_when_asked(
    store: Store, school: School, ana: Principal, root: Path
) -> None:
    calendar(root, "Ana/second", {"s.ics": text("s")}, ICAL__calendar_order="9")
    chosen = replace(RUN, first_into_default=True)
    report = migrate(store, school, root, chosen)
    assert (only(report).slugs, only(report, "second").slugs) == (("agenda", "taches"), ("second",))
    assert set(texts(store, ana, "agenda")) == {"e1.ics"}
    assert set(texts(store, ana, "taches")) == {"t1.ics"}
    assert seen(store, ana, "agenda").name == "Mon agenda"
    assert not migrate(store, school, root, chosen).changed


def test_a_collection_named_like_one_that_everybody_has_gets_another_address(
    store: Store, school: School, ana: Principal, tmp_path: Path
) -> None:
    calendar(tmp_path, "ana/agenda", {"e.ics": text("e")})
    assert only(migrate(store, school, tmp_path, RUN), "agenda").slugs == ("agenda-radicale",)
    assert not migrate(store, school, tmp_path, RUN).changed


def test_what_was_changed_here_is_not_overwritten_and_what_is_younger_there_is_taken(
    store: Store, school: School, ana: Principal, root: Path
) -> None:
    migrate(store, school, root, RUN)
    with store.writing(school.id) as tx:
        tx.objects.put(tx.collections.by_slug(ana, "0f3c", WEB), "e1.ics", text("e1", summary="Ici").encode())
    assert reasons(only(migrate(store, school, root, RUN)))["e1.ics"] == "newer-here"
    write(root / "collection-root/Ana/0f3c/e1.ics", text("e1", summary="Là-bas"), LATER)
    assert only(migrate(store, school, root, RUN)).updated == 1
    assert texts(store, ana)["e1.ics"] == text("e1", summary="Là-bas").encode()


def test_a_renamed_calendar_keeps_its_new_name(store: Store, school: School, ana: Principal, root: Path) -> None:
    migrate(store, school, root, RUN)
    props = root / "collection-root/Ana/0f3c/.Radicale.props"
    props.write_text(json.dumps({"tag": "VCALENDAR", "D:displayname": "Autre"}), "utf-8")
    migrate(store, school, root, RUN)
    assert seen(store, ana).name == "Travail"


ODD: dict[str, tuple[str, str | bytes]] = {
    "no-uid.ics": ("invalid", text("x").replace("UID:x\r\n", "")),
    "garbage.ics": ("invalid", b"\xff\xfe\x00"),
    "empty.ics": ("invalid", b""),
    "again.ics": ("uid-conflict", text("e1")),
    "journal.ics": ("journal", text("j", "VJOURNAL")),
    "bomb.ics": ("invalid", text("b", "VEVENT", "Bombe", "RRULE:FREQ=SECONDLY")),
    "bad\nname.ics": ("invalid", text("n")),
}


@both
def test_an_item_that_cannot_be_kept_is_told_and_breaks_nothing(
    store: Store, school: School, ana: Principal, tmp_path: Path
) -> None:
    odd = {name: body for name, (_reason, body) in ODD.items()}
    calendar(tmp_path, "ana/perso", {"0.ics": text("e1"), **odd, "z.ics": text("z")})
    report = only(migrate(store, school, tmp_path, RUN), "perso")
    assert (report.imported, reasons(report)) == (2, {name: reason for name, (reason, _body) in ODD.items()})


def test_a_file_too_large_or_unreadable_is_told(
    store: Store, school: School, ana: Principal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(radicale_tree, "ITEM_LIMIT", 400)
    calendar(tmp_path, "ana/perso", {"big.ics": text("b", "VEVENT", "x" * 500), "e.ics": text("e")})
    folder = radicale_tree.read(tmp_path)[0].folders[0]
    (folder.path / "e.ics").unlink()
    assert [(item.name, item.problem) for item in radicale_tree.items(folder)] == [
        ("big.ics", "too-large"),
        ("e.ics", "unreadable"),
    ]


def test_odd_folders_are_told(store: Store, school: School, ana: Principal, root: Path) -> None:
    base = root / "collection-root/Ana"
    (base / "lien").symlink_to(base / "0f3c")
    (base / "rien").mkdir()
    (base / "dedans/plus").mkdir(parents=True)
    for name, props in {"casse": "{", "liste": "[]", "abonnement": '{"tag": "VSUBSCRIBED"}'}.items():
        (base / name).mkdir()
        (base / name / ".Radicale.props").write_text(props)
    (base / "profond").mkdir()
    (base / "profond/.Radicale.props").write_text("[" * 100_000)
    calendar(root, "Ana/journal", {}, C__supported_calendar_component_set="VJOURNAL")
    report = migrate(store, school, root, RUN)
    found = {each.folder: each.skips[0].reason for each in report.users[0].folders if not each.slugs}
    assert found == {
        "abonnement": "subscription",
        "amis": "addressbook",
        "casse": "bad-properties",
        "dedans": "nested",
        "journal": "journal",
        "lien": "link",
        "liste": "bad-properties",
        "profond": "bad-properties",
        "rien": "no-type",
    }


def test_properties_that_cannot_be_kept_are_told_and_the_rest_is(
    store: Store, school: School, ana: Principal, tmp_path: Path
) -> None:
    props = {"ICAL__calendar_color": "red", "ICAL__calendar_order": "first", "C__calendar_timezone": "Paris"}
    calendar(tmp_path, "ana/perso", {"e.ics": text("e")}, **props)
    report = only(migrate(store, school, tmp_path, RUN), "perso")
    assert [skip.detail for skip in report.skips] == ["calendar-color red", "calendar-order first", "calendar-timezone"]
    assert seen(store, ana, "perso").name == "perso"


def test_what_a_calendar_holds_is_kept_even_if_it_was_made_for_something_else(
    store: Store, school: School, ana: Principal, tmp_path: Path
) -> None:
    calendar(tmp_path, "ana/perso", {"t.ics": text("t", "VTODO")}, C__supported_calendar_component_set="VEVENT")
    assert only(migrate(store, school, tmp_path, RUN), "perso").imported == 1
    calendar(tmp_path, "ana/evts", {"e.ics": text("e")}, C__supported_calendar_component_set="VEVENT")
    migrate(store, school, tmp_path, RUN)
    write(tmp_path / "collection-root/ana/evts/t.ics", text("t", "VTODO"))
    assert reasons(only(migrate(store, school, tmp_path, RUN), "evts")) == {"t.ics": "kind"}


def test_a_folder_that_is_not_radicales_is_refused(store: Store, school: School, tmp_path: Path) -> None:
    (tmp_path / "photos/2026").mkdir(parents=True)
    with pytest.raises(ImportRefused) as refused:
        migrate(store, school, tmp_path, RUN)
    assert refused.value.reason == "not-radicale"


def test_the_collection_root_may_be_named_itself(store: Store, school: School, ana: Principal, root: Path) -> None:
    assert only(migrate(store, school, root / "collection-root", RUN)).imported == 2


def test_progress_reaches_the_end(store: Store, school: School, ana: Principal, root: Path) -> None:
    told: list[tuple[str, int, int]] = []
    calendar(root, "eve/perso", {"e.ics": text("e")})
    migrate(store, school, root, replace(RUN, progress=lambda *step: told.append(step)))
    assert told[-1] == ("items", 5, 5)
    assert [done for _, done, _ in told] == sorted(done for _, done, _ in told)


def test_a_report_counts_everything() -> None:
    folders = (FolderReport("a", "A", ("a",), True, 1, 2, 3), FolderReport("b", "B"))
    report = Report((UserReport("u", "created", "u", folders), UserReport("v", "taken")))
    assert report.counts == {
        "users_created": 1,
        "users_left": 1,
        "calendars_created": 1,
        "calendars_left": 1,
        "imported": 1,
        "updated": 2,
        "unchanged": 3,
        "skipped": 0,
    }
    assert json.loads(json.dumps(report.data()))["counts"]["updated"] == 2
