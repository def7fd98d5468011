"""The WBXML codec against the reference's vectors, the test client's own codec, wbxml2xml, and rubbish."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from protocols.eas import codepages, wbxml
from protocols.eas.codepages import NAMES, NAMESPACES, AirSync, AirSyncBase, Calendar, FolderHierarchy, Ping, Tag
from protocols.eas.wbxml import E, Element, Reason, WbxmlError, decode, dump, encode
from tests.eas import wbxml as client
from tests.eas.tokens import PAGES

HEADER = bytes.fromhex("03016a00")
TRUNCATION = E(AirSyncBase.BodyPreference, E(AirSyncBase.Type, 1), E(AirSyncBase.TruncationSize, 500))
VECTORS = (
    (
        E(FolderHierarchy.FolderSync, E(FolderHierarchy.SyncKey, "0")),
        "03016a00000756520330000101",
    ),
    (
        E(
            AirSync.Sync,
            E(AirSync.Collections, E(AirSync.Collection, E(AirSync.SyncKey, "0"), E(AirSync.CollectionId, "5"))),
        ),
        "03016a00455c4f4b033000015203350001010101",
    ),
    (
        E(
            AirSync.Sync,
            E(
                AirSync.Collections,
                E(
                    AirSync.Collection,
                    E(AirSync.SyncKey, "k1"),
                    E(AirSync.CollectionId, "5"),
                    E(AirSync.DeletesAsMoves, False),
                    E(AirSync.GetChanges),
                    E(AirSync.WindowSize, 25),
                    E(AirSync.Options, E(AirSync.FilterType, 4), TRUNCATION),
                ),
            ),
        ),
        "03016a00455c4f4b036b31000152033500015e033000011355033235000157580334000100114546033100014703353030"
        "00010101010101",
    ),
    (
        E(
            Ping.Ping,
            E(Ping.HeartbeatInterval, 480),
            E(Ping.Folders, E(Ping.Folder, E(Ping.Id, "5"), E(Ping.Class, "Calendar"))),
        ),
        "03016a00000d4548033438300001494a4b033500014c0343616c656e6461720001010101",
    ),
    (E(Ping.Ping, E(Ping.Status, 1)), "03016a00000d45470331000101"),
    (E(FolderHierarchy.FolderSync, E(FolderHierarchy.Status, 142)), "03016a000007564c03313432000101"),
)


@pytest.mark.parametrize(("tree", "hexadecimal"), VECTORS)
def test_vectors_are_written_and_read_byte_for_byte(tree: Element, hexadecimal: str) -> None:
    assert encode(tree).hex() == hexadecimal
    assert decode(bytes.fromhex(hexadecimal)) == tree


def test_tables_agree_with_the_test_clients_own() -> None:
    ours = {(tag.page, tag.token, tag.namespace, tag.name) for tag in NAMES}
    theirs = {(page, code, space, name) for page, (space, names) in PAGES.items() for code, name in names.items()}
    assert ours == theirs


def test_no_page_has_two_names_for_one_token() -> None:
    tags = [tag for space in NAMESPACES.values() for tag in vars(space).values() if isinstance(tag, Tag)]
    assert len(tags) == len(set(tags))
    assert all(0x05 <= tag.token <= 0x3F for tag in tags)


def refused(data: bytes) -> WbxmlError:
    with pytest.raises(WbxmlError) as caught:
        decode(data)
    return caught.value


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", Reason.EMPTY),
        (b"\x03\x01", Reason.TRUNCATED),
        (HEADER, Reason.TRUNCATED),
        (bytes.fromhex("00016a0005"), Reason.VERSION),
        (bytes.fromhex("04016a0005"), Reason.VERSION),
        (bytes.fromhex("03006a0005"), Reason.PUBLIC_ID),
        (bytes.fromhex("0301030005"), Reason.CHARSET),
        (bytes.fromhex("03016a014105"), Reason.STRING_TABLE),
        (HEADER + bytes.fromhex("01"), Reason.NO_ROOT),
        (HEADER + bytes.fromhex("036100"), Reason.NO_ROOT),
        (HEADER + bytes.fromhex("45"), Reason.TRUNCATED),
        (HEADER + bytes.fromhex("450361"), Reason.TRUNCATED),
        (HEADER + bytes.fromhex("45c30561"), Reason.TRUNCATED),
        (HEADER + bytes.fromhex("45c38fffffff7f"), Reason.TRUNCATED),
        (HEADER + bytes.fromhex("45c3ffffffffff7f"), Reason.INTEGER),
        (HEADER + bytes.fromhex("45c39fffffff7f"), Reason.INTEGER),
        (HEADER + bytes.fromhex("4503ff0001"), Reason.ENCODING),
        (HEADER + bytes.fromhex("450361000601"), Reason.MIXED),
        (HEADER + bytes.fromhex("450603610001"), Reason.MIXED),
        (HEADER + bytes.fromhex("0505"), Reason.TRAILING),
        (HEADER + bytes.fromhex("450100"), Reason.TRAILING),
        *((HEADER + b"\x45" + bytes((token,)) + b"\x01\x01", Reason.TOKEN) for token in (0x02, 0x04, 0x40, 0x43, 0x44)),
        *((HEADER + b"\x45" + bytes((token,)) + b"\x01\x01", Reason.TOKEN) for token in (0x80, 0x83, 0x85, 0xC0, 0xC4)),
    ],
)
def test_what_no_phone_sends_is_refused_with_its_reason(data: bytes, reason: Reason) -> None:
    assert refused(data).reason is reason


def test_offset_points_at_the_refused_token() -> None:
    assert refused(HEADER + bytes.fromhex("454602")).offset == 6


def nested(depth: int) -> bytes:
    return HEADER + b"\x45" * depth + b"\x01" * depth


def test_depth_32_is_read_and_33_refused() -> None:
    assert decode(nested(32)).tag == AirSync.Sync
    assert refused(nested(33)).reason is Reason.DEPTH
    assert refused(HEADER + b"\x45" * 100_000).reason is Reason.DEPTH


def test_too_many_elements_and_too_many_bytes_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wbxml, "MAX_ELEMENTS", 100)
    assert decode(HEADER + b"\x45" + b"\x06" * 99 + b"\x01").children[0] == E(AirSync.Responses)
    assert refused(HEADER + b"\x45" + b"\x06" * 100 + b"\x01").reason is Reason.ELEMENTS
    monkeypatch.setattr(wbxml, "MAX_BYTES", 100)
    assert refused(nested(49)).reason is Reason.TOO_LONG


def test_page_switches_without_end_are_refused() -> None:
    assert refused(HEADER + b"\x45" + b"\x00\x01" * 1_000_001 + b"\x01").reason is Reason.TOKENS


def test_unknown_tokens_and_pages_stay_in_the_tree() -> None:
    root = decode(HEADER + bytes.fromhex("45 003f 47036100 01 0000 4b033500 01 01"))
    unknown, key = root.children
    assert (unknown.tag, str(unknown.tag), unknown.text) == (Tag(0x3F, 0x07), "page63:0x07", "a")
    assert (key.tag, key.text) == (AirSync.SyncKey, "5")
    assert decode(encode(root)) == root


def test_both_empty_forms_are_one() -> None:
    short, long = (HEADER + bytes.fromhex(body) for body in ("0004552601", "000455660101"))
    assert decode(short) == decode(long) == E(Calendar.Deleted, E(Calendar.Subject))


def test_split_strings_are_joined() -> None:
    assert decode(HEADER + bytes.fromhex("4b036100036200 01")).text == "ab"


def test_a_string_and_opaque_bytes_stand_for_each_other() -> None:
    opaque = decode(HEADER + bytes.fromhex("454bc3026b3101 01"))
    assert opaque.value(AirSync.SyncKey) == "k1"
    assert E(AirSync.SyncKey, "k1").data == b"k1"
    assert decode(HEADER + bytes.fromhex("45c3 02 ff00 01")).content == "\ufffd"


def test_two_byte_lengths_are_written_as_the_specification_says() -> None:
    tree = E(AirSync.ApplicationData, b"x" * 200)
    assert encode(tree)[5:8].hex() == "c38148"
    assert decode(encode(tree)) == tree


@pytest.mark.parametrize("text", ["a\0b", "a\x01b", "a\x1fb", "a\ud800b", "a\uffffb"])
def test_text_that_would_break_the_stream_is_cleaned(text: str) -> None:
    assert decode(encode(E(Calendar.Subject, text))).text == "ab"


def test_line_ends_tabs_and_accents_survive() -> None:
    text = "Mathématiques\r\n\tsalle 12 \U0001f600"
    assert decode(encode(E(Calendar.Subject, text))).text == text


def test_builder_turns_values_into_what_goes_on_the_wire() -> None:
    tree = E(AirSync.Collection, None, E(AirSync.GetChanges, True), E(AirSync.WindowSize, 25), E(AirSync.Class, ""))
    assert [child.text for child in tree.children] == ["1", "25", None]
    assert E(AirSync.Class, b"").opaque is None


def test_finding_walks_down_and_tells_empty_from_absent() -> None:
    collection = E(AirSync.Collection, E(AirSync.SyncKey, "k"), E(AirSync.GetChanges))
    root = E(AirSync.Sync, E(AirSync.Collections, collection, E(AirSync.Collection)))
    assert root.find(AirSync.Collections, AirSync.Collection) is collection
    assert root.value(AirSync.Collections, AirSync.Collection, AirSync.SyncKey) == "k"
    assert len(root.children[0].all(AirSync.Collection)) == 2
    assert (collection.value(AirSync.GetChanges), collection.value(AirSync.Class)) == ("", None)
    assert (collection.has(AirSync.GetChanges), collection.has(AirSync.Class)) == (True, False)
    assert root.find(AirSync.Commands, AirSync.Add) is None


def test_dump_shows_names_and_lengths_and_no_text() -> None:
    tree = E(AirSync.ApplicationData, E(Calendar.Subject, "secret"), E(AirSyncBase.Data, b"hidden"), E(Tag(60, 7)))
    assert dump(tree).splitlines() == [
        "AirSync:ApplicationData",
        "  Calendar:Subject [6]",
        "  AirSyncBase:Data <6>",
        "  page60:0x07",
    ]


TEXTS = st.text(
    st.characters(codec="utf-8", exclude_characters=["\x00"], exclude_categories=["Cc", "Cs", "Cn"]), max_size=20
)
TAGS = st.sampled_from(sorted(NAMES))
ELEMENTS = st.recursive(
    st.builds(E, TAGS, st.one_of(st.none(), TEXTS, st.binary(max_size=300))),
    lambda inner: st.builds(lambda tag, children: E(tag, *children), TAGS, st.lists(inner, max_size=4)),
    max_leaves=25,
)


@given(ELEMENTS)
def test_every_tree_comes_back_as_it_went(tree: Element) -> None:
    assert decode(encode(tree)) == tree


def as_client_reads(element: Element) -> tuple[object, ...]:
    return (
        str(element.tag),
        element.text or "",
        element.opaque,
        [as_client_reads(child) for child in element.children],
    )


def as_node(node: client.Node) -> tuple[object, ...]:
    return (node.name, node.text, node.raw, [as_node(child) for child in node.children])


@given(ELEMENTS)
@settings(max_examples=50)
def test_the_test_client_reads_what_the_server_writes(tree: Element) -> None:
    assert as_node(client.decode(encode(tree))) == as_client_reads(tree)


def outcome(data: bytes) -> Element | WbxmlError:
    try:
        return decode(data)
    except WbxmlError as error:
        return error


@given(st.binary(max_size=200))
@example(b"\x45\xc3\x8f\xff\xff\xff\x7f")
@example(b"\x00")
def test_random_bytes_give_a_tree_or_a_wbxml_error(data: bytes) -> None:
    for document in (data, HEADER + data):
        match outcome(document):
            case WbxmlError() as error:
                assert 0 <= error.offset <= len(document)
            case tree:
                assert decode(encode(tree)).tag == tree.tag


@given(ELEMENTS, st.data())
def test_a_document_cut_anywhere_is_refused(tree: Element, data: st.DataObject) -> None:
    whole = encode(tree)
    cut = data.draw(st.integers(0, len(whole) - 1))
    assert refused(whole[:cut]).reason in (Reason.TRUNCATED, Reason.EMPTY)


@pytest.mark.skipif(client.WBXML2XML is None, reason="wbxml2xml is not installed (Debian: libwbxml2-utils)")
@pytest.mark.parametrize(
    "space", [codepages.AirSync, codepages.Calendar, codepages.FolderHierarchy, codepages.AirSyncBase]
)
def test_wbxml2xml_reads_every_token_of_the_calendar_pages_as_we_do(space: type) -> None:
    tags = [tag for tag in vars(space).values() if isinstance(tag, Tag)]
    leaves = [E(tag, f"é{tag.token}") for tag in tags]
    assert client.confirm(encode(E(AirSync.Sync, *leaves, E(AirSync.Status, 1))))


@pytest.mark.skipif(client.WBXML2XML is None, reason="wbxml2xml is not installed (Debian: libwbxml2-utils)")
@pytest.mark.parametrize(("tree", "hexadecimal"), VECTORS)
def test_wbxml2xml_reads_the_vectors_as_we_do(tree: Element, hexadecimal: str) -> None:
    assert client.confirm(bytes.fromhex(hexadecimal))
