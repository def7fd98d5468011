"""sync-collection: tokens, pages, and what is refused."""

import pytest

from tests.protocols.caldav.client import CS, SPACES, C, D, Dav, event_text, props


def fill(client: Dav, names: str) -> None:
    """Write an event for each letter."""
    for name in names:
        client.put(f"{client.agenda}{name}.ics", event_text(name, start="20261123T080000Z"))


@pytest.mark.parametrize("size", [1, 2, 3, 7, 50])
def test_pages_of_any_size_add_up(marie: Dav, size: int):
    fill(marie, "abcdefg")
    seen: list[str] = []
    token = ""
    for _ in range(20):
        page = marie.sync(marie.agenda, token, extra=f"<D:limit><D:nresults>{size}</D:nresults></D:limit>")
        token = page.token
        rows = [row for row in page.rows.values() if row.href != marie.agenda]
        assert len(rows) <= size
        seen += [row.href for row in rows]
        if marie.agenda not in page.rows:
            break
        more = page.rows[marie.agenda]
        assert (more.status, more.errors) == (507, (D + "number-of-matches-within-limits",))
    assert sorted(seen) == [f"{marie.agenda}{name}.ics" for name in "abcdefg"]
    assert marie.sync(marie.agenda, token).rows == {}


def test_the_token_of_the_calendar_is_one_to_go_on_from(marie: Dav):
    fill(marie, "ab")
    token = marie.propfind(marie.agenda, D + "sync-token").row.text(D + "sync-token")
    fill(marie, "c")
    assert marie.names(marie.sync(marie.agenda, token)) == {"c.ics"}


def test_a_listing_can_bring_the_texts(marie: Dav):
    fill(marie, "ab")
    rows = marie.sync(marie.agenda, names=(C + "calendar-data", D + "getetag")).rows
    assert all("BEGIN:VEVENT" in row.text(C + "calendar-data") for row in rows.values())


def test_a_calendar_without_changes_keeps_its_tags(marie: Dav):
    fill(marie, "a")
    tags = marie.propfind(marie.agenda, CS + "getctag", D + "sync-token").body
    marie.put(marie.tasks + "refused.ics", event_text("refused"))
    marie.put(marie.agenda + "a.ics", "rubbish")
    marie.send("DELETE", marie.agenda + "z.ics")
    assert marie.propfind(marie.agenda, CS + "getctag", D + "sync-token").body == tags


def test_tokens_of_elsewhere_are_refused(marie: Dav, leo: Dav):
    fill(marie, "a")
    token = marie.sync(marie.agenda).token
    school, collection, base = token.split(":")[3:]
    wrong = [
        marie.sync(marie.tasks).token,
        leo.sync(leo.agenda).token,
        token + "0000",
        token.replace(f":{collection}:{base}", f":{collection}:99999999"),
        token.replace(f"sync:{school}:", "sync:77:"),
        "rubbish",
        "https://elsewhere.example/7",
        token + ":9:9:9",
    ]
    for each in wrong:
        refused = marie.sync(marie.agenda, each)
        assert (refused.status, refused.errors) == (403, (D + "valid-sync-token",)), each


@pytest.mark.parametrize("results", ["0", "-1", "x", "", "9999999999"])
def test_a_strange_limit_is_refused(marie: Dav, results: str):
    extra = f"<D:limit><D:nresults>{results}</D:nresults></D:limit>"
    assert marie.sync(marie.agenda, extra=extra).status == 400


@pytest.mark.parametrize(("level", "status"), [("1", 207), ("infinite", 207), ("", 207), ("2", 400)])
def test_a_calendar_has_one_level(marie: Dav, level: str, status: int):
    body = f"<D:sync-collection {SPACES}><D:sync-token/><D:sync-level>{level}</D:sync-level>{props(D + 'getetag')}"
    for depth in ("0", "1", "infinity"):
        assert marie.send("REPORT", marie.agenda, body + "</D:sync-collection>", depth=depth).status == status


def test_only_calendars_and_homes_are_synchronised(marie: Dav):
    fill(marie, "a")
    for path in (marie.principal, marie.agenda + "a.ics"):
        refused = marie.sync(path)
        assert (refused.status, refused.errors) == (403, (D + "supported-report",))


def test_a_deleted_object_that_comes_back_is_there(marie: Dav):
    fill(marie, "a")
    token = marie.sync(marie.agenda).token
    marie.send("DELETE", marie.agenda + "a.ics")
    fill(marie, "a")
    (row,) = marie.sync(marie.agenda, token).rows.values()
    assert row.status is None


def test_minimal_answers_say_so(marie: Dav):
    body = f"<D:sync-collection {SPACES}><D:sync-token/><D:sync-level>1</D:sync-level>"
    body += props(D + "getetag", "{urn:example}mood") + "</D:sync-collection>"
    fill(marie, "a")
    answer = marie.send("REPORT", marie.agenda, body, prefer="return=minimal")
    assert answer.headers["Preference-Applied"] == "return=minimal"
    assert set(answer.row.props) == {200}


def test_a_name_taken_by_another_object_is_not_told_as_gone_on_a_later_page(marie: Dav):
    fill(marie, "ab")
    token = marie.sync(marie.agenda).token
    marie.send("DELETE", marie.agenda + "a.ics")
    marie.put(marie.agenda + "a.ics", event_text("another"))
    seen: dict[str, int | None] = {}
    for _ in range(4):
        page = marie.sync(marie.agenda, token, extra="<D:limit><D:nresults>1</D:nresults></D:limit>")
        token = page.token
        seen |= {href: row.status for href, row in page.rows.items() if href != marie.agenda}
    assert seen == {marie.agenda + "a.ics": None}
