"""The sync core, invariants 3 to 7 of the design's section 3, one by one; tests/model plays them all at random."""

from dataclasses import replace

import pytest

from storage import changes as changes_module
from storage.errors import TokenExpired, TokenInvalid
from storage.maintenance import purge
from storage.model import CalendarKind, CollectionPatch, NewCalendar, SyncToken, Watch
from tests.storage.builders import ALWAYS, DAV, DAY, event_text, lesson, make_person, outcome, show

TIMETABLE = "emploi-du-temps"
WEEK = tuple(f"{number}.ics" for number in range(7))


def pages(desk, token, limit):
    """Every page of a run."""
    found = [desk.since(token, limit)]
    while found[-1].more:
        found.append(desk.since(found[-1].token, limit))
    return found


def purge_below(desk, number):
    with desk.writing() as tx:
        return purge(tx, number)


# Invariant 3: whatever a client could see change is stamped.


def stamped_lessons(desk):
    (calendar,) = desk.lesson_calendars("l")
    desk.show(calendar, ((0, 10 * DAY),))
    desk.teach(lesson(calendar, "u", DAY))
    return calendar


def replaced(desk, calendar):
    with desk.writing() as tx:
        (old,) = tx.lessons.stored()
        tx.lessons.replace([(old, lesson(calendar, "u", DAY, "b"))])


def moved(desk, calendar):
    (other,) = desk.lesson_calendars("other")
    with desk.writing() as tx:
        (old,) = tx.lessons.stored()
        tx.lessons.replace([(old, lesson(other, "u", DAY))])


def ended(desk, _calendar):
    with desk.writing() as tx:
        tx.lessons.end(tx.lessons.stored())


MOVES = {
    "new lesson": lambda desk, calendar: desk.teach(lesson(calendar, "v", 2 * DAY)),
    "changed lesson": replaced,
    "lesson moved to a calendar not shown": moved,
    "ended lesson": ended,
    "narrowed stay": lambda desk, calendar: desk.show(calendar, ((0, DAY),)),
    "wider stay": lambda desk, calendar: desk.show(calendar, ((0, 20 * DAY),)),
    "ended stay": lambda desk, calendar: desk.show(calendar, ()),
}


@pytest.mark.parametrize("name", MOVES)
def test_whatever_a_client_could_see_change_moves_the_head_of_the_collection(desk, name):
    calendar = stamped_lessons(desk)
    token = desk.token(TIMETABLE)
    MOVES[name](desk, calendar)
    assert desk.head(TIMETABLE) > token.base
    assert desk.token(TIMETABLE).base == desk.head(TIMETABLE)


def test_writing_and_deleting_move_the_head_of_their_calendar_alone(desk):
    others = {slug: desk.head(slug) for slug in (TIMETABLE, "rendez-vous", "taches")}
    heads = [desk.head()]
    for work in (
        lambda: desk.put("a.ics"),
        lambda: desk.put("a.ics", event_text("a.ics", "SUMMARY:b")),
        lambda: desk.delete("a.ics"),
    ):
        work()
        heads.append(desk.head())
    assert heads == sorted(set(heads))
    assert {slug: desk.head(slug) for slug in others} == others


def test_the_same_bytes_again_move_nothing(desk):
    desk.put("a.ics")
    before = desk.clock()
    assert not desk.put("a.ics").changed
    assert desk.clock() == before


def test_a_head_never_goes_back_when_the_busiest_calendar_leaves(desk):
    quiet, busy = desk.lesson_calendars("quiet", "busy")
    desk.show(quiet)
    desk.show(busy)
    for number in range(5):
        desk.teach(lesson(busy, f"u{number}"))
    before = desk.head(TIMETABLE)
    desk.show(busy, ())
    after = desk.head(TIMETABLE)
    assert after > before
    desk.teach(lesson(busy, "unseen"))
    assert desk.head(TIMETABLE) == after
    purge_below(desk, desk.clock() + 1)
    assert desk.head(TIMETABLE) == after


def test_the_head_of_a_listing_is_the_head_and_the_token_of_an_up_to_date_client(desk):
    desk.put("a.ics")
    seen = desk.collection()
    with desk.reading() as tx:
        assert tx.changes.head(seen.id) == seen.head
        assert tx.changes.since(SyncToken(seen.id)).token == SyncToken(seen.id, seen.head)


# Invariant 2: the head first, nothing past it.


@pytest.mark.parametrize("transaction", ["reading", "writing"])
def test_what_is_committed_between_head_and_rows_waits_for_the_next_run(desk, dialect, monkeypatch, transaction):
    if (dialect, transaction) == ("sqlite", "writing"):
        pytest.skip("a SQLite writer is alone")
    desk.put("a.ics")
    seen = desk.collection()
    head = changes_module.Changes.head

    def interrupted(self, collection_id):
        found = head(self, collection_id)
        monkeypatch.undo()
        desk.put("a.ics", event_text("a.ics", "SUMMARY:later"))
        desk.put("late.ics")
        return found

    monkeypatch.setattr(changes_module.Changes, "head", interrupted)
    with getattr(desk, transaction)() as tx:
        first = tx.changes.since(SyncToken(seen.id))
    assert {change.href for change in first.changes} <= {"a.ics"}
    second = desk.since(first.token)
    told = {change.href: change.etag for page in (first, second) for change in page.changes}
    with desk.reading() as tx:
        assert told == {entry.href: entry.etag for entry in tx.objects.entries(seen)}


# Invariant 4: an end is written once.


def test_what_ended_keeps_its_end(desk):
    token = desk.token()
    desk.put("a.ics")
    held = desk.token()
    number = desk.delete("a.ics")
    desk.put("a.ics")
    page = desk.since(held)
    assert (page.changes[0].seq, page.changes[0].etag) == (number, None)
    assert len({change.item for change in page.changes}) == 2
    assert outcome(desk.since(token)) == [("a.ics", "new")]


def test_leaving_and_coming_back_are_two_stays(desk):
    (calendar,) = desk.lesson_calendars("l")
    desk.teach(lesson(calendar, "u"), lesson(calendar, "v"))
    desk.show(calendar)
    first = desk.token(TIMETABLE)
    desk.show(calendar, ())
    away = desk.token(TIMETABLE)
    desk.show(calendar)
    assert outcome(desk.since(first)) == [("u.ics", "changed"), ("v.ics", "changed")]
    assert outcome(desk.since(away)) == [("u.ics", "new"), ("v.ics", "new")]
    by_one = [outcome(page) for page in pages(desk, first, 1)]
    assert by_one == [[("u.ics", "gone")], [("v.ics", "gone")], [("u.ics", "new")], [("v.ics", "new")]]


# Invariant 5: a run is frozen.


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 8, None])
def test_a_run_by_pages_of_any_size_tells_everything_once_in_order(desk, limit):
    for href in WEEK:
        desk.put(href)
    found = pages(desk, SyncToken(desk.collection().id), limit)
    assert [change.href for page in found for change in page.changes] == list(WEEK)
    assert all(len(page.changes) <= (limit or 7) for page in found)
    assert [page.more for page in found] == [True] * (len(found) - 1) + [False]


def test_a_truncated_page_returns_the_place_of_its_last_row_and_not_the_head(desk):
    for href in WEEK:
        desk.put(href)
    page = desk.since(SyncToken(desk.collection().id), 3)
    assert page.more
    assert page.token.base == 0
    assert page.token.top == desk.head()
    assert page.token.seq == page.changes[-1].seq < page.token.top


def test_the_place_of_a_page_means_the_same_when_the_calendars_of_a_view_become_one_or_two(desk):
    first, second = desk.lesson_calendars("first", "second")
    desk.teach(*(lesson(first, f"a{number}", number * DAY) for number in range(4)))
    desk.show(second)
    desk.teach(*(lesson(second, f"b{number}", number * DAY) for number in range(4)))
    desk.show(first)
    view = SyncToken(desk.collection(TIMETABLE).id)
    for limit in range(1, 8):
        page = desk.since(view, limit)
        told = [change.href for change in page.changes]
        desk.show(second, ())
        while page.more:
            page = desk.since(page.token, limit)
            told += [change.href for change in page.changes]
        assert len(told) == len(set(told))
        assert {name for name in told if name.startswith("a")} == {f"a{number}.ics" for number in range(4)}
        desk.show(second)


def test_what_was_there_before_the_calendar_joined_comes_by_pages_once(desk):
    (calendar,) = desk.lesson_calendars("l")
    desk.teach(*(lesson(calendar, f"a{number}", number * DAY) for number in range(5)))
    desk.show(calendar)
    desk.teach(*(lesson(calendar, f"b{number}", number * DAY) for number in range(5)))
    view = SyncToken(desk.collection(TIMETABLE).id)
    whole = {change.href for change in desk.since(view).changes}
    for limit in range(1, 12):
        told = [change.href for page in pages(desk, view, limit) for change in page.changes]
        assert len(told) == 10
        assert set(told) == whole


def test_what_changes_during_a_run_waits_for_the_next(desk):
    for href in WEEK:
        desk.put(href)
    first = desk.since(SyncToken(desk.collection().id), 3)
    desk.put("late.ics")
    desk.put("6.ics", event_text("6.ics", "SUMMARY:changed"))
    desk.put("0.ics", event_text("0.ics", "SUMMARY:changed"))
    desk.delete("1.ics")
    rest = pages(desk, first.token, 3)
    assert [change.href for page in rest for change in page.changes] == ["3.ics", "4.ics", "5.ics", "6.ics"]
    assert all(change.new for page in rest for change in page.changes)
    following = pages(desk, rest[-1].token, 3)
    told = sorted(each for page in following for each in outcome(page))
    assert told == [("0.ics", "changed"), ("1.ics", "gone"), ("6.ics", "changed"), ("late.ics", "new")]


def test_a_page_cut_among_rows_of_one_number_loses_none(desk):
    calendars = desk.lesson_calendars("l")
    desk.teach(*(lesson(calendars[0], f"u{number}") for number in range(5)))
    desk.show(calendars[0])
    found = pages(desk, SyncToken(desk.collection(TIMETABLE).id), 2)
    assert [len(page.changes) for page in found] == [2, 2, 1]
    assert len({change.href for page in found for change in page.changes}) == 5


def test_a_client_at_the_head_is_told_nothing_and_keeps_its_token(desk):
    desk.put("a.ics")
    token = desk.token()
    page = desk.since(token)
    assert (page.changes, page.token, page.more) == ((), token, False)


# Invariant 6: tokens.


def test_a_token_from_the_future_is_invalid(desk):
    token = desk.token()
    with pytest.raises(TokenInvalid):
        desk.since(replace(token, base=token.base + 1))
    with pytest.raises(TokenInvalid):
        desk.since(replace(token, base=10**17))


@pytest.mark.parametrize(
    ("base", "top", "seq"),
    [(0, 1, 1), (0, 0, 0), (0, 0, -1), (0, 0, 2), (0, -1, 0), (0, -2, 1), (1, 0, 1), (1, -1, 1)],
)
def test_a_place_in_no_run_of_ours_is_invalid(desk, base, top, seq):
    desk.put("a.ics")
    before = desk.head()
    desk.put("b.ics")
    place = SyncToken(desk.collection().id, before + base, desk.head() + top, before + seq, 1)
    with pytest.raises(TokenInvalid):
        desk.since(place)


def test_a_token_for_what_was_purged_expires_and_never_starts_again_silently(desk):
    desk.put("a.ics")
    holding = desk.token()
    desk.delete("a.ics")
    told = desk.token()
    assert purge_below(desk, desk.clock() + 1) == 1
    with pytest.raises(TokenExpired):
        desk.since(holding)
    assert desk.since(told).changes == ()
    assert desk.since(SyncToken(holding.collection)).changes == ()


def test_a_token_standing_on_the_purged_number_is_still_good(desk):
    desk.put("a.ics")
    desk.delete("a.ics")
    token = desk.token()
    purge_below(desk, desk.clock() + 1)
    desk.put("b.ics")
    assert outcome(desk.since(token)) == [("b.ics", "new")]


def test_idle_collections_never_expire(desk):
    bob = make_person(desk.store, desk.school, "bob")
    desk.put("kept.ics")
    token = desk.token()
    first = SyncToken(token.collection)
    for number in range(3):
        with desk.writing() as tx:
            seen = tx.collections.by_slug(bob, "agenda", DAV)
            tx.objects.put(seen, f"{number}.ics", event_text(f"{number}"))
            tx.objects.delete(seen, f"{number}.ics")
        purge_below(desk, desk.clock() + 1)
    assert desk.since(token).changes == ()
    assert outcome(desk.since(first)) == [("kept.ics", "new")]


def test_a_purge_expires_only_the_tokens_of_collections_that_showed_what_was_purged(desk):
    shown, hidden = desk.lesson_calendars("shown", "hidden")
    desk.show(shown)
    desk.teach(lesson(shown, "s"), lesson(hidden, "h"))
    token = desk.token(TIMETABLE)
    with desk.writing() as tx:
        tx.lessons.end([each for each in tx.lessons.stored() if each.uid == "h"])
    purge_below(desk, desk.clock() + 1)
    assert desk.since(token).changes == ()
    with desk.writing() as tx:
        tx.lessons.end(tx.lessons.stored())
    purge_below(desk, desk.clock() + 1)
    with pytest.raises(TokenExpired):
        desk.since(token)


def test_a_purged_stay_expires_the_tokens_that_knew_it(desk):
    (calendar,) = desk.lesson_calendars("l")
    desk.teach(lesson(calendar, "u"))
    desk.show(calendar)
    token = desk.token(TIMETABLE)
    desk.show(calendar, ())
    told = desk.token(TIMETABLE)
    assert purge_below(desk, desk.clock() + 1) == 1
    with pytest.raises(TokenExpired):
        desk.since(token)
    assert desk.since(told).changes == ()


def test_a_first_sync_by_pages_can_finish_while_things_end_and_are_purged(desk):
    for href in WEEK:
        desk.put(href)
    page = desk.since(SyncToken(desk.collection().id), 1)
    held = [change.href for change in page.changes]
    for gone in ("0.ics", "5.ics"):
        keep = desk.clock()
        desk.delete(gone)
        purge_below(desk, keep)
        page = desk.since(page.token, 1)
        held += [change.href for change in page.changes]
    rest = pages(desk, page.token, 1)
    held += [change.href for page in rest for change in page.changes]
    following = desk.since(rest[-1].token)
    left = {change.href for change in following.changes if change.etag is None}
    assert set(held) - left == set(WEEK) - {"0.ics", "5.ics"}


def test_a_run_expires_when_what_it_told_was_purged_before_it_ended(desk):
    for href in WEEK:
        desk.put(href)
    page = desk.since(SyncToken(desk.collection().id), 3)
    desk.delete("0.ics")
    purge_below(desk, desk.clock() + 1)
    with pytest.raises(TokenExpired):
        desk.since(page.token, 3)


# Invariant 7: new to that client.


def test_new_means_new_since_the_base_of_the_client(desk):
    desk.put("a.ics")
    held = desk.token()
    first = SyncToken(held.collection)
    desk.put("a.ics", event_text("a.ics", "SUMMARY:b"))
    desk.put("b.ics")
    desk.put("b.ics", event_text("b.ics", "SUMMARY:b"))
    assert outcome(desk.since(held)) == [("a.ics", "changed"), ("b.ics", "new")]
    assert dict(outcome(desk.since(first))) == {"a.ics": "new", "b.ics": "new"}


def test_what_came_and_went_since_the_base_is_not_told(desk):
    held = desk.token()
    desk.put("a.ics")
    desk.delete("a.ics")
    page = desk.since(held)
    assert page.changes == ()
    assert page.token.base == desk.head()


def test_a_lesson_moved_to_another_shown_calendar_is_a_change_of_the_same_item(desk):
    first, second = desk.lesson_calendars("first", "second")
    desk.show(first)
    desk.show(second)
    desk.teach(lesson(first, "u"))
    held = desk.token(TIMETABLE)
    (before,) = desk.since(SyncToken(held.collection)).changes
    with desk.writing() as tx:
        (old,) = tx.lessons.stored()
        tx.lessons.replace([(old, lesson(second, "u", content="b"))])
    (change,) = desk.since(held).changes
    assert (change.item, change.new, change.href) == (before.item, False, "u.ics")
    assert change.etag not in (None, before.etag)


def test_a_lesson_moved_to_another_shown_calendar_is_not_cut_in_two_by_a_page(desk):
    first, second = desk.lesson_calendars("first", "second")
    desk.show(first)
    desk.show(second)
    desk.teach(*(lesson(first, uid) for uid in "uvw"))
    held = desk.token(TIMETABLE)
    with desk.writing() as tx:
        tx.lessons.replace([(old, lesson(second, old.uid, content="b")) for old in tx.lessons.stored()])
    by_one = [outcome(page) for page in pages(desk, held, 1)]
    assert sorted(by_one) == [[(f"{uid}.ics", "changed")] for uid in "uvw"]


# Waking those who wait.


def moved_since(desk, number):
    with desk.reading() as tx:
        return tx.changes.moved_since(number)


def test_nothing_moves_when_nothing_happens(desk):
    number = desk.clock()
    found = moved_since(desk, number)
    assert (found.head, found.watches) == (number, frozenset())
    assert moved_since(desk, number + 5).watches == frozenset()


def test_a_write_wakes_those_who_watch_the_collection(desk):
    seen = desk.collection()
    number = desk.clock()
    desk.put("a.ics")
    assert moved_since(desk, number).watches == {Watch("collection", seen.id)}
    assert moved_since(desk, number).head == number + 1


def test_a_lesson_wakes_every_collection_that_shows_its_calendar_and_no_other(desk):
    shown, hidden = desk.lesson_calendars("shown", "hidden")
    desk.show(shown)
    timetable = desk.collection(TIMETABLE).id
    number = desk.clock()
    desk.teach(lesson(hidden, "h"))
    assert moved_since(desk, number).watches == {Watch("collection", hidden)}
    desk.teach(lesson(shown, "s"))
    assert moved_since(desk, number).watches == {Watch("collection", each) for each in (hidden, shown, timetable)}
    number = desk.clock()
    desk.show(shown, ())
    assert moved_since(desk, number).watches == {Watch("collection", timetable)}


HOME_MOVES = {
    "switch": lambda tx, me: tx.collections.switch(me, "rendez-vous", on=False),
    "name": lambda tx, me: tx.collections.update(
        me, tx.collections.by_slug(me, "rendez-vous", DAV), CollectionPatch(name="RV")
    ),
    "new calendar": lambda tx, me: tx.collections.create(me, NewCalendar("club", "Club")),
    "unsubscription": lambda tx, me: tx.collections.unsubscribe(me, tx.collections.by_slug(me, "taches", DAV).id),
}


@pytest.mark.req("R3")
@pytest.mark.parametrize("name", HOME_MOVES)
def test_a_change_in_a_persons_list_wakes_those_who_watch_that_home(desk, name):
    make_person(desk.store, desk.school, "bob")
    number = desk.clock()
    with desk.writing() as tx:
        HOME_MOVES[name](tx, desk.person)
    homes = {watch for watch in moved_since(desk, number).watches if watch.kind == "home"}
    assert homes == {Watch("home", desk.person.id)}


def test_a_view_of_everything_counts_each_object_once(desk):
    one, two = desk.lesson_calendars("one", "two")
    with desk.writing() as tx:
        timetable = tx.lessons.timetables()[desk.person.id]
        show(tx, timetable, one, ((0, DAY), (2 * DAY, 3 * DAY)))
        show(tx, timetable, two, ALWAYS)
        tx.lessons.create([lesson(one, f"u{day}", day * DAY) for day in range(4)] + [lesson(two, "v")])
        assert len(tx.lessons.feeds.live(CalendarKind.TIMETABLE)) == 3
    assert {change.href for change in desk.since(SyncToken(timetable)).changes} == {"u0.ics", "u2.ics", "v.ics"}
