"""A private PostgreSQL cluster in a temporary folder, for one test run."""

import contextlib
import itertools
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg import sql

from tests import places

ROLE = "cadran"
_NOTHING = sql.SQL("")

SETTINGS = {
    "autovacuum": "off",
    "fsync": "off",
    "full_page_writes": "off",
    "listen_addresses": "127.0.0.1",
    "max_connections": "100",
    "max_wal_senders": "0",
    "max_wal_size": "128MB",
    "shared_buffers": "64MB",
    "synchronous_commit": "off",
    "timezone": "UTC",
    "wal_level": "minimal",
}

# The keeper's standard input is a pipe that only this process holds: it closes when the tests end, however they end,
# kill -9 included, and the cluster and its folder go with it. Its own session keeps Ctrl-C from reaching it first.
KEEPER = """
umask 077
trap 'cd /; rm -rf "$FOLDER"' EXIT
cd "$FOLDER"
"$BINARIES/initdb" -D data -U "$ROLE" -A trust -E UTF8 --locale=C --no-sync >log 2>&1 </dev/null \\
  && "$BINARIES/pg_ctl" -D data -l log -w -t 60 -o "$OPTIONS" start >>log 2>&1 </dev/null \\
  || { tail -n 20 log; exit 1; }
echo ready
read -r _
"$BINARIES/pg_ctl" -D data -m fast -w stop >>log 2>&1 </dev/null || "$BINARIES/pg_ctl" -D data -m immediate stop
"""


class ClusterFailed(Exception):
    """Raised with the end of PostgreSQL's log when no cluster could be started."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """A running cluster on the loopback interface, whose only role may do everything."""

    port: int
    _numbers: Iterator[int] = field(default_factory=itertools.count, repr=False)

    def url(self, database: str) -> str:
        """Return the SQLAlchemy address of one database."""
        return f"postgresql+psycopg://{ROLE}@127.0.0.1:{self.port}/{database}"

    def create(self, template: str = "template0") -> str:
        """Create a database with the content of a template; return its name."""
        name = f"t{next(self._numbers)}"
        command = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
        self._administer(command, since_15=sql.SQL(" STRATEGY file_copy"))
        return name

    def drop(self, database: str) -> None:
        """Drop a database, closing what is still connected to it."""
        self._administer(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database)))

    def _administer(self, command: sql.Composed, since_15: sql.SQL = _NOTHING) -> None:
        """Carry a command out, with what it says besides from PostgreSQL 15 on (earlier it was the only way)."""
        with psycopg.connect(
            host="127.0.0.1", port=self.port, user=ROLE, dbname="postgres", autocommit=True
        ) as connection:
            connection.execute(command + since_15 if connection.info.server_version >= 150000 else command)


def find_binaries() -> Path | None:
    """Return the folder of `initdb`: of the newest version Debian installed, or else on the PATH; None without one."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=_version)
    if debian:
        return debian[-1].parent
    found = shutil.which("initdb")
    return Path(found).resolve().parent if found else None


@contextlib.contextmanager
def running_cluster(binaries: Path) -> Iterator[Cluster]:
    """Start a cluster, as an unprivileged user when we are root, and leave nothing of it behind.

    Raises ClusterFailed when it does not start.
    """
    account = _unprivileged_account()
    folder = _private_folder(account)
    port = _free_port()
    keeper = subprocess.Popen(
        ["/bin/sh", "-c", KEEPER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        cwd="/",
        env=_environment(binaries, folder, port),
        user=None if account is None else account.pw_uid,
        group=None if account is None else account.pw_gid,
        extra_groups=None if account is None else [],
    )
    try:
        greeting = _first_line(keeper)
        if greeting != "ready":
            raise ClusterFailed(greeting)
        yield Cluster(port)
    finally:
        keeper.communicate()
        shutil.rmtree(folder, ignore_errors=True)


def _environment(binaries: Path, folder: Path, port: int) -> dict[str, str]:
    settings = " ".join(f"-c {name}={value}" for name, value in SETTINGS.items())
    return {
        "BINARIES": str(binaries),
        "FOLDER": str(folder),
        "LC_ALL": "C",
        "OPTIONS": f"-p {port} -k {folder} {settings}",
        "PATH": os.environ.get("PATH", os.defpath),
        "ROLE": ROLE,
    }


def _first_line(keeper: subprocess.Popen[str]) -> str:
    assert keeper.stdout is not None
    line = keeper.stdout.readline().strip()
    return line if line == "ready" else "\n".join((line, keeper.stdout.read()))


def _unprivileged_account() -> pwd.struct_passwd | None:
    """Return whom to become: nobody else unless we are root, which initdb refuses."""
    if os.geteuid() != 0:
        return None
    with contextlib.suppress(KeyError):
        return pwd.getpwnam("postgres")
    return pwd.getpwnam("nobody")


def _private_folder(account: pwd.struct_passwd | None) -> Path:
    """Make a folder whose path is short enough for a socket and open to another account, as TMPDIR may not be."""
    place = places.in_memory() or ("/tmp" if os.access("/tmp", os.W_OK) else None)
    folder = Path(tempfile.mkdtemp(prefix="cadran-pg-", dir=place))
    if account is not None:
        os.chown(folder, account.pw_uid, account.pw_gid)
    return folder


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _version(initdb: Path) -> tuple[int, ...]:
    numbers = initdb.parent.parent.name.split(".")
    return tuple(int(number) for number in numbers if number.isdigit())
