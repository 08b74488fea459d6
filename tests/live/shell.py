"""A learner's shell, into which commands are pasted one after the other. It is in some folder and finds no Baremint."""

import re
import shutil
import subprocess
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.live.product import clean_environment

SECONDS = 120
MARK = "@@ pasted @@"
STATUS = re.compile(r"^@@ status (\d+)$", re.MULTILINE)
CURL = """#!/bin/sh
exec {curl} --write-out '%{{stderr}}\\n@@ status %{{http_code}}\\n' "$@"
"""


class Shell:
    """What it prints is kept, and the status of each answer that ``curl`` gets in it."""

    def __init__(self, folder: Path) -> None:
        programs, here = folder / "programs", folder / "here"
        for each in (programs, here):
            each.mkdir()
        (programs / "curl").write_text(CURL.format(curl=shutil.which("curl")))
        (programs / "curl").chmod(0o755)
        environment = clean_environment()
        self._bash = subprocess.Popen(
            ["bash", "--norc"],
            env={**environment, "PATH": f"{programs}:{_without_baremint(environment['PATH'])}"},
            cwd=here,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bash.kill()
        self._bash.communicate()

    def paste(self, text: str) -> str:
        """What it prints, until it is done; bash is ended when that takes too long."""
        assert self._bash.stdin
        assert self._bash.stdout
        giving_up = threading.Timer(SECONDS, self._bash.kill)
        giving_up.start()
        self._bash.stdin.write(f"{text}\necho; echo '{MARK}'\n")
        self._bash.stdin.flush()
        printed = []
        for line in self._bash.stdout:
            if line.strip() == MARK:
                break
            printed.append(line)
        giving_up.cancel()
        return "".join(printed)


def statuses(printed: str) -> set[int]:
    """Of the answers among what was printed."""
    return {int(status) for status in STATUS.findall(printed)} - {0}


def _without_baremint(path: str) -> str:
    return ":".join(folder for folder in path.split(":") if not (Path(folder) / "baremint").exists())
