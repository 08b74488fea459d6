"""The log of a process in the background, which writes it as its standard output for weeks."""

import subprocess
import sys
from pathlib import Path

import pytest

WRITER = """
import sys
from pathlib import Path
from controlplane.runtime import background_process

background_process.LONGEST_LOG = 1000
log = Path(sys.argv[1])
for line in sys.stdin:
    print(line, end="", flush=True)
    background_process.rotate_log(log)
    print("noted", file=sys.stderr, flush=True)
    Path(sys.argv[2]).write_text(line)
"""


class Writer:
    def __init__(self, folder: Path) -> None:
        self.log, self.seen = folder / "baremint.log", folder / "seen"
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-c", WRITER, str(self.log), str(self.seen)],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                text=True,
            )

    def write(self, text: str) -> None:
        """Returns when it is written."""
        assert self.process.stdin
        self.process.stdin.write(f"{text}\n")
        self.process.stdin.flush()
        while not self.seen.exists() or self.seen.read_text() != f"{text}\n":
            assert self.process.poll() is None
        self.seen.unlink()


@pytest.fixture
def writer(tmp_path: Path):  # type: ignore[no-untyped-def]
    writer = Writer(tmp_path)
    yield writer
    assert writer.process.stdin
    writer.process.stdin.close()
    assert writer.process.wait(10) == 0


def test_a_long_log_is_put_aside_while_its_process_runs(writer: Writer) -> None:
    for number in range(3):
        writer.write(f"{number}" * 600)
    aside = writer.log.with_name("baremint.log.1")
    assert aside.read_text().split() == ["0" * 600, "noted", "1" * 600]
    assert writer.log.read_text().split() == ["noted", "2" * 600, "noted"]
    assert writer.log.stat().st_mode & 0o777 == 0o600


def test_no_more_than_two_old_logs_are_kept(writer: Writer) -> None:
    for number in range(9):
        writer.write(f"{number}" * 600)
    logs = sorted(writer.log.parent.glob("*.log*"))
    assert [path.name for path in logs] == ["baremint.log", "baremint.log.1"]
    assert sum(path.stat().st_size for path in logs) < 3 * 1300


def test_a_log_that_was_moved_away_is_begun_again(writer: Writer) -> None:
    writer.write("one")
    writer.log.rename(writer.log.with_name("mine"))
    writer.write("two")
    writer.write("three")
    assert writer.log.read_text().split() == ["noted", "three", "noted"]
