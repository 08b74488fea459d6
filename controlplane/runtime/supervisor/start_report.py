"""What a process tells the one that started it, over a pipe: how far it is, that it is ready, or why it cannot be.

One JSON object a line: ``{"progress": TEXT}``, then ``{"ready": FACTS}``, ``{"failed": TEXT}`` or
``{"wrong_setting": TEXT}``.
"""

import json
import os
import threading
from typing import Any


def message(line: str) -> dict[str, Any]:
    """A line of the pipe, as it was meant; nothing of one that was cut off when the process ended."""
    try:
        found: dict[str, Any] = json.loads(line)
    except ValueError:
        return {}
    return found


class Report:
    """The writing end of the pipe."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._lock = threading.Lock()

    def progress(self, text: str) -> None:
        self._send({"progress": text})

    def ready(self, facts: Any = None) -> bool:
        """Close the pipe; returns whether anybody could read it. ``facts``: whatever JSON can hold.

        A second call says nothing more.
        """
        with self._lock:
            if self._descriptor < 0:
                return True
            is_read = self._send({"ready": facts})
            os.close(self._descriptor)
            self._descriptor = -1
            return is_read

    def failed(self, reason: str) -> None:
        self._send({"failed": reason})

    def wrong_setting(self, reason: str) -> None:
        """Before it could begin."""
        self._send({"wrong_setting": reason})

    def _send(self, message: dict[str, Any]) -> bool:
        rest = memoryview(json.dumps(message).encode() + b"\n")
        try:
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
        except OSError:
            return False
        return True
