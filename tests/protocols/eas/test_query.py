"""Both query forms, their vectors, and request lines that must be refused with the right code."""

import base64
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.eas.query import COMMANDS, Query, QueryError, parse

HEADERS = {"MS-ASProtocolVersion": "14.1", "X-MS-PolicyKey": "4294967295"}
PLAIN = "Cmd=Sync&User=SCHOOL%5Cann&DeviceId=ApplDN123&DeviceType=iPhone"
PHONE = "jAAJBAp2MTQwRGV2aWNlAApTbWFydFBob25l"
WINDOWS = "jQAHBBC5KA1Wkp/fDGN0EqhqG2XOBAAAAAALV2luZG93c01haWw="


def refused(query: str, headers: dict[str, str] | None = None) -> QueryError:
    with pytest.raises(QueryError) as caught:
        parse(query, HEADERS if headers is None else headers)
    return caught.value


def packed(code: int = 0, device: bytes = b"phone", key: bytes = b"", kind: bytes = b"X", extra: bytes = b"") -> bytes:
    head = bytes((141, code)) + b"\x0c\x04"
    return head + b"".join(bytes((len(part),)) + part for part in (device, key, kind)) + extra


def test_plain_form_with_its_headers() -> None:
    assert parse(PLAIN, HEADERS) == Query(
        command="Sync",
        user="SCHOOL\\ann",
        device_id="ApplDN123",
        device_type="iPhone",
        version="14.1",
        policy_key=4294967295,
    )


def test_parameters_of_the_plain_form() -> None:
    query = f"{PLAIN}&CollectionId=5&ItemId=5%3A1&LongId=L&Occurrence=O&AttachmentName=a%20b&SaveInSent=T"
    found = parse(query, {**HEADERS, "ms-asacceptmultipart": "T"})
    assert (found.collection_id, found.item_id, found.long_id, found.occurrence) == ("5", "5:1", "L", "O")
    assert (found.attachment_name, found.save_in_sent, found.accept_multipart) == ("a b", True, True)


def test_letter_case_of_headers_names_and_commands_does_not_matter() -> None:
    found = parse(PLAIN.replace("Cmd=Sync", "cmd=foldersync").lower(), {"ms-asprotocolversion": "12.1"})
    assert (found.command, found.version, found.policy_key) == ("FolderSync", "12.1", None)


def test_base64_form_with_a_text_id() -> None:
    assert parse(PHONE, {}) == Query("Sync", None, "v140Device", "SmartPhone", "14.0", None, locale=0x0409)


def test_base64_form_with_a_raw_id_and_a_key() -> None:
    device = "b9280d56929fdf0c637412a86a1b65ce"
    assert parse(WINDOWS, {}) == Query("Sync", None, device, "WindowsMail", "14.1", 0, locale=0x0407)


@pytest.mark.parametrize("query", [quote(WINDOWS, safe=""), WINDOWS.rstrip("="), quote(WINDOWS.rstrip("="))])
def test_base64_form_escaped_or_without_padding(query: str) -> None:
    assert parse(query, {}) == parse(WINDOWS, {})


def test_plus_that_became_a_space() -> None:
    raw = packed(device=b"abc>>>>>>", kind=b"type")
    query = base64.b64encode(raw).decode()
    assert "+" in query
    assert parse(query.replace("+", " "), {}).device_id == "abc>>>>>>"


def test_base64_parameters() -> None:
    extra = b"\x01\x015\x03\x035:1\x04\x01L\x06\x01O\x00\x01a\x07\x01\x03\x08\x03ann\x63\x01?\x01\x019"
    found = parse(base64.b64encode(packed(19, key=b"\x01\0\0\0", extra=extra)).decode(), {})
    assert (found.command, found.policy_key, found.user) == ("ItemOperations", 1, "ann")
    assert (found.collection_id, found.item_id, found.long_id, found.occurrence) == ("5", "5:1", "L", "O")
    assert (found.attachment_name, found.save_in_sent, found.accept_multipart) == ("a", True, True)


@pytest.mark.parametrize(("code", "name"), sorted(COMMANDS.items()))
def test_command_codes(code: int, name: str) -> None:
    assert parse(base64.b64encode(packed(code)).decode(), {}).command == name


@pytest.mark.parametrize("query", ["", "User=ann", "Cmd=OPTIONS&User=ann"])
def test_capability_probe_needs_nothing(query: str) -> None:
    assert parse(query, {}).command is None


@pytest.mark.parametrize(
    ("query", "status", "http"),
    [
        (PLAIN.replace("ApplDN123", ""), 108, 400),
        (PLAIN.replace("ApplDN123", "x" * 33), 108, 400),
        (PLAIN.replace("ApplDN123", "a%00b"), 108, 400),
        (PLAIN.replace("ApplDN123", "a%FFb"), 108, 400),
        (PLAIN.replace("iPhone", ""), 109, 400),
        (PLAIN.replace("iPhone", "x" * 65), 109, 400),
        (PLAIN.replace("iPhone", "a%0D%0Ab"), 109, 400),
        (PLAIN.replace("Sync", "Explode"), 137, 501),
        (PLAIN + "&x=1" * 40, 101, 400),
        ("Cmd=Sync&User=" + "x" * 9000, 101, 400),
    ],
)
def test_unsound_request_lines_get_their_common_status(query: str, status: int, http: int) -> None:
    error = refused(query)
    assert (error.status, error.http) == (status, http)


@pytest.mark.parametrize(
    ("version", "status", "http"),
    [("", 136, 400), ("new", 136, 400), ("2.5", 138, 505), ("12.0", 138, 505), ("16.2", 138, 505), ("99", 138, 505)],
)
def test_versions_the_server_does_not_speak(version: str, status: int, http: int) -> None:
    error = refused(PLAIN, {"MS-ASProtocolVersion": version})
    assert (error.status, error.http) == (status, http)


def test_version_opened_by_a_switch() -> None:
    assert parse(PLAIN, {"MS-ASProtocolVersion": "16.1"}, {"14.1", "16.1"}).version == "16.1"


@pytest.mark.parametrize("key", ["", "none", "-1", "4294967296", "9" * 5000, "²"])
def test_a_key_that_is_no_key_counts_as_none(key: str) -> None:
    assert parse(PLAIN, {**HEADERS, "X-MS-PolicyKey": key}).policy_key is None


def test_key_in_the_query_serves_when_the_header_is_missing() -> None:
    assert parse(PLAIN + "&PolicyKey=7", {"MS-ASProtocolVersion": "14.1"}).policy_key == 7


@pytest.mark.parametrize("raw", [packed()[:-1], packed(key=b"12"), packed(extra=b"\x01\x05a"), b"\x8d"])
def test_short_base64_form_is_invalid_content(raw: bytes) -> None:
    error = refused(base64.b64encode(raw).decode())
    assert (error.status, error.version) == (101, "14.1")


def test_unknown_code_in_base64_form() -> None:
    assert refused(base64.b64encode(packed(99)).decode()).status == 137


def test_raw_id_that_is_no_guid_is_refused() -> None:
    assert refused(base64.b64encode(packed(device=b"\x00\x01")).decode()).status == 108


def outcome(query: str, headers: dict[str, str]) -> Query | QueryError:
    try:
        return parse(query, headers)
    except QueryError as error:
        return error


@given(st.text(max_size=100))
def test_any_text_is_a_query_or_a_query_error(text: str) -> None:
    match outcome(text, HEADERS):
        case QueryError() as error:
            assert error.http in (400, 501, 505)
        case found:
            assert found.command is None or found.version == "14.1"


@given(st.binary(max_size=60), st.sampled_from([120, 121, 140, 141, 160, 161]))
def test_any_bytes_in_base64_are_a_query_or_a_query_error(raw: bytes, version: int) -> None:
    match outcome(base64.b64encode(bytes((version,)) + raw).decode(), {}):
        case QueryError() as error:
            assert 100 < error.status < 140
        case found:
            assert found.command in COMMANDS.values()
            assert 0 < len(found.device_id) <= 32
