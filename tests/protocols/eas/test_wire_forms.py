"""The answers of every command, read by the client's own decoder and by Debian's `wbxml2xml`, in both query forms."""

from dataclasses import replace

import pytest

from storage.model import NewCalendar, Role
from tests.eas.client import AOSP
from tests.eas.commands import (
    folder_create,
    folder_delete,
    folder_update,
    found_names,
    move,
    resolve,
    respond,
    search,
    send,
)
from tests.protocols.eas.harness import CROSS_CHECK, LocalPhone, event

HOUR = ("20261201T080000Z", "20261201T090000Z")
MEETING = ("ORGANIZER:mailto:prof@school.example", "ATTENDEE:mailto:ada@school.example")


@pytest.mark.parametrize("version", ["12.1", "14.0", "14.1"])
@pytest.mark.parametrize("binary", [False, True])
def test_a_phones_day_is_the_same_in_every_version_and_query_form(school, ada, agenda, version, binary):
    prof = school.person("prof", Role.TEACHER)
    with school.writing() as tx:
        chess = f"c{tx.collections.create(ada, NewCalendar('chess', 'Chess')).id}"
        tx.scheduling.put(school.calendar(tx, prof), "m.ics", event("m", "Council", *HOUR, *MEETING))
        meeting = tx.objects.by_uid(school.calendar(tx, ada), "m").item
    own = school.put(ada, "a", event("a", "Own"))
    phone = LocalPhone(school.store, ada, manner=replace(AOSP, version=version))
    phone.cross_check = CROSS_CHECK
    phone.connect()
    phone.binary_query = binary
    phone.sync_all(agenda)
    phone.sync_all(chess)
    assert folder_create(phone, "Games") == "1"
    assert folder_update(phone, phone.folder_named("Games"), "Play") == "1"
    assert folder_delete(phone, phone.folder_named("Play")) == "1"
    ((status, moved),) = move(phone, (f"{agenda}:{own}", agenda, chess))
    assert (status, moved in phone.items[chess]) == ("3", True)
    name = f"{agenda}:{meeting}"
    assert respond(phone, 1, CollectionId=agenda, RequestId=name) == ("1", name)
    assert found_names(search(phone, "prof")) == ["Ada Prof"]
    assert resolve(phone, "prof@school.example").value("ResolveRecipients:Status") == "1"
    assert send(phone, b"To: prof@school.example\r\n\r\nHello") == ("403" if version == "12.1" else "120")
    validated = phone.post("ValidateCert", ("ValidateCert:ValidateCert", []))
    assert validated.value("ValidateCert:Status") == "2"
    oof = ("Settings:Oof", [("Settings:Get", [("Settings:BodyType", "TEXT")])])
    assert phone.post("Settings", ("Settings:Settings", [oof])).value("Settings:Oof", "Settings:Status") == "1"
    assert phone.item_operations_fetch(agenda, name)[0] == "1"
