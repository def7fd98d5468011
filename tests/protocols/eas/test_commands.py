"""What surrounds synchronisation: OPTIONS, Autodiscover, Provision, Settings, ItemOperations, estimates, devices."""

from dataclasses import replace

import pytest

from protocols.eas import app
from protocols.eas.app import AUTODISCOVER, PATH
from protocols.wire import Request
from storage.model import Role, Settings
from tests.eas.client import AOSP, TBSYNC
from tests.eas.items import add
from tests.eas.items import event as item
from tests.eas.wbxml import decode
from tests.protocols.eas.harness import HERE, LocalPhone, at, event, run, statuses, subjects
from tests.protocols.eas.test_sync_upload import DENTIST

OLD = replace(AOSP, version="12.1")
KIND = "MS-EAS-Provisioning-WBXML"


def policy(*facts):
    return ("Provision:Provision", [("Provision:Policies", [("Provision:Policy", list(facts))])])


def device(school, person, device_id="PHONE1"):
    with school.reading() as tx:
        return tx.devices.get(person.id, device_id)


def test_options_name_what_is_spoken(school, ada):
    phone = LocalPhone(school.store, ada)
    versions, commands = phone.options()
    assert versions == ("12.1", "14.0", "14.1")
    assert set(commands) == set(app.COMMANDS)
    assert len(commands) == len(set(commands))
    assert not {"Find", "GetAttachment"} & set(commands)
    assert device(school, ada) is None


@pytest.mark.parametrize("path", ["/autodiscover/autodiscover.xml", "/Autodiscover/Autodiscover.XML"])
def test_autodiscover_leads_to_this_server(school, ada, path):
    space = "http://schemas.microsoft.com/exchange/autodiscover/mobilesync"
    body = (
        f'<Autodiscover xmlns="{space}/requestschema/2006"><Request><EMailAddress>ada@school.example</EMailAddress>'
        f"<AcceptableResponseSchema>{space}/responseschema/2006</AcceptableResponseSchema></Request></Autodiscover>"
    )
    answer, _ = run(school.store, Request("POST", path, "", {}, body.encode(), ada, HERE))
    assert f"<Url>{HERE}/Microsoft-Server-ActiveSync</Url>".encode() in answer.body
    found, _ = run(school.store, Request("GET", path, "", {}, b"", ada, HERE))
    assert (found.status, b"<ErrorCode>600</ErrorCode>" in found.body) == (200, True)
    refused, _ = run(school.store, Request("PUT", path, "", {}, b"", ada, HERE))
    assert (refused.status, refused.headers) == (405, (("Allow", "GET, POST"),))


@pytest.mark.parametrize("method", ["GET", "PUT", "PROPFIND"])
def test_other_methods_are_refused(school, ada, method):
    answer, _ = run(school.store, Request(method, "/Microsoft-Server-ActiveSync", "", {}, b"", ada, HERE))
    assert answer.status == 405
    assert ("Allow", "OPTIONS, POST") in answer.headers


@pytest.mark.parametrize("manner", [AOSP, OLD, replace(AOSP, version="14.0")])
def test_a_policy_is_given_in_two_phases(school, ada, manner):
    phone = LocalPhone(school.store, ada, manner=manner)
    given = phone.provision()
    document = at(given, "Provision:Data", "Provision:EASProvisionDoc")
    assert [(each.name, each.text) for each in document.children] == [
        ("Provision:DevicePasswordEnabled", "0"),
        ("Provision:AttachmentsEnabled", "1"),
    ]
    assert device(school, ada).policy_key == phone.policy_key
    assert phone.folder_sync().status == "1"


def test_a_lost_final_key_is_given_again_and_a_second_provision_keeps_it(school, ada):
    phone = LocalPhone(school.store, ada)
    phone.provision()
    key, temporary = phone.policy_key, device(school, ada).pending_key
    facts = [("Provision:PolicyType", KIND), ("Provision:PolicyKey", temporary), ("Provision:Status", 1)]
    answer = phone.post("Provision", policy(*facts))
    found = answer.root.find("Provision:Policies", "Provision:Policy")
    assert (found.value("Provision:Status"), found.value("Provision:PolicyKey")) == ("1", str(key))
    phone.provision()
    assert phone.policy_key == key


@pytest.mark.parametrize("key", ["0", "12345", "", "x"])
def test_a_wrong_temporary_key_is_refused(phone, key):
    facts = [("Provision:PolicyType", KIND), ("Provision:PolicyKey", key), ("Provision:Status", 1)]
    found = phone.post("Provision", policy(*facts)).root.find("Provision:Policies", "Provision:Policy")
    assert (found.value("Provision:Status"), found.value("Provision:PolicyKey")) == ("5", None)


def test_a_policy_type_of_old_is_not_known(phone):
    answer = phone.post("Provision", policy(("Provision:PolicyType", "MS-WAP-Provisioning-XML")))
    assert answer.value("Provision:Policies", "Provision:Policy", "Provision:Status") == "3"
    assert phone.post("Provision", ("Provision:Provision", [])).value("Provision:Status") == "2"


@pytest.mark.parametrize(("manner", "status", "http"), [(AOSP, "144", 200), (OLD, None, 449)])
def test_a_key_the_server_did_not_give_makes_the_device_provision(school, ada, manner, status, http):
    phone = LocalPhone(school.store, ada, manner=manner)
    phone.policy_key = 4711
    document = ("FolderHierarchy:FolderSync", [("FolderHierarchy:SyncKey", "0")])
    answer = phone.post("FolderSync", document)
    assert (answer.status, answer.value("FolderHierarchy:Status")) == (http, status)
    phone.provision()
    assert phone.folder_sync().status == "1"
    phone.policy_key = 0
    assert phone.folder_sync().status == "1"


def test_of_what_a_device_says_of_itself_only_the_model_is_kept(school, ada, phone):
    facts = {"Model": "Pixel", "IMEI": "352099001761481", "PhoneNumber": "+33612345678", "FriendlyName": "Ada's"}
    parts = [(f"Settings:{name}", value) for name, value in facts.items()]
    information = ("Settings:DeviceInformation", [("Settings:Set", parts)])
    answer = phone.post("Settings", ("Settings:Settings", [information]))
    assert answer.value("Settings:DeviceInformation", "Settings:Status") == "1"
    kept = device(school, ada)
    assert kept.model == "Pixel"
    assert not {"352099001761481", "+33612345678", "Ada's"} & {str(value) for value in vars_of(kept)}


def vars_of(value):
    return [getattr(value, name) for name in value.__slots__]


def test_settings_answer_each_part_in_order(phone):
    asked = [
        ("Settings:UserInformation", [("Settings:Get", None)]),
        ("Settings:Oof", [("Settings:Get", [("Settings:BodyType", "TEXT")])]),
        ("Settings:DevicePassword", [("Settings:Set", [("Settings:Password", "secret")])]),
    ]
    root = phone.post("Settings", ("Settings:Settings", asked)).root
    assert root.names() == ["Settings:Status", "Settings:UserInformation", "Settings:Oof", "Settings:DevicePassword"]
    account = root.find("Settings:UserInformation", "Settings:Get", "Settings:Accounts", "Settings:Account")
    assert account.value("Settings:EmailAddresses", "Settings:PrimarySmtpAddress") == "ada@school.example"
    assert root.value("Settings:Oof", "Settings:Get", "Settings:OofState") == "0"
    assert root.value("Settings:DevicePassword", "Settings:Status") == "7"


def test_an_address_has_its_older_place_up_to_14_0(school, ada):
    phone = LocalPhone(school.store, ada, version="14.0")
    asked = [("Settings:UserInformation", [("Settings:Get", None)])]
    root = phone.post("Settings", ("Settings:Settings", asked)).root
    path = ("Settings:UserInformation", "Settings:Get", "Settings:EmailAddresses", "Settings:SMTPAddress")
    assert root.value(*path) == "ada@school.example"


def test_settings_without_anything_known_are_a_protocol_error(phone):
    assert phone.post("Settings", ("Settings:Settings", [])).value("Settings:Status") == "2"


def test_an_item_is_fetched_alone(school, ada, phone, agenda):
    number = school.put(ada, "a", event("a", "Physics", "20200101T080000Z", "20200101T090000Z"))
    status, found = phone.item_operations_fetch(agenda, f"{agenda}:{number}")
    assert (status, found.value("Calendar:Subject")) == ("1", "Physics")


def test_what_cannot_be_fetched_has_its_status(school, ada, phone, agenda):
    bob = school.person("bob")
    number = school.put(bob, "b", event("b", "Bob's"))
    for folder in (agenda, school.folder(bob), "nonsense", "m2"):
        assert phone.item_operations_fetch(folder, f"{folder}:{number}") == ("6", None)
    assert phone.item_operations_fetch(agenda, "c1:1") == ("6", None)


@pytest.mark.parametrize(
    ("operation", "status"),
    [
        (("ItemOperations:Fetch", [("ItemOperations:Store", "DocumentLibrary")]), "9"),
        (("ItemOperations:Fetch", [("ItemOperations:Store", "Mailbox")]), "15"),
        (("ItemOperations:EmptyFolderContents", [("AirSync:CollectionId", "c2")]), "16"),
        (("ItemOperations:Move", []), "16"),
    ],
)
def test_other_operations_are_refused_one_by_one(phone, operation, status):
    answer = phone.post("ItemOperations", ("ItemOperations:ItemOperations", [operation]))
    assert answer.value("ItemOperations:Status") == "1"
    assert answer.value("ItemOperations:Response", operation[0], "ItemOperations:Status") == status


def test_more_than_a_hundred_operations_are_refused(phone, agenda):
    fetch = ("ItemOperations:Fetch", [("ItemOperations:Store", "Mailbox")])
    assert (
        phone.post("ItemOperations", ("ItemOperations:ItemOperations", [fetch] * 101)).value("ItemOperations:Status")
        == "11"
    )


def test_an_estimate_counts_what_waits_and_moves_nothing(school, ada, phone, agenda):
    school.put(ada, "old", event("old", "Old", "20200101T080000Z", "20200101T090000Z"))
    school.put(ada, "a", event("a", "Physics"))
    assert phone.estimate(agenda) == ("3", None)
    phone.sync(agenda)
    assert phone.estimate(agenda, filter_type=0) == ("1", 2)
    assert phone.estimate(agenda) == ("1", 1)
    phone.sync_all(agenda)
    assert phone.estimate(agenda) == ("1", 0)
    assert phone.estimate(agenda, filter_type=0) == ("1", 1)
    school.put(ada, "b", event("b", "Maths"))
    school.delete(ada, "a")
    before = phone.writes
    assert phone.estimate(agenda) == ("1", 2)
    assert phone.writes == before
    phone.sync(agenda, [add("1", item(DENTIST))], get_changes=False)
    assert phone.estimate(agenda) == ("1", 2)


def test_an_estimate_of_what_is_not_there_has_its_status(school, phone, agenda):
    phone.sync_all(agenda)
    phone.keys[agenda] = "00000000-7"
    assert phone.estimate(agenda) == ("4", None)
    phone.keys["c999"] = "1"
    assert phone.estimate("c999") == ("2", None)
    assert (
        phone.post("GetItemEstimate", ("GetItemEstimate:GetItemEstimate", [])).value("GetItemEstimate:Status") == "103"
    )


@pytest.mark.parametrize("manner", [OLD, replace(AOSP, version="14.0"), AOSP, TBSYNC])
@pytest.mark.parametrize("binary", [False, True])
def test_every_version_and_query_form_synchronises(school, ada, agenda, manner, binary):
    school.put(ada, "a", event("a", "Physics"))
    phone = LocalPhone(school.store, ada, manner=manner)
    phone.connect()
    phone.binary_query = binary
    phone.sync_all(agenda)
    assert phone.estimate(agenda) == ("1", 0)
    result = phone.sync(agenda, [add("1", item(DENTIST))])
    assert statuses(result.responses) == [("Add", "1")]
    assert subjects(phone.items[agenda]) == ["Dentist", "Physics"]
    assert (at(result.node).value("AirSync:Class") == "Calendar") == (manner.version == "12.1")
    assert phone.quiet(agenda)


@pytest.mark.parametrize(("manner", "status", "http"), [(AOSP, "129", 200), (OLD, None, 403)])
def test_a_blocked_device_gets_nothing(school, ada, manner, status, http):
    phone = LocalPhone(school.store, ada, manner=manner)
    phone.connect()
    with school.writing() as tx:
        tx.devices.save(replace(tx.devices.get(ada.id, "PHONE1"), blocked=True))
    before = phone.writes
    document = ("FolderHierarchy:FolderSync", [("FolderHierarchy:SyncKey", "0")])
    answer = phone.post("FolderSync", document)
    assert (answer.status, answer.value("FolderHierarchy:Status")) == (http, status)
    assert phone.writes == before


def test_one_person_cannot_have_any_number_of_devices(school, ada):
    school.store.directory.configure(school.id, Settings(eas_devices=2))
    document = ("FolderHierarchy:FolderSync", [("FolderHierarchy:SyncKey", "0")])
    seen = [LocalPhone(school.store, ada, f"PHONE{number}").post("FolderSync", document) for number in range(3)]
    assert [each.value("FolderHierarchy:Status") for each in seen] == ["1", "1", "177"]


def test_a_device_is_noted_once_an_hour(school, ada, phone, clock):
    first = device(school, ada).last_seen
    clock.now += 1800
    phone.folder_sync()
    assert device(school, ada).last_seen == first
    clock.now += 1900
    phone.folder_sync()
    assert device(school, ada).last_seen == clock.now


@pytest.mark.parametrize("command", ["Find", "GetAttachment", "GetHierarchy", "Nonsense"])
def test_commands_that_are_not_offered_are_refused(school, ada, phone, command):
    assert phone.post(command, b"\x03\x01\x6a\x00\x05").status == 501
    old = LocalPhone(school.store, ada, "OLD", manner=OLD)
    assert old.post(command, b"").status == 501


@pytest.mark.parametrize(("version", "http"), [("16.2", 505), ("2.5", 505), ("", 400), ("x", 400)])
def test_versions_that_are_not_spoken_are_refused(school, ada, version, http):
    phone = LocalPhone(school.store, ada)
    phone.version = version
    assert phone.post("FolderSync", b"").status == http


def test_a_service_reader_has_no_phone(school):
    reader = school.person("support", Role.READER)
    for method, path in (("OPTIONS", PATH), ("POST", PATH), ("POST", AUTODISCOVER)):
        answer, _ = run(
            school.store, Request(method, path, "Cmd=FolderSync&DeviceId=D&DeviceType=x", {}, b"", reader, HERE)
        )
        assert answer.status == 403


@pytest.mark.parametrize(("device", "kind", "status"), [("", "T", "108"), ("x" * 33, "T", "108"), ("D", "", "109")])
@pytest.mark.parametrize("command", ["FolderSync", "Sync", "Provision"])
def test_a_device_without_a_sound_name_has_its_status_from_14_0_on(school, ada, command, device, kind, status):
    query = f"Cmd={command}&User=ada&DeviceId={device}&DeviceType={kind}"

    def ask(version):
        headers = {"ms-asprotocolversion": version}
        return run(school.store, Request("POST", app.PATH, query, headers, b"", ada, HERE))[0]

    root = decode(ask("14.1").body)
    assert [(each.name.rpartition(":")[2], each.text) for each in root.children] == [("Status", status)]
    assert (ask("12.1").status, ask("12.1").body) == (400, b"")
