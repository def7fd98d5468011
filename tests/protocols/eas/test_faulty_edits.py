"""What was typed into items that cannot be taken is not lost: a notice has it (reference/eas.md section 18)."""

from __future__ import annotations

import pytest

from tests.eas.items import add, change, delete
from tests.eas.items import event as item
from tests.protocols.eas.harness import event, of, statuses
from tests.protocols.eas.test_own_reminders import notices
from tests.protocols.eas.test_sync_upload import DENTIST

FAULTS = {
    "an end before the start": {"EndTime": "20261124T080000Z"},
    "a moment that is none": {"StartTime": "tomorrow"},
    "a description too long": {"Body": "Bring the card. " + "x" * (1024 * 1024)},
}


def told(school, person):
    """What a person's notices say: kind, subject and the beginning of the text of each."""
    return [(each.kind, each.data.get("subject"), each.data.get("text", "")[:15]) for each in notices(school, person)]


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_an_add_that_cannot_be_taken_is_answered_so_and_its_text_kept_once(school, ada, phone, agenda, fault):
    phone.sync_all(agenda)
    faulty = item({**DENTIST, "Body": "Bring the card.", **fault})
    for name in ("1", "1", "2"):
        result = phone.sync(agenda, [add(name, faulty)])
        assert statuses(result.responses) == [("Add", "6")]
    assert told(school, ada) == [("refused-faulty", "Dentist", "Bring the card.")]
    assert phone.quiet(agenda)


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_change_that_cannot_be_taken_is_undone_and_its_text_kept_once(school, ada, phone, agenda, fault):
    school.put(ada, "a", event("a", "Dentist", "20261124T090000Z", "20261124T100000Z"))
    phone.sync_all(agenda)
    faulty = item({**DENTIST, "UID": "a", "Subject": "Surgeon", "Body": "Bring the card.", **fault})
    for _ in range(2):
        server_id = next(iter(phone.items[agenda]))
        result = phone.sync(agenda, [change(server_id, faulty)])
        assert statuses(result.responses) == [("Change", "6")]
        assert of(phone, agenda, "Dentist") == server_id
    assert told(school, ada) == [("refused-faulty", "Surgeon", "Bring the card.")]


def test_one_request_that_adds_two_events_under_one_name_loses_neither(school, ada, phone, agenda):
    phone.sync_all(agenda)
    surgeon = item({**DENTIST, "UID": "surgeon", "Subject": "Surgeon"})
    result = phone.sync(agenda, [add("1", item(DENTIST)), add("1", surgeon)])
    assert statuses(result.responses) == [("Add", "1"), ("Add", "6")]
    assert told(school, ada) == [("refused-faulty", "Surgeon", "")]
    result = phone.sync(agenda, [add("2", item({**DENTIST, "UID": "d2"}))] * 2)
    assert statuses(result.responses) == [("Add", "1"), ("Add", "6")]
    assert len(told(school, ada)) == 1


def test_what_was_typed_into_an_event_that_somebody_deleted_is_kept(school, ada, phone, agenda):
    school.put(ada, "a", event("a", "Dentist", "20261124T090000Z", "20261124T100000Z"))
    phone.sync_all(agenda)
    server_id = of(phone, agenda, "Dentist")
    with school.writing() as tx:
        tx.objects.delete(school.calendar(tx, ada), "a.ics")
    result = phone.sync(agenda, [change(server_id, item({**DENTIST, "UID": "a", "Body": "Bring the card."}))])
    assert statuses(result.responses) == [("Change", "8")]
    assert told(school, ada) == [("refused-gone", "Dentist", "Bring the card.")]


BODIES = {
    "html": (2, "<p>Bring</p><p>the card</p>", "Bring\nthe card"),
    "rtf": (3, "e1xydGYx", ""),
    "mime": (4, "To: a\r\n\r\nHi", "To: a\n\nHi"),
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_descriptions_are_kept_as_far_as_they_are_text(school, ada, phone, agenda, body):
    kind, sent, kept = body
    phone.sync_all(agenda)
    faulty = item({**DENTIST, "EndTime": "20261124T080000Z"})
    described = ("AirSyncBase:Body", [("AirSyncBase:Type", kind), ("AirSyncBase:Data", sent)])
    phone.sync(agenda, [add("1", [*faulty, described])])
    (found,) = notices(school, ada)
    assert (found.data.get("text") or "").strip() == kept


def test_a_faulty_edit_without_text_makes_a_notice_of_nothing_but_repetition(school, ada, phone, agenda):
    school.put(ada, "a", event("a", "Dentist", "20261124T090000Z", "20261124T100000Z"))
    phone.sync_all(agenda)
    faulty = change(of(phone, agenda, "Dentist"), item({"EndTime": "20261124T080000Z"}))
    for _ in range(2):
        phone.sync(agenda, [faulty])
    assert notices(school, ada) == ()
    phone.sync(agenda, [faulty])
    assert told(school, ada) == [("refused-often", "Dentist", "")]
    assert statuses(phone.sync(agenda, [delete(of(phone, agenda, "Dentist"))]).responses) == []
