"""What the benchmarks do with what they measure: summaries, tables, the page, and reading answers."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from zoneinfo import ZoneInfo

import pytest

from bench import comparison, events, page
from bench.comparison import Results, measured
from bench.connection import Connection, basic, request_bytes
from bench.crowd import Crowd, crowd_table
from bench.figures import NOTHING, figures, milliseconds, number, ratio, repeat, table
from bench.imports import Crowd as Schools
from bench.imports import Waves
from bench.imports import crowd_table as schools_table
from bench.page import Imports
from bench.pings import Parked
from bench.processes import NotStarted, started
from bench.rows import ROWS
from bench.school import Imported, Prepared
from bench.servers import Subject
from storage import ical
from storage.model import School, Settings

MS = 0.001
ASKED = request_bytes("GET", "/", {"Host": "x"})


def test_figures_are_the_least_the_median_and_the_nearest_rank_percentile():
    found = figures([number * MS for number in range(100, 0, -1)])
    assert (found.least, found.p95, found.count) == (1 * MS, 95 * MS, 100)
    assert found.median == pytest.approx(50.5 * MS)


def test_one_duration_is_its_own_summary():
    found = figures([0.5])
    assert (found.least, found.median, found.p95, found.count) == (0.5, 0.5, 0.5, 1)


@pytest.mark.parametrize(("most", "budget", "counted"), [(7, 60.0, 7), (200, 0.0, 3)])
def test_repetitions_end_by_number_and_by_budget_but_are_three_at_least(most: int, budget: float, counted: int):
    calls: list[int] = []
    assert repeat(lambda: calls.append(1), budget, most).count == counted
    assert len(calls) > counted


def test_what_takes_long_is_repeated_no_more_but_counts_once():
    calls: list[int] = []
    assert repeat(lambda: calls.append(1), 60.0, longest=0.0).count == 1


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.1234, "0.12"), (9.876, "9.88"), (12.34, "12.3"), (123.4, "123"), (12345.6, "12 346"), (64, "64")],
)
def test_numbers_have_three_significant_digits(value: float, text: str):
    assert number(value) == text


def test_what_was_not_measured_is_a_dash():
    one = figures([2 * MS])
    assert milliseconds(None) == ratio(None, one) == ratio(one, None) == NOTHING
    assert milliseconds(one) == "**2.00** (2.00 to 2.00)"
    assert ratio(one, figures([20 * MS])) == "10.0 ×"


def test_a_table_escapes_bars():
    assert table(("a", "b"), [("x|y", "1")]) == "| a | b |\n| --- | ---: |\n| x\\|y | 1 |\n"


def test_the_table_says_what_is_kept_what_is_not_and_what_could_not_be_measured():
    ours = Results("cadran", {(row.title, 10): figures([row.promise * MS]) for row in ROWS[1:]})
    ours.found[ROWS[1].title, 10] = figures([(ROWS[1].promise + 1) * MS])  # type: ignore[index]
    peer = Results("radicale", {}, ("did not start",))
    lines = page.dav_table(ours, (peer,), 10).splitlines()[2:]
    assert [line.split(" | ")[3] for line in lines[:3]] == [NOTHING, "**no**", "yes"]
    assert page.problems((ours, peer)) == "- radicale: did not start\n"


def test_the_other_tables_name_what_they_measure():
    one = Imported(1.5, 100 * page.MIB, 16312)
    school = Prepared(Path("."), datetime(2026, 9, 1, tzinfo=UTC), 1568, page.MIB)
    assert "| First import, parse to committed | ≤ 5 | 1.50 | 1.50 | ≤ 300 | 100 |" in page.import_table(
        Imports(school, (one,), (one,), (one,))
    )
    parked = Parked(2000, 10 * 1024, 0.001, 1500, 0, 0, figures([0.1, 0.2, 0.3]), 0.4, 3.0)
    text = page.pings_table(parked)
    assert "| Memory each, kB | ≤ 20 | 10.0 |" in text
    assert "(p50), s |  | 0.20 |" in text
    assert "(p95), s |  | 0.30 |" in text
    grown = page.growth_table(
        Results("cadran", {(ROWS[0].title, 1): figures([MS]), (ROWS[0].title, 2): figures([MS])}), 1, 2
    )
    assert "1.00 ×" in grown


@pytest.mark.parametrize("number", [0, 1, 39, 40, 9999])
def test_events_are_valid_and_their_own(number: int):
    facts = ical.inspect(events.event(number), ZoneInfo("Europe/Paris"))
    assert facts.uid == events.uid(number)
    assert facts.recurring == (number % events.SERIES_EACH == 0)
    assert events.event(number) != events.event(number, version=1)


def test_forty_events_begin_in_the_week_that_is_asked_for():
    start, end = (datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC) for text in events.queried_week())
    begins = [ical.inspect(events.event(number), ZoneInfo("Europe/Paris")).starts for number in range(200)]
    assert sum(start.timestamp() <= each < end.timestamp() for each in begins) == events.WEEKLY


@contextmanager
def _answering(*answers: bytes) -> Iterator[int]:
    """Serve each connection some octets for one request, a few at a time, then close it."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            for answer in answers:
                connection, _ = listening.accept()
                with connection:
                    connection.recv(65536)
                    for at in range(0, len(answer), 7):
                        connection.sendall(answer[at : at + 7])

        thread = Thread(target=serve)
        thread.start()
        yield listening.getsockname()[1]
        thread.join()


@pytest.mark.parametrize(
    ("answer", "status", "body"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhello world", 200, b"hello world"),
        (
            b"HTTP/1.1 207 Multi\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;x=y\r\n world\r\n0\r\n\r\n",
            207,
            b"hello world",
        ),
        (b"HTTP/1.0 200 OK\r\n\r\nhello world", 200, b"hello world"),
        (b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n", 204, b""),
    ],
)
def test_answers_are_read_whole_in_every_framing(answer: bytes, status: int, body: bytes):
    with _answering(answer) as port:
        connection = Connection(port)
        found = connection.ask(ASKED)
        connection.close()
    assert (found.status, found.body) == (status, body)


def test_a_server_that_closes_is_connected_to_anew():
    closing = b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok"
    with _answering(closing, closing) as port:
        connection = Connection(port)
        assert [connection.ask(ASKED).body for _ in range(2)] == [b"ok", b"ok"]


def test_an_answer_cut_off_is_an_error():
    with _answering(b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhello") as port, pytest.raises(ConnectionError):
        Connection(port).ask(ASKED)


def test_credentials_are_basic():
    assert basic("Aladdin", "open sesame") == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="


def test_a_server_that_does_not_start_is_told_with_its_last_words(tmp_path: Path):
    def command(port: int) -> tuple[str, ...]:
        return sys.executable, "-c", "raise SystemExit('no such database')"

    with pytest.raises(NotStarted) as caught, started("peer", tmp_path, command):
        pass
    assert "no such database" in caught.value.log
    found = measured(Subject("peer", tmp_path, command, "/c{size}/"), (10,), 0.1, lambda _: None)
    assert not found.found
    assert "no such database" in found.problems[0]


def test_a_silent_server_is_started_anew_for_each_row_until_its_time_is_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    for name, seconds in (("GIVE_UP_SECONDS", 0.1), ("WARM_SECONDS", 0.1), ("SIZE_SECONDS", 1.0)):
        monkeypatch.setattr(comparison, name, seconds)
    started_with = tmp_path / "starts"

    def command(port: int) -> tuple[str, ...]:
        started_with.write_text(started_with.read_text() + "." if started_with.exists() else ".")
        listening = f"import socket, time; s = socket.create_server(('127.0.0.1', {port})); time.sleep(60)"
        return sys.executable, "-c", listening

    found = measured(Subject("peer", tmp_path, command, "/c{size}/"), (10,), 0.1, lambda _: None)
    assert not found.found
    assert found.given_up
    assert len(started_with.read_text()) - len(found.given_up) in {0, 1}
    asked = {title for title, _ in found.given_up}
    assert [each.title for each in ROWS if each.title not in asked] == [
        problem.partition(", 10 events: not asked")[0] for problem in found.problems
    ]


def test_a_peer_that_takes_too_long_is_given_up_and_said_to_be():
    row = ROWS[0]
    ours, peer = Results("cadran", {}), Results("peer", {}, given_up=frozenset({(row.title, 10)}))
    assert "| > 60 s | — |" in page.dav_table(ours, [peer], 10)
    assert "> 60 s" not in page.dav_table(ours, [peer], 20)


def test_a_crowd_is_told_by_row_with_its_errors():
    found = (("Poll", figures([2 * MS, 4 * MS])), ("PUT", figures([8 * MS, 8 * MS])))
    text = crowd_table(Crowd(64, found, 2.0, ("PUT: 500", "PUT: 500")))
    assert text.startswith("64 clients, 2.00 requests a second, 2 errors.")
    assert text.count("PUT: 500") == 1


def test_the_table_of_many_schools_says_how_many_were_imported_and_what_polls_took():
    school = School(1, "0000001X", "A", "Europe/Paris", Settings())
    crowd = Schools("", (school, school), ("", ""), (b"", b""), (1.0, 3.0))
    quiet, busy = figures([2 * MS]), figures([4 * MS])
    text = schools_table(crowd, Waves(12.34, 2, 100 * 2**20, quiet, busy))
    assert "2 schools" in text
    assert "2 carried out in, s | 12.3 |" in text
    assert "Their 95th percentile, ms | 4.0 |" in text
    assert "server after it, MB | 100 |" in text
