"""XML in and out: nothing dangerous comes in, nothing malformed goes out."""

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.caldav import xml_in, xml_out
from protocols.caldav.errors import DavError
from protocols.caldav.names import dav

BOMB = '<!DOCTYPE a [<!ENTITY b "bbbbbbbb"><!ENTITY c "&b;&b;&b;&b;">]>'
REFUSED = {
    "empty": (b"", 400),
    "text": (b"propfind", 400),
    "unclosed": (b'<D:propfind xmlns:D="DAV:">', 400),
    "undeclared prefix": (b"<D:propfind/>", 400),
    "undefined entity": (b"<a>&b;</a>", 400),
    "bad bytes": (b"<a>\xff\xfe</a>", 400),
    "bad encoding": (b'<?xml version="1.0" encoding="nonsense"?><a/>', 400),
    "document type": (b"<!DOCTYPE a><a/>", 403),
    "external entity": (b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>', 403),
    "external subset": (b'<!DOCTYPE a SYSTEM "http://127.0.0.1:9/a.dtd"><a/>', 403),
    "entity bomb": (f"{BOMB}<a>&c;</a>".encode(), 403),
    "entity bomb in UTF-16": (f"{BOMB}<a>&c;</a>".encode("utf-16"), 403),
    "too deep": (b"<a>" * 5000 + b"</a>" * 5000, 400),
    "too large": (b"<a>" + b" " * xml_in.BODY_LIMIT + b"</a>", 413),
}


@pytest.mark.parametrize(("body", "status"), REFUSED.values(), ids=REFUSED)
def test_a_body_that_is_not_plain_xml_is_refused(body: bytes, status: int):
    with pytest.raises(DavError) as refused:
        xml_in.parse(body)
    assert refused.value.status == status
    assert refused.value.precondition == (dav("no-external-entities") if status == 403 else "")
    assert refused.value.reason


def test_blanks_before_the_declaration_are_passed_over():
    assert xml_in.parse(b' \r\n\t<?xml version="1.0"?><a/>').tag == "a"


def test_comments_and_instructions_are_passed_over():
    root = xml_in.parse(b"<a><!-- x --><?pi y?><b/>text<!-- z --></a>")
    assert [tag for tag, _ in xml_in.children(root)] == ["b"]


def test_asking_for_too_many_properties_is_refused():
    many = "".join(f"<p{number}/>" for number in range(xml_in.NAME_LIMIT + 1))
    with pytest.raises(DavError):
        xml_in.names(xml_in.parse(f"<a>{many}</a>".encode()))
    assert len(xml_in.names(xml_in.parse(b"<a>" + b"<b/>" * 1000 + b"</a>"))) == 1


@given(st.text())
def test_any_text_goes_out_as_well_formed_xml(text: str):
    document = xml_out.document(dav("a"), xml_out.escape(text))
    read = ElementTree.fromstring(document).text or ""
    legal = [
        c for c in text if c in "\t\n\r" or (c >= " " and not "\ud800" <= c <= "\udfff" and c not in "\ufffe\uffff")
    ]
    assert read == "".join(legal).replace("\r\n", "\n").replace("\r", "\n")


@given(st.text())
def test_any_reason_fits_into_a_comment(text: str):
    root = ElementTree.fromstring(xml_out.error_document(dav("a"), reason=text))
    assert [child.tag for child in root] == [dav("a")]


@pytest.mark.parametrize("name", ["{DAV:}a", "{urn:x:y}b", "c", '{urn:"<&>}d', "{urn:100%s}e"])
def test_a_name_of_any_namespace_survives(name: str):
    root = ElementTree.fromstring(xml_out.document(dav("prop"), xml_out.element(name) + xml_out.element(name, "1")))
    assert [child.tag for child in root] == [name, name]
