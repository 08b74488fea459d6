"""A file with the settings of the running Baremint in its data directory, so that commands in any shell find it.

It is valid as long as the process that wrote it holds the lock of the data directory. Standard library only.
"""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from controlplane.deployment import process_lock
from controlplane.deployment.home import Home
from controlplane.deployment.private_files import atomic_file

FILE = "running.json"
LAST = "last-home"
SETTINGS = (
    "BAREMINT_HOST",
    "BAREMINT_PORT",
    "BAREMINT_METADATA_PORT",
    "BAREMINT_METADATA_TLS_PORT",
    "BAREMINT_REGION",
    "BAREMINT_PUBLIC_URL",
)


@contextmanager
def published(home: Home, settings: Any) -> Iterator[None]:
    """Write the file and remove it at the end of the block. The caller holds the lock. Raises OSError."""
    _write(home, settings)
    try:
        yield
    finally:
        with suppress(OSError):
            (home.path / FILE).unlink()


def _write(home: Home, settings: Any) -> None:
    """Write the file, and record the data directory for ``last_started``."""
    facts = {
        "process": os.getpid(),
        "embedded_database": settings.EMBEDDED_DATABASE,
        "settings": {name: str(getattr(settings, name)) for name in SETTINGS},
    }
    home.write_secret(FILE, json.dumps(facts, indent=2))
    with suppress(OSError):  # optional: a user may have no home directory
        _last().parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with atomic_file(_last()) as file:
            file.write(os.fsencode(home.path))


def settings_of(home: Home) -> Mapping[str, str]:
    """Return the settings of the Baremint that runs there, by environment variable; empty when none runs.

    Raises OSError.
    """
    return {name: str(value) for name, value in _read(home).get("settings", {}).items() if name in SETTINGS}


def database_is_elsewhere(home: Home) -> bool:
    """Return whether the Baremint that runs there uses an external database. Raises OSError."""
    return _read(home).get("embedded_database") is False


def _read(home: Home) -> dict[str, Any]:
    with suppress(ValueError):
        facts = json.loads(home.read_secret(FILE) or "{}")
        if isinstance(facts, dict) and facts.get("process") == process_lock.holder(home) is not None:
            return facts
    return {}


def last_started() -> Path | None:
    """Return the data directory that this user started last, if it still exists."""
    with suppress(OSError, ValueError):
        if not _last().is_file():
            return None
        path = Path(os.fsdecode(_last().read_bytes()))
        if path.is_absolute() and path.stat().st_uid == os.geteuid():
            return path
    return None


def _last() -> Path:
    """Return the path of the record. Raises OSError for a user without a home directory."""
    state = os.environ.get("XDG_STATE_HOME", "")
    try:
        folder = Path(state) if state.startswith("/") else Path("~/.local/state").expanduser()
    except RuntimeError as error:
        raise OSError(str(error)) from None
    return folder / "baremint" / LAST
