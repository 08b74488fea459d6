"""A PostgreSQL that belongs to the product: for root and for an ordinary user, and gone with its owner."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from controlplane.bench.postgresql import PREFIX, postgresql_server
from tests.lab.machine import run_through
from tests.live.operator import eventually
from tests.live.product import ROOT
from tests.process_tree import descendants, runs

pytestmark = [pytest.mark.postgres, pytest.mark.thorough]

OWNER = """
import time, psycopg
from controlplane.bench.postgresql import postgresql_server
with postgresql_server() as server, psycopg.connect(server.get_uri()) as connection:
    print(connection.execute("SELECT pg_read_file('postmaster.pid', 0, 20)").fetchone()[0].split()[0], flush=True)
    print(server.folder, flush=True)
    time.sleep(60)
"""


@pytest.fixture(params=[False, True], ids=["root", "ordinary-user"])
def owner(request: pytest.FixtureRequest) -> Iterator[subprocess.Popen[str]]:
    """A process that has a server and a connection."""
    if not request.param and os.geteuid() != 0:
        pytest.skip("these tests do not run as root")
    command = [*run_through(rootless=request.param), sys.executable, "-c", OWNER]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


def test_a_postgresql_server_ends_with_its_killed_owner(owner: subprocess.Popen[str]) -> None:
    assert owner.stdout
    server, folder = int(owner.stdout.readline()), Path(owner.stdout.readline().strip())
    assert folder.name.startswith(PREFIX)
    processes = [server, *descendants(server)]
    assert len(processes) > 4

    owner.kill()

    assert eventually(lambda: not any(runs(pid) for pid in processes), seconds=10)
    shutil.rmtree(folder)  # the next server of that user would; the ordinary user has none here


def test_what_is_committed_by_default_is_not_waited_for_and_the_shells_locale_does_not_matter(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    monkeypatch.setenv("PGPORT", "1")
    with postgresql_server() as server, psycopg.connect(server.get_uri()) as connection:
        query = "SELECT current_setting('fsync'), lower('Ä'), ARRAY(SELECT unnest(ARRAY['b', 'a', 'B']) ORDER BY 1)"
        assert connection.execute(query).fetchone() == ("off", "ä", ["B", "a", "b"])
        with pytest.raises(psycopg.OperationalError, match='"nothing" does not exist'):
            psycopg.connect(server.get_uri("nothing"))
    assert not server.folder.exists()


def test_a_durable_postgresql_server_waits_for_the_disk() -> None:
    with postgresql_server(durable=True) as server, psycopg.connect(server.get_uri()) as connection:
        query = "SELECT current_setting('fsync'), current_setting('full_page_writes')"
        assert connection.execute(query).fetchone() == ("on", "on")


def test_a_server_begins_with_what_another_one_saved(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    with postgresql_server() as server:
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
        server.save(tmp_path / "saved")

    for _ in range(2):
        with postgresql_server(data=tmp_path / "saved") as server, psycopg.connect(server.get_uri()) as connection:
            assert connection.execute("DELETE FROM kept RETURNING number").fetchall() == [(7,)]
            connection.commit()
