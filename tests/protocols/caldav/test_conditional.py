"""Conditional headers: what they expect, and when they are malformed."""

import pytest

from protocols.caldav import conditional
from protocols.caldav.errors import DavError
from storage.model import Expect

LISTS = {
    "": (),
    '"a"': ("a",),
    '"a", "b"': ("a", "b"),
    '"a","b" , W/"c"': ("a", "b", "c"),
    "bare": ("bare",),
    '""': ("",),
    '"with, comma"': ("with, comma",),
}


@pytest.mark.parametrize(("header", "tags"), LISTS.items())
def test_a_list_of_tags_is_read(header: str, tags: tuple[str, ...]):
    assert conditional.etags(header) == tags


@pytest.mark.parametrize("header", ['"a', 'a"b', '"a" "b"', ","])
def test_a_malformed_list_is_refused(header: str):
    with pytest.raises(DavError) as refused:
        conditional.etags(header)
    assert refused.value.status == 400


EXPECTATIONS = {
    (): Expect(),
    (("if-none-match", "*"),): Expect(absent=True),
    (("if-match", "*"),): Expect(present=True),
    (("if-match", '"a", "b"'),): Expect(etags=("a", "b")),
    (("if-none-match", '"a"'),): Expect(),
}


@pytest.mark.parametrize(("headers", "expect"), EXPECTATIONS.items())
def test_headers_become_an_expectation(headers: tuple[tuple[str, str], ...], expect: Expect):
    assert conditional.expectation(dict(headers)) == expect
