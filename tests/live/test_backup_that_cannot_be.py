"""A backup or a restore that cannot be is told in one line, and changes nothing."""

import io
import os
import shutil
import signal
import sqlite3
import tarfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.live.product import Product
from tests.live.ready_made import NewProduct

pytestmark = [pytest.mark.live, pytest.mark.e2e]
DATABASE = "baremint.sqlite3"


@pytest.fixture(scope="module")
def product(new_product: NewProduct) -> Product:
    """It does not run."""
    return new_product()


@pytest.fixture(scope="module")
def archive(product: Product, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("archive") / "whole.tar"
    product.run("backup", str(path))
    return path


def refusal(product: Product, *command: str) -> str:
    process = product.attempt(*command)
    assert process.returncode != 0
    return process.stderr.splitlines()[-1]


# --- Backup

PLACES: dict[str, tuple[str, str]] = {
    "a folder": ("folder", "is a directory. Name a file in it: "),
    "a folder, by its slash": ("folder/", "is a directory. Name a file in it: "),
    "a new name with a slash": ("new.tar/", "is a directory. Name a file in it: "),
    "a folder that is not there": ("no/such/b.tar", "There is no directory "),
    "a file in the place of the folder": ("file/b.tar", "is no directory. Name a file in one."),
    "a pipe": ("pipe", "is no ordinary file. Name another one."),
    "the standard output": ("-", "name one"),
}


@pytest.mark.parametrize("case", PLACES)
def test_a_place_where_no_backup_can_be(product: Product, tmp_path: Path, case: str) -> None:
    name, says = PLACES[case]
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("mine")
    os.mkfifo(tmp_path / "pipe")
    place = name if name == "-" else f"{tmp_path}/{name}"
    assert says in refusal(product, "backup", place)
    assert sorted(each.name for each in tmp_path.rglob("*")) == ["file", "folder", "pipe"]


@pytest.mark.parametrize("name", [DATABASE, "kek", "secret-key", "credentials.json", "supervisor.lock", "baremint.log"])
def test_what_the_product_needs_is_not_replaced(product: Product, tmp_path: Path, name: str) -> None:
    before = (product.home / DATABASE).read_bytes()
    (link := tmp_path / "link").symlink_to(product.home)
    for folder in (product.home, link):
        assert "is part of the data directory. Name another file." in refusal(product, "backup", f"{folder}/{name}")
    assert (product.home / DATABASE).read_bytes() == before


def test_a_backup_may_be_in_the_data_directory(product: Product) -> None:
    path = product.home / "baremint-backup-monday.tar"
    product.run("backup", str(path))
    assert tarfile.is_tarfile(path)
    path.unlink()


# --- Restore

Change = Callable[[dict[str, bytes]], dict[str, bytes]]


def changed(archive: Path, path: Path, change: Change) -> Path:
    """A copy of an archive, with other members."""
    with tarfile.open(archive) as whole:
        members = {member.name: file.read() for member in whole if (file := whole.extractfile(member))}
    with tarfile.open(path, "w") as copy:
        for name, content in change(members).items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            copy.addfile(member, io.BytesIO(content))
    return path


def of_a_newer_version(database: bytes, folder: Path) -> bytes:
    (file := folder / "newer").write_bytes(database)
    with closing(sqlite3.connect(file)) as opened:
        opened.execute("INSERT INTO django_migrations (app, name, applied) VALUES ('servers', '9001_x', '2030-01-01')")
        opened.commit()
        opened.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return file.read_bytes()


DAMAGES: dict[str, tuple[Change, str]] = {
    "a database that is cut": (lambda found: found | {DATABASE: found[DATABASE][:100_000]}, "is damaged"),
    "a database that is none": (lambda found: found | {DATABASE: b"SELECT" * 1000}, "is damaged"),
    "an empty database": (lambda found: found | {DATABASE: b""}, "is damaged"),
    "no database": (lambda found: {"kek": found["kek"]}, "is not a backup of Baremint"),
    "no KEK": (lambda found: {name: found[name] for name in found if name != "kek"}, "contains no key-encryption key"),
    "an empty secret key": (lambda found: found | {"secret-key": b""}, "The file secret-key"),
    "credentials that are none": (lambda found: found | {"credentials.json": b"[1]"}, "The file credentials.json"),
    "bytes that are no text": (lambda found: found | {"secret-key": b"\xff\xfe\x00"}, "The file secret-key"),
    "another KEK": (lambda found: found | {"kek": b"A" * 43 + b"="}, "encrypted under KEK"),
}


@pytest.fixture
def empty(new_product: NewProduct) -> Product:
    return new_product(empty=True)


def kept_by(product: Product) -> set[str]:
    """All but what every command makes."""
    return {each.name for each in product.home.iterdir()} - {"secret-key"} if product.home.exists() else set()


@pytest.mark.parametrize("case", DAMAGES)
def test_an_archive_that_is_damaged_leaves_nothing(empty: Product, archive: Path, tmp_path: Path, case: str) -> None:
    change, says = DAMAGES[case]
    line = refusal(empty, "restore", str(changed(archive, tmp_path / "damaged.tar", change)))
    assert says in line
    assert kept_by(empty) == set()


def test_a_good_one_is_restored_after_a_bad_one(empty: Product, archive: Path, tmp_path: Path) -> None:
    bad = changed(archive, tmp_path / "bad.tar", lambda found: found | {"kek": b"A" * 43 + b"="})
    refusal(empty, "restore", str(bad))
    assert "Restored." in empty.run("restore", str(archive))


def test_a_backup_from_before_there_was_a_table_of_key_material_is_restored(
    empty: Product, archive: Path, tmp_path: Path
) -> None:
    """Whether the KEK decrypts all secrets can be checked only when all tables with secrets are there."""

    def of_an_older_version(members: dict[str, bytes]) -> dict[str, bytes]:
        (file := tmp_path / "older").write_bytes(members[DATABASE])
        with closing(sqlite3.connect(file)) as opened:
            names = "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'keyprotect%'"
            for (table,) in opened.execute(names).fetchall():
                opened.execute(f"DROP TABLE {table}")
            opened.execute("DELETE FROM django_migrations WHERE app = 'keyprotect'")
            opened.commit()
            opened.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return members | {DATABASE: file.read_bytes()}

    older = changed(archive, tmp_path / "older.tar", of_an_older_version)
    assert "Restored." in empty.run("restore", str(older))


@pytest.mark.parametrize("name", ["kek", "credentials.json"])
def test_a_data_directory_that_keeps_the_keys_of_another_database_is_not_empty(
    empty: Product, archive: Path, name: str
) -> None:
    """Whose only copy they may be."""
    empty.home.mkdir(mode=0o700)
    (empty.home / name).write_text("of PostgreSQL")
    assert f"is in use: it has {name}" in refusal(empty, "restore", str(archive))
    assert (empty.home / name).read_text() == "of PostgreSQL"


def test_a_secret_key_that_was_there_is_there_again_when_it_fails(
    empty: Product, archive: Path, tmp_path: Path
) -> None:
    empty.home.mkdir(mode=0o700)
    (empty.home / "secret-key").write_text("of before")
    bad = changed(archive, tmp_path / "bad.tar", lambda found: found | {"kek": b"A" * 43 + b"="})
    refusal(empty, "restore", str(bad))
    assert {each.name: each.read_text() for each in empty.home.iterdir()} == {"secret-key": "of before"}


def test_a_restore_that_is_killed_is_noticed_by_the_next_start_and_made_good_by_the_next_restore(
    empty: Product, archive: Path
) -> None:
    killed = empty.attempt("restore", str(archive), BAREMINT_FAILPOINT="after_demote:iam")
    assert killed.returncode == -signal.SIGKILL
    assert "was interrupted. Repeat it: " in refusal(empty, "up", "--detach")
    assert "Restored." in empty.run("restore", str(archive))
    empty.start()
    empty.stop()


def test_an_archive_with_two_files_of_a_name_is_refused(empty: Product, archive: Path, tmp_path: Path) -> None:
    shutil.copy(archive, path := tmp_path / "twice.tar")
    with tarfile.open(path, "a") as opened:
        opened.addfile(tarfile.TarInfo("kek"))
    assert "kek is in it twice" in refusal(empty, "restore", str(path))


def test_an_archive_of_a_newer_version_is_refused_by_name(empty: Product, archive: Path, tmp_path: Path) -> None:
    newer = changed(
        archive, tmp_path / "newer.tar", lambda found: found | {DATABASE: of_a_newer_version(found[DATABASE], tmp_path)}
    )
    assert "servers.9001_x" in refusal(empty, "restore", str(newer))
    assert kept_by(empty) == set()


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.DIRTYPE])
def test_an_archive_with_anything_but_files_is_refused_by_name(
    empty: Product, archive: Path, tmp_path: Path, kind: bytes
) -> None:
    shutil.copy(archive, path := tmp_path / "links.tar")
    with tarfile.open(path, "a") as opened:
        member = tarfile.TarInfo("innocent")
        member.type, member.linkname = kind, "kek"
        opened.addfile(member)
    assert "innocent in it is no file" in refusal(empty, "restore", str(path))
    assert kept_by(empty) == set()


def test_an_archive_that_is_not_there(empty: Product) -> None:
    assert "cannot be read as a backup" in refusal(empty, "restore", "/nowhere/b.tar")
    assert kept_by(empty) == set()
