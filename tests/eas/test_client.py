"""The test client itself: that it keeps what a phone keeps, and that it notices what a server does wrong."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from tests.eas.client import TBSYNC, Phone
from tests.eas.items import AOSP_ORDER, TBSYNC_ORDER, add, change, delete, event
from tests.eas.wbxml import WBXML2XML, Node, Pair, confirm, decode, encode

FOLDERS = [("5", "Agenda", "8"), ("6", "Timetable", "13")]


@dataclass
class Script:
    """A server that answers from a list, and remembers what it was asked."""

    url: str
    answers: list[Pair | None] = field(default_factory=list)
    asked: list[tuple[str, dict[str, str], Node | None]] = field(default_factory=list)


@pytest.fixture
def script() -> Iterator[Script]:
    told = Script("")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            told.asked.append((self.path, dict(self.headers), decode(body) if body else None))
            document = told.answers.pop(0)
            answer = b"" if document is None else encode(document)
            self.send_response(200)
            self.send_header("Content-Type", "application/vnd.ms-sync.wbxml")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    told.url = f"http://127.0.0.1:{server.server_port}"
    yield told
    server.shutdown()
    server.server_close()
    thread.join()


def folder_list(*changes: Pair) -> Pair:
    parts: list[Pair] = [("FolderHierarchy:Status", 1), ("FolderHierarchy:SyncKey", "f1")]
    counted: list[Pair] = [("FolderHierarchy:Count", len(changes)), *changes]
    return ("FolderHierarchy:FolderSync", [*parts, ("FolderHierarchy:Changes", counted)])


def folder(kind: str, server_id: str, name: str, number: str) -> Pair:
    values = {"ServerId": server_id, "ParentId": "0", "DisplayName": name, "Type": number}
    return (f"FolderHierarchy:{kind}", [(f"FolderHierarchy:{key}", value) for key, value in values.items()])


def answer(
    key: str, commands: list[Pair] | None = None, *, responses: list[Pair] | None = None, more: bool = False
) -> Pair:
    parts: list[Pair] = [("AirSync:SyncKey", key), ("AirSync:CollectionId", "5"), ("AirSync:Status", 1)]
    parts += [("AirSync:MoreAvailable", None)] if more else []
    parts += [("AirSync:Responses", responses)] if responses else []
    parts += [("AirSync:Commands", commands)] if commands else []
    return ("AirSync:Sync", [("AirSync:Collections", [("AirSync:Collection", parts)])])


def item(kind: str, server_id: str, subject: str = "Maths") -> Pair:
    data = ("AirSync:ApplicationData", [("Calendar:Subject", subject)])
    return (f"AirSync:{kind}", [("AirSync:ServerId", server_id), data])


def created(client_id: str, server_id: str, status: int = 1) -> Pair:
    values = {"ClientId": client_id, "ServerId": server_id, "Status": status}
    return ("AirSync:Add", [(f"AirSync:{key}", value) for key, value in values.items()])


def subjects(phone: Phone) -> dict[str, str | None]:
    return {server_id: data.value("Calendar:Subject") for server_id, data in phone.items["5"].items()}


def test_folders_are_added_renamed_and_removed(script: Script) -> None:
    script.answers = [
        folder_list(*(folder("Add", *facts) for facts in FOLDERS)),
        folder_list(folder("Update", "6", "Lessons", "13")),
        folder_list(("FolderHierarchy:Delete", [("FolderHierarchy:ServerId", "6")])),
    ]
    phone = Phone(script.url, "ann", "demo")
    assert phone.folder_sync().added == ["5", "6"]
    assert phone.folder_named("Timetable") == "6"
    assert phone.folder_sync().updated == ["6"]
    assert phone.folders["6"].name == "Lessons"
    assert phone.folder_sync().deleted == ["6"]
    assert list(phone.calendars) == ["5"]


def test_items_come_in_windows_and_go(script: Script) -> None:
    script.answers = [
        answer("1"),
        answer("2", [item("Add", "5:1"), item("Add", "5:2")], more=True),
        answer("3", [item("Add", "5:3"), item("Change", "5:1", "Latin")]),
        None,
        answer("4", [delete("5:2"), ("AirSync:SoftDelete", [("AirSync:ServerId", "5:3")])]),
    ]
    phone = Phone(script.url, "ann", "demo")
    assert phone.sync_all("5").added == ["5:1", "5:2", "5:3"]
    assert phone.sync("5").empty
    result = phone.sync("5")
    assert (result.deleted, result.soft_deleted) == (["5:2"], ["5:3"])
    assert subjects(phone) == {"5:1": "Latin"}


def test_own_edits_are_kept_and_a_refused_one_is_put_back(script: Script) -> None:
    script.answers = [
        answer("1", [item("Add", "5:1"), item("Add", "5:2")]),
        answer("2", responses=[created("c1", "5:9")]),
        answer("3", [item("Change", "5:1", "Maths")]),
        answer("4", [item("Add", "5:2")]),
        answer("5", [delete("5:x")], responses=[created("c2", "5:x")]),
    ]
    phone = Phone(script.url, "ann", "demo")
    phone.keys["5"] = "a"
    phone.sync("5")
    phone.sync("5", [add("c1", event({"Subject": "Party"}))])
    assert subjects(phone)["5:9"] == "Party"
    phone.sync("5", [change("5:1", event({"Subject": "No maths"}))])
    phone.sync("5", [delete("5:2")])
    phone.sync("5", [add("c2", event({"Subject": "x"}))])
    assert subjects(phone) == {"5:1": "Maths", "5:2": "Maths", "5:9": "Party"}


@pytest.mark.parametrize(
    ("bad", "complaint"),
    [
        (answer("b", [item("Add", "5:1")]), "which is known"),
        (answer("b", [item("Change", "5:7")]), "which is unknown"),
        (answer("b", [delete("5:7")]), "which is unknown"),
        (answer("b", more=True), "MoreAvailable with nothing"),
        (answer("a", [item("Add", "5:2")], more=True), "unchanged key"),
        (answer("b", responses=[created("c9", "5:2")]), "was not sent"),
    ],
)
def test_what_a_server_does_wrong_is_noticed(script: Script, bad: Pair, complaint: str) -> None:
    script.answers = [answer("a", [item("Add", "5:1")]), bad]
    phone = Phone(script.url, "ann", "demo")
    phone.keys["5"] = "0a"
    phone.sync("5")
    with pytest.raises(AssertionError, match=complaint):
        phone.sync("5")


def test_a_lost_answer_makes_the_same_request_go_twice(script: Script) -> None:
    script.answers = [answer("1"), answer("1")]
    phone = Phone(script.url, "ann", "demo", manner=TBSYNC)
    phone.keys["5"] = "k"
    phone.lose_answer = 1
    phone.sync("5")
    (first, _, _), (second, _, _) = script.asked
    assert first == second
    assert [exchange.lost for exchange in phone.traffic] == [True, False]
    assert phone.traffic[0].request == phone.traffic[1].request


def test_status_3_drops_the_local_copy(script: Script) -> None:
    parts = [("AirSync:SyncKey", "0"), ("AirSync:CollectionId", "5"), ("AirSync:Status", 3)]
    script.answers = [("AirSync:Sync", [("AirSync:Collections", [("AirSync:Collection", parts)])])]
    phone = Phone(script.url, "ann", "demo")
    phone.keys["5"], phone.items["5"] = "old", {"5:1": Node("AirSync:ApplicationData")}
    assert phone.sync("5").status == "3"
    assert "5" not in phone.keys
    assert "5" not in phone.items


def policy(key: int) -> Pair:
    values = {"PolicyType": "MS-EAS-Provisioning-WBXML", "PolicyKey": key, "Status": 1}
    fields = [(f"Provision:{name}", value) for name, value in values.items()]
    return ("Provision:Provision", [("Provision:Status", 1), ("Provision:Policies", [("Provision:Policy", fields)])])


def test_provisioning_takes_both_keys_in_turn(script: Script) -> None:
    script.answers = [policy(11), policy(22)]
    phone = Phone(script.url, "ann", "demo")
    phone.provision()
    assert [headers["X-MS-PolicyKey"] for _, headers, _ in script.asked] == ["0", "11"]
    assert phone.policy_key == 22


def test_ping_estimate_and_fetch_read_their_answers(script: Script) -> None:
    estimate: list[Pair] = [("GetItemEstimate:CollectionId", "5"), ("GetItemEstimate:Estimate", 3)]
    counted = [("GetItemEstimate:Status", 1), ("GetItemEstimate:Collection", estimate)]
    fetched = [("ItemOperations:Status", 1), ("ItemOperations:Properties", [("Calendar:Subject", "Maths")])]
    script.answers = [
        ("Ping:Ping", [("Ping:Status", 2), ("Ping:Folders", [("Ping:Folder", "5")])]),
        ("GetItemEstimate:GetItemEstimate", [("GetItemEstimate:Response", counted)]),
        ("ItemOperations:ItemOperations", [("ItemOperations:Response", [("ItemOperations:Fetch", fetched)])]),
    ]
    phone = Phone(script.url, "ann", "demo")
    assert phone.ping(["5"], 60) == ("2", ["5"])
    assert phone.estimate("5") == ("1", 3)
    status, properties = phone.item_operations_fetch("5", "5:1")
    assert status == "1"
    assert properties is not None
    assert properties.value("Calendar:Subject") == "Maths"


def test_clients_differ_in_their_order_and_names(script: Script) -> None:
    script.answers = [None, None]
    for phone in (Phone(script.url, "ann", "demo", manner=TBSYNC), Phone(script.url, "ann", "demo")):
        phone.keys["5"] = "k"
        phone.sync("5")
    told = [node.find("AirSync:Collections", "AirSync:Collection") for _, _, node in script.asked if node]
    names = [[name.removeprefix("AirSync:") for name in node.names()] for node in told if node]
    assert names[0] == ["SyncKey", "CollectionId", "DeletesAsMoves", "GetChanges", "WindowSize", "Options"]
    assert names[1] == ["SyncKey", "CollectionId", "GetChanges", "WindowSize", "Options"]
    assert [headers["User-Agent"] for _, headers, _ in script.asked] == ["Thunderbird ActiveSync", "Android-Mail/7.5.7"]


def test_items_are_worded_in_the_order_of_each_client() -> None:
    facts = {"Subject": "s", "Timezone": "t", "AllDayEvent": 0, "StartTime": "b"}
    assert [name for name, _ in event(facts, TBSYNC_ORDER)] == [
        f"Calendar:{name}" for name in ("Timezone", "AllDayEvent", "Subject", "StartTime")
    ]
    assert [name for name, _ in event(facts, AOSP_ORDER)] == [
        f"Calendar:{name}" for name in ("AllDayEvent", "Timezone", "StartTime", "Subject")
    ]


def test_documents_that_are_not_as_the_reference_says_are_not_read() -> None:
    for hexadecimal in ("03016a01", "03016a004f", "03016a00050005", "03016a0000000005", "03016a0045000705010101"):
        with pytest.raises((AssertionError, IndexError)):
            decode(bytes.fromhex(hexadecimal))


@pytest.mark.skipif(WBXML2XML is None, reason="wbxml2xml is not installed (Debian: libwbxml2-utils)")
def test_wbxml2xml_confirms_what_the_client_writes() -> None:
    document = encode(answer("k", [item("Add", "5:1", "Mathématiques <3 & more")]))
    assert confirm(document)
