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
from typing import BinaryIO

from controlplane.env import WrongSetting

# sun_path of a Unix socket holds 108 bytes with its closing NUL (unix(7)).
LONGEST_SOCKET_PATH = 107
SOCKET_FOLDERS = "baremint-sockets-"

OTHERS = stat.S_IRWXG | stat.S_IRWXO
SECRET_KEY_FILE = "secret-key"  # noqa: S105  a file name
DATABASE_FILE = "baremint.sqlite3"
KEPT = (
    "secret-key",
    "kek",
    "credentials.json",
    "ca-bundle.pem",
    "lab.json",
    f"{DATABASE_FILE}*",
    "baremint-backup*",
    "*.lock",
    "*.log*",
    "valkey*",
)
"""What may stand in the data directory beside files that are not ours, if somebody has chosen such a one."""


def unusable(error: OSError) -> str:
    """What a person can do when the data directory cannot be read or made."""
    return f"the data directory cannot be used: {error.filename}: {error.strerror}. Name another one: BAREMINT_HOME."


def require_ours(path: Path) -> None:
    """Take away what others may do with a file or folder of this user's. Raises OSError for another user's, and for a
    folder in which everybody may make files, such as /tmp."""
    found = path.stat()
    if found.st_uid != os.geteuid():
        raise OSError(errno.EPERM, "it belongs to another user", str(path))
    if found.st_mode & stat.S_ISVTX:
        raise OSError(errno.EPERM, "it is for everybody's files", str(path))
    if found.st_mode & OTHERS:
        path.chmod(stat.S_IMODE(found.st_mode) & ~OTHERS)


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """A new file of mode 0600 that takes its place when it is on the disk as a whole. Whatever stood there, a file with
    other rights or a link, is replaced and not written to; when the block fails, it stays."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)  # or the name is lost with the power
    finally:
        os.close(folder)


class Home:
    """A data directory. Nothing is created until something is written to it."""

    def __init__(self, path: Path) -> None:
        try:
            self.path = path.expanduser().absolute()
        except RuntimeError:
            raise OSError(errno.ENOENT, "there is no such user", str(path)) from None

    def ensure(self) -> Path:
        """Make it if it is not there. Raises OSError, also when nothing can be written into it."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        require_ours(self.path)
        if not os.access(self.path, os.W_OK | os.X_OK):
            raise OSError(errno.EACCES, "nothing can be written into it", str(self.path))
        return self.path

    def secure(self) -> None:
        """See to it that what we have kept here is this user's alone. Raises OSError, which names what is not."""
        for file in self.ensure().iterdir():
            if any(fnmatch(file.name, pattern) for pattern in KEPT):
                with suppress(FileNotFoundError):  # a link to nowhere, or a file of a process that ends just now
                    require_ours(file)

    @contextmanager
    def usable(self) -> Iterator[None]:
        """Raise WrongSetting, which says what to do, for an OSError that names a file or folder in here."""
        try:
            yield
        except OSError as error:
            if not isinstance(error.filename, str) or not Path(error.filename).is_relative_to(self.path):
                raise
            raise WrongSetting(unusable(error)) from None

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
        self.ensure()
        handle, temporary = tempfile.mkstemp(dir=self.path, prefix=f".{name}.")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(secrets.token_urlsafe(48))
        try:
            os.link(temporary, self.path / name)  # fails if another process was first: then its value stands
        except FileExistsError:
            pass
        finally:
            os.unlink(temporary)
        return (self.path / name).read_text(encoding="utf-8").strip()

    def socket(self, name: str) -> Path:
        """Path of a Unix socket: in the data directory, or in a temporary one when that path is too long.

        The supervisor makes the temporary one and removes it: see operations/owned_folder.py. Raises OSError when
        another user has made it.
        """
        inside = self.path / name
        if len(os.fsencode(inside)) <= LONGEST_SOCKET_PATH:
            return inside
        digest = hashlib.sha256(os.fsencode(self.path)).hexdigest()[:16]
        folder = Path(tempfile.gettempdir()) / f"{SOCKET_FOLDERS}{os.geteuid()}-{digest}"
        with suppress(FileNotFoundError):
            require_ours(folder)
        return folder / name
