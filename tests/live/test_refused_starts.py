"""A start that cannot be says in one line what is wrong and what to do, and leaves nothing running."""

import shutil
import socket
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from controlplane.deployment.home import DATABASE_FILE
from controlplane.runtime import process_limits
from tests.live.product import ROOT, Product
from tests.live.ready_made import NewProduct

pytestmark = [pytest.mark.live, pytest.mark.e2e]


@pytest.fixture(scope="module")
def idle(new_product: NewProduct) -> Product:
    return new_product()


def refusal(product: Product, *options: str, **settings: str) -> str:
    """The one line that a start ends with; ``options`` as for ``up``."""
    return refusal_of(product, "up", *options, **settings)


def refusal_of(product: Product, *command: str, **settings: str) -> str:
    process = product.attempt(*command, **settings)
    assert process.returncode == 1
    assert product.is_gone()
    [line] = process.stderr.splitlines()
    return line


@pytest.fixture(params=[(), ("--detach",)], ids=["foreground", "background"])
def options(request: pytest.FixtureRequest) -> tuple[str, ...]:
    command_options: tuple[str, ...] = request.param
    return command_options


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("BAREMINT_WORKERS", "0", "BAREMINT_WORKERS is 0; it must be from 1 to 64."),
        ("BAREMINT_TICK_SECONDS", "-1", "BAREMINT_TICK_SECONDS is -1; it must be from 0.1 to 86400 seconds."),
        ("BAREMINT_PROVISION_SECONDS", "-1", "BAREMINT_PROVISION_SECONDS is -1; it must be from 0 to 86400 seconds."),
        ("BAREMINT_LOG_LEVEL", "loud", "is 'loud'; it must be INFO or DEBUG or WARNING or ERROR or CRITICAL."),
        ("BAREMINT_START_SECONDS", "soon", "BAREMINT_START_SECONDS is 'soon'; it must be a whole number."),
    ],
)
def test_a_setting_that_makes_no_sense(
    idle: Product, options: tuple[str, ...], name: str, value: str, says: str
) -> None:
    assert refusal(idle, *options, **{name: value}).endswith(says)


def test_a_database_that_does_not_answer(idle: Product, options: tuple[str, ...]) -> None:
    line = refusal(idle, *options, DATABASE_URL="postgresql://user:password@127.0.0.1:1/none")
    assert line.startswith("CommandError: PostgreSQL does not listen where DATABASE_URL says. Start it, or")


def test_a_broker_that_does_not_answer(idle: Product, options: tuple[str, ...]) -> None:
    line = refusal(idle, *options, REDIS_URL="redis://127.0.0.1:1/0")
    assert line.startswith("CommandError: The broker does not answer. Start it, or correct REDIS_URL. Without")


def test_an_unknown_option_of_the_broker(idle: Product, options: tuple[str, ...]) -> None:
    line = refusal(idle, *options, REDIS_URL="redis://127.0.0.1:1/0?socket_timeout=soon")
    assert line.startswith("CommandError: REDIS_URL is not understood: ")


def test_a_current_directory_that_is_gone(idle: Product, tmp_path: Path) -> None:
    (missing_folder := tmp_path / "gone").mkdir()
    product = replace(
        idle, run_through=("sh", "-c", f'cd {missing_folder} && rmdir {missing_folder} && exec "$@"', "sh")
    )
    process = product.attempt("up", "--detach", PYTHONPATH=str(ROOT))
    assert (process.returncode, process.stderr.count("\n")) == (1, 1)
    assert process.stderr.startswith("CommandError: The current directory is not there any more.")


@pytest.mark.parametrize("service", ["control plane", "metadata", "metadata TLS", "worker"])
def test_a_service_that_dies_at_each_start(idle: Product, service: str) -> None:
    line = refusal(idle, "--detach", BAREMINT_FAILPOINT=f"at_start:{service}")
    assert line.startswith(f"CommandError: The {service} was ended by SIGKILL at start, 3 times.")


def limited(product: Product, kilobytes: int) -> Product:
    """The same with so much address space and the fewest open files for each process."""
    return replace(
        product, run_through=("prlimit", f"--as={kilobytes * 1024}", f"--nofile={process_limits.LEAST_FILES}", "--")
    )


@pytest.mark.parametrize("kilobytes", [100_000, 400_000, process_limits.LEAST_ADDRESS_SPACE - 1])
def test_too_little_memory(idle: Product, options: tuple[str, ...], kilobytes: int) -> None:
    process = limited(idle, kilobytes).attempt("up", *options)
    assert (process.returncode, process.stderr.count("\n")) == (1, 1)
    assert (
        f"Baremint needs {process_limits.LEAST_ADDRESS_SPACE:,} KiB of address space in each process" in process.stderr
    )
    assert idle.is_gone()


def test_too_few_open_files(idle: Product, options: tuple[str, ...]) -> None:
    product = replace(idle, run_through=("prlimit", f"--nofile={process_limits.LEAST_FILES - 1}", "--"))
    line = refusal(product, *options)
    assert f"Baremint needs {process_limits.LEAST_FILES} open files in each process, and the limit is 255." in line


def test_the_least_that_is_asked_for_is_enough(idle: Product) -> None:
    product = limited(idle, process_limits.LEAST_ADDRESS_SPACE)
    process = product.attempt("up", "--detach")
    try:
        assert process.returncode == 0, process.stderr
        assert "started again" not in (idle.home / "baremint.log").read_text()
    finally:
        replace(product, run_through=()).end()


def test_broken_credentials(idle: Product, options: tuple[str, ...]) -> None:
    file = idle.home / "credentials.json"
    whole = file.read_text()
    file.write_text('{"account_id": ')
    try:
        assert refusal(idle, *options).endswith(
            "credentials.json is broken. Remove it: the next start makes another one."
        )
    finally:
        file.write_text(whole)


@pytest.mark.parametrize("name", ["kek", "supervisor.lock", "baremint.log"])
def test_a_file_that_is_no_file_or_a_folder_that_is_none(
    idle: Product, tmp_path: Path, options: tuple[str, ...], name: str
) -> None:
    shutil.copytree(idle.home, home := tmp_path / "home", ignore=shutil.ignore_patterns("*.sock", name))
    (home / name).mkdir()
    if name == "baremint.log" and not options:
        return  # it has no log of its own
    line = refusal(idle, *options, BAREMINT_HOME=str(home))
    assert f"The data directory cannot be used: {home / name}: " in line


def test_a_broken_key_encryption_key_is_told_with_its_file_before_anything_is_made(
    idle: Product, tmp_path: Path, options: tuple[str, ...]
) -> None:
    (home := tmp_path / "home").mkdir()
    (home / "kek").write_text("nonsense")
    line = refusal(idle, *options, BAREMINT_HOME=str(home))
    assert f"{home / 'kek'} holds no key-encryption key, 32 bytes in base64. Restore it from a backup." in line
    with closing(sqlite3.connect(home / DATABASE_FILE)) as database:
        assert database.execute("SELECT name FROM sqlite_master").fetchall() == []


def test_a_file_system_without_writing(idle: Product, options: tuple[str, ...], tmp_path: Path) -> None:
    """A user who is not root sees a directory without the right to write; root needs a read-only file system."""
    shutil.copytree(idle.home, home := tmp_path / "home", ignore=shutil.ignore_patterns("*.sock"))
    read_only = f'mount --bind {home} {home} && mount -o remount,bind,ro {home} && exec "$@"'
    product = replace(
        idle, run_through=("unshare", "--user", "--map-root-user", "--mount", "sh", "-c", read_only, "sh")
    )
    line = refusal(product, *options, BAREMINT_HOME=str(home))
    assert f"The data directory cannot be used: {home}: nothing can be written into it." in line


def test_a_service_by_itself_does_not_share_the_port_of_another(idle: Product) -> None:
    with socket.create_server(("127.0.0.1", idle.port), reuse_port=True):
        line = refusal_of(idle, "serve_controlplane")
    assert f"port {idle.port} is in use" in line


def test_a_data_directory_that_cannot_be_written(tmp_path: Path, idle: Product, options: tuple[str, ...]) -> None:
    (file := tmp_path / "file").touch()
    line = refusal(idle, *options, BAREMINT_HOME=str(file / "home"))
    assert str(file) in line
