"""PostgreSQL finds the rows of a list that decisions about each of them allow: its LIKE is not SQLite's GLOB."""

import pytest
from django.db import transaction

from tests.selecting import differing, populate
from tests.world import make_world

pytestmark = pytest.mark.thorough
SEEDS = range(60)


def test_a_list_is_what_single_decisions_allow(on_postgresql: None) -> None:
    world = make_world()
    populate(world)
    for seed in SEEDS:
        with transaction.atomic():
            differences = differing(world.account, seed)
            transaction.set_rollback(True)
        differences.pop("")
        assert differences == {}, seed
