"""The night's work of a server: done once a night, for every school, and never fatal."""

from __future__ import annotations

from server import nightly
from storage import maintenance
from storage.store import Store


def test_the_nights_work_is_done_once_for_every_school(store: Store):
    schools = [store.directory.create_school(f"099000{n}X", "École", "Europe/Paris") for n in range(2)]
    nightly.work(store)
    for school in schools:
        with store.reading(school.id) as tx:
            assert not maintenance.due(tx)
            assert maintenance.number_at(tx, tx.now()) == tx.changes.clock()


def test_a_school_that_fails_does_not_keep_the_others_from_theirs(store: Store, monkeypatch):
    first, second = (store.directory.create_school(f"099000{n}X", "École", "Europe/Paris") for n in range(2))
    real = maintenance.trim

    def failing(tx):
        if tx.school_id == first.id:
            raise RuntimeError
        return real(tx)

    monkeypatch.setattr(maintenance, "trim", failing)
    nightly.work(store)
    with store.reading(first.id) as tx:
        assert maintenance.due(tx)
    with store.reading(second.id) as tx:
        assert not maintenance.due(tx)
