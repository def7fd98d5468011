"""Reports by mail: to those who want them, in their language, once for a run, with what to do next."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from importers import choices
from importers.thresholds import DEFAULTS, Check, Threshold
from server import config as configuration
from server import letters, notices
from storage.accesses import NewAccess
from storage.imports import NewRun
from storage.model import Role
from storage.principals import NewPerson
from tests.jobs.conftest import Desk


def mailed(desk: Desk) -> list[tuple[str, str, str]]:
    """Return recipient, subject and text of what was queued, oldest first."""
    with desk.store.reading(desk.school.id) as tx:
        found = reversed(tx.outbox.latest())
    composed = [letters.compose(each, ZoneInfo("Europe/Paris"), "cadran@ecole.example") for each in found]
    return [(str(one["To"]), str(one["Subject"]), one.get_content()) for one in composed]


@pytest.mark.req("R222", "R223")
def test_a_report_has_the_numbers_and_the_checks(desk: Desk):
    desk.by_hand()
    desk.deposit(desk.file(1))
    desk.work()
    ((recipient, subject, text),) = mailed(desk)
    assert recipient == "line.roc@ecole.example"
    assert "Collège d'essai" in subject
    counts = desk.runs()[0].report["counts"]
    assert str(counts["events_created"]) in text
    assert text.count("[respecté]") >= 8
    assert "Matières créées" in text


@pytest.mark.req("R231", "R235")
def test_a_rejection_says_which_checks_stopped_it_and_what_to_do(desk: Desk):
    desk.by_hand()
    desk.deposit(desk.file(70))
    desk.work()
    ((_, subject, text),) = mailed(desk)
    assert "refusé" in subject
    assert "[ARRÊTE L’IMPORT]" in text
    assert f"cadran import apply --school 0990001X {desk.runs()[0].id[:18]}" in text


@pytest.mark.req("R231")
def test_the_letter_about_another_schools_file_does_not_offer_to_carry_it_out(desk: Desk):
    desk.by_hand()
    desk.deposit(desk.file(1).replace(b"0990001X", b"0990009Y"))
    desk.work()
    ((_, _subject, text),) = mailed(desk)
    assert "import apply" not in text
    assert "une autre adresse" in text
    assert f"cadran import discard --school 0990001X {desk.runs()[0].id[:18]}" in text


@pytest.mark.req("R234")
def test_a_check_that_does_not_block_is_an_alert(desk: Desk):
    desk.by_hand()
    with desk.store.writing(desk.school.id) as tx:
        own = {check: Threshold(0, blocking=False) for check in DEFAULTS}
        choices.set_thresholds(tx, {**own, Check.SERVICES_CHANGED: Threshold(0, blocking=False)})
    desk.deposit(desk.file(1))
    desk.work()
    ((_, subject, text),) = mailed(desk)
    assert "alertes" in subject
    assert "[alerte]" in text
    assert "cadran import undo" in text


def test_everyone_is_written_to_in_their_language_and_once(desk: Desk):
    with desk.store.writing(desk.school.id) as tx:
        other = tx.principals.create(NewPerson("ann", "Lee", "Ann", Role.STAFF, email="ann.lee@ecole.example"))
        tx.accesses.add(NewAccess(other.id, "Lee", notify=True, language="en"))
        tx.accesses.add(NewAccess(other.id, "Lee", notify=True, language="en"))
        silent = tx.principals.create(NewPerson("bo", "Bo", "Bo", Role.STAFF, email="bo@ecole.example"))
        tx.accesses.add(NewAccess(silent.id, "Bo", notify=False))
    desk.deposit(desk.file())
    desk.work()
    desk.work()
    found = mailed(desk)
    assert [each[0] for each in found] == ["line.roc@ecole.example", "ann.lee@ecole.example"]
    assert "import à la main" in found[0][2] or "à la main" in found[0][2]
    assert "No manual import yet" in found[1][2]


def test_nobody_is_named_in_a_letter(desk: Desk):
    with desk.store.writing(desk.school.id) as tx:
        login = desk.sample.accounts[0].login
        tx.principals.remove(tx.principals.by_login(login).id)
    desk.by_hand()
    desk.deposit(desk.file(1))
    desk.work()
    names = [each["family"] for each in desk.runs()[0].report["unmatched"]]
    assert names
    assert [name for name in names if name in mailed(desk)[0][2]] == []


def test_without_a_mail_server_the_report_is_only_kept(desk: Desk):
    desk.config = configuration.load(None, {}, {})
    desk.deposit(desk.file())
    desk.work()
    assert mailed(desk) == []
    assert desk.runs()[0].report["reason"] == "no-manual-import"
    assert desk.store.import_queue.untold() == ()


@pytest.mark.parametrize("status", ["superseded", "discarded"])
def test_what_was_put_aside_is_not_mailed(desk: Desk, status):
    desk.deposit(b"<a/>")
    with desk.store.writing(desk.school.id) as tx:
        tx.imports.finish(tx.imports.waiting()[0].id, status, {})
    desk.work()
    assert mailed(desk) == []
    assert desk.store.import_queue.untold() == ()


@pytest.mark.parametrize("status", ["failed", "interrupted"])
def test_a_run_that_did_not_end_well_says_so(desk: Desk, status):
    desk.deposit(b"<a/>")
    with desk.store.writing(desk.school.id) as tx:
        tx.imports.finish(tx.imports.waiting()[0].id, status, {})
    notices.tell(desk.store, desk.config)
    ((_, _, text),) = mailed(desk)
    assert "est ce qu’il était" in text


def test_a_run_made_by_hand_is_not_mailed(desk: Desk):
    desk.by_hand()
    with desk.store.writing(desk.school.id) as tx:
        tx.imports.finish(tx.imports.queue(NewRun("manual", "edt", "a.xml", "h")), "done", {})
    desk.work()
    assert mailed(desk) == []


@pytest.mark.req("R217", "R218")
def test_the_address_is_mailed_to_its_holder_and_forgotten_once_sent(desk: Desk):
    address = "https://cadran.example/webdav/0990001X/secret/"
    with desk.store.writing(desk.school.id) as tx:
        tx.outbox.post(notices.address_letter(desk.school, desk.access, address, desk.config.mail))
    ((recipient, _, text),) = mailed(desk)
    assert recipient == "line.roc@ecole.example"
    assert address in text
    with desk.store.writing(desk.school.id) as tx:
        (message,) = tx.outbox.claim(10)
        tx.outbox.sent(message.id)
    with desk.store.reading(desk.school.id) as tx:
        assert tx.outbox.latest()[0].body == b""
