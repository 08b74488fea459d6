"""What clients were answered, on the disk before they go on: the one witness that the product cannot influence."""

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from threading import Lock


@dataclass(frozen=True)
class Entry:
    """One answer, or none: then ``failure`` says what the client met instead."""

    kind: str
    """``identity_token``, ``iam_token``, ``certificate``, or what else was asked for."""
    at: float
    """When it came, by the machine's monotonic clock."""
    status: int = 0
    sha256: str = ""
    """Of the token's text, or of the certificate's DER."""
    document: str = ""
    """The token, or the chain in PEM."""
    failure: str = ""


@dataclass
class CallRecord:
    """An append-only file. Every entry is synced before the client that wrote it asks again."""

    path: Path
    entries: list[Entry] = field(default_factory=list)
    windows: list[tuple[float, float]] = field(default_factory=list)
    """When something was broken on purpose, with the time that recovery may take."""

    def __post_init__(self) -> None:
        self._file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._lock = Lock()

    def write(self, entry: Entry) -> None:
        line = json.dumps(asdict(entry)).encode() + b"\n"
        with self._lock:
            os.write(self._file, line)
            self.entries.append(entry)
        os.fdatasync(self._file)

    def close(self) -> None:
        os.close(self._file)

    @property
    def issued(self) -> list[Entry]:
        return [entry for entry in self.entries if entry.sha256]

    @property
    def failures(self) -> list[Entry]:
        """Requests without an answer."""
        return [entry for entry in self.entries if entry.failure]

    @contextmanager
    def broken(self, *, recovery: float = 5.0) -> Iterator[None]:
        """Something is broken while the block runs; so long after it, all must be well again."""
        began = time.monotonic()
        try:
            yield
        finally:
            self.windows.append((began, time.monotonic() + recovery))

    def is_excused(self, entry: Entry) -> bool:
        return any(began <= entry.at <= end for began, end in self.windows)

    def faults(self) -> list[Entry]:
        """Answers that say the product is at fault (5xx), outside of all windows."""
        return [entry for entry in self.entries if entry.status >= 500 and not self.is_excused(entry)]
