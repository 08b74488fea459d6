"""The data directory is its user's alone, whatever it was before; and what is another user's is refused."""

import os
import shutil
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from controlplane.deployment.env import WrongSetting
from controlplane.deployment.home import Home
from controlplane.deployment.private_files import ABANDONED_SECONDS, PARTIAL, atomic_file, require_ownership
from controlplane.operations.commands import up_down

OTHER_USER = 65_533
only_root_can_give_files_away = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
NAMES = [
    "secret-key",
    "kek",
    "credentials.json",
    "baremint.sqlite3",
    "baremint.sqlite3-wal",
    "baremint.log.1",
    "baremint-backup.tar",
]


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A data directory that all users may read and write."""
    folder = tmp_path / "home"
    folder.mkdir()
    for name in NAMES:
        (folder / name).write_text("secret")
        (folder / name).chmod(0o666)
    folder.chmod(0o777)
    return Home(folder)


@pytest.mark.parametrize("name", NAMES)
def test_a_start_takes_away_what_others_may_do(home: Home, name: str) -> None:
    home.secure()
    assert (mode(home.path), mode(home.path / name)) == (0o700, 0o600)


@pytest.mark.parametrize("name", ["index.html", "app.log", "poetry.lock", "valkey.conf", "backup"])
def test_files_that_are_not_ours_stay_as_they_are(home: Home, name: str) -> None:
    page = home.path / name
    page.write_text("hello")
    page.chmod(0o644)
    home.secure()
    assert mode(page) == 0o644


def test_a_folder_of_others_that_was_named_by_mistake_stays_as_it_is(tmp_path: Path) -> None:
    """Such as the root directory, by root."""
    (tmp_path / "etc").mkdir()
    tmp_path.chmod(0o755)
    with pytest.raises(WrongSetting, match="contains files that are not Baremint's"):
        up_down.acquire_home(Home(tmp_path))
    Home(tmp_path).guard()
    assert (mode(tmp_path), [each.name for each in tmp_path.iterdir()]) == (0o755, ["etc"])


def test_a_folder_of_ones_own_that_is_closed_may_hold_other_files(tmp_path: Path) -> None:
    (tmp_path / "notes").touch()
    tmp_path.chmod(0o700)
    assert Home(tmp_path).secure() == ""


def test_a_new_file_system_is_as_good_as_an_empty_folder(tmp_path: Path) -> None:
    (tmp_path / "lost+found").mkdir()
    tmp_path.chmod(0o755)
    Home(tmp_path).secure()
    assert mode(tmp_path) == 0o700


def test_a_folder_that_a_link_leads_to_stays_as_it_is(home: Home, tmp_path: Path) -> None:
    (elsewhere := tmp_path / "elsewhere").mkdir()
    elsewhere.chmod(0o755)
    (home.path / "valkey").symlink_to(elsewhere)
    home.secure()
    assert mode(elsewhere) == 0o755


def test_who_finds_a_folder_closed_is_told_why(home: Home) -> None:
    assert f"may enter {home.path} from now on; its mode was 0777" in home.secure()
    assert home.secure() == ""


def test_a_new_data_directory_needs_no_words(tmp_path: Path) -> None:
    assert Home(tmp_path / "new").secure() == ""


def test_what_the_broker_keeps_is_private(home: Home) -> None:
    folder = home.path / "valkey" / "appendonlydir"
    folder.mkdir(parents=True)
    (folder / "appendonly.aof.1.incr.aof").touch()
    for each in (folder.parent, folder, folder / "appendonly.aof.1.incr.aof"):
        each.chmod(0o777)
    home.secure()
    assert [mode(each) & 0o077 for each in (folder.parent, folder, *folder.iterdir())] == [0, 0, 0]


@pytest.mark.parametrize("name", ["secret-key", "kek", "credentials.json"])
def test_reading_a_secret_makes_its_file_private(home: Home, name: str) -> None:
    assert home.read_secret(name) == "secret"
    assert mode(home.path / name) == 0o600


@only_root_can_give_files_away
@pytest.mark.parametrize("name", [*NAMES, ""])
def test_what_is_another_users_stops_the_start_by_name(home: Home, name: str) -> None:
    os.chown(home.path / name, OTHER_USER, OTHER_USER)
    with pytest.raises(WrongSetting, match=f"{name} belongs to user {OTHER_USER}, and this is user root. Run this as"):
        up_down.acquire_home(home)


@only_root_can_give_files_away
def test_a_secret_of_another_user_is_not_read(home: Home) -> None:
    os.chown(home.path / "kek", OTHER_USER, OTHER_USER)
    with pytest.raises(OSError, match="belongs to user"):
        home.read_secret("kek")


LINKED = ["supervisor.lock", "baremint.log", "kek", "valkey", "baremint.sqlite3", "lab.lock"]


@only_root_can_give_files_away
@pytest.mark.parametrize("name", LINKED)
def test_a_link_that_another_user_has_made_is_not_followed(home: Home, tmp_path: Path, name: str) -> None:
    """While all users could write there."""
    victim = tmp_path / "victim"
    victim.write_text("of the user who starts it")
    victim.chmod(0o644)
    (home.path / name).unlink(missing_ok=True)
    (home.path / name).symlink_to(victim)
    os.chown(home.path / name, OTHER_USER, OTHER_USER, follow_symlinks=False)
    with pytest.raises(WrongSetting, match=f"{name} belongs to user {OTHER_USER}"):
        up_down.acquire_home(home)
    assert (victim.read_text(), mode(victim)) == ("of the user who starts it", 0o644)


@only_root_can_give_files_away
def test_a_data_directory_behind_a_link_that_is_another_users_is_told_as_any_other(home: Home, tmp_path: Path) -> None:
    os.chown(home.path, OTHER_USER, OTHER_USER)
    (link := tmp_path / "link").symlink_to(home.path)
    with pytest.raises(WrongSetting, match=f"belongs to user {OTHER_USER}"), Home(link).usable():
        Home(link).tighten()


def test_a_link_that_its_user_has_made_leads_to_what_is_private(home: Home, tmp_path: Path) -> None:
    """As to another disk."""
    database = tmp_path / "elsewhere"
    database.touch()
    database.chmod(0o644)
    (home.path / "baremint.sqlite3").unlink()
    (home.path / "baremint.sqlite3").symlink_to(database)
    home.secure()
    assert mode(database) == 0o600


@pytest.mark.parametrize("permissions", [0o1777, 0o1770])
def test_a_world_writable_folder_is_no_data_directory(tmp_path: Path, permissions: int) -> None:
    tmp_path.chmod(permissions)
    with pytest.raises(OSError, match="All users"):
        Home(tmp_path).ensure()
    assert mode(tmp_path) == permissions


def test_a_folder_of_ones_own_may_have_any_mode(tmp_path: Path) -> None:
    tmp_path.chmod(0o1755)
    assert Home(tmp_path).ensure() == tmp_path


def test_what_was_begun_and_never_finished_is_removed_after_an_hour(home: Home) -> None:
    (abandoned := home.path / f"{PARTIAL}abandoned").mkdir()
    (fresh := home.path / f"{PARTIAL}fresh").touch()
    long_ago = time.time() - ABANDONED_SECONDS - 1
    os.utime(abandoned, (long_ago, long_ago))
    home.secure()
    assert (abandoned.exists(), fresh.exists()) == (False, True)


def test_a_link_to_nowhere_stops_nothing(home: Home) -> None:
    (home.path / "valkey.sock").symlink_to(home.path / "nothing")
    home.secure()


# --- Sockets


@pytest.fixture
def long_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    """One whose path is too long for a socket in it."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    path = tmp_path / ("x" * 90)
    yield Home(path)
    shutil.rmtree(path, ignore_errors=True)


def test_a_folder_of_sockets_that_is_ours_becomes_ours_alone(long_home: Home) -> None:
    folder = long_home.socket("s").parent
    folder.mkdir(mode=0o777)
    folder.chmod(0o777)
    assert mode(long_home.socket("s").parent) == 0o700


@only_root_can_give_files_away
def test_a_folder_of_sockets_that_another_user_has_made_is_not_used(long_home: Home) -> None:
    folder = long_home.socket("s").parent
    folder.mkdir(mode=0o777)
    os.chown(folder, OTHER_USER, OTHER_USER)
    with pytest.raises(OSError, match="belongs to another user"):
        long_home.socket("s")


# --- A file that is written as a whole


@pytest.mark.parametrize("there", ["nothing", "a file", "a link", "a link to nowhere"])
def test_whatever_stood_there_a_new_file_takes_its_place(tmp_path: Path, there: str) -> None:
    path, other = tmp_path / "backup", tmp_path / "other"
    other.write_text("not to be touched")
    match there:
        case "a file":
            path.write_text("old")
            path.chmod(0o666)
        case "a link":
            path.symlink_to(other)
        case "a link to nowhere":
            path.symlink_to(tmp_path / "nowhere")
    with atomic_file(path) as file:
        file.write(b"new")
    assert (path.read_bytes(), mode(path), path.is_symlink()) == (b"new", 0o600, False)
    assert other.read_text() == "not to be touched"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["backup", "other"]


def test_what_is_no_file_is_not_replaced(tmp_path: Path) -> None:
    """A device that all users use, such as /dev/null."""
    os.mkfifo(path := tmp_path / "pipe")
    with pytest.raises(OSError, match="it is no ordinary file"), atomic_file(path) as file:
        file.write(b"new")
    assert [each.name for each in tmp_path.iterdir()] == ["pipe"]


def test_an_error_names_the_file_that_was_asked_for(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as raised, atomic_file(tmp_path / "nowhere" / "backup"):
        pass
    assert raised.value.filename == str(tmp_path / "nowhere" / "backup")


def test_what_stood_there_stays_when_the_new_file_is_not_finished(tmp_path: Path) -> None:
    path = tmp_path / "backup"
    path.write_text("old")

    def fail_half_way() -> None:
        with atomic_file(path) as file:
            file.write(b"half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_half_way()
    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [("backup", "old")]


def test_a_folder_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "backup").mkdir()
    with pytest.raises(IsADirectoryError), atomic_file(tmp_path / "backup") as file:
        file.write(b"new")
    assert [each.name for each in tmp_path.iterdir()] == ["backup"]


def test_what_is_ours_and_private_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch(mode=0o400)
    require_ownership(file)
    assert mode(file) == 0o400
