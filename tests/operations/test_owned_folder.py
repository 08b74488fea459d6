"""A temporary folder and its owner: what is left of one that was killed goes with the next."""

import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from controlplane.deployment.owned_folder import NotOwned, owned_folder, owned_folder_at

only_root_can_give_a_folder_away = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")

OWNER = """
import sys, time
from controlplane.deployment.owned_folder import owned_folder
with owned_folder(sys.argv[1]) as folder:
    (folder / "within").mkdir()
    print(folder, flush=True)
    time.sleep(60)
"""


@pytest.fixture
def prefix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A prefix of this test in a temporary folder of its own."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return f"owned-{secrets.token_hex(4)}-"


@pytest.fixture
def other(prefix: str) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """Another process with a folder of the same kind."""
    with subprocess.Popen([sys.executable, "-c", OWNER, prefix], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        yield process, Path(process.stdout.readline().strip())
        process.kill()


def test_an_owned_folder_is_private_and_goes_in_the_end(prefix: str) -> None:
    with owned_folder(prefix) as folder:
        (folder / "file").write_text("")
        assert folder.name.startswith(prefix)
        assert folder.stat().st_mode & 0o777 == 0o700
    assert not folder.exists()


def test_an_owned_folder_goes_when_its_owner_fails(prefix: str) -> None:
    with pytest.raises(ZeroDivisionError), owned_folder(prefix) as folder:
        raise ZeroDivisionError
    assert not folder.exists()


def test_the_folder_of_an_owner_who_lives_stays(prefix: str, other: tuple[subprocess.Popen[str], Path]) -> None:
    with owned_folder(prefix), owned_folder(prefix):
        assert (other[1] / "within").is_dir()


def test_the_folder_of_an_owner_who_was_killed_goes_with_the_next(
    prefix: str, other: tuple[subprocess.Popen[str], Path]
) -> None:
    process, folder = other
    process.kill()
    process.wait()
    assert folder.is_dir()
    with owned_folder(f"{prefix}other-kind-"):
        assert folder.is_dir()
    with owned_folder(prefix):
        assert not folder.exists()


def test_files_and_links_of_that_name_are_left_alone(prefix: str, tmp_path: Path) -> None:
    (kept_folder := tmp_path / "kept").mkdir()
    (tmp_path / f"{prefix}link").symlink_to(kept_folder)
    (tmp_path / f"{prefix}file").write_text("")
    with owned_folder(prefix):
        pass
    assert {each.name for each in tmp_path.iterdir()} == {"kept", f"{prefix}link", f"{prefix}file"}


@only_root_can_give_a_folder_away
def test_the_folder_of_another_user_is_left_alone(prefix: str, tmp_path: Path) -> None:
    others = tmp_path / f"{prefix}others"
    others.mkdir()
    os.chown(others, 65534, 65534)
    with owned_folder(prefix):
        assert others.is_dir()


def test_many_at_once_take_nothing_from_each_other(prefix: str, tmp_path: Path) -> None:
    def own(number: int) -> bool:
        with owned_folder(prefix) as folder:
            (folder / "mine").write_text(str(number))
            return (folder / "mine").read_text() == str(number)

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(own, range(200)))
    assert list(tmp_path.iterdir()) == []


def test_a_folder_at_a_known_path_goes_in_the_end_or_with_the_next(prefix: str, tmp_path: Path) -> None:
    (killed := tmp_path / f"{prefix}killed").mkdir()
    (reused := tmp_path / f"{prefix}known").mkdir()
    (reused / "stale").write_text("")
    with owned_folder_at(reused, prefix):
        assert list(reused.iterdir()) == []
        assert reused.stat().st_mode & 0o777 == 0o700
        assert not killed.exists()
    assert not reused.exists()


def test_a_folder_at_a_known_path_is_refused_where_something_else_exists(prefix: str, tmp_path: Path) -> None:
    (elsewhere := tmp_path / "elsewhere").mkdir()
    (link := tmp_path / f"{prefix}link").symlink_to(elsewhere)
    (file := tmp_path / f"{prefix}file").write_text("")
    for path in (link, file):
        with pytest.raises(NotOwned, match="set TMPDIR"), owned_folder_at(path, prefix):
            pass
        assert path.exists()


@only_root_can_give_a_folder_away
def test_a_folder_at_a_known_path_is_refused_when_it_is_another_users(prefix: str, tmp_path: Path) -> None:
    (others := tmp_path / f"{prefix}others").mkdir()
    os.chown(others, 65534, 65534)
    with pytest.raises(NotOwned, match="belongs to another user"), owned_folder_at(others, prefix):
        pass
    assert others.is_dir()
