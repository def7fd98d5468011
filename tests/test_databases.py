"""The private cluster and the two kinds of database that the other tests stand on."""

import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

import pytest
import sqlalchemy

from tests import postgres


def test_each_test_gets_an_empty_database(database_url):
    engine = sqlalchemy.create_engine(database_url)
    with engine.begin() as connection:
        assert sqlalchemy.inspect(connection).get_table_names() == []
        connection.execute(sqlalchemy.text("CREATE TABLE lesson (name TEXT)"))
        connection.execute(sqlalchemy.text("INSERT INTO lesson VALUES ('Latin, 4e B, été')"))
        assert connection.execute(sqlalchemy.text("SELECT name FROM lesson")).scalar() == "Latin, 4e B, été"
    engine.dispose()


def test_each_test_gets_a_store_of_the_present_schema_without_a_school(store):
    store.check()
    assert store.directory.schools() == ()


def test_a_database_is_copied_from_a_template_with_its_rows(cluster):
    template = cluster.create()
    _execute(cluster, template, "CREATE TABLE room AS SELECT 12 AS number")
    copy = cluster.create(template)
    assert _execute(cluster, copy, "SELECT number FROM room") == 12
    cluster.drop(copy)
    assert _execute(cluster, template, "SELECT number FROM room") == 12
    cluster.drop(template)


def test_the_cluster_and_its_folder_go_when_the_tests_are_killed(cluster):
    binaries = postgres.find_binaries()
    assert binaries is not None, "the cluster fixture found them"
    program = textwrap.dedent(
        """
        import os, pathlib, signal, sys
        from tests import postgres
        with postgres.running_cluster(pathlib.Path(sys.argv[1])) as other:
            print(other.port, flush=True)
            os.kill(os.getpid(), signal.SIGKILL)
        """
    )
    # The keeper inherits the standard error: it reaches its end only when the keeper has cleaned up.
    killed = subprocess.run(
        [sys.executable, "-c", program, str(binaries)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=Path(__file__).parent.parent,
    )
    port = int(killed.stdout)
    assert killed.returncode < 0
    assert port != cluster.port
    assert not [path for path in Path("/tmp").glob(f"cadran-pg-*/.s.PGSQL.{port}") if path.exists()]


def test_a_cluster_that_does_not_start_says_why():
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        binaries = Path(folder)
        binaries.chmod(0o755)
        (binaries / "initdb").write_text("#!/bin/sh\necho no room on the disk\nexit 1\n")
        (binaries / "initdb").chmod(0o755)
        with pytest.raises(postgres.ClusterFailed, match="no room on the disk"), postgres.running_cluster(binaries):
            pass


def _execute(cluster: postgres.Cluster, database: str, statement: str) -> object:
    engine = sqlalchemy.create_engine(cluster.url(database), poolclass=sqlalchemy.NullPool)
    with engine.begin() as connection:
        result = connection.execute(sqlalchemy.text(statement))
        return result.scalar() if result.returns_rows else None
