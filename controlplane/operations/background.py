"""A process in the background, the supervisor (``up --detach``) or the lab, and word from it until it is ready.

The two talk over a pipe, one JSON object a line: ``{"progress": ...}``, then ``{"ready": true}`` or
``{"failed": ...}``. A pipe that closes before that means the supervisor is gone.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from typing import BinaryIO

from controlplane.home import Home

LOG = "baremint.log"
LONGEST_LOG = 16 * 1024 * 1024


class StartFailed(Exception):
    """The reason, as the background process gave it."""


class Reporter:
    """The background process's end of the pipe."""

    def __init__(self, descriptor: int) -> None:
        self._pipe = os.fdopen(descriptor, "w", encoding="utf-8")

    def progress(self, text: str) -> None:
        self._send({"progress": text})

    def ready(self) -> None:
        self._send({"ready": True})
        self._pipe.close()

    def failed(self, reason: str) -> None:
        self._send({"failed": reason})

    def _send(self, message: dict[str, object]) -> None:
        try:
            self._pipe.write(json.dumps(message) + "\n")
            self._pipe.flush()
        except (BrokenPipeError, ValueError):
            pass  # nobody waits for word any more


def start(home: Home, *command: str, log: str = LOG, progress: Callable[[str], None]) -> None:
    """Start ``baremint COMMAND`` in the background; returns when everything answers. Raises StartFailed."""
    reading, writing = os.pipe()
    with _open_log(home, log) as output:
        process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", "controlplane", *command, "--report-to", str(writing)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            pass_fds=[writing],
            start_new_session=True,
        )
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as pipe:
        try:
            for line in pipe:
                message = json.loads(line)
                if message.get("ready"):
                    return
                if reason := message.get("failed"):
                    process.wait()
                    raise StartFailed(reason)
                progress(message["progress"])
        except KeyboardInterrupt:
            process.send_signal(signal.SIGTERM)
            process.wait()
            raise StartFailed("Interrupted; everything that had been started is stopped again.") from None
    raise StartFailed(f"It ended with status {process.wait()} before it was ready. See {home.path / log}.")


def _open_log(home: Home, name: str) -> BinaryIO:
    """The log, to append to; a long one becomes ``baremint.log.1`` first."""
    path = home.ensure() / name
    if path.exists() and path.stat().st_size > LONGEST_LOG:
        path.replace(path.with_name(f"{name}.1"))
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "wb")
