"""Sync of several folders at once: what one takes of the request's window costs the others no edit."""

import pytest

from storage.model import NewCalendar
from tests.eas.items import add, change, delete
from tests.eas.items import event as item
from tests.eas.wbxml import Node
from tests.protocols.eas.harness import Timetable, at, event, of, statuses, subjects
from tests.protocols.eas.test_sync_upload import DENTIST

CLUB = "club"


@pytest.fixture
def club(school, ada):
    """The folder of a second calendar of Ada's, with two events."""
    with school.writing() as tx:
        tx.collections.create(ada, NewCalendar(CLUB, name="Club"))
    school.put(ada, "chess", event("chess", "Chess"), CLUB)
    school.put(ada, "choir", event("choir", "Choir"), CLUB)
    return school.folder(ada, CLUB)


@pytest.fixture
def loaded(phone, agenda, club):
    """Ada's phone, with both calendars on it."""
    phone.folder_sync()
    phone.sync_all(agenda)
    phone.sync_all(club)
    return phone


def sync_both(phone, window, *asked, extra=()):
    """Sync several folders in one request, each (folder, commands[, key]); the results by folder, of those answered."""
    requests = {folder: (key[0] if key else phone.keys[folder], commands) for folder, commands, *key in asked}
    parts = [
        ("AirSync:Collection", phone._collection(folder, key, commands, None, {}))
        for folder, (key, commands) in requests.items()
    ]
    document = ("AirSync:Sync", [("AirSync:Collections", parts), ("AirSync:WindowSize", window), *extra])
    answer = phone.post("Sync", document)
    results = {}
    for node in at(answer.root, "AirSync:Collections").children:
        folder = node.value("AirSync:CollectionId")
        key, commands = requests[folder]
        alone = Node("AirSync:Sync", children=[Node("AirSync:Collections", children=[node])])
        results[folder] = phone._apply(folder, key, alone, commands)
    return results


def stored(school, ada):
    with school.reading() as tx:
        lines = b"".join(tx.objects.texts(school.calendar(tx, ada, CLUB))).decode().splitlines()
    return sorted(line.removeprefix("SUMMARY:") for line in lines if line.startswith("SUMMARY:"))


def fill(school, ada):
    for name in "ab":
        school.put(ada, name, event(name, name))


@pytest.mark.parametrize("window", [1, 2])
def test_edits_in_a_folder_that_got_no_room_are_carried_out(school, ada, loaded, agenda, club, window):
    fill(school, ada)
    edits = [
        add("1", item(DENTIST)),
        change(of(loaded, club, "Chess"), item({**DENTIST, "UID": "chess", "Subject": "Go"})),
        delete(of(loaded, club, "Choir")),
    ]
    results = sync_both(loaded, window, (agenda, []), (club, edits))
    assert len(results[agenda].added) == window
    assert statuses(results[club].responses) == [("Add", "1")]
    assert results[club].quiet
    assert stored(school, ada) == ["Dentist", "Go"]
    loaded.sync_all(agenda)
    assert subjects(loaded.items[agenda]) == ["a", "b"]
    assert subjects(loaded.items[club]) == ["Dentist", "Go"]
    assert loaded.sync(club).empty
    assert loaded.quiet(club)


@pytest.mark.parametrize("window", [1, 2])
def test_changes_for_a_folder_that_got_no_room_wait(school, ada, loaded, agenda, club, window):
    fill(school, ada)
    for name in ("c", "d"):
        school.put(ada, name, event(name, name), CLUB)
    key = loaded.keys[club]
    edits = [change(of(loaded, club, "Chess"), item({**DENTIST, "UID": "chess", "Subject": "Go"}))]
    results = sync_both(loaded, window, (agenda, []), (club, edits))
    assert results[club].quiet
    assert not results[club].more
    assert results[club].key != key
    assert loaded.ping([club], 60) == ("2", [club])
    assert len(loaded.sync_all(club, window=1).added) == 2
    assert subjects(loaded.items[club]) == ["Choir", "Go", "c", "d"]
    assert loaded.quiet(club)


def test_a_folder_without_edits_and_room_is_not_mentioned_and_keeps_its_key(school, ada, loaded, agenda, club):
    fill(school, ada)
    school.put(ada, "c", event("c", "c"), CLUB)
    assert sync_both(loaded, 2, (agenda, []), (club, [])).keys() == {agenda}
    assert len(loaded.sync(club).added) == 1


def test_a_lost_answer_to_edits_without_room_does_not_make_them_twice(school, ada, loaded, agenda, club):
    fill(school, ada)
    keys, items = dict(loaded.keys), {folder: dict(held) for folder, held in loaded.items.items()}
    edits = [add("1", item({**DENTIST, "UID": ""}))]
    first = sync_both(loaded, 1, (agenda, []), (club, edits))
    loaded.keys, loaded.items = keys, items
    again = sync_both(loaded, 1, (agenda, []), (club, edits))
    assert again[club].key == first[club].key
    assert stored(school, ada) == ["Chess", "Choir", "Dentist"]


def test_an_edit_refused_without_room_is_undone_at_once(school, ada, phone, agenda):
    table = Timetable(school, ada)
    table.create(table.lesson("m", "Maths", 1_795_521_600))
    folder = school.folder(ada, "emploi-du-temps")
    phone.sync_all(agenda)
    phone.sync_all(folder)
    fill(school, ada)
    table.create(table.lesson("p", "Physics", 1_795_525_200))
    server_id = of(phone, folder, "Maths")
    results = sync_both(phone, 2, (agenda, []), (folder, [change(server_id, item(DENTIST))]))
    assert statuses(results[folder].responses) == [("Change", "7")]
    assert results[folder].changed == [server_id]
    assert results[folder].more
    phone.sync_all(folder)
    assert subjects(phone.items[folder]) == ["Maths", "Physics"]


@pytest.mark.parametrize("case", [("0", "1"), ("nonsense", "3")], ids=["first", "unknown"])
def test_a_folder_without_room_is_primed_and_its_bad_key_reported(school, ada, loaded, agenda, club, case):
    key, status = case
    fill(school, ada)
    results = sync_both(loaded, 1, (agenda, []), (club, [], key))
    assert results[club].status == status


def test_a_filter_named_without_room_is_kept(school, ada, loaded, agenda, club):
    loaded.sync_all(club, filter_type=0)
    fill(school, ada)
    school.put(ada, "old", event("old", "Old", "20250901T080000Z", "20250901T090000Z"), CLUB)
    wish = [("AirSync:FilterType", 4)]
    parts = [
        [("AirSync:SyncKey", loaded.keys[agenda]), ("AirSync:CollectionId", agenda)],
        [("AirSync:SyncKey", loaded.keys[club]), ("AirSync:CollectionId", club), ("AirSync:Options", wish)],
    ]
    listed = ("AirSync:Collections", [("AirSync:Collection", each) for each in parts])
    loaded.post("Sync", ("AirSync:Sync", [listed, ("AirSync:WindowSize", 1)]))
    silent = [("AirSync:SyncKey", loaded.keys[club]), ("AirSync:CollectionId", club)]
    answer = loaded.post("Sync", ("AirSync:Sync", [("AirSync:Collections", [("AirSync:Collection", silent)])]))
    assert answer.root is None
