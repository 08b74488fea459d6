"""A learner's shell: one bash, into which commands are pasted one after the other."""

import subprocess
import sys
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.live.product import ROOT, Product

SECONDS = 120
MARK = "@@ pasted @@"


class Shell:
    """Runs in the product's environment, where ``baremint`` is found; what it prints is kept."""

    def __init__(self, product: Product) -> None:
        path = f"{Path(sys.executable).parent}:{product.environment['PATH']}"
        self._bash = subprocess.Popen(
            ["bash", "--norc"],
            env={**product.environment, "PATH": path},
            cwd=ROOT,
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
