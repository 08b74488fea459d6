"""The data directory (``BAREMINT_HOME``), with all persistent data of a deployment without external services.

The directory gets mode 0700 and every file in it mode 0600. A directory or file of another user is refused, because
that user could read or change it.
"""

import errno
import hashlib
import os
import secrets
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from fnmatch import fnmatch
from pathlib import Path

from controlplane.deployment import env
from controlplane.deployment.env import WrongSetting
from controlplane.deployment.private_files import (
    OTHERS,
    NotOwned,
    atomic_file,
    partial_folder,
    remove_abandoned,
    require_ownership,
    user_name,
)

# sun_path of a Unix socket has 108 bytes, including the final NUL (unix(7)).
LONGEST_SOCKET_PATH = 107
SOCKET_FOLDERS = "baremint-sockets-"

NAME = ".baremint"
SECRET_KEY_FILE = "secret-key"  # noqa: S105  a file name
DATABASE_FILE = "baremint.sqlite3"
CA_BUNDLE = "ca-bundle.pem"
REQUIRED_FILES = (
    "secret-key",
    "kek",
    "credentials.json",
    "ca-bundle.pem",
    f"{DATABASE_FILE}*",
    "baremint.log",
    "baremint.log.1",
    "supervisor.lock",
    "job-*.lock",
    "lab.json",
    "objects",
    "running.json",
    "restoring",
    "lab.lock",
    "lab.log",
    "lab.log.1",
    "valkey",
    "valkey*.damaged",
    "valkey.sock",
    "celerybeat-schedule*",
)
MARKER_FILES = (SECRET_KEY_FILE, DATABASE_FILE, "kek", "credentials.json")
"""Every data directory has at least one of them."""
BACKUPS = ("baremint-backup*.tar",)
"""Names of other Baremint files in the data directory, which may also contain foreign files."""


def find_home() -> tuple[Path, bool]:
    """Return the data directory of a command, and whether it exists.

    It is BAREMINT_HOME, or the nearest ``.baremint`` in the current directory or a parent; in a parent, a directory of
    another user is skipped. Otherwise it is the path where ``up`` creates one.
    """
    if setting := env.text("BAREMINT_HOME", default=""):
        path = Path(setting)
        with suppress(RuntimeError):  # Home() reports it
            path = path.expanduser().absolute()
        return path, path.is_dir()
    here = Path.cwd()
    for folder in (here, *here.parents):
        with suppress(OSError):
            target, entry = (folder / NAME).stat(), (folder / NAME).lstat()
            is_owned = {target.st_uid, entry.st_uid} == {os.geteuid()}
            if stat.S_ISDIR(target.st_mode) and (folder == here or is_owned):
                return folder / NAME, True
    return here / NAME, False


class UnusableHome(WrongSetting):
    """The message says why the data directory cannot be used and what to do."""


def unusable(error: OSError) -> UnusableHome:
    """Return the error for an OSError of the data directory or of a file in it."""
    if isinstance(error, NotOwned):
        return UnusableHome(str(error))
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return UnusableHome("The disk of the data directory is full. Make room on it.")
    at = f"{error.filename}: " if error.filename else ""
    if error.errno == errno.ENOTDIR and error.filename:
        at = f"{Path(error.filename).parent}: "
    return UnusableHome(f"The data directory cannot be used: {at}{error.strerror}. Name another one: BAREMINT_HOME.")


class Home:
    """A data directory. It is created when something is first written to it."""

    def __init__(self, path: Path) -> None:
        try:
            self.path = path.expanduser().absolute()
        except RuntimeError:
            raise OSError(errno.ENOENT, "there is no such user", str(path)) from None

    def ensure(self) -> Path:
        """Create the directory if it does not exist. Raises OSError, also when it is not writable.

        A directory that other users may enter and that has foreign files is refused and keeps its mode, because it may
        belong to the system or have another purpose.
        """
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._require_ownership()
        if not os.access(self.path, os.W_OK | os.X_OK):
            raise OSError(errno.EACCES, "nothing can be written into it", str(self.path))
        return self.path

    def _require_ownership(self) -> None:
        if self.path.is_symlink() and self.path.lstat().st_uid not in (0, os.geteuid()):
            raise NotOwned(
                self.path, f"Another user created the link {self.path}. Set BAREMINT_HOME to another directory."
            )
        if stat.S_IMODE(self.path.stat().st_mode) & OTHERS and not (self.is_data_directory() or self._is_empty()):
            raise NotOwned(
                self.path,
                f"{self.path} is open to other users and contains files that are not Baremint's. Set BAREMINT_HOME to "
                "a separate directory.",
            )
        require_ownership(self.path.resolve())

    def secure(self) -> str:
        """Make the directory and its files private to this user. Returns a message if the mode changed, else "".

        Raises OSError, which names a file of another user, and UnusableHome.
        """
        before = stat.S_IMODE(self.path.stat().st_mode) if self.path.exists() else None
        self.ensure()
        self.tighten()
        if before in (None, stat.S_IMODE(self.path.stat().st_mode)):
            return ""
        return f"only user {user_name(os.geteuid())} may enter {self.path} from now on; its mode was {before:04o}"

    def tighten(self) -> None:
        """Make an existing directory private, also a read-only one."""
        if not self.path.exists():
            return
        self._require_ownership()
        for file in self.path.iterdir():
            if self.keeps(file.name):
                _secure(file)
        remove_abandoned(self.path)
        self._require_secret_key()

    def guard(self) -> None:
        """Check the directory without its files. Commands that only read call this, so it must be fast."""
        if self.is_data_directory():
            self._require_ownership()
            self._require_secret_key()

    def is_data_directory(self) -> bool:
        """Return whether the directory has data of Baremint."""
        return any((self.path / name).exists() for name in MARKER_FILES)

    def _is_empty(self) -> bool:
        """Return whether the directory has no entries except those of the file system itself."""
        return set(os.listdir(self.path)) <= {"lost+found"}

    def _require_secret_key(self) -> None:
        if self.read_secret(SECRET_KEY_FILE) == "":
            raise UnusableHome(f"{self.path / SECRET_KEY_FILE} is empty. Remove it: the next start makes another one.")

    @staticmethod
    def keeps(name: str) -> bool:
        """Return whether a file of this name belongs to Baremint."""
        return any(fnmatch(name, pattern) for pattern in (*REQUIRED_FILES, *BACKUPS))

    @staticmethod
    def needs(name: str) -> bool:
        """Return whether a file of this name is required for operation."""
        return any(fnmatch(name, pattern) for pattern in REQUIRED_FILES)

    @contextmanager
    def usable(self) -> Iterator[None]:
        """Convert an OSError about a path in the directory to a WrongSetting that says what to do."""
        try:
            yield
        except OSError as error:
            if isinstance(error, NotOwned) or self._has(error.filename):
                raise unusable(error) from None
            raise

    def _has(self, name: object) -> bool:
        """Return whether it is a path in the directory, also through a symbolic link."""
        if not isinstance(name, str):
            return False
        return any(Path(name).is_relative_to(path) for path in (self.path, self.path.resolve()))

    def write_secret(self, name: str, value: str) -> None:
        """Write a file of mode 0600 atomically: a reader sees the old or the new content, never a part."""
        self.ensure()
        with atomic_file(self.path / name) as file:
            file.write(value.encode())

    def read_secret(self, name: str) -> str | None:
        """Return the content of a file, or None if it does not exist. Raises OSError for a file of another user."""
        try:
            require_ownership(self.path / name)
            return (self.path / name).read_text(encoding="utf-8", errors="replace").strip()
        except FileNotFoundError:
            return None

    def secret(self, name: str) -> str:
        """Return the secret of this name, creating it on first use. Concurrent processes get the same value."""
        if (value := self.read_secret(name)) is not None:
            return value
        with partial_folder(self.ensure()) as folder:
            with atomic_file(folder / name) as file:
                file.write(secrets.token_urlsafe(48).encode())
            with suppress(FileExistsError):
                os.link(folder / name, self.path / name)  # fails if another process was first; its value is used
        return (self.path / name).read_text(encoding="utf-8").strip()

    def socket(self, name: str) -> Path:
        """Return the path of a Unix socket: in the data directory, or in a temporary one when that path is too long.

        The supervisor creates and removes the temporary one (deployment/owned_folder.py). Raises OSError when it
        belongs to another user.
        """
        inside = self.path / name
        if len(os.fsencode(inside)) <= LONGEST_SOCKET_PATH:
            return inside
        digest = hashlib.sha256(os.fsencode(self.path)).hexdigest()[:16]
        folder = Path(tempfile.gettempdir()) / f"{SOCKET_FOLDERS}{os.geteuid()}-{digest}"
        try:
            require_ownership(folder)
        except FileNotFoundError:
            pass
        except NotOwned:
            text = f"{folder} belongs to another user. Set TMPDIR to a directory of your own."
            raise NotOwned(folder, text) from None
        return folder / name


def _secure(file: Path) -> None:
    with suppress(FileNotFoundError):  # a broken link, or a file that its process removes at this moment
        require_ownership(file)
        if file.is_dir() and not file.is_symlink():
            for each in file.iterdir():
                _secure(each)
