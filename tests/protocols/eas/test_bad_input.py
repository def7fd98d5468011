"""What no client should send: answered in the protocol's terms, nothing written, nothing raised."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from protocols.eas import answers, app, codepages
from protocols.eas.answers import ROOTS
from protocols.eas.codepages import (
    AirSync,
    Calendar,
    ComposeMail,
    FolderHierarchy,
    GetItemEstimate,
    ItemOperations,
    MeetingResponse,
    Move,
    Provision,
    ResolveRecipients,
    Search,
    Settings,
    ValidateCert,
)
from protocols.eas.wbxml import E, Element, encode
from protocols.wire import Park, Request
from storage.errors import WritingRequired
from tests.eas.items import add, delete
from tests.eas.items import event as item
from tests.eas.wbxml import Pair, decode
from tests.protocols.eas.harness import HERE, LocalPhone, event, run
from tests.protocols.eas.test_sync_upload import DENTIST

COMMANDS = tuple(sorted(app.COMMANDS))


def sync_status(phone, *children):
    answer = phone.post("Sync", ("AirSync:Sync", list(children)))
    assert answer.status == 200
    return answer.value("AirSync:Status")


def collection(folder, key, *parts):
    found = [("AirSync:SyncKey", key), ("AirSync:CollectionId", folder), *parts]
    return ("AirSync:Collections", [("AirSync:Collection", found)])


@pytest.fixture
def synced(school, ada, phone, agenda):
    """A phone that holds its agenda."""
    school.put(ada, "a", event("a", "Physics"))
    phone.sync_all(agenda)
    return phone


def test_a_request_that_contradicts_itself_is_refused_and_nothing_written(school, ada, synced, agenda):
    key = synced.keys[agenda]
    known = delete(next(iter(synced.items[agenda])))
    wrong: list[list[Pair]] = [
        [],
        [("AirSync:Collections", [])],
        [("AirSync:Collections", [("AirSync:Collection", [])])],
        [("AirSync:Collections", [("AirSync:Collection", [("AirSync:SyncKey", key)])])],
        [collection(agenda, "0", ("AirSync:GetChanges", None))],
        [collection(agenda, "0", ("AirSync:Commands", [known]))],
        [collection(agenda, key, ("AirSync:WindowSize", "many"))],
        [collection(agenda, key, ("AirSync:WindowSize", "-1"))],
        [collection(agenda, key, ("AirSync:Options", [("AirSync:Conflict", 7)]))],
        [collection(agenda, key, ("AirSync:Commands", [known, ("AirSync:Delete", [])]))],
        [collection(agenda, key, ("AirSync:Commands", [known, ("AirSync:Change", [("AirSync:ServerId", "c1:1")])]))],
        [collection(agenda, key, ("AirSync:Commands", [known, ("AirSync:Add", [])]))],
        [collection(agenda, key, ("AirSync:Commands", [known] * 201))],
        [("AirSync:Collections", 2 * collection(agenda, key)[1])],
    ]
    before = synced.writes
    assert [sync_status(synced, *each) for each in wrong] == ["4"] * len(wrong)
    assert synced.writes == before
    assert synced.quiet(agenda)


def test_too_many_collections_are_answered_with_the_bound(synced):
    listed = [collection(f"c{number}", "1")[1][0] for number in range(1, 400)]
    answer = synced.post("Sync", ("AirSync:Sync", [("AirSync:Collections", listed)]))
    assert (answer.value("AirSync:Status"), answer.value("AirSync:Limit")) == ("15", "300")


def test_two_hundred_commands_are_taken(synced, agenda):
    commands = [add(str(number), item({**DENTIST, "UID": f"u{number}"})) for number in range(200)]
    assert len(synced.sync(agenda, commands).responses) == 200


@pytest.mark.parametrize("key", ["1", "2", "-1", "00000000-1", "x" * 250, "é"])
def test_an_unknown_key_starts_the_folder_again(synced, agenda, key):
    assert synced.sync(agenda, key=key).status == "3"


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("body", [b"\x03", b"\x03\x01\x6a\x00", b"<xml/>", b"\x03\x01\x6a\x00\x45", b"\xff" * 50])
def test_broken_wbxml_is_refused_in_the_terms_of_the_version(school, ada, command, body):
    phone = LocalPhone(school.store, ada)
    answer = phone.post(command, body)
    assert answer.status == 200
    assert answer.root.children[0].text == "102"
    assert phone.post(command, encode(E(Calendar.Timezone))).root.children[0].text == "103"
    old = LocalPhone(school.store, ada, version="12.1")
    assert old.post(command, body).status == 400


@pytest.mark.parametrize("command", sorted(set(COMMANDS) - {"Sync", "Ping"}))
def test_an_empty_body_is_refused_where_it_means_nothing(phone, command):
    assert phone.post(command, b"").root.children[0].text == "102"


TAGS = sorted(codepages.NAMES)
SYNC_TAGS = [each for each in TAGS if each.page in (0, 4, 17)]
TEXTS = st.one_of(
    st.sampled_from(
        ["0", "1", "2", "c2", "c2:10", "c3", "m2", "00000000-1", "20261123T080000Z", "Calendar", "Mailbox"]
    ),
    st.text(max_size=12),
    st.integers(-5, 2**70).map(str),
)


def trees(tags):
    leaves = st.builds(E, st.sampled_from(tags), TEXTS)
    return st.recursive(
        leaves,
        lambda inner: st.builds(lambda tag, some: E(tag, *some), st.sampled_from(tags), st.lists(inner, max_size=4)),
        max_leaves=12,
    )


@pytest.fixture
def asked(school, ada, synced):
    """Send a document as a command and give the answer; writes are rolled back."""

    class Undone(Exception):
        """Leave a transaction without committing."""

    def ask(command: str, body: bytes, version: str = "14.1"):
        query = f"Cmd={command}&User=ada&DeviceId=PHONE1&DeviceType=Android"
        agent = "Apple-iPhone15C2/2101.1" if version >= "16" else "Android-Mail/7.5.7"
        headers = {"ms-asprotocolversion": version, "user-agent": agent}
        request = Request("POST", "/Microsoft-Server-ActiveSync", query, headers, body, ada, HERE)
        found = []
        try:
            with school.reading() as tx:
                return app.handle(request, tx)
        except WritingRequired:
            pass
        try:
            with school.writing() as tx:
                found.append(app.handle(request, tx))
                raise Undone
        except Undone:
            return found[0]

    return ask


def sound(answer):
    response = answer.expired if isinstance(answer, Park) else answer
    assert response.status in (200, 400, 403)
    if response.body:
        decode(response.body)


quickly = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@quickly
@given(st.sampled_from(COMMANDS), st.lists(trees(TAGS), max_size=4), st.sampled_from(["12.1", "14.0", "14.1", "16.1"]))
def test_no_document_makes_a_command_fail(asked, command, children, version):
    root = Element(ROOTS[command][0], tuple(children))
    sound(asked(command, encode(root), version))


# What each command looks for; filled with anything, and with ids that are Ada's, Bob's and nobody's.
SKELETONS = {
    "FolderCreate": (FolderHierarchy, "SyncKey ServerId ParentId DisplayName Type", ""),
    "FolderDelete": (FolderHierarchy, "SyncKey ServerId", ""),
    "FolderUpdate": (FolderHierarchy, "SyncKey ServerId ParentId DisplayName", ""),
    "MoveItems": (Move, "SrcMsgId SrcFldId DstFldId", "Move"),
    "MeetingResponse": (MeetingResponse, "UserResponse CollectionId RequestId InstanceId", "Request"),
    "Search": (Search, "Name Query Options Range", "Store"),
    "ResolveRecipients": (ResolveRecipients, "To", ""),
    "SendMail": (ComposeMail, "ClientId Mime Source", ""),
    "SmartForward": (ComposeMail, "ClientId Mime", "Source"),
    "ItemOperations": (ItemOperations, "Store Options Range", "Fetch"),
    "GetItemEstimate": (GetItemEstimate, "CollectionId", "Collections"),
    "Settings": (Settings, "Get Set OofState OofMessage StartTime EndTime", "Oof"),
    "ValidateCert": (ValidateCert, "Certificate", "Certificates"),
}


@quickly
@given(st.sampled_from(sorted(SKELETONS)), st.lists(st.tuples(st.integers(0, 5), TEXTS), max_size=8), st.data())
def test_no_filling_makes_a_command_fail(asked, synced, command, filling, data):
    page, names, within = SKELETONS[command]
    tags = [getattr(page, name) for name in names.split()]
    known = st.sampled_from([synced.folder_key, *synced.keys.values(), *synced.items["c2"], "GAL", "13"])
    parts = [E(tags[which % len(tags)], data.draw(st.one_of(st.just(text), known))) for which, text in filling]
    inner = [E(getattr(page, within), *parts)] if within else parts
    version = data.draw(st.sampled_from(["12.1", "14.1", "16.1"]))
    sound(asked(command, encode(E(ROOTS[command][0], *inner, *parts[:1])), version))


# Commands that name nothing of anybody's: their documents have no folder and no item in them.
OF_NOBODY = {"FolderCreate", "FolderSync", "Provision", "ResolveRecipients", "Search", "SendMail", "Settings"}
OF_NOBODY |= {"ValidateCert"}
# Read by tests of their own above, instead of by a skeleton.
ELSEWHERE = {"FolderSync", "Ping", "Provision", "SmartReply", "Sync"}


def test_a_new_command_is_answered_with_rubbish_too():
    assert set(COMMANDS) == set(SKELETONS) | ELSEWHERE
    assert set(COMMANDS) == {*answers.COMMANDS.split(",")}
    assert set(ROOTS) == set(COMMANDS)


@pytest.mark.parametrize("version", ["12.1", "16.1"])
@pytest.mark.parametrize("command", COMMANDS)
def test_every_element_alone_twice_deep_and_contradicted_is_answered(asked, command, version):
    root, _ = ROOTS[command]
    for tag in (each for each in TAGS if each.page == root.page):
        odd = [E(tag), E(tag, "0"), E(tag, "x" * 300), E(tag, b"\x00\xff")]
        deep = E(tag, "1")
        for _ in range(28):
            deep = E(tag, deep)
        for children in ([odd[0]], [odd[2]], [odd[3]], [*odd, odd[1]], [deep, deep]):
            sound(asked(command, encode(E(root, *children)), version))


def test_nothing_of_another_person_is_told_or_touched_by_any_command(school, ada, synced, agenda):
    bob = school.person("bob")
    folder, item_number = school.folder(bob), school.put(bob, "b", event("b", "Secret of Bob"))
    name, (own,) = f"{folder}:{item_number}", synced.items[agenda]
    key = ("FolderHierarchy:SyncKey", synced.folder_key)
    theirs = ("FolderHierarchy:ServerId", folder)
    named = [("AirSync:CollectionId", folder), ("AirSync:ServerId", name)]
    moves = [(name, folder, agenda), (own, agenda, folder), (name, agenda, folder)]
    tags = ("Move:SrcMsgId", "Move:SrcFldId", "Move:DstFldId")
    here = [("MeetingResponse:CollectionId", folder), ("MeetingResponse:RequestId", name)]
    source = ("ComposeMail:Source", [("ComposeMail:FolderId", folder), ("ComposeMail:ItemId", name)])
    mime = ("ComposeMail:Mime", b"To: a@b.example\r\n\r\n")
    commands: dict[str, Pair] = {
        "FolderUpdate": (
            "FolderHierarchy:FolderUpdate",
            [key, theirs, ("FolderHierarchy:ParentId", "0"), ("FolderHierarchy:DisplayName", "X")],
        ),
        "FolderDelete": ("FolderHierarchy:FolderDelete", [key, theirs]),
        "MoveItems": ("Move:MoveItems", [("Move:Move", list(zip(tags, each, strict=True))) for each in moves]),
        "MeetingResponse": (
            "MeetingResponse:MeetingResponse",
            [("MeetingResponse:Request", [("MeetingResponse:UserResponse", 3), *here])],
        ),
        "ItemOperations": (
            "ItemOperations:ItemOperations",
            [("ItemOperations:Fetch", [("ItemOperations:Store", "Mailbox"), *named])],
        ),
        "SmartForward": ("ComposeMail:SmartForward", [("ComposeMail:ClientId", "1"), source, mime]),
        "SmartReply": ("ComposeMail:SmartReply", [("ComposeMail:ClientId", "2"), source, mime]),
        "GetItemEstimate": (
            "GetItemEstimate:GetItemEstimate",
            [
                (
                    "GetItemEstimate:Collections",
                    [
                        (
                            "GetItemEstimate:Collection",
                            [("AirSync:SyncKey", "1"), ("GetItemEstimate:CollectionId", folder)],
                        )
                    ],
                )
            ],
        ),
        "Ping": (
            "Ping:Ping",
            [("Ping:HeartbeatInterval", 600), ("Ping:Folders", [("Ping:Folder", [("Ping:Id", folder)])])],
        ),
        "Sync": ("AirSync:Sync", [collection(folder, "0")]),
    }
    assert set(commands) | OF_NOBODY == set(COMMANDS)
    with school.reading() as tx:
        clock = tx.changes.clock()
    for command, document in commands.items():
        answer = synced.post(command, document)
        assert answer.status == 200
        assert b"Secret" not in answer.body, command
    with school.reading() as tx:
        assert tx.changes.clock() == clock
    assert synced.quiet(agenda)


@quickly
@given(st.sampled_from(COMMANDS), st.binary(max_size=60))
def test_no_bytes_make_a_command_fail(asked, command, body):
    sound(asked(command, b"\x03\x01\x6a\x00" + body))


@quickly
@given(st.lists(st.tuples(st.sampled_from(["Add", "Change", "Delete", "Fetch"]), TEXTS, trees(SYNC_TAGS)), max_size=5))
def test_no_item_makes_a_sync_fail(asked, synced, agenda, drafts):
    server_id = next(iter(synced.items[agenda]))
    commands = []
    for number, (kind, text, tree) in enumerate(drafts):
        name = E(AirSync.ClientId, f"n{number}") if kind == "Add" else E(AirSync.ServerId, server_id)
        data = E(AirSync.ApplicationData, E(Calendar.Subject, text), *tree.children, tree)
        commands.append(E(getattr(AirSync, kind), name, data if kind in ("Add", "Change") else None))
    key, where = E(AirSync.SyncKey, synced.keys[agenda]), E(AirSync.CollectionId, agenda)
    listed = E(AirSync.Collection, key, where, E(AirSync.Commands, *commands))
    answer = asked("Sync", encode(E(AirSync.Sync, E(AirSync.Collections, listed))))
    sound(answer)
    if commands:
        assert decode(answer.body).value("AirSync:Collections", "AirSync:Collection", "AirSync:Status") == "1"


@quickly
@given(TEXTS)
def test_no_key_makes_a_folder_sync_or_a_provision_fail(asked, text):
    sound(asked("FolderSync", encode(E(FolderHierarchy.FolderSync, E(FolderHierarchy.SyncKey, text)))))
    policy = E(Provision.Policy, E(Provision.PolicyType, text), E(Provision.PolicyKey, text))
    sound(asked("Provision", encode(E(Provision.Provision, E(Provision.Policies, policy)))))


@quickly
@given(
    st.text(max_size=40), st.text(max_size=40), st.dictionaries(st.text(max_size=10), st.text(max_size=40), max_size=3)
)
def test_no_query_and_no_header_makes_the_door_fail(school, ada, query, agent, headers):
    given_headers = {"ms-asprotocolversion": "14.1", **headers, "user-agent": agent}
    for text in (query, f"Cmd=FolderSync&DeviceType=x&DeviceId={query}", f"Cmd={query}"):
        request = Request("POST", "/Microsoft-Server-ActiveSync", text, given_headers, b"", ada, HERE)
        answer, _ = run(school.store, request)
        assert answer.status in (200, 400, 501, 505)
