"""Autodiscover: a phone is led to the server, Outlook is sent away, rubbish gets 600."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from protocols.eas.autodiscover import MAX_BYTES, MOBILE, REQUEST, RESPONSE, answer, told_openly

OUTLOOK = "http://schemas.microsoft.com/exchange/autodiscover/outlook/"
URL = "https://school.example/Microsoft-Server-ActiveSync"


def request(schema: str = MOBILE, space: str = REQUEST, address: str = "ann@school.example") -> bytes:
    return (
        f'<?xml version="1.0" encoding="utf-8"?><Autodiscover xmlns="{space}"><Request>'
        f"<EMailAddress>{address}</EMailAddress><AcceptableResponseSchema>{schema}</AcceptableResponseSchema>"
        f"</Request></Autodiscover>"
    ).encode()


def told(body: bytes) -> etree._Element:
    return etree.fromstring(answer(body, "ann@school.example", "Ann <B> & é", URL))


def error_code(root: etree._Element) -> str | None:
    return next((element.text for element in root.iter() if etree.QName(element).localname == "ErrorCode"), None)


def test_phone_is_led_to_the_server() -> None:
    root = told(request())
    space = {"m": MOBILE}
    assert root.tag == f"{{{RESPONSE}}}Autodiscover"
    assert root.findtext("m:Response/m:Culture", namespaces=space) == "en:us"
    assert root.findtext("m:Response/m:User/m:DisplayName", namespaces=space) == "Ann <B> & é"
    assert root.findtext("m:Response/m:User/m:EMailAddress", namespaces=space) == "ann@school.example"
    server = root.find("m:Response/m:Action/m:Settings/m:Server", namespaces=space)
    assert server is not None
    assert [(etree.QName(child).localname, child.text) for child in server] == [
        ("Type", "MobileSync"),
        ("Url", URL),
        ("Name", URL),
    ]


def test_another_address_gets_the_same_answer() -> None:
    assert answer(request(address="bob@school.example"), "a@b.c", "A", URL) == answer(request(), "a@b.c", "A", URL)


def test_outlook_is_told_that_its_schema_has_no_provider() -> None:
    root = told(request(OUTLOOK + "responseschema/2006a", OUTLOOK + "requestschema/2006"))
    assert error_code(root) == "601"
    assert root.find(f"{{{MOBILE}}}Response") is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"nonsense",
        b"<a/>",
        request()[:-5],
        request(schema=""),
        request(address=""),
        request(space="urn:other"),
        b"<!DOCTYPE Autodiscover>" + request()[38:],
        b'<!DOCTYPE Autodiscover SYSTEM "file:///etc/passwd">' + request()[38:],
        b'<!DOCTYPE Autodiscover [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>' + request(address="&b;")[38:],
        request() + b" " * MAX_BYTES,
        b"<a>" * 5000,
    ],
)
def test_invalid_request_gets_600(body: bytes) -> None:
    root = told(body)
    assert error_code(root) == "600"
    assert root.findtext(f".//{{{MOBILE}}}Status") == "2"


def test_controls_in_a_name_do_not_break_the_answer() -> None:
    root = etree.fromstring(answer(request(), "a@b.c", "A\0\x0b\ud800nn", URL))
    assert root.findtext(f".//{{{MOBILE}}}DisplayName") == "Ann"


@given(st.binary(max_size=100))
def test_any_bytes_are_answered(body: bytes) -> None:
    assert error_code(told(body)) in ("600", "601")


JSON = "/autodiscover/autodiscover.json"
ACTIVE_SYNC = {"Protocol": "ActiveSync", "Url": URL}


@pytest.mark.parametrize(
    ("path", "query", "status", "facts"),
    [
        (JSON, "Protocol=ActiveSync&Email=ann%40school.example", 200, ACTIVE_SYNC),
        (JSON, "email=nobody@school.example&protocol=activesync&RedirectCount=1", 200, ACTIVE_SYNC),
        (f"{JSON}/v1.0/ann@school.example", "Protocol=ActiveSync", 200, ACTIVE_SYNC),
        (f"{JSON}/v1.0/ann%40school.example", "Protocol=ActiveSync", 200, ACTIVE_SYNC),
        (
            JSON,
            "Protocol=AutodiscoverV1&Email=a@b.c",
            200,
            {"Protocol": "AutodiscoverV1", "Url": "https://school.example/autodiscover/autodiscover.xml"},
        ),
        (JSON, "Protocol=Ews&Email=a@b.c", 400, {"ErrorCode": "ProtocolNotSupported"}),
        (JSON, "Email=a@b.c", 400, {"ErrorCode": "MandatoryParameterMissing"}),
        (JSON, "Protocol=ActiveSync", 400, {"ErrorCode": "InvalidUserId"}),
        (JSON, "Protocol=ActiveSync&Email=ann", 400, {"ErrorCode": "InvalidUserId"}),
    ],
)
def test_version_2_tells_every_address_the_same(path: str, query: str, status: int, facts: dict[str, str]) -> None:
    given, body = told_openly(path, query, "https://school.example")
    told = json.loads(body)
    told.pop("ErrorMessage", None)
    assert (given, told) == (status, facts)
