"""What all tests share: both databases, a ready store, and the patience of the property tests."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import hypothesis
import pytest
import structlog

from storage import migrate
from storage.store import Store
from tests import places, postgres

REQUIRED = frozenset(filter(None, os.environ.get("CADRAN_REQUIRE", "").split(",")))
LONG = bool(os.environ.get("CADRAN_LONG"))

MISSING = {
    "postgresql": "PostgreSQL not found: storage tests ran on SQLite only",
    "wbxml2xml": "wbxml2xml not found: EAS answers were not decoded a second time",
    "litmus": "litmus not found: the deposit folder was not tried by another WebDAV client",
}
# Tracebacks in colours, the default where nothing is configured, take a second each.
structlog.configure(processors=[structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)])
places.prefer_memory()
hypothesis.settings.register_profile("short", deadline=None, max_examples=100, print_blob=True)
hypothesis.settings.register_profile("long", deadline=None, max_examples=20_000, print_blob=True)
hypothesis.settings.load_profile("long" if LONG else "short")


def pytest_make_parametrize_id(config: pytest.Config, val: object, argname: str) -> str | None:
    """Name packed files by their argument: they hold the moment at which they were made, and workers must agree."""
    packed = isinstance(val, bytes) and val.startswith((b"\x1f\x8b", b"PK\x03\x04"))
    return argname if packed else None


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say loudly what could not be tested here; reads the reports, since tests may run in several processes."""
    reasons = {str(report.longrepr) for report in terminalreporter.stats.get("skipped", ())}
    for words in MISSING.values():
        if any(words in reason for reason in reasons):
            terminalreporter.write_line(f"WARNING: {words}", yellow=True, bold=True)


def lacks(name: str) -> NoReturn:
    """Skip the present test for want of a program, loudly; fail if CADRAN_REQUIRE names it."""
    if name in REQUIRED:
        pytest.fail(MISSING[name])
    pytest.skip(MISSING[name])


@pytest.fixture(scope="session")
def long_run() -> bool:
    """Whether this run may take its time (`make fuzz`)."""
    return LONG


@pytest.fixture(scope="session")
def wbxml2xml() -> str:
    """Path of Debian's WBXML decoder (package libwbxml2-utils)."""
    found = shutil.which("wbxml2xml")
    if found is None:
        lacks("wbxml2xml")
    return found


@pytest.fixture(scope="session")
def litmus() -> str:
    """Path of Debian's WebDAV protocol tester (package litmus)."""
    found = shutil.which("litmus")
    if found is None:
        lacks("litmus")
    return found


@pytest.fixture(scope="session")
def cluster() -> Iterator[postgres.Cluster]:
    """The run's private PostgreSQL cluster."""
    binaries = postgres.find_binaries()
    if binaries is None:
        lacks("postgresql")
    with postgres.running_cluster(binaries) as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
def dialect(request: pytest.FixtureRequest) -> str:
    """Each database in turn."""
    return str(request.param)


@pytest.fixture
def database_url(dialect: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """SQLAlchemy address of a fresh, empty database."""
    if dialect == "sqlite":
        yield sqlite_url(tmp_path / "cadran.sqlite")
        return
    cluster: postgres.Cluster = request.getfixturevalue("cluster")
    name = cluster.create()
    yield cluster.url(name)
    cluster.drop(name)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy."""
    path = tmp_path_factory.mktemp("template") / "cadran.sqlite"
    migrate.upgrade(sqlite_url(path))
    return path


@pytest.fixture(scope="session")
def postgresql_template(cluster: postgres.Cluster) -> str:
    """The name of a migrated database to copy."""
    name = cluster.create()
    migrate.upgrade(cluster.url(name))
    return name


@pytest.fixture
def migrated_url(dialect: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """SQLAlchemy address of a fresh database with the present schema and no rows; copied, since migrating is slow."""
    if dialect == "sqlite":
        path = tmp_path / "cadran.sqlite"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
        yield sqlite_url(path)
        return
    cluster: postgres.Cluster = request.getfixturevalue("cluster")
    name = cluster.create(request.getfixturevalue("postgresql_template"))
    yield cluster.url(name)
    cluster.drop(name)


@pytest.fixture
def store(migrated_url: str) -> Iterator[Store]:
    """An open store on a fresh, migrated database, once on SQLite and once on PostgreSQL."""
    opened = Store(migrated_url)
    yield opened
    opened.close()


def sqlite_url(path: Path) -> str:
    """Return the SQLAlchemy address of a file."""
    return f"sqlite:///{path}"
