"""`cadran devices`, `cadran school` and `cadran notices`: what they say, what they do, and the trail they leave."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from server import mail, refusals
from server.cli import main
from server.config import MailSection
from storage.model import Device, Principal, Role, Settings, Wipe
from storage.principals import NewPerson
from storage.store import Store
from tests.eas.wire import IOS
from tests.protocols.eas.harness import LocalPhone, statuses
from tests.server.sink import listening

Cadran = Callable[..., Result]
ROBOT = "Android-Mail/7.5.7"


@pytest.fixture
def cadran(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Cadran:
    """Run the command on a data folder with a school."""
    monkeypatch.setenv("LC_ALL", "C")

    def run(*arguments: str, typed: str | None = None) -> Result:
        return CliRunner().invoke(main, ["--data", str(folder), *arguments], input=typed, catch_exceptions=False)

    return run


@pytest.fixture
def paul(store: Store) -> Principal:
    """A pupil with a phone of no account."""
    account = store.directory.account("paul")
    assert account is not None
    with store.writing(account.principal.school_id) as tx:
        phone = Device(
            account.principal.id, "DROID1", "Android", ROBOT, "Pixel", version="14.1", last_seen=1_800_000_000
        )
        tx.devices.save(phone)
    return account.principal


def device(store: Store, person: Principal) -> Device | None:
    with store.reading(person.school_id) as tx:
        return tx.devices.get(person.id, "DROID1")


def change(store: Store, person: Principal, **values: object) -> None:
    found = device(store, person)
    assert found is not None
    with store.writing(person.school_id) as tx:
        tx.devices.save(replace(found, **values))  # type: ignore[arg-type]


def trail(store: Store, person: Principal) -> list[str]:
    with store.reading(person.school_id) as tx:
        return [each.action for each in tx.audit.trail()]


@pytest.mark.parametrize(
    ("command", "blocked", "wipe", "action"),
    [
        (("block",), True, Wipe.NONE, "device-blocked"),
        (("wipe", "--confirm", "DROID1"), False, Wipe.DEVICE, "device-wipe-asked"),
        (("wipe-account",), False, Wipe.ACCOUNT, "device-wipe-asked"),
        (("resync",), False, Wipe.NONE, "device-resynced"),
        (("allow",), False, Wipe.NONE, "device-allowed"),
    ],
)
def test_each_order_is_kept_wakes_the_phone_and_leaves_a_trail(
    cadran: Cadran, store: Store, paul: Principal, *, command: tuple[str, ...], blocked: bool, wipe: Wipe, action: str
) -> None:
    with store.reading(paul.school_id) as tx:
        before = tx.changes.clock()
    verb, *options = command
    result = cadran("devices", verb, "paul", "DROID1", *options)
    assert result.exit_code == 0, result.output
    found = device(store, paul)
    assert found is not None
    assert (found.blocked, found.wipe) == (blocked, wipe)
    assert trail(store, paul)[0] == action
    with store.reading(paul.school_id) as tx:
        homes = {each.id for each in tx.changes.moved_since(before).watches if each.kind == "home"}
    assert homes == {paul.id}
    assert cadran("devices", "allow", "paul", "DROID1").exit_code == 0
    assert device(store, paul) == replace(found, blocked=False, wipe=Wipe.NONE)


@pytest.mark.parametrize("options", [(), ("--confirm", "DROID2")])
def test_a_phone_is_erased_only_when_it_is_named_twice(
    cadran: Cadran, store: Store, paul: Principal, options: tuple[str, ...]
) -> None:
    assert cadran("devices", "wipe", "paul", "DROID1", *options).exit_code in (1, 2)
    found = device(store, paul)
    assert found is not None
    assert found.wipe is Wipe.NONE
    assert trail(store, paul)[:1] != ["device-wipe-asked"]


@pytest.mark.parametrize(
    ("values", "state"), [({"blocked": True}, "is blocked"), ({"wipe": Wipe.DEVICE}, "is to be wiped")]
)
def test_a_phone_that_is_not_let_in_is_not_forgotten(
    cadran: Cadran, store: Store, paul: Principal, values: dict[str, object], state: str
) -> None:
    change(store, paul, **values)
    assert state in cadran("devices", "forget", "paul", "DROID1").output
    assert device(store, paul) is not None
    cadran("devices", "allow", "paul", "DROID1")
    assert cadran("devices", "forget", "paul", "DROID1").exit_code == 0
    assert device(store, paul) is None


@pytest.mark.parametrize(
    ("values", "state"),
    [
        ({}, "allowed"),
        ({"blocked": True}, "blocked"),
        ({"quarantined": True}, "in quarantine"),
        ({"wipe": Wipe.DEVICE}, "to be wiped"),
        ({"wipe": Wipe.DONE, "blocked": True}, "wiped"),
    ],
)
def test_the_list_says_who_may_and_of_which_family_it_is(
    cadran: Cadran, store: Store, paul: Principal, values: dict[str, object], state: str
) -> None:
    change(store, paul, **values)
    (listed,) = json.loads(cadran("devices", "list", "paul", "--json").output)
    assert (listed["login"], listed["family"], listed["version"], listed["state"]) == ("paul", "android", "14.1", state)
    assert state in cadran("devices", "list").output


ALLOW = "cadran devices allow paul DROID1"


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"quarantined": True}, "waits"),
        ({"blocked": True}, "again"),
        ({"wipe": Wipe.DEVICE}, "called off"),
        ({"wipe": Wipe.ACCOUNT, "version": "16.1"}, "called off"),
        ({"wipe": Wipe.ACCOUNT}, "again"),
        ({"wipe": Wipe.FAILED, "blocked": True}, "again"),
    ],
)
def test_a_phone_that_is_not_let_in_is_shown_with_what_to_do(
    cadran: Cadran, store: Store, paul: Principal, values: dict[str, object], words: str
) -> None:
    assert ALLOW not in cadran("devices", "show", "paul", "DROID1").output
    change(store, paul, **values)
    (advice,) = [each for each in cadran("devices", "show", "paul", "DROID1").output.splitlines() if ALLOW in each]
    assert words in advice


@pytest.mark.parametrize(("version", "stays"), [("14.1", True), ("16.1", False)])
def test_removing_an_account_tells_of_a_phone_that_cannot(
    cadran: Cadran, store: Store, paul: Principal, version: str, stays: bool
) -> None:
    change(store, paul, version=version)
    assert ("keeps what it has" in cadran("devices", "wipe-account", "paul", "DROID1").output) == stays
    (listed,) = json.loads(cadran("devices", "list", "paul", "--json").output)
    assert listed["state"] == ("blocked" if stays else "account to be removed")


def test_the_phones_of_a_school_are_listed_by_login(cadran: Cadran, store: Store, paul: Principal) -> None:
    for login in ("zoe", "bea"):
        with store.writing(paul.school_id) as tx:
            person = tx.principals.create(NewPerson(login, login, "", Role.PUPIL))
            tx.devices.save(Device(person.id, "DROID1", "Android"))
    listed = json.loads(cadran("devices", "list", "--json").output)
    assert [each["login"] for each in listed] == ["bea", "paul", "zoe"]


def test_no_phone_and_no_calendar_are_said(cadran: Cadran, paul: Principal) -> None:
    assert cadran("devices", "list", "amelie").output == "No phone has synchronised yet.\n"
    assert "has not asked for its calendars" in cadran("devices", "show", "paul", "DROID1").output


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("Sync 3", "lost its place"),
        ("FolderSync 142", "policy"),
        ("SendMail 120", "was not sent"),
        ("Search 111", "Search was refused with status 111"),
    ],
)
def test_the_last_trouble_is_told_in_words(
    cadran: Cadran, store: Store, paul: Principal, error: str, words: str
) -> None:
    change(store, paul, error=error, error_at=1_800_000_000)
    shown = cadran("devices", "show", "paul", "DROID1").output
    assert words in shown
    assert "2027-01-15 09:00" in shown


def test_a_phone_shows_what_it_carries(cadran: Cadran, store: Store) -> None:
    account = store.directory.account("amelie")
    assert account is not None
    phone = LocalPhone(store, account.principal, "DROID1")
    phone.connect()
    agenda = phone.folder_named("Mon agenda")
    data = [("Calendar:Subject", "Dentist"), ("Calendar:StartTime", "20991123T080000Z")]
    data.append(("Calendar:EndTime", "20991123T090000Z"))
    phone.sync(agenda)
    made = phone.sync(agenda, [("AirSync:Add", [("AirSync:ClientId", "1"), ("AirSync:ApplicationData", data)])])
    assert statuses(made.responses) == [("Add", "1")]
    shown = json.loads(cadran("devices", "show", "amelie", "DROID1", "--json").output)
    (folder,) = [each for each in shown["folders"] if each["folder"] == agenda]
    assert (folder["name"], folder["entries"], folder["complete"]) == ("Mon agenda", 1, True)
    assert folder["synced"] > 0
    table = cadran("devices", "show", "amelie", "DROID1").output
    assert "two weeks back" in table
    assert "never" in next(line for line in table.splitlines() if line.startswith("Tâches"))
    assert "Boîte de réception" not in table
    cadran("devices", "resync", "amelie", "DROID1")
    assert phone.folder_sync().status == "9"
    assert phone.sync(agenda).status == "3"
    assert len(phone.folder_sync("0").added) == len(phone.folders)
    phone.sync_all(agenda)
    assert len(phone.items[agenda]) == 1


@pytest.mark.parametrize(("command", "order"), [("wipe-account", "AccountOnlyRemoteWipe"), ("wipe", "RemoteWipe")])
def test_a_wipe_reaches_the_phone_that_waits_and_its_answer_reaches_the_administrator(
    cadran: Cadran, store: Store, command: str, order: str
) -> None:
    account = store.directory.account("amelie")
    assert account is not None
    phone = LocalPhone(store, account.principal, "APPLE1", manner=IOS)
    phone.connect()
    agenda = phone.folder_named("Mon agenda")
    phone.sync_all(agenda)
    assert phone.ping([agenda], 480) == ("1", [])
    (waiting,) = phone.parked
    confirmed = ["--confirm", "APPLE1"] if command == "wipe" else []
    assert cadran("devices", command, "amelie", "APPLE1", *confirmed).exit_code == 0
    with store.reading(account.principal.school_id) as tx:
        assert tx.changes.moved_since(waiting.since).watches & waiting.watch
    assert phone.ping(None)[0] == "140"
    told = phone.post("Provision", ("Provision:Provision", []))
    assert told.value(f"Provision:{order}") == ""
    done = ("Provision:Provision", [(f"Provision:{order}", [("Provision:Status", 1)])])
    assert phone.post("Provision", done).value("Provision:Status") == "1"
    assert phone.folder_sync("0").status == "129"
    shown = json.loads(cadran("devices", "show", "amelie", "APPLE1", "--json").output)
    assert (shown["blocked"], shown["wipe"]) == (True, "done")
    assert trail(store, account.principal)[:2] == ["device-wiped", "device-wipe-asked"]
    assert cadran("devices", "allow", "amelie", "APPLE1").exit_code == 0
    phone.policy_key = 0
    phone.connect()


@pytest.mark.parametrize("command", ["show", "block", "allow", "wipe-account", "forget", "resync"])
def test_a_phone_that_is_not_there_is_said_so(cadran: Cadran, paul: Principal, command: str) -> None:
    result = cadran("devices", command, "paul", "NONE")
    assert result.exit_code == 1
    assert "NONE" in result.output


@pytest.mark.req("R13")
@pytest.mark.parametrize(
    ("key", "value", "settings"),
    [
        ("pupils_find_pupils", "yes", Settings(pupils_find_pupils=True)),
        ("eas_others_allowed", "non", Settings(eas_others_allowed=False)),
        ("eas_families.android", "no", Settings(eas_families={"android": False})),
        ("eas_families.android", "default", Settings()),
        ("eas_unknown_devices", "quarantine", Settings(eas_unknown_devices="quarantine")),
        ("eas_password", "6", Settings(eas_password=6)),
        ("eas_history", "0", Settings()),
        ("eas_devices", "3", Settings(eas_devices=3)),
    ],
)
def test_a_setting_of_a_school_is_kept_and_left_in_the_trail(
    cadran: Cadran, store: Store, paul: Principal, key: str, value: str, settings: Settings
) -> None:
    assert cadran("school", "set", key, value).exit_code == 0
    assert store.directory.schools()[0].settings == settings
    assert (trail(store, paul)[:1] == ["school-setting"]) == (settings != Settings())
    shown = json.loads(cadran("school", "show", "--json").output)["settings"]
    assert shown["eas_devices"] == settings.eas_devices
    assert key.partition(".")[0] in cadran("school", "show").output or key == "eas_families.android"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("eas_others_allowed", "perhaps"),
        ("eas_password", "3"),
        ("eas_password", "1²"),
        ("eas_history", "3"),
        ("eas_devices", "0"),
        ("eas_devices", "9" * 30),
        ("eas_unknown_devices", "welcome"),
        ("eas_families.nokia", "yes"),
        ("eas_families", "yes"),
        ("nothing", "yes"),
    ],
)
def test_a_setting_that_is_none_changes_nothing(cadran: Cadran, store: Store, key: str, value: str) -> None:
    result = cadran("school", "set", key, value)
    assert result.exit_code in (1, 2)
    assert "Traceback" not in result.output
    assert store.directory.schools()[0].settings == Settings()


def note(store: Store, person: Principal) -> None:
    facts = {"device": "DROID1", "calendar": "Emploi du temps", "subject": "Maths", "text": "Bring\nthe compasses."}
    with store.writing(person.school_id) as tx:
        tx.refusals.add(person.id, "refused-change", facts)


def test_notices_are_shown_with_the_text_that_was_typed(cadran: Cadran, store: Store, paul: Principal) -> None:
    assert "nothing" in cadran("notices", "paul").output
    note(store, paul)
    shown = cadran("notices", "paul").output
    assert "“Emploi du temps” stays as it was" in shown
    assert "Text: Bring\n    the compasses." in shown
    (one,) = json.loads(cadran("notices", "paul", "--json").output)
    assert one["data"]["text"] == "Bring\nthe compasses."
    assert "nothing" in cadran("notices", "amelie").output


@pytest.mark.parametrize(("wanted", "address", "letters"), [(True, True, 1), (False, True, 0), (True, False, 0)])
def test_a_notice_is_mailed_once_where_the_school_wants_it(
    store: Store, paul: Principal, wanted: bool, address: bool, letters: int
) -> None:
    store.directory.configure(paul.school_id, Settings(notices_by_mail=wanted))
    if address:
        with store.writing(paul.school_id) as tx:
            tx.principals.update(paul.id, email="paul@school.example")
    note(store, paul)
    with listening() as sink:
        section = MailSection.model_validate({"host": "127.0.0.1", "port": sink.port, "from": "cadran@school.example"})
        for _ in range(2):
            mail.work(store, section)
        assert len(sink.letters) == letters
        assert sink.envelopes == [("cadran@school.example", "paul@school.example")] * letters
        assert all(b"Bring" in bytes(each.get_payload(decode=True)) for each in sink.letters)


def test_a_notice_older_than_a_day_is_not_mailed_when_letters_begin(
    store: Store, paul: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    note(store, paul)
    store.directory.configure(paul.school_id, Settings(notices_by_mail=True))
    monkeypatch.setattr(refusals, "FRESH_SECONDS", -10)
    refusals.queue(store, store.directory.schools()[0], "")
    with store.reading(paul.school_id) as tx:
        assert tx.outbox.latest() == ()


def test_the_highest_version_of_a_family_is_set_and_taken_back(cadran: Cadran, store: Store) -> None:
    assert cadran("school", "set", "eas_versions.ios", "14.1").exit_code == 0
    assert store.directory.schools()[0].settings.eas_versions == {"ios": "14.1"}
    assert "eas_versions.ios" in cadran("school", "show").output
    assert cadran("school", "set", "eas_versions.ios", "15.0").exit_code == 2
    cadran("school", "set", "eas_versions.ios", "default")
    assert store.directory.schools()[0].settings.eas_versions == {}
