"""A database that a newer version has used is refused by name; of an older one a copy is kept before it is changed."""

import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder

from controlplane import __version__
from controlplane.database import sqlite_copies
from controlplane.database.migration_state import CannotUpgrade, compare
from controlplane.database.table_creation import create_if_empty
from controlplane.database.upgrade import bring_up_to_date
from controlplane.deployment.private_files import PARTIAL
from controlplane.observability import readiness
from tests.databases import default_database

NEWER = ("servers", "9001_of_next_year")
NAMED = rf"servers\.9001_of_next_year.*{__version__}"


@pytest.fixture
def file(tmp_path: Path, db: None, django_db_blocker: Any) -> Iterator[Path]:
    """Django's database: a file with all tables of this version."""
    path = tmp_path / "baremint.sqlite3"
    with django_db_blocker.unblock(), default_database(f"sqlite:///{path}"):
        create_if_empty()
        yield path


@pytest.fixture
def newer(file: Path) -> Path:
    MigrationRecorder(connection).record_applied(*NEWER)
    return file


@pytest.fixture
def older(file: Path) -> Path:
    """It lacks one migration."""
    MigrationExecutor(connection).migrate([("console", None)])
    return file


def copies_of(file: Path) -> list[Path]:
    return sorted(file.parent.glob(f"{file.name}.before-*"))


def tables_of(file: Path) -> set[str]:
    with closing(sqlite3.connect(file)) as opened:
        return {name for (name,) in opened.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


# --- Newer


def test_a_start_is_refused(newer: Path) -> None:
    with pytest.raises(CannotUpgrade, match=NAMED):
        bring_up_to_date()


@pytest.mark.parametrize("arguments", [(), ("console",), ("console", "zero")])
def test_migrate_is_refused(newer: Path, arguments: tuple[str, ...]) -> None:
    before = tables_of(newer)
    with pytest.raises(CommandError, match=NAMED):
        call_command("migrate", *arguments)
    assert tables_of(newer) == before


def test_readiness_names_it(newer: Path) -> None:
    assert "servers.9001_of_next_year" in readiness.missing_for_answers()["database"]


def test_unknown_migrations_of_another_application_count_as_newer(file: Path) -> None:
    MigrationRecorder(connection).record_applied("notes", "0001_notes")
    with pytest.raises(CannotUpgrade, match=r"notes\.0001_notes"):
        bring_up_to_date()


# --- Older


@pytest.mark.parametrize("how", ["up", "migrate"])
def test_a_copy_of_what_was_there_is_kept_and_named(older: Path, how: str, capsys: Any) -> None:
    lines: list[str] = []
    before = tables_of(older)
    if how == "up":
        bring_up_to_date(lines.append)
    else:
        call_command("migrate", verbosity=0)
        lines.append(capsys.readouterr().out)
    [copy] = copies_of(older)
    assert str(copy) in lines[0]
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert tables_of(copy) == before != tables_of(older)
    assert compare().missing == []


def test_the_last_two_copies_are_kept(file: Path) -> None:
    copies = [sqlite_copies.keep() for _ in range(4)]
    assert copies_of(file) == copies[-2:]


def test_copies_that_a_person_has_made_are_kept(file: Path) -> None:
    (own := file.with_name(f"{file.name}.before-upgrade")).touch()
    (folder := file.with_name(f"{file.name}.before-0")).mkdir()
    ahead = file.with_name(f"{file.name}.before-29991231T000000.000000Z")  # by a clock that was wrong
    ahead.touch()
    copies = [sqlite_copies.keep() for _ in range(2)]
    assert {own, folder, copies[-1]} <= set(copies_of(file))


def test_a_change_is_refused_when_the_disk_has_no_room(older: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_copies, "TIMES", 10**12)  # no disk is so large
    with pytest.raises(CannotUpgrade, match=r"no room.*MB are needed in .*MB are free"):
        bring_up_to_date()
    assert compare().missing != []
    assert copies_of(older) == []


def test_nothing_is_copied_when_nothing_is_changed(file: Path) -> None:
    bring_up_to_date()
    call_command("migrate", verbosity=0)
    call_command("migrate", plan=True, verbosity=0)
    assert copies_of(file) == []


def test_nothing_is_left_of_a_copy_that_failed(older: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(CannotUpgrade, match="No copy of the database can be kept"):
        bring_up_to_date()
    assert [each.name for each in older.parent.iterdir() if each.name.startswith(PARTIAL)] == []
