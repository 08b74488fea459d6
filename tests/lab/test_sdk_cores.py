"""IBM's SDKs in four languages at their defaults: on a server they find everything, over TLS that verifies.

The programs are those of ``tests/conformance``. They are given no address and no certificate to trust.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from controlplane.operations.demo_world import PROFILE
from tests.conformance.sdks import LANGUAGES, Language, Missing, claims_of
from tests.lab.stepping import Lab, cannot_try
from tests.live.operator import NEW
from tests.live.ready_made import ReadyMade

pytestmark = [pytest.mark.live, pytest.mark.e2e, pytest.mark.lab]

SERVER = "web-1"


@pytest.fixture(scope="session")
def program(ready_made: ReadyMade) -> Callable[[Language], list[str]]:
    """The command line of a language's program; built once, for both labs."""

    def find(language: Language) -> list[str]:
        try:
            return language.program(ready_made)
        except Missing as missing:
            cannot_try(str(missing))

    return find


@pytest.fixture(scope="module")
def identity_token(lab: Lab, open_folder: Path) -> Path:
    """A file in which a program on the server keeps its identity token."""
    body = b'{"expires_in": 3600}'
    path = open_folder / f"identity-token-{lab.product.home.name}"
    path.write_text(lab.program(SERVER, f"say(ask(body={body!r})[1]['access_token'])"))
    return path


@pytest.fixture(scope="module", params=LANGUAGES, ids=lambda language: language.name)
def said(
    request: pytest.FixtureRequest, lab: Lab, program: Callable[[Language], list[str]], identity_token: Path
) -> dict[str, Any]:
    """What a language's program answers to each question; it is asked all of them in one go."""
    language, command = request.param, program(request.param)
    on_the_server = {"AUTH_TYPE": "vpc", language.version_property: NEW}
    with_a_file = {"AUTH_TYPE": "container", "CR_TOKEN_FILENAME": str(identity_token), "IAM_PROFILE_NAME": PROFILE}
    with_a_key = {"AUTH_TYPE": "iam", "APIKEY": lab.product.info["api_key"]}
    questions: dict[str, dict[str, Any]] = {
        "servers": {"operation": "list_servers", "properties": on_the_server},
        "container": {"operation": "authenticate", "properties": with_a_file, "times": 1},
        "key": {"operation": "authenticate", "properties": with_a_key, "times": 1},
    }
    lines = [json.dumps({"service": f"svc{name}", **question}) for name, question in questions.items()]
    printed = lab.run(SERVER, *command, stdin="\n".join(lines) + "\n").splitlines()
    return dict(zip(questions, map(json.loads, printed), strict=True))


def test_a_program_lists_servers_with_what_its_server_is_trusted_for(said: dict[str, Any]) -> None:
    """The metadata service by address, then the VPC API by IBM's name, https."""
    assert {"web-1", "web-2", "db-1"} <= set(said["servers"].get("servers", [])), said["servers"]


def test_the_container_authenticator_finds_iam(said: dict[str, Any]) -> None:
    assert claims_of(said["container"]["tokens"][0])["sub_type"] == "ComputeResource", said["container"]


def test_the_iam_authenticator_finds_iam(lab: Lab, said: dict[str, Any]) -> None:
    assert claims_of(said["key"]["tokens"][0])["account"]["bss"] == lab.product.info["account_id"]
