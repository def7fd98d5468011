"""ItemOperations: what can be fetched and how, bodies beside the document, a status for everything else."""

import struct
from dataclasses import replace

import pytest

from tests.eas.client import AOSP
from tests.eas.wbxml import decode
from tests.protocols.eas.harness import LocalPhone, at, event


def operations(phone, *asked):
    root = phone.post("ItemOperations", ("ItemOperations:ItemOperations", list(asked))).root
    assert root is not None
    return root


def fetch(*facts, store="Mailbox", options=()):
    parts = [("ItemOperations:Store", store), *facts]
    parts += [("ItemOperations:Options", list(options))] if options else []
    return ("ItemOperations:Fetch", parts)


def named(folder, item):
    return ("AirSync:CollectionId", folder), ("AirSync:ServerId", f"{folder}:{item}")


def fetched(root):
    return root.find("ItemOperations:Response", "ItemOperations:Fetch")


@pytest.fixture
def item(school, ada):
    """An event with a text."""
    return school.put(
        ada, "a", event("a", "Physics", "20261123T080000Z", "20261123T090000Z", "DESCRIPTION:Bring a pen")
    )


@pytest.mark.parametrize("version", ["12.1", "14.0", "14.1"])
def test_bodies_stand_beside_the_document_for_a_phone_that_takes_them(school, ada, agenda, item, version):
    other = school.put(ada, "b", event("b", "Maths", "20261123T080000Z", "20261123T090000Z", "DESCRIPTION:Deux é"))
    bare = school.put(ada, "c", event("c", "Free"))
    phone = LocalPhone(school.store, ada, manner=replace(AOSP, version=version))
    phone.multipart = True
    asked = [fetch(*named(agenda, number)) for number in (item, other, bare)]
    answer = phone.post("ItemOperations", ("ItemOperations:ItemOperations", asked))
    assert answer.headers["content-type"] == "application/vnd.ms-sync.multipart"
    (count,) = struct.unpack_from("<i", answer.body)
    places = [struct.unpack_from("<ii", answer.body, 4 + 8 * number) for number in range(count)]
    parts = [answer.body[start : start + length] for start, length in places]
    assert sum(places[-1]) == len(answer.body)
    assert parts[1:] == [b"Bring a pen", "Deux é".encode()]
    found = [each.find("ItemOperations:Properties") for each in decode(parts[0]).children[1].children]
    bodies = [at(each).find("AirSyncBase:Body") for each in found]
    assert [body and body.value("ItemOperations:Part") for body in bodies] == ["1", "2", None]
    assert all(body.find("AirSyncBase:Data") is None for body in bodies if body)


def test_a_body_is_given_as_it_is_wished(phone, agenda, item):
    preference = [("AirSyncBase:Type", 1), ("AirSyncBase:TruncationSize", 5)]
    root = operations(phone, fetch(*named(agenda, item), options=[("AirSyncBase:BodyPreference", preference)]))
    body = fetched(root).find("ItemOperations:Properties", "AirSyncBase:Body")
    assert (body.value("AirSyncBase:Data"), body.value("AirSyncBase:Truncated")) == ("Bring", "1")


def test_only_the_properties_of_a_schema_are_given(phone, agenda, item):
    schema = ("ItemOperations:Schema", [("Calendar:Subject", None), ("Calendar:Location", None)])
    found = fetched(operations(phone, fetch(*named(agenda, item), options=[schema])))
    assert found.find("ItemOperations:Properties").names() == ["Calendar:Subject"]


@pytest.mark.parametrize(("wanted", "status"), [("0-10", "1"), ("10-0", "8"), ("x", "8"), ("", "8"), ("-1", "8")])
def test_a_range_that_is_none_is_refused(phone, agenda, item, wanted, status):
    root = operations(phone, fetch(*named(agenda, item), options=[("ItemOperations:Range", wanted)]))
    assert fetched(root).value("ItemOperations:Status") == status


def test_an_item_may_be_named_by_one_long_name(phone, agenda, item):
    long_id = ("Search:LongId", f"{agenda}:{item}")
    found = fetched(operations(phone, fetch(long_id)))
    assert found.value("ItemOperations:Status") == "1"
    assert found.value("Search:LongId") == f"{agenda}:{item}"
    assert fetched(operations(phone, fetch(long_id, *named(agenda, item)))).value("ItemOperations:Status") == "155"


def test_every_wrong_operation_has_its_status_and_the_right_one_its_item(school, ada, phone, agenda, item):
    bob = school.person("bob")
    theirs, number = school.folder(bob), school.put(bob, "b", event("b", "Bob's"))
    preference = ("AirSyncBase:BodyPreference", [("AirSyncBase:Type", "x")])
    wrong = [
        (fetch(*named(theirs, number)), "6"),
        (fetch(*named(agenda, number)), "6"),
        (fetch(("Search:LongId", f"{theirs}:{number}")), "6"),
        (fetch(("AirSync:CollectionId", agenda), ("AirSync:ServerId", f"{theirs}:{number}")), "6"),
        (fetch(("AirSync:CollectionId", "m2"), ("AirSync:ServerId", "m2:1")), "6"),
        (fetch(("AirSync:CollectionId", agenda)), "2"),
        (fetch(("AirSync:ServerId", f"{agenda}:{item}")), "2"),
        (fetch(("AirSyncBase:FileReference", "x")), "15"),
        (fetch(*named(agenda, item), store=""), "2"),
        (fetch(*named(agenda, item), store="Nowhere"), "9"),
        (fetch(*named(agenda, item), ("AirSync:ServerId", f"{agenda}:{item}")), "2"),
        (fetch(*named(agenda, item), options=[preference]), "2"),
        (("ItemOperations:EmptyFolderContents", [("AirSync:CollectionId", agenda)]), "16"),
        (("ItemOperations:EmptyFolderContents", [("AirSync:CollectionId", theirs)]), "6"),
        (("ItemOperations:EmptyFolderContents", []), "2"),
        (("ItemOperations:Move", [("ItemOperations:ConversationId", b"x")]), "16"),
    ]
    root = operations(phone, *(asked for asked, _ in wrong), fetch(*named(agenda, item)))
    assert root.value("ItemOperations:Status") == "1"
    said = [each.value("ItemOperations:Status") for each in root.find("ItemOperations:Response").children]
    assert said == [*(status for _, status in wrong), "1"]
    assert "Bob's" not in {each.text for each in root.walk()}
    with school.reading() as tx:
        assert tx.objects.by_uid(school.calendar(tx, ada), "a") is not None


@pytest.mark.parametrize(
    ("asked", "status"),
    [([], "2"), ([fetch()] * 101, "11"), ([("ItemOperations:Total", "1")], "2"), ([("AirSync:Sync", None)], "2")],
)
def test_a_request_without_operations_is_refused_whole(phone, asked, status):
    root = operations(phone, *asked)
    assert (root.names(), root.value("ItemOperations:Status")) == (["ItemOperations:Status"], status)
