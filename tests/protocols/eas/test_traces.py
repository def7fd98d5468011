"""What recorded clients send, in their order (reference/client-traces.md sections 6 and 7)."""

from tests.eas.client import TBSYNC
from tests.eas.items import TBSYNC_ORDER, add, change, delete
from tests.eas.items import event as item
from tests.protocols.eas.harness import LocalPhone, event, statuses, subjects

SINGLE = {
    "AllDayEvent": 0,
    "BusyStatus": 2,
    "DtStamp": "20261122T120000Z",
    "EndTime": "20261124T100000Z",
    "Location": None,
    "Sensitivity": 0,
    "Subject": "Parents",
    "StartTime": "20261124T090000Z",
    "UID": "4f1c7e06-0001",
    "MeetingStatus": 0,
    "Attendees": None,
    "Categories": None,
    "Body": "Room 12",
}
WEEKLY = [("Calendar:Type", 1), ("Calendar:DayOfWeek", 4), ("Calendar:Interval", 1), ("Calendar:Occurrences", 5)]


def bird(school, person):
    return LocalPhone(school.store, person, "MZTB0123456789abcdef012345", manner=TBSYNC)


def options(phone):
    listed = [
        ("AirSync:FilterType", 0),
        ("AirSync:Class", "Calendar"),
        ("AirSyncBase:BodyPreference", [("AirSyncBase:Type", 1)]),
    ]
    return ("AirSync:Options", listed)


def exchange(phone, folder, *parts):
    key = ("AirSync:SyncKey", phone.keys.get(folder, "0"))
    collection = ("AirSync:Collection", [key, ("AirSync:CollectionId", folder), *parts])
    answer = phone.post("Sync", ("AirSync:Sync", [("AirSync:Collections", [collection])]))
    assert answer.status == 200
    if answer.root is None:
        return None
    found = answer.root.find("AirSync:Collections", "AirSync:Collection")
    phone.keys[folder] = found.value("AirSync:SyncKey")
    return found


def pull(phone, folder, window=50):
    parts = [("AirSync:DeletesAsMoves", None), ("AirSync:GetChanges", None), ("AirSync:WindowSize", window)]
    return exchange(phone, folder, *parts, options(phone))


def push(phone, folder, *commands):
    return exchange(phone, folder, ("AirSync:Commands", list(commands)))


def head_of_every_sync(phone):
    assert phone.settings() == "1"
    changes = phone.folder_sync()
    assert (changes.added, changes.updated, changes.deleted) == ([], [], [])


def test_thunderbird_sets_up_an_account_and_reads_it(school, ada, agenda):
    school.put(ada, "a", event("a", "Physics"))
    phone = bird(school, ada)
    versions, _ = phone.options()
    assert "14.0" in versions
    assert phone.settings() == "1"
    assert len(phone.folder_sync().added) == 4
    head_of_every_sync(phone)
    primed = exchange(phone, agenda)
    assert (primed.value("AirSync:Status"), primed.find("AirSync:Commands")) == ("1", None)
    assert phone.estimate(agenda) == ("1", 1)
    loaded = pull(phone, agenda)
    assert [each.name for each in loaded.find("AirSync:Commands").children] == ["AirSync:Add"]
    assert pull(phone, agenda) is None


def test_thunderbird_pushes_without_asking_for_changes_then_pulls(school, ada, agenda):
    phone = bird(school, ada)
    phone.connect(provision=False)
    exchange(phone, agenda)
    assert pull(phone, agenda) is None
    school.put(ada, "a", event("a", "Physics"))
    series = {**SINGLE, "UID": "4f1c7e06-0002", "Subject": "Choir", "Recurrence": WEEKLY}
    series["Exceptions"] = [
        ("Calendar:Exception", [("Calendar:ExceptionStartTime", "20261201T090000Z"), ("Calendar:Deleted", 1)]),
        (
            "Calendar:Exception",
            [
                ("Calendar:ExceptionStartTime", "20261208T090000Z"),
                ("Calendar:AllDayEvent", 0),
                ("Calendar:BusyStatus", 2),
                ("Calendar:EndTime", "20261208T130000Z"),
                ("Calendar:Subject", "Choir, later"),
                ("Calendar:StartTime", "20261208T120000Z"),
                ("Calendar:Attendees", None),
            ],
        ),
    ]
    head_of_every_sync(phone)
    commands = [add("1795435200000-1", item(SINGLE, TBSYNC_ORDER)), add("1795435200000-2", item(series, TBSYNC_ORDER))]
    answer = push(phone, agenda, *commands)
    assert statuses(answer.find("AirSync:Responses").children) == [("Add", "1"), ("Add", "1")]
    with school.reading() as tx:
        texts = b"".join(tx.objects.texts(school.calendar(tx, ada)))
    assert texts.count(b"BEGIN:VEVENT") == 4
    assert b"EXDATE" in texts
    ids = [each.value("AirSync:ServerId") for each in answer.find("AirSync:Responses").children]
    pull(phone, agenda)
    assert pull(phone, agenda) is None
    renamed = change(ids[0], item({**SINGLE, "Subject": "Teachers"}, TBSYNC_ORDER))
    answer = push(phone, agenda, renamed, delete(ids[1]))
    assert answer.find("AirSync:Responses") is None
    assert pull(phone, agenda) is None
    with school.reading() as tx:
        texts = b"".join(tx.objects.texts(school.calendar(tx, ada)))
    assert b"SUMMARY:Teachers" in texts
    assert b"Choir" not in texts


def test_thunderbird_starts_again_from_nothing_when_its_key_is_unknown(school, ada, agenda):
    school.put(ada, "a", event("a", "Physics"))
    phone = bird(school, ada)
    phone.connect(provision=False)
    phone.sync_all(agenda)
    phone.keys[agenda] = "00000000-5"
    assert pull(phone, agenda).value("AirSync:Status") == "3"
    phone.keys[agenda] = "0"
    exchange(phone, agenda)
    assert len(pull(phone, agenda).find("AirSync:Commands").children) == 1


def test_pyactivesync_gets_changes_without_asking_and_pings(school, ada, agenda):
    school.put(ada, "a", event("a", "Physics"))
    phone = LocalPhone(school.store, ada, "123456", device_type="iPhone", user_agent="Python", version="14.1")
    phone.provision()
    phone.folder_sync()
    exchange(phone, agenda, ("AirSync:WindowSize", 25))
    filtered = ("AirSync:Options", [("AirSync:FilterType", 0)])
    loaded = exchange(phone, agenda, ("AirSync:WindowSize", 25), filtered)
    assert len(loaded.find("AirSync:Commands").children) == 1
    key = ("AirSync:SyncKey", phone.keys[agenda])
    asked = ("GetItemEstimate:Collection", [key, ("GetItemEstimate:CollectionId", agenda)])
    answer = phone.post(
        "GetItemEstimate", ("GetItemEstimate:GetItemEstimate", [("GetItemEstimate:Collections", [asked])])
    )
    assert answer.value("GetItemEstimate:Response", "GetItemEstimate:Status") == "1"
    assert phone.ping([agenda], 60) == ("1", [])
    school.put(ada, "b", event("b", "Maths"))
    assert phone.ping([agenda], 60) == ("2", [agenda])


def test_items_come_in_the_order_aosp_depends_on(school, ada, phone, agenda):
    school.put(ada, "a", event("a", "Physics"))
    phone.sync_all(agenda)
    (node,) = phone.items[agenda].values()
    names = node.names()
    assert names.index("Calendar:StartTime") < names.index("Calendar:AllDayEvent")
    assert "Calendar:BusyStatus" in names
    assert subjects(phone.items[agenda]) == ["Physics"]


def test_every_answer_is_wbxml_to_others_too(school, ada, agenda, wbxml2xml):
    assert wbxml2xml
    phone = LocalPhone(school.store, ada, "CHECKED")
    phone.cross_check = True
    phone.connect()
    for number in range(3):
        school.put(ada, f"e{number}", event(f"e{number}", "Étude & <b>", "20261123T080000Z", "20261123T090000Z"))
    phone.sync_all(agenda, window=2)
    result = phone.sync(agenda, [add("1", item(SINGLE, TBSYNC_ORDER)), delete("c1:1")])
    assert statuses(result.responses) == [("Add", "1"), ("Delete", "8")]
    assert phone.estimate(agenda) == ("1", 0)
    assert phone.ping([agenda], 60) == ("1", [])
    assert phone.item_operations_fetch(agenda, next(iter(phone.items[agenda])))[0] == "1"
