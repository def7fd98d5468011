"""What an operator trips over: questions at the wrong time, files of another kind, words without a next step."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from importers.errors import ImportRefused
from server import logs, reports, texts, wording
from server.cli import main
from server.commands import school as school_command
from server.commands import serve as serve_command
from server.commands.workplace import confirmed
from server.config import DATABASE_NAME, load
from server.serving import Serving, reactor
from storage.store import Store

Cadran = Callable[..., Result]


@pytest.fixture
def cadran(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Cadran:
    """Run the command on a data folder with a school."""
    monkeypatch.setenv("LC_ALL", "C")

    def run(*arguments: str, typed: str | None = None, data: Path = folder) -> Result:
        return CliRunner().invoke(main, ["--data", str(data), *arguments], input=typed, catch_exceptions=False)

    return run


@pytest.mark.parametrize(("answer", "allowed"), [("", True), ("n\n", False), ("yes\n", True), ("perhaps\nno\n", False)])
def test_the_phones_question_is_for_a_terminal(
    cadran: Cadran, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str, allowed: bool
) -> None:
    monkeypatch.setattr(school_command, "interactive", lambda: True)
    typed = f"{answer or chr(10)}a long password\na long password\n"
    result = cadran("init", "--school", "0990001X", "--name", "L", typed=typed, data=tmp_path / "new")
    assert result.exit_code == 0, result.output
    store = Store(f"sqlite:///{tmp_path / 'new' / DATABASE_NAME}")
    assert store.directory.school("0990001X").settings.eas_others_allowed is allowed
    store.close()


def test_a_password_by_standard_input_is_taken_for_no_other_answer(cadran: Cadran, tmp_path: Path) -> None:
    given = ("init", "--school", "0990001X", "--password-stdin")
    result = cadran(*given, typed="a long password\n", data=tmp_path / "new")
    assert result.exit_code == 2
    assert "--name" in result.output
    assert cadran(*given, "--name", "L", typed="a long password\n", data=tmp_path / "new").exit_code == 0


def test_init_of_a_school_that_is_there_asks_nothing(cadran: Cadran) -> None:
    result = cadran("init", "--school", "0750001A", typed="")
    assert result.exit_code == 0
    assert "nothing was changed" in result.output


@pytest.mark.parametrize(
    ("arguments", "typed"),
    [
        (("--password-stdin",), "a long password\n"),
        (("--name", "L", "--password-stdin"), "short\n"),
        (("--name", "L"), ""),
        (("--name", "L", "--zone", "Mars/Olympus"), ""),
        (("--name", "L", "--admin", "no login"), ""),
    ],
)
def test_an_init_that_is_refused_leaves_nothing_behind(
    cadran: Cadran, tmp_path: Path, arguments: tuple[str, ...], typed: str
) -> None:
    refused = cadran("init", "--school", "0990001X", *arguments, typed=typed, data=tmp_path / "new")
    assert refused.exit_code != 0
    assert not (tmp_path / "new").exists()


def test_a_refused_init_leaves_nothing_behind_at_a_configured_address_either(
    cadran: Cadran, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "new"
    monkeypatch.setenv("CADRAN_DATABASE__URL", f"sqlite:///{data / 'mine.sqlite'}")
    given = ("init", "--school", "0990001X", "--name", "L", "--password-stdin")
    assert cadran(*given, typed="short\n", data=data).exit_code == 1
    assert not data.exists()
    assert cadran(*given, typed="a long password\n", data=data).exit_code == 0
    assert "nothing was changed" in cadran(*given, data=data).output


@pytest.mark.parametrize("code", ["abc", "075000A", "07500011", "0750001AB"])
def test_what_is_no_uai_is_told(cadran: Cadran, tmp_path: Path, code: str) -> None:
    assert cadran("init", "--school", code, "--name", "L", data=tmp_path / "new").exit_code == 2
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("command", [("user", "list"), ("migrate",), ("serve",)])
def test_a_file_that_is_no_database_is_told_in_one_sentence(
    cadran: Cadran, tmp_path: Path, command: tuple[str, ...]
) -> None:
    (tmp_path / DATABASE_NAME).write_text("garbage" * 100, "utf-8")
    result = cadran(*command, data=tmp_path)
    assert result.exit_code == 1
    assert "cannot be opened" in result.output
    assert len(result.output.splitlines()) == 1


@pytest.mark.parametrize("url", ["nonsense", "odd://x/y", "postgresql+psycopg://x@127.0.0.1:1/x"])
def test_a_database_that_does_not_answer_is_told_in_words(
    cadran: Cadran, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("CADRAN_DATABASE__URL", url)
    result = cadran("user", "list")
    assert result.exit_code == 1
    assert "cannot be opened" in result.output


@pytest.mark.parametrize("content", [b"", b"<?xml version='1.0'?><a/>", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", b"hello\n"])
def test_what_is_no_people_file_is_told(cadran: Cadran, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "people.csv"
    file.write_bytes(content)
    result = cadran("people", "import", str(file))
    assert result.exit_code == 1
    assert "not a people file" in result.output


def test_a_missing_column_is_named_as_people_write_it() -> None:
    told = wording.sentence(ImportRefused("missing-column", columns=("given",), found=("Nom", "Classe")))
    assert "Prénom" in told
    assert "family" not in told


def test_a_calendar_taken_off_phones_is_said_to_stay_elsewhere(cadran: Cadran) -> None:
    told = cadran("calendar", "switch", "amelie", "emploi-du-temps", "off").output
    assert told.startswith("“Emploi du temps” no longer goes to phones")
    assert "CalDAV" in told
    assert "On phones" in cadran("calendar", "list", "amelie").output


def test_a_damaged_archive_is_told_as_such(cadran: Cadran, tmp_path: Path) -> None:
    file = tmp_path / "export.zip"
    file.write_bytes(b"PK\3\4rest")
    result = cadran("import", "edt", str(file))
    assert result.exit_code == 1
    assert "archive cannot be opened" in result.output


def test_the_history_tells_a_refusal_in_words_and_the_time_of_the_school(cadran: Cadran, tmp_path: Path) -> None:
    file = tmp_path / "export.xml"
    file.write_text("<html/>", "utf-8")
    cadran("import", "edt", str(file))
    assert "not a timetable that is known here" in cadran("import", "history").output
    assert reports.moment(1_764_581_400, "Europe/Paris") == "2025-12-01 10:30"
    assert reports.moment(1_764_581_400, "Indian/Reunion") == "2025-12-01 13:30"


@pytest.mark.parametrize("status", ["done", "rejected", "failed", "running", "interrupted"])
@pytest.mark.parametrize("report", [{}, {"reason": "odd"}, {"reason": "bad-value", "data": {}}, {"counts": {}}])
def test_any_stored_report_has_a_summary(status: str, report: dict[str, object]) -> None:
    assert "{" not in reports.summary(status, report)


@pytest.mark.req("R78")
def test_a_timetable_without_people_says_so(cadran: Cadran, tmp_path: Path) -> None:
    assert cadran("sample-school", "--pupils", "60", "--out", str(tmp_path / "s")).exit_code == 0
    code = (tmp_path / "s" / "timetable.xml").read_text("utf-8")
    data = tmp_path / "new"
    school = next(word for word in code.split('"') if len(word) == 8 and word[:7].isdigit() and word[7].isalpha())
    made = cadran("init", "--school", school, "--name", "L", "--password-stdin", typed="a long password\n", data=data)
    assert made.exit_code == 0, made.output
    result = cadran("import", "edt", "--dry-run", str(tmp_path / "s" / "timetable.xml"), data=data)
    assert result.exit_code == 0, result.output
    assert "import people first" in result.output


def test_a_sample_never_replaces_a_file_unasked(cadran: Cadran, tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text("mine", "utf-8")
    (tmp_path / "timetable-next.xml").write_text("old", "utf-8")
    arguments = ("sample-school", "--pupils", "60", "--out", str(tmp_path))
    result = cadran(*arguments)
    assert result.exit_code == 1
    assert "people.csv" in result.output
    assert (tmp_path / "people.csv").read_text("utf-8") == "mine"
    assert cadran(*arguments, "--force").exit_code == 0
    assert sorted(each.name for each in tmp_path.glob("*.*")) == ["people.csv", "timetable.xml"]


@pytest.mark.parametrize(
    "value", ["tcp:1 tcp:2", "tcp:1,tcp:2", "tcp:1, tcp:2", '["tcp:1", "tcp:2"]', ' ["tcp:1","tcp:2"]']
)
def test_a_variable_says_a_list_in_any_usual_way(value: str) -> None:
    assert load(None, {}, {"CADRAN_SERVER__LISTEN": value}).server.listen == ("tcp:1", "tcp:2")


@pytest.mark.parametrize("value", ['["tcp:1"', "[1, 2]", "[]", "[" * 5000])
def test_a_list_that_is_none_is_told(cadran: Cadran, monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("CADRAN_SERVER__LISTEN", value)
    result = cadran("config", "check")
    assert result.exit_code == 1
    assert "server.listen" in result.output


def test_an_endpoint_typed_wrong_is_told_with_an_example(cadran: Cadran) -> None:
    result = cadran("serve", "--listen", "8008")
    assert result.exit_code == 1
    assert "tcp:8008:interface=127.0.0.1" in result.output
    assert reactor.running


def test_a_folder_of_something_else_is_never_made_a_demo(cadran: Cadran, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("mine", "utf-8")
    result = cadran("demo", "--no-serve", "--data", str(tmp_path))
    assert result.exit_code == 1
    assert "not empty" in result.output
    assert [each.name for each in tmp_path.iterdir() if each.is_file()] == ["letter.txt"]


def test_the_regenerated_identifiers_option_is_named_where_the_import_is_refused() -> None:
    told = wording.sentence(ImportRefused("idpn-regenerated", known=10, vanished=9))
    assert "--new-identifiers" in told


@pytest.mark.parametrize(("typed", "answer"), [("o", True), ("Oui", True), ("y", True), ("n", False), ("", False)])
def test_a_question_in_french_takes_french_answers(monkeypatch: pytest.MonkeyPatch, typed: str, answer: bool) -> None:
    monkeypatch.setattr(texts, "process_language", lambda: "fr")
    answers: list[bool] = []
    command = click.Command("ask", callback=lambda: answers.append(confirmed("Alors ?")))
    result = CliRunner().invoke(command, input=f"{typed}\n", catch_exceptions=False)
    assert answers == [answer]
    assert "[o/N]" in result.output


@pytest.mark.parametrize("option", [("--port", "9000"), ("--listen", "tcp:9000:interface=127.0.0.1")])
def test_options_say_where_to_listen_before_the_configuration(
    cadran: Cadran, monkeypatch: pytest.MonkeyPatch, option: tuple[str, str]
) -> None:
    asked: list[tuple[str, ...]] = []
    monkeypatch.setattr(serve_command, "listen_on", asked.append)
    monkeypatch.setattr(Serving, "run", lambda *_: False)
    monkeypatch.setattr(logs, "configure", lambda *_, **__: None)
    result = cadran("serve", *option)
    assert asked == [("tcp:9000:interface=127.0.0.1",)]
    assert result.exit_code == 1
    assert "tcp:9000" in result.output
    assert "server.listen" in result.output
