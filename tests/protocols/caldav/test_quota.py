"""How much people keep, and what becomes of attachments that nothing refers to (RFC 4331)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from storage.model import Access, Admission
from storage.sharing import Offer
from storage.store import Store
from tests.protocols.caldav.attaching import (
    SMALL,
    add,
    attached,
    link_after,
    put,
    remove,
)
from tests.protocols.caldav.client import C, D, Dav, event_text
from tests.protocols.caldav.meetings import Circle, gather
from tests.storage.meetings import PAUL


@pytest.fixture(params=["sqlite", "postgresql"])
def dialect(request: pytest.FixtureRequest) -> str:
    """The whole exchange runs on both databases."""
    return str(request.param)


@pytest.fixture
def circle(migrated_url: str) -> Iterator[Circle]:
    """Four people of a school with little room."""
    store = Store(migrated_url, SMALL)
    yield gather(store)
    store.close()


@pytest.fixture
def marie(circle: Circle) -> Dav:
    """A teacher."""
    return circle.marie


def test_the_same_content_is_kept_once_and_a_school_has_limited_room(marie: Dav):
    path, other, third = (put(marie, name) for name in ("a.ics", "b.ics", "c.ics"))
    assert add(marie, path, b"a" * 1000).status == add(marie, other, b"a" * 1000).status == 201
    assert add(marie, path, b"b" * 1000).status == 201
    full = add(marie, third, b"c" * 1000)
    assert (full.status, full.errors) == (507, (D + "sufficient-disk-space",))
    assert add(marie, third, b"d" * 400).status == 201


def used(person: Dav) -> tuple[int, int]:
    """Return what a home tells of used and available room."""
    row = person.propfind(person.home, D + "quota-used-bytes", D + "quota-available-bytes").row
    return int(row.text(D + "quota-used-bytes")), int(row.text(D + "quota-available-bytes"))


def test_what_a_person_keeps_is_counted_as_it_comes_and_goes(marie: Dav):
    assert used(marie) == (0, 6000)
    path = put(marie)
    length = len(marie.send("GET", path).body)
    assert used(marie) == (length, 6000 - length)
    managed = add(marie, path, b"x" * 700).headers["Cal-Managed-ID"]
    grown = len(marie.send("GET", path).body)
    assert used(marie)[0] == grown + 700
    row = marie.propfind(marie.agenda, D + "quota-used-bytes").row
    assert row.text(D + "quota-used-bytes") == str(grown + 700)
    marie.send("POST", path + remove(managed))
    assert used(marie)[0] == length
    marie.send("DELETE", path)
    assert used(marie)[0] == 0


def test_a_counter_that_is_forgotten_is_counted_afresh(marie: Dav):
    path = put(marie)
    add(marie, path)
    before = used(marie)
    with marie.store.writing(marie.person.school_id) as tx:
        tx.usage.forget()
    assert used(marie) == before


def test_beyond_the_quota_nothing_grows_and_everything_may_shrink(marie: Dav):
    long = put(marie, "a.ics", "DESCRIPTION:" + "x" * 2500)
    assert (
        marie.put(marie.agenda + "b.ics", event_text("b", "B", "20261124T080000Z", "COMMENT:" + "y" * 2500)).status
        == 201
    )
    text = event_text("c", "C", "20261125T080000Z", "COMMENT:" + "z" * 2500)
    made = marie.send("MKCALENDAR", marie.home + "autre/")
    assert made.status == 201
    refusals = [
        marie.put(marie.agenda + "c.ics", text),
        marie.send("POST", marie.agenda + "?add-member", text, content_type="text/calendar"),
        marie.send("PUT", marie.agenda, text, content_type="text/calendar"),
        marie.send("COPY", long, destination=f"https://cadran.example{marie.home}autre/a.ics"),
        add(marie, long, b"x" * 1000),
    ]
    assert [(each.status, each.errors) for each in refusals] == [(507, (D + "quota-not-exceeded",))] * 5
    assert marie.send("MOVE", long, destination=f"https://cadran.example{marie.home}autre/a.ics").status == 201
    assert marie.put(marie.agenda + "b.ics", event_text("b", "B", "20261124T080000Z")).status == 204
    assert marie.put(marie.agenda + "c.ics", text).status == 201


def test_whoever_writes_with_somebody_has_that_persons_room_and_no_more(circle: Circle):
    marie, paul = circle.marie, circle.paul
    with marie.store.writing(marie.person.school_id) as tx:
        agenda = next(each for each in tx.collections.subscribed(marie.person) if each.slug == "agenda")
        tx.sharing.offer(marie.person, agenda, paul.person, Offer(Access.WRITE, "marie", settled=True))
        tx.delegations.give("test", marie.person, paul.person, Admission.WRITE)
    folders = (marie.agenda, f"{paul.home}partage-{agenda.id}/")
    large = event_text("large", "x" * 3000)
    assert marie.put(marie.agenda + "large.ics", large).status == 201
    assert paul.put(paul.agenda + "own.ics", large.replace("UID:large", "UID:own")).status == 201
    for number, folder in enumerate(folders):
        text = large.replace("UID:large", f"UID:other{number}")
        assert paul.put(f"{folder}other.ics", text).status == 507
        assert paul.send("POST", f"{folder}?add-member", text, content_type="text/calendar").status == 507
        assert paul.put(folder, text).status == 507
        assert paul.put(f"{paul.agenda}o{number}.ics", text.replace("x" * 3000, "x" * 900)).status == 201
    assert paul.send("COPY", paul.agenda + "own.ics", destination=folders[0] + "own.ics").status == 507
    assert used(marie)[0] == len(large)
    assert paul.put(folders[1] + "large.ics", event_text("large", "court")).status == 204


def test_quota_is_told_by_name_only_and_of_ones_own(marie: Dav):
    every = marie.send("PROPFIND", marie.home, "", depth="0").row
    assert D + "quota-used-bytes" not in every.props[200]
    named = marie.send("PROPFIND", marie.home, '<D:propfind xmlns:D="DAV:"><D:propname/></D:propfind>', depth="0").row
    assert D + "quota-used-bytes" in named.props[200]


def test_a_person_who_is_removed_takes_their_attachments_along(circle: Circle):
    path = circle.meet(PAUL)
    _, file = link_after(circle.marie, path)
    own = put(circle.paul, "p.ics")
    _, mine = link_after(circle.paul, own, b"Ordre du jour")
    with circle.store.writing(circle.marie.person.school_id) as tx:
        tx.principals.remove(circle.marie.person.id)
    assert circle.paul.send("GET", file).status == 404
    assert circle.paul.send("GET", mine).body == b"Ordre du jour"


def test_what_nothing_refers_to_is_deleted_after_a_time(circle: Circle):
    marie = circle.marie
    path, other = put(marie), put(marie, "b.ics")
    managed, file = link_after(marie, path)
    _, kept = link_after(marie, other, b"autre")
    line = attached(marie, path)["M"][0].line
    marie.send("POST", path + remove(managed))
    school = marie.person.school_id
    with circle.store.writing(school) as tx:
        now = tx.now()
        assert [tx.attachments.purge(now - 60), tx.attachments.purge(now + 60)] == [0, 1]
    assert [marie.send("GET", each).status for each in (file, kept)] == [404, 200]
    late = marie.put(path, event_text("a.ics", "Tard", "20261123T080000Z", line))
    assert (late.status, late.errors) == (403, (C + "valid-managed-id-parameter",))
