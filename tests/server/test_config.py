"""The configuration: where values come from, and which key is told when one is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from server import config as configuration
from server.config import ConfigError, load
from server.serving import listen_on


def written(folder: Path, text: str) -> Path:
    file = folder / "cadran.toml"
    file.write_text(text, "utf-8")
    return file


def problems(call: Any) -> dict[str, str]:
    with pytest.raises(ConfigError) as caught:
        call()
    return dict(caught.value.problems)


def test_the_environment_is_over_the_file_and_options_over_both(tmp_path: Path) -> None:
    file = written(tmp_path, 'data = "/a"\n[server]\nworkers = 2\nthreads = 3\ntimeout = 4\n')
    environment = {"CADRAN_SERVER__THREADS": "5", "CADRAN_SERVER__TIMEOUT": "6", "CADRAN_DATA": "/b"}
    config = load(file, {"server": {"timeout": 7}}, environment)
    assert (config.server.workers, config.server.threads, config.server.timeout) == (2, 5, 7)
    assert config.data == Path("/b")


def test_several_endpoints_fit_in_one_variable() -> None:
    config = load(None, {}, {"CADRAN_SERVER__LISTEN": "tcp:1 unix:/run/cadran.sock"})
    assert config.server.listen == ("tcp:1", "unix:/run/cadran.sock")


def test_a_secret_can_be_kept_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "url").write_text("postgresql+psycopg://u:p@h/d\n")
    by_variable = load(None, {}, {"CADRAN_DATABASE__URL_FILE": str(tmp_path / "url")})
    by_key = load(written(tmp_path, '[database]\nurl_file = "url"\n'), {}, {})
    assert by_variable.database.url == by_key.database.url == "postgresql+psycopg://u:p@h/d"


def test_variables_that_are_not_settings_are_left_alone() -> None:
    assert load(None, {}, {"CADRAN_CONFIG": "x", "CADRANS": "y", "PATH": "z"}).server.workers == 1


@pytest.mark.parametrize(
    ("text", "key", "reason"),
    [
        ("[server]\nwokers = 2\n", "server.wokers", "is not a known key"),
        ('[server]\nworkers = "many"\n', "server.workers", "integer"),
        ("[server]\nworkers = 0\n", "server.workers", "greater"),
        ('[server]\npublic_url = "cal.example"\n', "server.public_url", "scheme"),
        ('[server]\ntrusted_proxies = ["nonsense"]\n', "server.trusted_proxies", "nonsense"),
        ("[server]\nlisten = []\n", "server.listen", "at least one"),
        ('[log]\nlevel = "loud"\n', "log.level", "debug"),
        ("[nothing]\na = 1\n", "nothing", "is not a known key"),
    ],
)
def test_a_faulty_key_is_named(tmp_path: Path, text: str, key: str, reason: str) -> None:
    found = problems(lambda: load(written(tmp_path, text), {}, {}))
    assert list(found) == [key]
    assert reason in found[key]


def test_every_faulty_key_is_named_at_once() -> None:
    environment = {"CADRAN_SERVER__WORKERS": "x", "CADRAN_LOG__LEVEL": "y", "CADRAN_AUTH__ODD": "1"}
    assert set(problems(lambda: load(None, {}, environment))) == {"server.workers", "log.level", "auth.odd"}


@pytest.mark.parametrize("text", ["[server\n", "a = \n", "\udcff"])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, text: str) -> None:
    file = tmp_path / "cadran.toml"
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    assert list(problems(lambda: load(file, {}, {}))) == [str(file)]


def test_a_secret_file_that_is_missing_is_told_with_its_key() -> None:
    assert list(problems(lambda: load(None, {}, {"CADRAN_DATABASE__URL_FILE": "/nowhere/url"}))) == [
        "CADRAN_DATABASE__URL_FILE"
    ]


def test_what_is_shown_hides_passwords() -> None:
    config = load(None, {"database": {"url": "postgresql+psycopg://cadran:s3cret@db:5432/cadran"}}, {})
    shown = configuration.shown(config)
    assert "s3cret" not in str(shown)
    assert shown["database"]["url"] == "postgresql+psycopg://cadran:********@db:5432/cadran"


def test_the_database_is_a_file_of_the_data_folder_unless_told_otherwise() -> None:
    assert load(None, {"data": Path("/data")}, {}).database_url() == "sqlite:////data/cadran.sqlite"


@pytest.mark.parametrize("endpoint", ["nonsense", "tcp:", "tcp:abc", "odd:1", "ssl:443"])
def test_an_endpoint_that_means_nothing_is_named(endpoint: str) -> None:
    assert list(problems(lambda: listen_on([endpoint]))) == ["server.listen"]
