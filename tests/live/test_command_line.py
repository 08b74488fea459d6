"""``baremint is`` and ``baremint env``, as processes, against a running product."""

import json
import os
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

import pytest

from controlplane.operations.commands.data_directory import READ
from controlplane.operations.sdk_environment import FORMATS
from tests.live.operator import Operator, eventually
from tests.live.product import ROOT, Product

pytestmark = [pytest.mark.live, pytest.mark.e2e]

CALL = "from ibm_vpc import VpcV1; print(VpcV1.new_instance().list_bare_metal_servers().get_status_code())"


LOOKS = [
    "info",
    "info --json",
    "address web-1",
    "env",
    "env web-1",
    "env --format json",
    "token",
    "explain --server web-1 --profile demo-viewer",
    "jobs",
    "jobs --json",
    "keys",
    "keys --json",
    "certificates web-1",
    "certificates --due",
    "certificate-rotation web-1",
    "permissions",
    "clock",
    "is bare-metal-servers",
    "is bare-metal-server-profiles --output json",
    "help",
    "help up",
    "help rotate",
    "up --help",
    "is --help",
    "showmigrations",
]
NOT_ASKED = {"backup", "enter", "revoke"}
"""They print a line at most, or what another program does."""


def said(product: Product, *words: str) -> Any:
    return json.loads(product.run("is", *words, "--output", "json"))


def refused(product: Product, *words: str) -> str:
    process = product.attempt("is", *words)
    assert process.returncode == 1
    return process.stderr


def with_environment(product: Product, *arguments: str) -> str:
    """What a fresh Python process prints that configures its SDK by ``baremint env`` alone."""
    variables = json.loads(product.run("env", *arguments, "--format", "json"))
    environment = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME")}
    process = subprocess.run(
        [sys.executable, "-c", CALL],
        env=environment | variables,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return process.stdout.strip() or process.stderr


def test_a_server_lives_its_life_by_name(product: Product) -> None:
    name = f"cli-{uuid.uuid4().hex[:6]}"
    subnet = said(product, "subnets")[0]["name"]
    words = ["--name", name, "--profile", "bx2-metal-96x384", "--image", "ibm-debian-11-11-minimal-amd64-2"]
    words += ["--keys", "demo", "--pnac-vni-subnet", subnet]
    words += ["--default-trusted-profile", "demo-viewer", "--default-trusted-profile-auto-link", "true"]
    server = said(product, "bare-metal-server-create", *words)
    assert (server["name"], server["status"], "primary_network_attachment" in server) == (name, "pending", True)
    await_status(product, name, "running")
    switched = said(product, "bare-metal-server-update", name, "--metadata-service", "true")
    assert switched["metadata_service"] == {"enabled": True, "protocol": "http"}
    assert said(product, "bare-metal-server-initialization", server["id"])["default_trusted_profile"]["auto_link"]
    product.run("is", "bare-metal-server-stop", name, "--type", "hard")
    await_status(product, name, "stopped")
    image = ["--image", "ibm-ubuntu-22-04-5-minimal-amd64-5"]
    assert said(product, "bare-metal-server-initialization", name, *image)["image"]["name"] == image[1]
    await_status(product, name, "running")
    product.run("is", "bare-metal-server-stop", server["crn"])
    await_status(product, name, "stopped")
    product.run("is", "bare-metal-server-delete", name)
    assert eventually(lambda: name not in product.run("is", "bare-metal-servers"))


def await_status(product: Product, name: str, status: str) -> None:
    assert eventually(lambda: said(product, "bare-metal-server", name)["status"] == status)


def test_servers_read_as_a_table(product: Product) -> None:
    heading, *rows = product.run("is", "bare-metal-servers").splitlines()
    assert heading.split()[:3] == ["ID", "Name", "Status"]
    assert {"web-1", "web-2", "db-1"} <= {row.split()[1] for row in rows}


@pytest.mark.parametrize("word", ["vpcs", "subnets", "keys", "images", "bare-metal-server-profiles", "account"])
def test_everything_a_server_needs_is_listed(product: Product, word: str) -> None:
    assert said(product, word)


def test_an_unknown_name_is_answered_with_those_there_are(product: Product) -> None:
    assert "Known by name:" in refused(product, "bare-metal-server", "unknown")


def test_a_refusal_names_code_and_trace(product: Product) -> None:
    message = refused(product, "bare-metal-server-delete", "web-1")
    assert "conflict" in message
    assert "trace" in message


def test_a_service_that_is_away_is_told(product: Product) -> None:
    environment = product.environment | {"BAREMINT_URL": "http://127.0.0.1:9", "BAREMINT_API_KEY": "a-key"}
    process = subprocess.run(
        product.command("is", "bare-metal-servers"), env=environment, capture_output=True, text=True, check=False
    )
    assert (process.returncode, "does not answer" in process.stderr) == (1, True)


def test_another_service_is_not_told_the_key_of_this_one(product: Product) -> None:
    process = product.attempt("is", "bare-metal-servers", BAREMINT_URL="http://127.0.0.1:9")
    assert (process.returncode, "There is no API key: set BAREMINT_API_KEY" in process.stderr) == (1, True)


def test_an_operators_environment_configures_the_sdk(product: Product) -> None:
    assert with_environment(product) == "200"


def test_a_programs_environment_configures_the_sdk(product: Product) -> None:
    assert with_environment(product, "web-1") == "200"


@pytest.mark.parametrize("form", FORMATS)
def test_a_programs_environment_holds_no_api_key(product: Product, form: str) -> None:
    printed = product.run("env", "web-1", "--format", form)
    assert product.info["api_key"] in product.run("env", "--format", form)
    assert product.info["api_key"] not in printed
    assert product.info["admin"]["password"] not in printed
    assert f":{product.port}" in printed


def test_the_account_switch_is_felt_on_every_server(product: Product, operator: Operator) -> None:
    try:
        product.run("is", "account-update", "--metadata-service", "false")
        assert "403" in with_environment(product, "web-1")
    finally:
        product.run("is", "account-update", "--metadata-service", "true")
    assert with_environment(product, "web-1") == "200"


def test_a_refusal_is_explained_and_mended_by_what_is_printed(product: Product) -> None:
    """web-2 has no identity: the command that the explanation ends with links it."""
    question = ["explain", "--server", "web-2", "--profile", "demo-viewer"]
    refusal = product.run(*question)
    assert refusal.startswith("DENY: no link names it")
    path = f"{Path(sys.executable).parent}:{product.environment['PATH']}"
    subprocess.run(
        ["bash", "-ec", refusal.splitlines()[-1]],
        env=product.environment | {"PATH": path},
        check=True,
        timeout=60,
        stdout=subprocess.DEVNULL,
    )
    assert product.run(*question).startswith("ALLOW: link ")


def test_the_url_of_a_refusal_can_be_asked_about(product: Product) -> None:
    url = json.loads(product.run("explain", "--server", "db-1", "--json"))["explanation"]
    assert product.run("explain", url).startswith("DENY: The metadata service is not enabled on this server.")


def test_a_token_opens_the_control_plane(product: Product) -> None:
    token = product.run("token").strip()
    explained = json.loads(product.run("explain", "--token", token, "--action", "is.vpc.vpc.list", "--json"))
    assert explained["decision"] == "allow"


def test_a_question_about_nothing_says_what_to_ask(product: Product) -> None:
    refusal = product.attempt("explain")
    assert refusal.returncode == 1
    assert "explain --server web-1 --profile demo-viewer" in refusal.stderr


@pytest.mark.parametrize("asked", LOOKS)
def test_a_reader_that_leaves_early_causes_no_error(product: Product, asked: str) -> None:
    """As ``| head -1`` does, before anything is written."""
    reading, writing = os.pipe()
    os.close(reading)
    environment = {**product.environment, "PYTHONUNBUFFERED": ""}
    try:
        process = subprocess.run(
            product.command(*asked.split()),
            env=environment,
            stdout=writing,
            stderr=subprocess.PIPE,
            cwd=ROOT,
            timeout=60,
            check=False,
        )
    finally:
        os.close(writing)
    assert process.stderr == b""


def test_every_command_that_reads_is_tried_with_a_reader_that_leaves_early() -> None:
    assert {question.split()[0] for question in LOOKS} >= READ - NOT_ASKED
