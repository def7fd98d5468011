"""Every status of Sync, Ping, GetItemEstimate and FolderSync, with a request that earns it (MS-ASCMD 2.2.3.177)."""

import pytest

from protocols.eas.codepages import AirSync
from protocols.eas.errors import CommandRefused
from protocols.eas.sync_request import parse
from protocols.eas.wbxml import E
from tests.eas.items import add, change, delete
from tests.eas.items import event as item
from tests.protocols.eas.harness import LocalPhone, Timetable, at, event, statuses
from tests.protocols.eas.test_sync_upload import DENTIST


@pytest.fixture
def synced(school, ada, phone, agenda):
    """A phone that holds its agenda of one event."""
    school.put(ada, "a", event("a", "Physics"))
    phone.sync_all(agenda)
    return phone


def sync(phone, *children):
    """Return the status of a whole Sync, and that of its first collection."""
    answer = phone.post("Sync", ("AirSync:Sync", list(children)))
    assert answer.status == 200
    return answer.value("AirSync:Status"), answer.value("AirSync:Collections", "AirSync:Collection", "AirSync:Status")


def collection(folder, key, *parts):
    return ("AirSync:Collection", [("AirSync:SyncKey", key), ("AirSync:CollectionId", folder), *parts])


def collections(*listed):
    return ("AirSync:Collections", list(listed))


WAIT, BEAT = ("AirSync:Wait", 5), ("AirSync:HeartbeatInterval", 300)
COMMANDS = {
    "a command without an id": [("AirSync:Delete", [])],
    "a command with two ids": [("AirSync:Delete", 2 * [("AirSync:ServerId", "c1:1")])],
    "a change without data": [("AirSync:Change", [("AirSync:ServerId", "c1:1")])],
    "an add without data": [("AirSync:Add", [("AirSync:ClientId", "1")])],
    "201 commands": 201 * [("AirSync:Delete", [("AirSync:ServerId", "c1:1")])],
}


def whole(*parts):
    """Return a builder of a request for the synchronised calendar; it takes the id and the key."""
    return lambda folder, key: [collections(collection(folder, key, *parts))]


GLOBAL = {
    "nothing at all": (lambda folder, key: [], "4"),
    "no collection": (lambda folder, key: [collections()], "4"),
    "no key": (lambda folder, key: [collections(("AirSync:Collection", [("AirSync:CollectionId", folder)]))], "4"),
    "no id": (lambda folder, key: [collections(("AirSync:Collection", [("AirSync:SyncKey", key)]))], "4"),
    "two keys": (whole(("AirSync:SyncKey", "0")), "4"),
    "two ids": (whole(("AirSync:CollectionId", "c1")), "4"),
    "a folder twice": (lambda folder, key: [collections(*2 * [collection(folder, key)])], "4"),
    "collections twice": (lambda folder, key: 2 * whole()(folder, key), "4"),
    "changes with key 0": (lambda folder, key: whole(("AirSync:GetChanges", None))(folder, "0"), "4"),
    "two waits": (lambda folder, key: [*whole()(folder, key), WAIT, BEAT], "4"),
    "a wait twice": (lambda folder, key: [*whole()(folder, key), WAIT, WAIT], "4"),
    "a wait in words": (lambda folder, key: [*whole()(folder, key), ("AirSync:Wait", "long")], "4"),
    "a window in words": (lambda folder, key: [*whole()(folder, key), ("AirSync:WindowSize", "x")], "4"),
    "a filter for nothing": (whole(("AirSync:Options", [("AirSync:FilterType", 9)])), "4"),
    "a conflict of its own": (whole(("AirSync:Options", [("AirSync:Conflict", 2)])), "4"),
    **{name: (whole(("AirSync:Commands", commands)), "4") for name, commands in COMMANDS.items()},
    "a partial without a whole": (lambda folder, key: [("AirSync:Partial", None), WAIT], "13"),
    "a wait too long": (lambda folder, key: [*whole()(folder, key), ("AirSync:Wait", 60)], "14"),
    "too many": (lambda folder, key: [collections(*(collection(f"c{each}", "1") for each in range(301)))], "15"),
}


@pytest.mark.parametrize("case", GLOBAL)
def test_a_sync_refused_whole_has_one_status_and_writes_nothing(synced, agenda, case):
    build, status = GLOBAL[case]
    before = synced.writes
    assert sync(synced, *build(agenda, synced.keys[agenda])) == (status, None)
    assert synced.writes == before
    assert synced.quiet(agenda)


def test_an_empty_request_without_one_before_is_incomplete(synced):
    assert synced.post("Sync").value("AirSync:Status") == "13"


def test_each_collection_has_its_own_status(school, ada, synced, agenda):
    bob = school.person("bob")
    hidden = synced.folder_named("Rendez-vous")
    school.switch(ada, "rendez-vous", on=False)
    lessons = synced.folder_named("Emploi du temps")
    listed = [
        collection(lessons, "0"),
        collection(agenda, "00000000-1"),
        collection(school.folder(bob), "0"),
        collection("c999999", "0"),
        collection(hidden, "0"),
        collection("m2", "0"),
        collection("m4", "7"),
    ]
    root = synced.post("Sync", ("AirSync:Sync", [collections(*listed)])).root
    told = at(root, "AirSync:Collections").children
    assert [each.value("AirSync:Status") for each in told] == ["1", "3", "8", "8", "12", "1", "3"]
    assert [each.value("AirSync:SyncKey") for each in told][1] == "0"


def test_each_item_has_its_own_status(school, ada, synced, agenda):
    timetable = Timetable(school, ada)
    timetable.create(timetable.lesson("l", "Lesson", 1_795_510_800))
    lessons = synced.folder_named("Emploi du temps")
    synced.sync_all(lessons)
    (own,), (lesson,) = synced.items[agenda], synced.items[lessons]
    school.put(ada, "a", event("a", "Changed elsewhere"))
    backwards = {**DENTIST, "StartTime": "20261201T090000Z", "EndTime": "20261201T080000Z", "UID": "w"}
    commands = [
        add("1", item(DENTIST)),
        add("2", item(backwards)),
        change(own, item({**DENTIST, "UID": "a"})),
        change(f"{agenda}:999999", item(DENTIST)),
        delete("nonsense"),
    ]
    responses = synced.sync(agenda, commands).responses
    assert statuses(responses) == [("Add", "1"), ("Add", "6"), ("Change", "7"), ("Change", "8"), ("Delete", "8")]
    assert statuses(synced.sync(lessons, [delete(lesson)]).responses) == [("Delete", "7")]
    fetch = ("AirSync:Fetch", [("AirSync:ServerId", own)])
    found = synced.post(
        "Sync",
        ("AirSync:Sync", [collections(collection(agenda, synced.keys[agenda], ("AirSync:Commands", [fetch])))]),
    ).root
    (response,) = at(found, "AirSync:Collections", "AirSync:Collection", "AirSync:Responses").children
    assert response.value("AirSync:Status") == "1"
    assert response.find("AirSync:ApplicationData")


def test_what_a_phone_wishes_is_remembered_until_it_wishes_otherwise(school, ada, phone, agenda):
    school.put(ada, "old", event("old", "Old", "20250101T080000Z", "20250101T090000Z"))
    school.put(ada, "a", event("a", "Now", "20261123T080000Z", "20261123T090000Z", "DESCRIPTION:Long text"))
    preference = [("AirSyncBase:Type", 1), ("AirSyncBase:TruncationSize", 4)]
    options = ("AirSync:Options", [("AirSync:FilterType", 4), ("AirSyncBase:BodyPreference", preference)])

    def ask(*parts):
        key = phone.keys.get(agenda, "0")
        root = phone.post("Sync", ("AirSync:Sync", [collections(collection(agenda, key, *parts))])).root
        found = at(root, "AirSync:Collections", "AirSync:Collection")
        phone.keys[agenda] = found.value("AirSync:SyncKey") or ""
        return [each for each in found.walk() if each.name == "AirSync:ApplicationData"]

    ask(options)
    (told,) = ask()
    assert at(told, "AirSyncBase:Body").value("AirSyncBase:Data") == "Long"
    school.put(ada, "b", event("b", "Later", "20261124T080000Z", "20261124T090000Z", "DESCRIPTION:Another"))
    (told,) = ask()
    assert at(told, "AirSyncBase:Body").value("AirSyncBase:Data") == "Anot"
    assert [each.value("Calendar:Subject") for each in ask(("AirSync:Options", [("AirSync:FilterType", 0)]))] == ["Old"]


@pytest.mark.parametrize(
    ("sent", "window"), [(None, 100), ("0", 512), ("1", 1), ("512", 512), ("513", 512), ("9999", 512)]
)
def test_a_window_has_bounds(sent, window):
    size = None if sent is None else E(AirSync.WindowSize, sent)
    asked = E(AirSync.Collection, E(AirSync.SyncKey, "k"), E(AirSync.CollectionId, "c2"), size)
    assert parse(E(AirSync.Sync, E(AirSync.Collections, asked))).collections[0].window == window


@pytest.mark.parametrize(
    ("parts", "supported"),
    [((), None), ((E(AirSync.Supported),), frozenset()), ((E(AirSync.Supported, E(AirSync.Class)),), {AirSync.Class})],
)
def test_an_empty_list_of_what_is_supported_is_not_an_absent_one(parts, supported):
    asked = E(AirSync.Collection, E(AirSync.SyncKey, "0"), E(AirSync.CollectionId, "c2"), *parts)
    assert parse(E(AirSync.Sync, E(AirSync.Collections, asked))).collections[0].supported == supported


@pytest.mark.parametrize("tag", [AirSync.SyncKey, AirSync.CollectionId, AirSync.WindowSize, AirSync.GetChanges])
def test_nothing_in_a_collection_is_said_twice(tag):
    parts = [E(AirSync.SyncKey, "k"), E(AirSync.CollectionId, "c2"), E(tag, "1"), E(tag, "1")]
    with pytest.raises(CommandRefused) as refused:
        parse(E(AirSync.Sync, E(AirSync.Collections, E(AirSync.Collection, *parts))))
    assert refused.value.status == 4


BEAT_600 = ("Ping:HeartbeatInterval", 600)


def folders(*ids):
    return ("Ping:Folders", [("Ping:Folder", [("Ping:Id", each), ("Ping:Class", "Calendar")]) for each in ids])


@pytest.mark.parametrize(
    ("parts", "status", "bound"),
    [
        (lambda here: [BEAT_600, folders(here)], "1", None),
        (lambda here: [BEAT_600], "3", None),
        (lambda here: [folders(here)], "3", None),
        (lambda here: [BEAT_600, ("Ping:Folders", [])], "3", None),
        (lambda here: [("Ping:HeartbeatInterval", "long"), folders(here)], "4", None),
        (lambda here: [BEAT_600, BEAT_600, folders(here)], "4", None),
        (lambda here: [BEAT_600, folders(here), folders(here)], "4", None),
        (lambda here: [BEAT_600, ("Ping:Folders", [("Ping:Folder", [])])], "4", None),
        (lambda here: [BEAT_600, folders("x" * 300)], "4", None),
        (lambda here: [("Ping:HeartbeatInterval", 10), folders(here)], "5", ("Ping:HeartbeatInterval", "60")),
        (lambda here: [("Ping:HeartbeatInterval", 9999), folders(here)], "5", ("Ping:HeartbeatInterval", "3540")),
        (lambda here: [BEAT_600, folders(*(f"c{number}" for number in range(201)))], "6", ("Ping:MaxFolders", "200")),
        (lambda here: [BEAT_600, folders("c999999")], "7", None),
    ],
)
def test_a_ping_has_its_status_and_the_bound_to_keep(synced, agenda, parts, status, bound):
    root = at(synced.post("Ping", ("Ping:Ping", parts(agenda))).root)
    assert root.value("Ping:Status") == status
    assert [(each.name, each.text) for each in root.children[1:]] == ([bound] if bound else [])


def test_a_ping_names_what_changed_and_waits_for_the_rest(school, ada, synced, agenda):
    school.put(ada, "b", event("b", "News"))
    lessons = synced.folder_named("Emploi du temps")
    synced.sync_all(lessons)
    assert synced.ping([lessons, agenda], 600) == ("2", [agenda])
    school.switch(ada, "rendez-vous", on=False)
    assert synced.ping([lessons], 600) == ("7", [])


@pytest.mark.parametrize(
    ("folder", "key", "filtered", "status"),
    [
        ("{}", "{}", None, "1"),
        ("{}", "{}", "4", "1"),
        ("c999999", "{}", None, "2"),
        ("", "{}", None, "2"),
        ("{}", "0", None, "3"),
        ("{}", "", None, "3"),
        ("{}", "00000000-1", None, "4"),
        ("{}", "nonsense", None, "4"),
        ("m2", "0", None, "3"),
        ("m2", "1", None, "1"),
        ("m2", "7", None, "4"),
        ("{}", "{}", "1", "1"),
        ("{}", "{}", "8", "110"),
    ],
)
def test_an_estimate_has_a_status_for_each_collection(synced, agenda, folder, key, filtered, status):
    parts = [("AirSync:SyncKey", key.format(synced.keys[agenda]))]
    parts += [("GetItemEstimate:CollectionId", folder.format(agenda))]
    options = [("AirSync:Options", [("AirSync:FilterType", filtered)])] if filtered else []
    asked = ("GetItemEstimate:Collections", [("GetItemEstimate:Collection", [*parts, *options])])
    root = at(synced.post("GetItemEstimate", ("GetItemEstimate:GetItemEstimate", [asked])).root)
    (response,) = root.children
    assert response.value("GetItemEstimate:Status") == status
    count = response.value("GetItemEstimate:Collection", "GetItemEstimate:Estimate")
    assert (count is not None) == (status == "1")


@pytest.mark.parametrize("case", ["none", "many", "twice", "words", "large"])
def test_an_estimate_of_nothing_is_refused_whole(synced, agenda, case):
    named = [("AirSync:SyncKey", synced.keys[agenda]), ("GetItemEstimate:CollectionId", agenda)]
    one = ("GetItemEstimate:Collection", named)
    listed = {
        "none": [],
        "many": 301 * [one],
        "twice": [("GetItemEstimate:Collection", [*named, named[0]])],
        "words": [("GetItemEstimate:Collection", [*named, ("AirSync:Options", [("AirSync:FilterType", "x")])])],
        "large": [("GetItemEstimate:Collection", [*named, ("AirSync:Options", [("AirSync:FilterType", "9")])])],
    }[case]
    asked = ("GetItemEstimate:GetItemEstimate", [("GetItemEstimate:Collections", listed)])
    root = at(synced.post("GetItemEstimate", asked).root)
    assert (root.names(), root.value("GetItemEstimate:Status")) == (["GetItemEstimate:Status"], "103")


@pytest.mark.parametrize(
    ("keys", "status"), [(["0"], "1"), ([], "10"), ([""], "10"), (["0", "0"], "10"), (["x"], "9"), (["0-0"], "9")]
)
def test_a_folder_sync_has_its_status(synced, keys, status):
    asked = [("FolderHierarchy:SyncKey", key) for key in keys]
    root = at(synced.post("FolderSync", ("FolderHierarchy:FolderSync", asked)).root)
    assert root.value("FolderHierarchy:Status") == status
    assert (len(root.children) == 1) == (status != "1")


def test_keys_and_ids_of_somebody_elses_phone_mean_nothing(school, ada, synced, agenda):
    bob = school.person("bob")
    school.put(bob, "b", event("b", "Secret of Bob"))
    theirs = LocalPhone(school.store, bob)  # the same device id as Ada's
    theirs.connect()
    folder = school.folder(bob)
    theirs.sync_all(folder)
    assert synced.sync(agenda, key=theirs.keys[folder]).status == "3"
    assert synced.folder_sync(theirs.folder_key).status == "9"
    assert synced.sync(folder, key=theirs.keys[folder]).status == "8"
    assert synced.estimate(folder) == ("2", None)
    seen = b"".join(each.answer.body for each in synced.traffic)
    assert b"Secret" not in seen
    assert theirs.quiet(folder)


@pytest.mark.parametrize(("folder", "kind"), [("m2", "Email"), ("m5", "Email"), ("c999", None)])
def test_up_to_12_1_answers_name_the_class_of_the_folder_itself(school, ada, folder, kind):
    phone = LocalPhone(school.store, ada, version="12.1")
    phone.connect()
    named = ("AirSync:Collections", "AirSync:Collection")
    answer = phone.post("Sync", ("AirSync:Sync", [collections(collection(folder, "0"))]))
    assert at(answer.root, *named).value("AirSync:Class") == kind
