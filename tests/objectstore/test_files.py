"""Files and the rows that name them: whatever fails, no row is without bytes, and what no row names is swept."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from django.db import OperationalError

from controlplane.deployment.home import Home
from controlplane.objectstore import files, orphan_files, services
from controlplane.objectstore.errors import QuotaExceeded
from controlplane.objectstore.models import Piece
from tests.objectstore.store import Store, refused

PATH = "/my-bucket/a"


@pytest.fixture(autouse=True)
def own_home(tmp_path: Any, settings: Any) -> None:
    settings.HOME = Home(tmp_path / "home")


def there() -> list[str]:
    return sorted(path.name for group in files.groups() for path in group)


def named() -> list[str]:
    return sorted(Piece.objects.values_list("file", flat=True))


def broken() -> Iterator[bytes]:
    yield b"x"
    raise KeyError


def test_content_that_breaks_off_leaves_nothing() -> None:
    with pytest.raises(KeyError), files.writing() as new:
        new.write(broken())
    assert there() == []


@pytest.mark.parametrize(("failure", "left"), [(QuotaExceeded("full"), 0), (OperationalError("gone"), 1)])
def test_a_file_whose_row_may_be_there_stays(failure: Exception, left: int) -> None:
    """A commit that the database did not answer may have been one."""
    with suppress(type(failure)), files.writing() as new:
        new.write([b"x"])
        raise failure
    assert len(there()) == left


def test_what_no_row_names_is_swept(alice: Store, bucket: str) -> None:
    alice.put(PATH, b"hello")
    with files.writing() as new:
        new.write([b"left"])
    (files.folder() / "00").mkdir(exist_ok=True)
    (files.folder() / "00" / ".baremint-abc").write_bytes(b"part")
    assert (orphan_files.sweep(), there()) == (2, named())
    assert alice("GET", PATH).content == b"hello"


def test_nothing_is_swept_while_something_is_written(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orphan_files, "PATIENCE", 0.1)
    with files.writing() as new:
        new.write([b"x"])
        assert orphan_files.sweep() == 0
    assert orphan_files.sweep() == 1


def test_nothing_is_removed_while_a_backup_is_written(
    alice: Store, bucket: str, django_capture_on_commit_callbacks: Any
) -> None:
    alice.put(PATH, b"hello")
    names_before = there()
    with files.removal_paused(), django_capture_on_commit_callbacks(execute=True):
        alice("DELETE", PATH)
        assert orphan_files.sweep() == 0
    assert there() == names_before
    assert (orphan_files.sweep(), there()) == (1, [])


def test_a_file_is_removed_only_when_its_row_is_gone(
    alice: Store, bucket: str, django_capture_on_commit_callbacks: Any
) -> None:
    alice.put(PATH, b"hello")
    names_before = there()
    with django_capture_on_commit_callbacks(execute=False) as callbacks:
        alice.put(PATH, b"other")
    assert set(names_before) < set(there())
    for each in callbacks:
        each()
    assert there() == named()


def test_an_object_that_is_replaced_while_it_is_read_goes_on(
    alice: Store, bucket: str, django_capture_on_commit_callbacks: Any
) -> None:
    content = os.urandom(1_000_000)
    alice.put(PATH, content)
    answer = alice("GET", PATH)
    with django_capture_on_commit_callbacks(execute=True):
        alice.put(PATH, b"other")
    assert b"".join(answer.streaming_content) == content  # type: ignore[attr-defined]


def test_an_object_whose_file_is_gone_is_an_error_and_no_empty_answer(alice: Store, bucket: str) -> None:
    alice.put(PATH, b"hello")
    files.remove(there())
    assert refused(alice("GET", PATH)) == (500, "InternalError")


def test_a_full_disk_is_told(alice: Store, bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: object, **values: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(services, "put_object", full)
    assert refused(alice("PUT", PATH, b"x")) == (503, "ServiceUnavailable")
    assert there() == []


def test_files_are_readable_by_their_owner_alone(alice: Store, bucket: str) -> None:
    alice.put(PATH, b"hello")
    modes = {path.stat().st_mode & 0o077 for path in files.folder().rglob("*")}
    assert (modes, files.folder().stat().st_mode & 0o077) == ({0}, 0)


def test_writers_do_not_wait_for_one_another(db: None) -> None:
    with files.writing(), (files.folder() / files.WRITING).open() as other:
        fcntl.flock(other, fcntl.LOCK_SH | fcntl.LOCK_NB)
