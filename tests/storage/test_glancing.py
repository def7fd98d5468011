"""Glances at an SQLite file: a connection of their own that waits for nobody, and no long texts."""

from __future__ import annotations

from contextlib import ExitStack

import pytest
from sqlalchemy.exc import OperationalError

from storage.errors import NotFound, TooMuch, WritingRequired
from storage.model import NewCalendar
from storage.store import GLANCE_TEXT
from tests.storage.builders import event_text

POOL = 32


@pytest.fixture
def near(desk):
    """A teacher whose school is in a file of this machine."""
    if not desk.store.near:
        pytest.skip("PostgreSQL is asked over a network, never at a glance")
    return desk


def test_a_long_text_is_not_read_at_a_glance(near):
    near.put("short.ics")
    near.put("long.ics", event_text("long", "SUMMARY:" + "x" * GLANCE_TEXT))
    with near.store.glancing(near.school.id) as tx:
        calendar = near.collection()
        assert tx.objects.get(calendar, "short.ics").uid
        for read in (tx.objects.get, lambda *asked: tx.objects.many(asked[0], [asked[1]])):
            with pytest.raises(TooMuch):
                read(calendar, "long.ics")
    with near.reading() as tx:
        assert tx.objects.get(near.collection(), "long.ics").uid


def test_what_a_person_keeps_is_not_summed_at_a_glance(near):
    near.put("a.ics")
    with near.store.writing(near.school.id) as tx:
        tx.usage.forget()
    with pytest.raises(TooMuch), near.store.glancing(near.school.id) as tx:
        tx.usage.of(near.person.id)
    with near.store.writing(near.school.id) as tx:
        kept = tx.usage.of(near.person.id)
    with near.store.glancing(near.school.id) as tx:
        assert tx.usage.of(near.person.id) == kept > 0


def test_a_glance_waits_for_no_connection_and_no_writer(near):
    with ExitStack() as others:
        for _ in range(POOL - 1):
            others.enter_context(near.store.reading(near.school.id))
        with near.store.writing(near.school.id) as writer:
            writer.collections.create(near.person, NewCalendar("unseen", "Unseen"))
            with near.store.glancing(near.school.id) as tx:
                assert tx.principals.by_login(near.person.login) == near.person


def test_the_connection_outlives_whatever_a_glance_does_not_do(near):
    with near.store.glancing(near.school.id) as tx:
        first = tx.connection
    with pytest.raises(NotFound), near.store.glancing(near.school.id) as tx:
        tx.principals.by_login("nobody")
    with pytest.raises(WritingRequired), near.store.glancing(near.school.id) as tx:
        tx.lock()
    with near.store.glancing(near.school.id) as tx:
        assert tx.connection is first
        assert tx.principals.by_login(near.person.login) == near.person


def test_a_glance_sees_what_was_committed_before_it(near):
    for name in ("a.ics", "b.ics"):
        near.put(name)
        with near.store.glancing(near.school.id) as tx:
            assert tx.objects.get(near.collection(), name).uid


def test_what_others_commit_is_seen_at_a_glance_and_told_once(near):
    store = near.store
    store.stirred()
    assert not store.stirred()
    near.put("a.ics")
    assert store.stirred()
    assert not store.stirred()
    with store.glancing(near.school.id) as tx:
        assert tx.objects.get(near.collection(), "a.ics").uid
    assert not store.stirred()


def test_a_glance_that_fails_tells_nothing_and_the_next_one_of_anything(near, monkeypatch):
    store = near.store
    store.stirred()
    monkeypatch.setattr("storage.store.open_glass", _broken)
    store.close()
    assert store.stirred() is None
    monkeypatch.undo()
    assert store.stirred()
    assert not store.stirred()


def _broken(_url):
    raise OperationalError("open", {}, Exception("disk I/O error"))
