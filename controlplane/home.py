"""The data directory (``BAREMINT_HOME``): where the embedded default keeps everything it must remember.

The directory is mode 0700 and every secret in it is a file of mode 0600, written whole or not at all.
"""

import errno
import hashlib
import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from controlplane.env import WrongSetting

# sun_path of a Unix socket holds 108 bytes with its closing NUL (unix(7)).
LONGEST_SOCKET_PATH = 107
SOCKET_FOLDERS = "baremint-sockets-"

SECRET_KEY_FILE = "secret-key"  # noqa: S105  a file name
DATABASE_FILE = "baremint.sqlite3"


def unusable(error: OSError) -> str:
    """What a person can do when the data directory cannot be read or made."""
    return f"the data directory cannot be used: {error.filename}: {error.strerror}. Name another one: BAREMINT_HOME."


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
        if not os.access(self.path, os.W_OK | os.X_OK):
            raise OSError(errno.EACCES, "nothing can be written into it", str(self.path))
        return self.path

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
        handle, temporary = tempfile.mkstemp(dir=self.path, prefix=f".{name}.")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(value)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, self.path / name)

    def read_secret(self, name: str) -> str | None:
        try:
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

        The supervisor makes the temporary one and removes it: see operations/owned_folder.py.
        """
        inside = self.path / name
        if len(os.fsencode(inside)) <= LONGEST_SOCKET_PATH:
            return inside
        digest = hashlib.sha256(os.fsencode(self.path)).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"{SOCKET_FOLDERS}{os.geteuid()}-{digest}" / name
