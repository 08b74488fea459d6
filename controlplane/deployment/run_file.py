"""What a Baremint that runs says of itself in its data directory, so that commands in any shell find it.

It counts for as long as the process that wrote it holds the lock of the data directory. Standard library only.
"""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from controlplane.deployment import process_lock
from controlplane.deployment.home import Home
from controlplane.deployment.private_files import whole_file

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
def announced(home: Home, settings: Any) -> Iterator[None]:
    """It is there while this block runs, by the process that holds the lock. Raises OSError."""
    _announce(home, settings)
    try:
        yield
    finally:
        with suppress(OSError):
            (home.path / FILE).unlink()


def _announce(home: Home, settings: Any) -> None:
    """Write it, and remember for ``last_started`` that this one was."""
    facts = {
        "process": os.getpid(),
        "embedded_database": settings.EMBEDDED_DATABASE,
        "settings": {name: str(getattr(settings, name)) for name in SETTINGS},
    }
    home.write_secret(FILE, json.dumps(facts, indent=2))
    with suppress(OSError):  # it is a convenience: who has no home directory does without
        _last().parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with whole_file(_last()) as file:
            file.write(os.fsencode(home.path))


def settings_of(home: Home) -> Mapping[str, str]:
    """Of the Baremint that runs there, by their names in the environment; empty when none does. Raises OSError."""
    return {name: str(value) for name, value in _read(home).get("settings", {}).items() if name in SETTINGS}


def database_is_elsewhere(home: Home) -> bool:
    """Whether the Baremint that runs there has its database outside of it. Raises OSError."""
    return _read(home).get("embedded_database") is False


def _read(home: Home) -> dict[str, Any]:
    with suppress(ValueError):
        found = json.loads(home.read_secret(FILE) or "{}")
        if isinstance(found, dict) and found.get("process") == process_lock.holder(home) is not None:
            return found
    return {}


def last_started() -> Path | None:
    """The data directory of the Baremint that this user has started last, if it is still there."""
    with suppress(OSError, ValueError):
        if not _last().is_file():
            return None
        path = Path(os.fsdecode(_last().read_bytes()))
        if path.is_absolute() and path.stat().st_uid == os.geteuid():
            return path
    return None


def _last() -> Path:
    """Raises OSError for a user without a home directory."""
    state = os.environ.get("XDG_STATE_HOME", "")
    try:
        folder = Path(state) if state.startswith("/") else Path("~/.local/state").expanduser()
    except RuntimeError as error:
        raise OSError(str(error)) from None
    return folder / "baremint" / LAST
