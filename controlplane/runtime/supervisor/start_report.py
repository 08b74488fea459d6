"""The reports of a process to the one that started it, over a pipe: its progress, that it is ready, or why it failed.

One JSON object a line: ``{"progress": TEXT}``, then ``{"ready": FACTS}``, ``{"failed": TEXT}`` or
``{"wrong_setting": TEXT}``.
"""

import json
import os
import threading
from typing import Any


def message(line: str) -> dict[str, Any]:
    """Decode a line of the pipe. A line that was cut off when the process ended is an empty message."""
    try:
        fields: dict[str, Any] = json.loads(line)
    except ValueError:
        return {}
    return fields


class Report:
    """The writing end of the pipe."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._lock = threading.Lock()

    def progress(self, text: str) -> None:
        self._send({"progress": text})

    def ready(self, facts: Any = None) -> bool:
        """Report ``facts``, any JSON value, and close the pipe. Returns False when the reading end is closed.

        A second call does nothing.
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
        """Report a wrong setting, before the work could begin."""
        self._send({"wrong_setting": reason})

    def _send(self, message: dict[str, Any]) -> bool:
        data = memoryview(json.dumps(message).encode() + b"\n")
        try:
            while data:
                data = data[os.write(self._descriptor, data) :]
        except OSError:
            return False
        return True
