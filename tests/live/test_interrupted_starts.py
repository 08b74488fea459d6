"""A start that is interrupted leaves nothing; a product that is up stays, or ends with whom it was started for."""

import os
import shlex
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from tests.live.family import Family, Terminal, family, with_parent
from tests.live.operator import eventually
from tests.live.product import Product
from tests.live.ready_made import NewProduct

pytestmark = [pytest.mark.live, pytest.mark.e2e]

Started = Callable[..., AbstractContextManager[Family]]
LOADING = "loading"
MIGRATING, STARTING, READY = "preparing the database", "starting the services", "Baremint is up."  # what it says then
PARENT = "kill the parent"


@pytest.fixture(scope="module")
def prepared(new_product: NewProduct) -> Product:
    """A product whose database is there, so that a start comes to the services at once."""
    return new_product()


@pytest.fixture
def product_at(prepared: Product, new_product: NewProduct) -> Callable[[str], Product]:
    """A product whose start passes through a moment."""
    return lambda moment: new_product(empty=True) if moment == MIGRATING else prepared


@contextmanager
def started(
    product: Product, output: Path | Terminal, *options: str, through: Callable[[list[str]], list[str]] = with_parent
) -> Iterator[Family]:
    command = through(product.command("up", *options))
    with family(command, environment=product.environment, output=output) as all_of_it:
        yield all_of_it


def come_to(moment: str, all_of_it: Family) -> None:
    if moment == LOADING:
        up = all_of_it.await_process("up")
        if all_of_it.find("up", "--detach"):
            up = all_of_it.await_process("--report-to")
        eventually(lambda: "/cryptography/" in Path(f"/proc/{up}/maps").read_text())  # Python's own start is over
    else:
        all_of_it.await_words(moment)


def interrupt(how: signal.Signals | str, all_of_it: Family) -> None:
    """A signal to ``baremint up``, or SIGKILL to the process that started it."""
    if how == PARENT:
        os.kill(all_of_it.head, signal.SIGKILL)
    else:
        os.kill(all_of_it.await_process("-m controlplane up"), how)


def log_of(product: Product) -> str:
    log = product.home / "baremint.log"
    return log.read_text() if log.exists() else ""


@pytest.mark.parametrize(
    ("moment", "how"),
    [
        (LOADING, signal.SIGTERM),
        (LOADING, signal.SIGKILL),
        (MIGRATING, signal.SIGINT),
        (MIGRATING, signal.SIGKILL),
        (STARTING, signal.SIGHUP),
        (STARTING, signal.SIGKILL),
        (STARTING, PARENT),
    ],
)
def test_a_start_in_the_background_is_undone_when_its_caller_ends(
    product_at: Callable[[str], Product], tmp_path: Path, moment: str, how: signal.Signals | str
) -> None:
    product = product_at(moment)
    before = log_of(product)
    with started(product, tmp_path / "output", "--detach") as all_of_it:
        come_to(moment, all_of_it)
        interrupt(how, all_of_it)
        all_of_it.assert_gone()
        status, output = all_of_it.status(), all_of_it.output
    assert status != 0
    assert "Baremint is up" not in output
    assert "Traceback" not in output
    if how not in (PARENT, signal.SIGKILL):
        assert output.splitlines()[-1].endswith("received. Everything that had been started is stopped again.")
    [why] = [line for line in log_of(product).removeprefix(before).splitlines() if is_reason(line)]
    assert "Traceback" not in log_of(product)
    assert why


def is_reason(line: str) -> bool:
    return "Baremint is stopped." in line or line.endswith("Nothing was started.")


def test_down_finds_a_start_that_has_only_begun(prepared: Product, tmp_path: Path) -> None:
    with started(prepared, tmp_path / "output", "--detach") as all_of_it:
        come_to(LOADING, all_of_it)
        assert prepared.run("down").endswith("Stopped.\n")
        all_of_it.assert_gone()
        assert all_of_it.status() == 1
        assert "Baremint is up" not in all_of_it.output


def test_the_end_of_the_process_in_the_background_is_told_to_its_caller(prepared: Product, tmp_path: Path) -> None:
    with started(prepared, tmp_path / "output", "--detach") as all_of_it:
        os.kill(all_of_it.await_process("--report-to"), signal.SIGKILL)
        all_of_it.assert_gone()
        assert all_of_it.status() == 1
        assert "CommandError: It was ended by SIGKILL before it was ready. See " in all_of_it.output


@pytest.mark.parametrize(
    ("moment", "how"),
    [
        (LOADING, signal.SIGINT),
        (LOADING, signal.SIGHUP),
        (MIGRATING, signal.SIGTERM),
        (STARTING, signal.SIGINT),
        (STARTING, signal.SIGKILL),
        (STARTING, PARENT),
    ],
)
def test_a_start_in_the_foreground_is_undone_when_it_is_interrupted(
    product_at: Callable[[str], Product], tmp_path: Path, moment: str, how: signal.Signals | str
) -> None:
    with started(product_at(moment), tmp_path / "output") as all_of_it:
        come_to(moment, all_of_it)
        interrupt(how, all_of_it)
        all_of_it.assert_gone()
        assert how == PARENT or all_of_it.status() != 0
        assert "Baremint is up" not in all_of_it.output
        assert "Traceback" not in all_of_it.output


@pytest.mark.parametrize("moment", [LOADING, MIGRATING, STARTING, READY])
def test_up_ends_with_its_terminal(product_at: Callable[[str], Product], moment: str) -> None:
    terminal = Terminal()
    with started(product_at(moment), terminal) as all_of_it:
        come_to(moment, all_of_it)
        terminal.close()
        all_of_it.assert_gone()


def by_make(command: list[str]) -> list[str]:
    return ["make", "-f", os.devnull, "--eval", f"up: ; @{shlex.join(command)}", "up"]


@pytest.mark.parametrize("moment", [LOADING, READY])
def test_up_ends_with_its_terminal_although_the_hangup_goes_to_make(
    product_at: Callable[[str], Product], moment: str
) -> None:
    terminal = Terminal()
    with started(product_at(moment), terminal, through=by_make) as all_of_it:
        come_to(moment, all_of_it)
        terminal.close()
        all_of_it.assert_gone()


@pytest.mark.parametrize("closed", ["<&-", ">&-", "<&- >&- 2>&-"])
def test_a_start_in_the_background_needs_no_standard_streams(prepared: Product, tmp_path: Path, closed: str) -> None:
    start = ["sh", "-c", f'"$@" {closed}', "sh", *prepared.command("up", "--detach")]
    with family(start, environment=prepared.environment, output=tmp_path / "output") as all_of_it:
        assert all_of_it.status(seconds=60) == 0
        assert prepared.read_info()["servers"]
        prepared.stop()
        all_of_it.assert_gone()


@pytest.mark.parametrize("closed", ["2>&-", "<&- >&- 2>&-"])
def test_a_start_in_the_foreground_needs_no_standard_streams(prepared: Product, tmp_path: Path, closed: str) -> None:
    start = ["sh", "-c", f'exec "$@" {closed}', "sh", *prepared.command("up")]
    with family(start, environment=prepared.environment, output=tmp_path / "output") as all_of_it:
        assert eventually(lambda: prepared.attempt("token").returncode == 0)
        prepared.stop()
        all_of_it.assert_gone()


def test_a_product_that_is_up_stays_when_its_caller_no_longer_reads_or_waits(prepared: Product, tmp_path: Path) -> None:
    start = ["sh", "-c", '"$@" | head -1', "sh", *prepared.command("up", "--detach")]
    with family(start, environment=prepared.environment, output=tmp_path / "output") as all_of_it:
        assert all_of_it.status(seconds=60) == 0
        assert all_of_it.output == "  ... preparing the database\n"
        assert prepared.supervisor in all_of_it.living()
        assert prepared.read_info()["servers"]
        prepared.stop()
        all_of_it.assert_gone()


@pytest.mark.parametrize("moment", [MIGRATING, READY])
def test_a_product_ends_with_the_process_it_was_started_for(
    product_at: Callable[[str], Product], tmp_path: Path, moment: str
) -> None:
    product = product_at(moment)
    with (
        subprocess.Popen(["sleep", "600"]) as sleeper,
        started(product, tmp_path / "output", "--detach", "--stop-with", str(sleeper.pid)) as all_of_it,
    ):
        come_to(moment, all_of_it)
        sleeper.kill()
        all_of_it.assert_gone()
    assert f"Process {sleeper.pid} has ended (--stop-with). Baremint is stopped." in log_of(product)


def test_a_process_that_does_not_run_is_refused(prepared: Product) -> None:
    with subprocess.Popen(["true"]) as process:
        pass
    attempt = prepared.attempt("up", "--detach", "--stop-with", str(process.pid))
    assert (attempt.returncode, attempt.stderr) == (
        1,
        f"CommandError: --stop-with {process.pid}: no such process runs.\n",
    )
