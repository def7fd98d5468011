"""What feeds told of people, decisions, drafts: kept per school, gone with the person."""

import pytest

from storage.decisions import MATCH, REFUSE, Decision
from storage.errors import NotFound
from storage.people_feeds import Fed, GuardianLink, PeopleRun


def test_what_a_feed_told_replaces_what_it_told_before(desk):
    number = desk.person.id
    with desk.store.writing(desk.school.id) as tx:
        tx.people_feeds.note([Fed(number, ("Anne", "Marie"), 10)])
        tx.people_feeds.note([Fed(number, (), 20, closed=20)])
    with desk.store.reading(desk.school.id) as tx:
        assert tx.people_feeds.known() == {number: Fed(number, (), 20, 20)}


def test_runs_are_listed_newest_first_and_found_by_their_beginning(desk):
    run = PeopleRun("", 0, "aaf", "a.zip", "me", {"created": 1}, (("created", desk.person.id, ("family",)),))
    with desk.store.writing(desk.school.id) as tx:
        first, second = tx.people_feeds.record(run), tx.people_feeds.record(run)
        assert [each.id for each in tx.people_feeds.history()] == [second, first]
        assert tx.people_feeds.run(second[:30]).changes == run.changes
        with pytest.raises(NotFound):
            tx.people_feeds.run("nothing")


def test_one_person_has_one_account_by_hand_and_any_number_of_refusals(desk):
    with desk.store.writing(desk.school.id) as tx:
        for number, verdict in ((1, MATCH), (2, MATCH), (3, REFUSE), (4, REFUSE)):
            tx.decisions.keep(Decision("names", "ID", "A B", number, verdict))
        tx.decisions.keep(Decision("others", "", "C D", 2, MATCH))
        held = {(each.names_key, each.principal_id, each.verdict) for each in tx.decisions.all()}
    assert held == {("names", 3, REFUSE), ("names", 4, REFUSE), ("others", 2, MATCH)}


def test_confirming_what_was_refused_takes_the_refusal_back(desk):
    with desk.store.writing(desk.school.id) as tx:
        tx.decisions.keep(Decision("names", "ID", "A B", 1, REFUSE))
        tx.decisions.keep(Decision("names", "ID", "A B", 1, MATCH))
        (held,) = tx.decisions.all()
        assert held.verdict == MATCH
        tx.decisions.forget(held.id)
        assert tx.decisions.all() == ()


def test_nothing_of_a_person_is_left_when_they_are_removed(desk):
    number = desk.person.id
    with desk.store.writing(desk.school.id) as tx:
        tx.people_feeds.note([Fed(number)])
        tx.people_feeds.set_guardians([number], [GuardianLink(number, 99, True, "mother")])
        tx.decisions.keep(Decision("names", "ID", "A B", number, MATCH))
        tx.principals.remove(number)
        assert (tx.people_feeds.known(), tx.people_feeds.guardians(), tx.decisions.all()) == ({}, (), ())


def test_a_draft_is_kept_changed_found_and_dropped(desk):
    with desk.store.writing(desk.school.id) as tx:
        made = tx.import_drafts.begin("file", "a.xml", {"groups": []})
        tx.import_drafts.change(made.id, {"groups": ["3F"]})
        assert tx.import_drafts.get(made.id[:25]).data == {"groups": ["3F"]}
        tx.import_drafts.drop(made.id)
        with pytest.raises(NotFound):
            tx.import_drafts.get(made.id)


def test_another_school_sees_none_of_it(desk):
    other = desk.store.directory.create_school("0990077Z", "Autre", "Europe/Paris")
    with desk.store.writing(desk.school.id) as tx:
        tx.people_feeds.note([Fed(desk.person.id)])
        tx.decisions.keep(Decision("names", "ID", "A B", desk.person.id, MATCH))
        draft = tx.import_drafts.begin("file", "a.xml", {})
    with desk.store.reading(other.id) as tx:
        assert (tx.people_feeds.known(), tx.decisions.all(), tx.import_drafts.all()) == ({}, (), ())
        with pytest.raises(NotFound):
            tx.import_drafts.get(draft.id)
