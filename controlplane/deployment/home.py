"""The data directory (``BAREMINT_HOME``): where the embedded default keeps everything it must remember.

The directory is mode 0700 and every file in it of mode 0600, whatever they were before. What is another user's is
refused, for that user could read or change it.
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
    NotOurs,
    partial_folder,
    remove_abandoned,
    require_ours,
    user_name,
    whole_file,
)

# sun_path of a Unix socket holds 108 bytes with its closing NUL (unix(7)).
LONGEST_SOCKET_PATH = 107
SOCKET_FOLDERS = "baremint-sockets-"

NAME = ".baremint"
SECRET_KEY_FILE = "secret-key"  # noqa: S105  a file name
DATABASE_FILE = "baremint.sqlite3"
CA_BUNDLE = "ca-bundle.pem"
NEEDED = (
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
MARKS = (SECRET_KEY_FILE, DATABASE_FILE, "kek", "credentials.json")
"""One of them is in every data directory."""
BACKUPS = ("baremint-backup*.tar",)
"""What is ours in the data directory, in which other files may stand, too."""


def find_home() -> tuple[Path, bool]:
    """The data directory that a command means, and whether it is there: BAREMINT_HOME, or ``.baremint`` in the current
    directory or above it; of those above, one that another user has made is none. Otherwise where ``up`` makes one."""
    if named := env.text("BAREMINT_HOME", default=""):
        path = Path(named)
        with suppress(RuntimeError):  # Home tells of it
            path = path.expanduser().absolute()
        return path, path.is_dir()
    here = Path.cwd()
    for folder in (here, *here.parents):
        with suppress(OSError):
            found, itself = (folder / NAME).stat(), (folder / NAME).lstat()
            is_ours = {found.st_uid, itself.st_uid} == {os.geteuid()}
            if stat.S_ISDIR(found.st_mode) and (folder == here or is_ours):
                return folder / NAME, True
    return here / NAME, False


class UnusableHome(WrongSetting):
    """Says why the data directory cannot be used, and what to do."""


def unusable(error: OSError) -> UnusableHome:
    """For an OSError of the data directory, or of a file in it."""
    if isinstance(error, NotOurs):
        return UnusableHome(str(error))
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return UnusableHome("The disk of the data directory is full. Make room on it.")
    at = f"{error.filename}: " if error.filename else ""
    if error.errno == errno.ENOTDIR and error.filename:
        at = f"{Path(error.filename).parent}: "
    return UnusableHome(f"The data directory cannot be used: {at}{error.strerror}. Name another one: BAREMINT_HOME.")


class Home:
    """A data directory. Nothing is created until something is written to it."""

    def __init__(self, path: Path) -> None:
        try:
            self.path = path.expanduser().absolute()
        except RuntimeError:
            raise OSError(errno.ENOENT, "there is no such user", str(path)) from None

    def ensure(self) -> Path:
        """Make it if it is not there. Raises OSError, also when nothing can be written into it.

        A directory that other users may enter and that holds other files is refused and keeps its mode: it may be
        somebody's own, or the system's.
        """
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._require_ours()
        if not os.access(self.path, os.W_OK | os.X_OK):
            raise OSError(errno.EACCES, "nothing can be written into it", str(self.path))
        return self.path

    def _require_ours(self) -> None:
        if self.path.is_symlink() and self.path.lstat().st_uid not in (0, os.geteuid()):
            raise NotOurs(self.path, f"Another user has made the link {self.path}. Name a directory: BAREMINT_HOME.")
        if stat.S_IMODE(self.path.stat().st_mode) & OTHERS and not (self.is_one() or self._is_empty()):
            raise NotOurs(
                self.path,
                f"{self.path} is open to other users and holds files that are not Baremint's. Name a directory of its "
                "own: BAREMINT_HOME.",
            )
        require_ours(self.path.resolve())

    def secure(self) -> str:
        """See to it that what we have kept here is this user's alone. Returns what to tell of it, if anything.

        Raises OSError, which names what is another user's, and UnusableHome.
        """
        before = stat.S_IMODE(self.path.stat().st_mode) if self.path.exists() else None
        self.ensure()
        self.tighten()
        if before in (None, stat.S_IMODE(self.path.stat().st_mode)):
            return ""
        return f"only user {user_name(os.geteuid())} may enter {self.path} from now on; its mode was {before:04o}"

    def tighten(self) -> None:
        """The same for a directory that may be read-only; nothing is done about one that is not there."""
        if not self.path.exists():
            return
        self._require_ours()
        for file in self.path.iterdir():
            if self.keeps(file.name):
                _secure(file)
        remove_abandoned(self.path)
        self._require_secret_key()

    def guard(self) -> None:
        """Like ``tighten``, for the directory itself only. Commands that only read call this, so it must be quick."""
        if self.is_one():
            self._require_ours()
            self._require_secret_key()

    def is_one(self) -> bool:
        """Whether Baremint has kept something there."""
        return any((self.path / name).exists() for name in MARKS)

    def _is_empty(self) -> bool:
        """But for what a file system has made for itself."""
        return set(os.listdir(self.path)) <= {"lost+found"}

    def _require_secret_key(self) -> None:
        if self.read_secret(SECRET_KEY_FILE) == "":
            raise UnusableHome(f"{self.path / SECRET_KEY_FILE} is empty. Remove it: the next start makes another one.")

    @staticmethod
    def keeps(name: str) -> bool:
        """Whether a file of this name in here is ours."""
        return any(fnmatch(name, pattern) for pattern in (*NEEDED, *BACKUPS))

    @staticmethod
    def needs(name: str) -> bool:
        """Whether it is one without which nothing works here, or not as before."""
        return any(fnmatch(name, pattern) for pattern in NEEDED)

    @contextmanager
    def usable(self) -> Iterator[None]:
        """Raise WrongSetting, which says what to do, for an OSError that names a file or folder in here."""
        try:
            yield
        except OSError as error:
            if isinstance(error, NotOurs) or self._has(error.filename):
                raise unusable(error) from None
            raise

    def _has(self, name: object) -> bool:
        """Whether it is a path in here, also one that leads here by another name."""
        if not isinstance(name, str):
            return False
        return any(Path(name).is_relative_to(path) for path in (self.path, self.path.resolve()))

    def write_secret(self, name: str, value: str) -> None:
        """Write a file of mode 0600 atomically: a reader sees the old content or the new, never a part."""
        self.ensure()
        with whole_file(self.path / name) as file:
            file.write(value.encode())

    def read_secret(self, name: str) -> str | None:
        """Raises OSError for a file of another user's."""
        try:
            require_ours(self.path / name)
            return (self.path / name).read_text(encoding="utf-8", errors="replace").strip()
        except FileNotFoundError:
            return None

    def secret(self, name: str) -> str:
        """Return the secret of this name, made on first use; two processes that race agree on one value."""
        if (known := self.read_secret(name)) is not None:
            return known
        with partial_folder(self.ensure()) as folder:
            with whole_file(folder / name) as file:
                file.write(secrets.token_urlsafe(48).encode())
            with suppress(FileExistsError):
                os.link(folder / name, self.path / name)  # fails if another process was first: then its value stands
        return (self.path / name).read_text(encoding="utf-8").strip()

    def socket(self, name: str) -> Path:
        """Path of a Unix socket: in the data directory, or in a temporary one when that path is too long.

        The supervisor makes the temporary one and removes it: see deployment/owned_folder.py. Raises OSError when
        another user has made it.
        """
        inside = self.path / name
        if len(os.fsencode(inside)) <= LONGEST_SOCKET_PATH:
            return inside
        digest = hashlib.sha256(os.fsencode(self.path)).hexdigest()[:16]
        folder = Path(tempfile.gettempdir()) / f"{SOCKET_FOLDERS}{os.geteuid()}-{digest}"
        try:
            require_ours(folder)
        except FileNotFoundError:
            pass
        except NotOurs:
            text = f"{folder} belongs to another user. Set TMPDIR to a directory of your own."
            raise NotOurs(folder, text) from None
        return folder / name


def _secure(file: Path) -> None:
    with suppress(FileNotFoundError):  # a link to nowhere, or a file of a process that ends just now
        require_ours(file)
        if file.is_dir() and not file.is_symlink():
            for each in file.iterdir():
                _secure(each)
