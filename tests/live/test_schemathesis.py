"""Schemathesis tries every documented operation with what the document allows and with what it does not.

In a test run it takes a few examples of each, the same every time; ``make fuzz`` takes many.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.live.operator import NEW
from tests.live.product import ROOT, Product

pytestmark = [pytest.mark.live, pytest.mark.e2e]

EXAMPLES = os.environ.get("FUZZ_EXAMPLES", "1")
"""Made-up requests for each operation, beside those that try its limits one by one."""
THOROUGH = "FUZZ_EXAMPLES" in os.environ
SECONDS = 7200 if THOROUGH else 300
DATABASES = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)] if THOROUGH else ["sqlite"]
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)
METADATA = "Metadata service"
COLLECTIONS = {
    "server_id": "bare_metal_servers",
    "vpc_id": "vpcs",
    "subnet_id": "subnets",
    "key_id": "keys",
    "image_id": "images",
}
"""Parameter of the path to the collection of what it can name."""
MOST_KNOWN = 5
NAMES = ("us-south-1", "bx2-metal-96x384", "10.240.0.0/24")


@pytest.fixture(scope="module", params=DATABASES)
def fuzzed(request: pytest.FixtureRequest, new_product: Callable[..., Product]) -> Product:
    """A product of its own: in the end, it is unknown what is in it."""
    product = new_product(database=request.param)
    product.start()
    return product


def schemathesis(
    product: Product, folder: Path, token: str, *options: str, known: dict[str, list[str]]
) -> subprocess.CompletedProcess[str]:
    """Run it against the product's own document. ``known`` are ids that are worth asking for, by parameter."""
    config = folder / "schemathesis.toml"
    config.write_text(settings(product, known))
    return subprocess.run(
        [
            *(str(Path(sys.executable).parent / "schemathesis"), "--config-file", str(config)),
            *("run", f"{product.info['iam_url']}/docs/openapi.json", "--header", f"Authorization: Bearer {token}"),
            *("--checks", ",".join(CHECKS), "--max-examples", EXAMPLES, "--generation-deterministic", "--no-shrink"),
            *("--continue-on-failure", "--no-color", "--warnings", "off", *options),
        ],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "SCHEMATHESIS_HOOKS": "tests.live.schemathesis_hooks"},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def settings(product: Product, known: dict[str, list[str]]) -> str:
    """Half of the requests are about something that is there; every third text is one that means something."""
    account = product.info["account_id"]
    values = {**known, "meaningful": [*NAMES, account, *(each for value in known.values() for each in value)]}
    lines = ["[generation.dictionaries]", 'string = { dictionary = "meaningful", probability = 0.3 }']
    for name, value in values.items():
        lines += [f"[dictionaries.{name}]", f"values = {json.dumps(value)}"]
    lines += [
        "[parameters]",
        f'"query.version" = "{NEW}"',
        '"query.generation" = 2',
        f'"query.account_id" = "{account}"',
    ]
    lines += [f'"path.{name}" = {{ dictionary = "{name}", probability = 0.5 }}' for name in known]
    # 501 is what operations that are left out are documented to answer.
    lines += ["[checks.not_a_server_error]", 'expected-statuses = ["2xx", "3xx", "4xx", "501"]']
    return "\n".join(["[phases.coverage]", 'unexpected-methods = ["OPTIONS"]', *lines])


def ids(product: Product, token: str) -> dict[str, list[str]]:
    """Ids of the demo world."""
    ids_by_name = {}
    for parameter, name in COLLECTIONS.items():
        url = f"{product.info['vpc_url']}/{name}?version={NEW}&generation=2"
        body = requests.get(url, headers={"Authorization": f"Bearer {token}"}, timeout=10).json()[name]
        ids_by_name[parameter] = [each["id"] for each in body][:MOST_KNOWN]
    return ids_by_name


def owner_token(product: Product) -> str:
    form = {"grant_type": "urn:ibm:params:oauth:grant-type:apikey", "apikey": product.info["api_key"]}
    answer = requests.post(f"{product.info['iam_url']}/identity/token", data=form, timeout=10)
    return str(answer.json()["access_token"])


def still_ready(product: Product) -> Any:
    return requests.get(f"{product.info['iam_url']}/readyz", timeout=10).json()


def test_the_metadata_service_answers_as_documented(fuzzed: Product, tmp_path: Path) -> None:
    """First, while the demo servers are what they were."""
    url = fuzzed.server("web-1")["metadata_url"]
    answer = requests.put(
        f"{url}/identity/v1/token?version={NEW}",
        headers={"Metadata-Flavor": "ibm"},
        json={"expires_in": 3600},
        timeout=10,
    )
    token = answer.json()["access_token"]
    phases = ("--phases", "coverage,fuzzing")  # nothing here makes what another operation could ask for
    process = schemathesis(fuzzed, tmp_path, token, "--include-tag", METADATA, "--url", url, *phases, known={})
    assert process.returncode == 0, process.stdout[-10_000:] + process.stderr


def test_the_control_plane_answers_as_documented(fuzzed: Product, tmp_path: Path) -> None:
    token = owner_token(fuzzed)
    process = schemathesis(fuzzed, tmp_path, token, "--exclude-tag", METADATA, known=ids(fuzzed, token))
    assert process.returncode == 0, process.stdout[-10_000:] + process.stderr
    assert still_ready(fuzzed) == {"status": "ok"}
