"""Managed attachments on phones: listed from 16.0 on, fetched by those who read the event, kept by every edit."""

import base64
import struct
from copy import copy
from dataclasses import replace

import pytest

from storage import attachment_lines
from storage.attachment_lines import Label
from storage.model import Access, Role, Settings
from storage.sharing import Offer
from tests.eas.items import change
from tests.eas.wbxml import decode
from tests.eas.wire import AOSP, IOS
from tests.protocols.eas.harness import PARIS, LocalPhone, at, event

CONTENT = bytes(range(256)) * 4
LINK = "ATTACH:https://elsewhere.example/page"


@pytest.fixture
def reference(school, ada):
    """The reference of a file on Ada's event, which has a link besides."""
    with school.writing() as tx:
        made = tx.attachments.add(ada.id, CONTENT, Label("Plan é.pdf", "application/pdf"))
        words = f"ATTACH;MANAGED-ID={made.managed_id};FMTTYPE=application/pdf;SIZE={made.size};FILENAME={made.name}"
        text = event("a", "Physics", "20261123T080000Z", "20261123T090000Z", f"{words}:https://c.example/a", LINK)
        tx.objects.put(school.calendar(tx, ada), "a.ics", text)
    return made.managed_id


def connected(school, person, manner=IOS):
    phone = LocalPhone(school.store, person, "PHONE1", manner=manner)
    phone.connect()
    return phone


def fetch(phone, name, options=()):
    parts = [("ItemOperations:Store", "Mailbox"), ("AirSyncBase:FileReference", name)]
    parts += [("ItemOperations:Options", list(options))] if options else []
    return phone.post("ItemOperations", ("ItemOperations:ItemOperations", [("ItemOperations:Fetch", parts)]))


def found(answer):
    return at(answer.root).find("ItemOperations:Response", "ItemOperations:Fetch")


def test_a_phone_of_16_is_shown_files_and_no_links(school, ada, agenda, reference):
    phone = connected(school, ada)
    phone.sync_all(agenda)
    (item,) = phone.items[agenda].values()
    (file,) = at(item.find("AirSyncBase:Attachments")).children
    told = {each: file.value(f"AirSyncBase:{each}") for each in ("DisplayName", "FileReference", "Method")}
    assert told == {"DisplayName": "Plan é.pdf", "FileReference": reference, "Method": "1"}
    assert file.value("AirSyncBase:EstimatedDataSize") == str(len(CONTENT))


@pytest.mark.parametrize("version", ["12.1", "14.0", "14.1"])
def test_an_older_phone_is_shown_no_files(school, ada, agenda, reference, version):
    phone = connected(school, ada, replace(AOSP, version=version))
    phone.sync_all(agenda)
    (item,) = phone.items[agenda].values()
    assert item.find("AirSyncBase:Attachments") is None


def test_an_edit_that_does_not_speak_of_files_keeps_them(school, ada, agenda, reference):
    phone = connected(school, ada)
    phone.sync_all(agenda)
    (held,) = phone.items[agenda]
    phone.sync(agenda, [change(held, [("Calendar:Subject", "Chemistry")])])
    with school.reading() as tx:
        text = tx.objects.by_uid(school.calendar(tx, ada), "a").ical
    assert attachment_lines.ids(text) == {reference}
    assert b"SUMMARY:Chemistry" in text
    assert LINK.encode() in text


def test_a_file_is_fetched_in_the_document(school, ada, reference):
    fetched = at(found(fetch(connected(school, ada), reference)))
    assert fetched.value("ItemOperations:Status") == "1"
    assert fetched.value("AirSyncBase:FileReference") == reference
    properties = at(fetched.find("ItemOperations:Properties"))
    assert base64.b64decode(properties.value("ItemOperations:Data") or "") == CONTENT
    assert properties.value("AirSyncBase:ContentType") == "application/pdf"


def test_a_file_stands_beside_the_document_for_a_phone_that_takes_it(school, ada, reference):
    phone = connected(school, ada)
    phone.multipart = True
    answer = fetch(phone, reference)
    assert struct.unpack_from("<i", answer.body) == (2,)
    first, second = (struct.unpack_from("<ii", answer.body, 4 + 8 * number) for number in range(2))
    assert answer.body[second[0] : sum(second)] == CONTENT
    root = decode(answer.body[first[0] : sum(first)])
    properties = at(at(root).find("ItemOperations:Response", "ItemOperations:Fetch", "ItemOperations:Properties"))
    assert properties.value("ItemOperations:Part") == "1"


@pytest.mark.parametrize(
    ("wanted", "told", "octets"),
    [("0-9", "0-9", CONTENT[:10]), ("1000-5000", "1000-1023", CONTENT[1000:]), ("5-5", "5-5", CONTENT[5:6])],
    ids=["first", "last", "one"],
)
def test_a_range_of_a_file_is_given(school, ada, reference, wanted, told, octets):
    answer = fetch(connected(school, ada), reference, [("ItemOperations:Range", wanted)])
    properties = at(at(found(answer)).find("ItemOperations:Properties"))
    assert base64.b64decode(properties.value("ItemOperations:Data") or "") == octets
    assert properties.value("ItemOperations:Range") == told
    assert properties.value("ItemOperations:Total") == str(len(CONTENT))


@pytest.mark.parametrize("wanted", ["1024-2000", "9-1", "x", "-5"])
def test_a_range_outside_a_file_is_refused(school, ada, reference, wanted):
    answer = fetch(connected(school, ada), reference, [("ItemOperations:Range", wanted)])
    assert at(found(answer)).value("ItemOperations:Status") == "8"


@pytest.mark.parametrize("name", ["0" * 32, "x", "../../etc/passwd"])
def test_a_reference_that_is_none_is_answered_as_such(school, ada, name):
    assert at(found(fetch(connected(school, ada), name))).value("ItemOperations:Status") == "15"


def test_who_does_not_read_the_event_is_told_that_there_is_no_such_file(school, reference):
    other = school.person("eve")
    answer = at(found(fetch(connected(school, other), reference)))
    assert answer.value("ItemOperations:Status") == "15"
    assert answer.find("ItemOperations:Properties") is None


def test_another_school_has_no_such_file(school, reference):
    elsewhere = copy(school)
    elsewhere.id = school.store.directory.create_school("0750002B", "Collège", PARIS).id
    answer = fetch(connected(elsewhere, elsewhere.person("zoe")), reference)
    assert at(found(answer)).value("ItemOperations:Status") == "15"


def test_more_files_than_one_answer_can_hold_are_not_fetched_at_once(school, ada, reference):
    phone = connected(school, ada)
    one = ("ItemOperations:Fetch", [("ItemOperations:Store", "Mailbox"), ("AirSyncBase:FileReference", reference)])
    for number, status in ((4, "1"), (5, "11")):
        answer = phone.post("ItemOperations", ("ItemOperations:ItemOperations", [one] * number))
        assert answer.value("ItemOperations:Status") == status


@pytest.mark.parametrize(
    ("access", "line", "seen"),
    [(Access.READ, "CLASS:PUBLIC", True), (Access.READ, "CLASS:PRIVATE", False), (Access.BUSY, "CLASS:PUBLIC", False)],
    ids=["shared", "private", "busy times"],
)
def test_who_a_calendar_is_shared_with_gets_the_files_of_what_they_may_read(school, ada, access, line, seen):
    school.store.directory.configure(school.id, Settings(eas_shared_calendars=True))
    olga = school.person("olga", Role.TEACHER)
    with school.writing() as tx:
        made = tx.attachments.add(olga.id, CONTENT, Label("Rapport médical.pdf", "application/pdf"))
        words = f"ATTACH;MANAGED-ID={made.managed_id};FMTTYPE=application/pdf;SIZE={made.size};FILENAME={made.name}"
        text = event("a", "Conseil", "20261124T080000Z", "20261124T090000Z", f"{words}:https://c.example/a", line)
        mine = school.calendar(tx, olga)
        tx.objects.put(mine, "a.ics", text)
        tx.sharing.offer(olga, mine, ada, Offer(access, "olga", settled=True))
    phone = connected(school, ada)
    phone.sync_all(f"c{mine.id}")
    (item,) = phone.items[f"c{mine.id}"].values()
    assert (item.find("AirSyncBase:Attachments") is not None) is seen
    assert at(found(fetch(phone, made.managed_id))).value("ItemOperations:Status") == ("1" if seen else "15")
