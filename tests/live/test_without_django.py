"""While a product runs, commands that ask it, start it or stop it load no Django, and answer as the database would."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.live.product import ROOT, Product
from tests.live.ready_made import NewProduct

pytestmark = pytest.mark.live

HEAVY = ("django", "rest_framework", "celery", "redis", "cryptography", "environ", "identity", "servers")
BY_DJANGO = ("--settings", "controlplane.settings")
"""A caller who names settings has them read, and then the database."""
IMPORTED = re.compile(r"^import time: +\d+ \| +\d+ \| +(\S+)$", re.MULTILINE)
COMMANDS = [
    "--help",
    "--version",
    "help info",
    "up --help",
    "info",
    "info --json",
    "address web-1",
    "env",
    "env web-1",
    "is bare-metal-servers",
    "is bare-metal-server web-1",
    "clock",
    "explain --server web-1 --profile demo-viewer",
    "keys",
    "token",
    "jobs",
    "certificates web-1",
    "certificates --due",
    "certificate-rotation web-1",
]


def imported(product: Product, *words: str) -> set[str]:
    """The packages that ``baremint WORDS`` loads."""
    process = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "controlplane", *words],
        env=product.environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    packages = {name.partition(".")[0] for name in IMPORTED.findall(process.stderr)}
    assert "argparse" in packages
    return packages


@contextmanager
def a_wrong_api_key(product: Product) -> Iterator[None]:
    """As after it was revoked."""
    file = product.home / "credentials.json"
    right = file.read_text()
    file.write_text(right.replace(product.info["api_key"], "unknown"))
    try:
        yield
    finally:
        file.write_text(right)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_that_asks_a_running_product_loads_no_django(product: Product, command: str) -> None:
    assert imported(product, *command.split()).isdisjoint(HEAVY)


@pytest.mark.parametrize(
    "command",
    [
        "info",
        "info --json",
        "address web-2",
        "address web-2 --url",
        "env",
        "env web-1",
        "env --format terraform",
        "env web-1 --format json",
        "keys",
        "certificates --due",
        "certificates --due --json",
    ],
)
def test_the_product_and_its_database_give_the_same_answer(product: Product, command: str) -> None:
    output, printout = product.run(*command.split()), product.run(*command.split(), *BY_DJANGO)
    assert without_seconds(output) == without_seconds(printout)


def without_seconds(text: str) -> str:
    """The two were not asked at the same time."""
    return re.sub(r" {2,}-?\d+ {2,}", "   ", text)


@pytest.mark.parametrize("member", ["id", "crn"])
def test_a_server_is_known_by_more_than_its_name(product: Product, member: str) -> None:
    server = product.server("web-2")
    assert product.run("address", server[member], "--url").strip() == server["metadata_url"]


def test_an_unknown_server_is_answered_in_the_same_words(product: Product) -> None:
    process, database_answer = product.attempt("address", "unknown"), product.attempt("address", "unknown", *BY_DJANGO)
    assert (process.returncode, process.stderr) == (database_answer.returncode, database_answer.stderr)
    assert "Known by name: web-1" in process.stderr


def test_with_a_revoked_api_key_the_database_answers(product: Product) -> None:
    expected = product.run("address", "web-1"), product.run("certificates", "--due")
    with a_wrong_api_key(product):
        assert (product.run("address", "web-1"), product.run("certificates", "--due")) == expected
        assert not imported(product, "address", "web-1").isdisjoint(HEAVY)


@pytest.mark.parametrize("command", ["info", "is images"])
def test_a_reader_that_has_gone_is_no_error_to_tell(product: Product, command: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    process = subprocess.run(
        product.command(*command.split()),
        env=product.environment,
        cwd=ROOT,
        stdout=writing,
        stderr=subprocess.PIPE,
        check=False,
        timeout=60,
    )
    os.close(writing)
    assert (process.returncode, process.stderr) == (1, b"")


@pytest.mark.e2e
def test_starting_in_the_background_and_stopping_load_no_django(new_product: NewProduct) -> None:
    product = new_product()
    assert imported(product, "up", "--detach").isdisjoint(HEAVY)
    assert "Baremint is up" in product.run("info")
    assert imported(product, "down").isdisjoint(HEAVY)
    assert product.is_gone()
    assert product.run("info").startswith("Baremint is stopped.")


@pytest.mark.e2e
def test_a_start_tells_what_only_django_finds_wrong(new_product: NewProduct) -> None:
    product = new_product(settings={"BAREMINT_ROOT_DAYS": "20"})
    process = product.attempt("up", "--detach")
    assert process.returncode == 1
    assert process.stderr.startswith("CommandError: BAREMINT_ROOT_DAYS: the period of")


@pytest.mark.e2e
def test_a_start_with_a_revoked_api_key_says_where_everything_is(new_product: NewProduct) -> None:
    product = new_product()
    file = product.home / "credentials.json"
    file.write_text(file.read_text().replace('"api_key": "', '"api_key": "not-'))
    assert "web-1  http://127.64.0.1:" in product.start()
