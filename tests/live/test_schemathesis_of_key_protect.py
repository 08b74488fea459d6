"""Schemathesis tries every documented operation of Key Protect, on both databases, about an instance with keys."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.live.key_protect import client_of_the_owner, create_key, new_name, seeded_instance
from tests.live.product import Product
from tests.live.test_schemathesis import owner_token, schemathesis, still_ready

KEYS = 24
"""Some of them are destroyed soon."""
EXAMPLES = "10"
"""For each operation: so many that most of them succeed at least once."""

pytestmark = [pytest.mark.live, pytest.mark.e2e]


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def fuzzed(request: pytest.FixtureRequest, new_product: Callable[..., Product]) -> Product:
    """A product of its own: in the end, it is unknown what is in it."""
    product = new_product(database=request.param)
    product.start()
    return product


def test_key_protect_answers_as_documented(fuzzed: Product, tmp_path: Path) -> None:
    keys, instance = client_of_the_owner(fuzzed), seeded_instance(fuzzed)
    keys.create_key_ring("team-a", instance)
    aliases = [new_name() for _ in range(KEYS)]
    ids = [create_key(keys, instance, aliases=[alias])["id"] for alias in aliases]
    values = {"key_id": [*ids, *aliases], "alias": aliases, "ring_id": ["default", "team-a"]}
    options = ("--include-tag", "Key Protect", "--header", f"Bluemix-Instance: {instance}", "--max-examples", EXAMPLES)
    process = schemathesis(fuzzed, tmp_path, owner_token(fuzzed), *options, known=values)
    assert process.returncode == 0, process.stdout[-10_000:] + process.stderr
    assert still_ready(fuzzed) == {"status": "ok"}
