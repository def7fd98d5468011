"""People feeds against accounts: numbers, leavers, people who come back, moving between feeds, and the trace of it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import pytest

from importers.apply import accounts
from importers.errors import ImportRefused
from importers.people import Link, PeopleFile, PersonRecord, Role
from server import feeding
from server import people as feed
from storage.model import Principal, Source
from storage.store import Store

EVERYBODY = frozenset({Role.PUPIL, Role.GUARDIAN})
LEA = PersonRecord(
    line=1,
    role=Role.PUPIL,
    family="Petit",
    given="Léa",
    birth_date=date(2012, 4, 3),
    external_id="1",
    ine="0A",
    siecle="50",
    other_given=("Anne",),
)
TOM = PersonRecord(line=2, role=Role.PUPIL, family="Grand", given="Tom", external_id="2")
ZOE = PersonRecord(line=3, role=Role.PUPIL, family="Roy", given="Zoé", external_id="3")
NOUR = PersonRecord(line=4, role=Role.GUARDIAN, family="Petit", given="Nour", external_id="9")


def file_of(*records: PersonRecord, source: str = "aaf", **more) -> PeopleFile:
    return PeopleFile(records, (), source=source, complete=more.pop("complete", EVERYBODY), **more)


def fed(store: Store, file: PeopleFile, *, force: bool = False) -> feed.PeoplePlan:
    with store.writing(1) as tx:
        proposal = feed.plan(file, feed.existing(tx, feeding.source_of(file)), force=force)
        made = feed.apply(tx, proposal, {})
        feeding.record(tx, file, proposal, made)
        feeding.trace(tx, file, proposal, made, file_name="f", actor="me")
    return proposal


def found(store: Store, login: str) -> Principal:
    account = store.directory.account(login)
    assert account is not None
    return account.principal


@pytest.mark.req("R80")
def test_numbers_of_a_feed_reach_reconciling(store: Store) -> None:
    fed(store, file_of(LEA))
    with store.reading(1) as tx:
        (lea,) = [account for account in accounts(tx) if account.given == "Léa"]
    assert (lea.siecle, lea.other_given) == (frozenset({"50", "0A"}), ("Anne",))


def test_the_same_feed_again_changes_nothing(store: Store) -> None:
    fed(store, file_of(LEA, NOUR, links=(Link("1", "9", True, "mother"),)))
    again = fed(store, file_of(LEA, NOUR, links=(Link("1", "9", True, "mother"),)))
    assert (again.writes, len(again.unchanged)) == (False, 2)


@pytest.mark.req("R113")
def test_leavers_are_closed_with_a_date_and_opened_when_they_come_back(store: Store) -> None:
    fed(store, file_of(LEA, TOM, ZOE))
    fed(store, file_of(LEA, TOM))
    zoe = found(store, "zoe.roy")
    assert not zoe.active
    with store.reading(1) as tx:
        assert tx.people_feeds.known()[zoe.id].closed is not None
        assert zoe.id not in {account.id for account in accounts(tx)}
    fed(store, file_of(LEA, TOM, ZOE))
    assert found(store, "zoe.roy").active
    with store.reading(1) as tx:
        runs = tx.people_feeds.history()
        latest = tx.people_feeds.run(runs[0].id)
    assert [run.counts["closed"] for run in runs] == [0, 1, 0]
    assert latest.changes == (("reopened", zoe.id, ()),)


def test_an_account_closed_by_hand_is_not_opened_by_a_feed(store: Store) -> None:
    fed(store, file_of(LEA))
    with store.writing(1) as tx:
        tx.principals.deactivate(found(store, "lea.petit").id)
    fed(store, file_of(LEA))
    assert not found(store, "lea.petit").active


def test_a_file_with_less_than_half_of_its_people_is_refused(store: Store) -> None:
    fed(store, file_of(LEA, TOM, ZOE))
    with pytest.raises(ImportRefused, match="leavers"):
        fed(store, file_of(LEA))
    assert found(store, "zoe.roy").active
    fed(store, file_of(LEA), force=True)
    assert not found(store, "zoe.roy").active


def test_only_a_complete_file_of_the_same_source_closes(store: Store) -> None:
    fed(store, file_of(LEA, TOM, ZOE))
    fed(store, file_of(LEA, TOM, complete=frozenset()))
    fed(store, file_of(LEA, TOM, source="siecle"))
    assert found(store, "zoe.roy").active
    with store.reading(1) as tx:
        assert tx.principals.by_login("paul").active


def test_somebody_whose_row_cannot_be_read_is_not_taken_for_a_leaver(store: Store) -> None:
    fed(store, file_of(LEA, TOM, ZOE))
    fed(store, file_of(LEA, TOM, spared=frozenset({"3"})))
    assert found(store, "zoe.roy").active


@pytest.mark.req("R80")
def test_an_account_moves_to_the_feed_that_names_it_by_a_national_number(store: Store) -> None:
    fed(store, file_of(LEA, source="csv"))
    renamed = replace(LEA, family="Petit-Roy", birth_family="Petit", external_id="900")
    proposal = fed(store, file_of(renamed))
    lea = found(store, "lea.petit")
    assert (proposal.create, lea.source, lea.usual, lea.family) == ((), Source.AAF, "Petit-Roy", "Petit")
    assert not fed(store, file_of(renamed)).writes


def test_a_birth_name_finds_the_account_of_a_feed_that_knew_only_it(store: Store) -> None:
    fed(store, file_of(replace(LEA, ine="", siecle=""), source="csv"))
    married = replace(LEA, family="Roy", birth_family="Petit", ine="", siecle="", external_id="900")
    assert fed(store, file_of(married)).create == ()


def test_a_differential_record_changes_only_what_it_tells(store: Store) -> None:
    fed(store, file_of(LEA, TOM))
    part = replace(LEA, family="Martin", given="", only=frozenset({"family"}), birth_date=None, ine="", other_given=())
    unknown = replace(part, external_id="404")
    proposal = fed(store, file_of(part, unknown, complete=frozenset(), gone=("2",)))
    lea = found(store, "lea.petit")
    assert (lea.name, lea.birth, lea.email) == ("Léa Martin", date(2012, 4, 3), "")
    assert [error.code for error in proposal.errors] == ["unknown-person"]
    assert [person.login for person in proposal.close] == ["tom.grand"]
    with store.reading(1) as tx:
        assert tx.people_feeds.known()[lea.id].given_names == ("Anne",)


def test_guardians_are_linked_to_their_pupils(store: Store) -> None:
    fed(store, file_of(LEA, NOUR, links=(Link("1", "9", True, "mother"), Link("1", "404", True))))
    with store.reading(1) as tx:
        (link,) = tx.people_feeds.guardians()
    assert (link.legal, link.relation) == (True, "mother")
    assert (link.pupil_id, link.guardian_id) == (found(store, "lea.petit").id, found(store, "nour.petit").id)
    with store.writing(1) as tx:
        tx.principals.remove(link.guardian_id)
    with store.reading(1) as tx:
        assert tx.people_feeds.guardians() == ()


def test_numbers_alone_do_not_move_an_account_to_somebody_with_another_name(store: Store) -> None:
    fed(store, file_of(LEA, source="csv"))
    stranger = replace(LEA, family="Inconnu", given="Max", external_id="77")
    assert len(fed(store, file_of(stranger)).create) == 1


def test_a_trace_is_plain_data(store: Store) -> None:
    fed(store, file_of(LEA))
    with store.reading(1) as tx:
        (run,) = tx.people_feeds.history()
    assert json.loads(json.dumps(dict(run.counts)))["created"] == 1
    with store.writing(1) as tx:
        tx.people_feeds.forget_changes(tx.now() + 1)
        assert tx.people_feeds.run(run.id).changes == ()
