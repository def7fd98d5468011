"""Odd documents about sharing: refused in the protocol's terms, and without a trace."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.protocols.caldav.client import SPACES, Dav

KNOWN = frozenset({200, 207, 400, 403, 404, 405, 409, 412, 415, 507})
NAMES = (
    *("CS:share", "CS:set", "CS:remove", "CS:read", "CS:read-write", "CS:summary", "CS:invite-reply", "CS:in-reply-to"),
    *("CS:invite-accepted", "CS:invite-declined", "CS:hosturl", "D:href", "C:read-free-busy", "D:acl", "D:ace"),
    *("D:principal", "D:grant", "D:deny", "D:privilege", "D:read", "D:write", "D:all", "D:property", "D:owner"),
    *("D:invert", "D:protected", "CS:calendarserver-principal-search", "CS:search-token", "CS:limit", "CS:nresults"),
)
TEXTS = (
    "",
    "x",
    "/dav/principals/marie.dupont/",
    "/dav/groups/school/",
    "/dav/groups/%ff/",
    "mailto:",
    "-1",
    "é" * 300,
)
TREES = st.recursive(
    st.sampled_from(TEXTS),
    lambda inner: st.builds(
        lambda name, parts: f"<{name}>{''.join(parts)}</{name}>", st.sampled_from(NAMES), st.lists(inner, max_size=4)
    ),
    max_leaves=12,
)
ROOTS = ("CS:share", "CS:invite-reply", "D:acl", "CS:calendarserver-principal-search")
PLACES = ("agenda/", "", "notifications/", "emploi-du-temps/", "taches/x.ics")


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.sampled_from(("POST", "ACL", "REPORT")),
    st.sampled_from(PLACES),
    st.sampled_from(ROOTS),
    st.lists(TREES, max_size=4),
)
def test_documents_from_the_words_of_sharing_are_answered(
    shared_marie: Dav, method: str, place: str, root: str, parts: list[str]
) -> None:
    body = f"<{root} {SPACES}>{''.join(parts)}</{root}>"
    answer = shared_marie.send(method, shared_marie.home + place, body, content_type="text/xml", depth="0")
    assert answer.status in KNOWN, (body, answer.body)
