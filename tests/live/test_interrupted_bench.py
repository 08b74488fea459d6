"""A benchmark that is interrupted leaves nothing, whatever it was doing."""

import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from controlplane.bench import postgresql, product
from controlplane.deployment.owned_folder import owned_folder, remove_abandoned
from tests.live.family import Family, family, with_parent
from tests.live.product import clean_environment

pytestmark = [pytest.mark.live, pytest.mark.e2e]

PARENT = "kill the parent"
SQLITE, POSTGRESQL, START = ["--database", "sqlite"], ["--database", "postgresql"], ["start"]
COMMAND = (sys.executable, "-m", "controlplane", "bench")


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where temporary folders are made, here and in the benchmark. Its path is short, as those of sockets must be."""
    with owned_folder("baremint-test-") as new_folder:
        monkeypatch.setattr(tempfile, "tempdir", str(new_folder))
        yield new_folder


def come_to(moment: str, bench: Family) -> None:
    match moment:
        case "signing":
            bench.await_process("controlplane.bench.signing")
        case "starting":
            bench.await_process("--report-to")
        case "serving":
            bench.await_named("control plane")
        case "measuring":
            bench.await_words("requests/s")


@pytest.mark.parametrize(
    ("words", "moment", "how"),
    [
        (SQLITE, "signing", signal.SIGINT),
        (SQLITE, "signing", signal.SIGKILL),
        (POSTGRESQL, "starting", signal.SIGHUP),
        (POSTGRESQL, "starting", signal.SIGKILL),
        (SQLITE, "measuring", signal.SIGTERM),
        (POSTGRESQL, "measuring", PARENT),
        (START, "starting", signal.SIGINT),
        (START, "starting", signal.SIGKILL),
        (START, "serving", signal.SIGTERM),
        (START, "serving", signal.SIGKILL),
        (START, "serving", PARENT),
    ],
)
def test_an_interrupted_benchmark_leaves_nothing(
    folder: Path, tmp_path: Path, words: list[str], moment: str, how: signal.Signals | str
) -> None:
    command = with_parent([*COMMAND, *words])
    environment = {**clean_environment(), "TMPDIR": str(folder), "PYTHONUNBUFFERED": "1"}
    with family(command, environment=environment, output=tmp_path / "output") as bench:
        come_to(moment, bench)
        at_work = bench.await_process("bench", *words)
        os.kill(bench.head if how == PARENT else at_work, signal.SIGKILL if how == PARENT else how)
        bench.assert_gone()
        assert bench.status() != 0
        assert "Traceback" not in bench.output
        if how == signal.SIGKILL:
            remove_abandoned(product.PREFIX)
            remove_abandoned(postgresql.PREFIX)
        else:
            assert bench.output.endswith("Everything that had been started is stopped again.\n")
    assert list(folder.iterdir()) == []
