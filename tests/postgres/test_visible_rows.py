"""PostgreSQL finds the rows of a list that decisions about each of them allow: its LIKE is not SQLite's GLOB."""

import pytest
from django.db import transaction

from tests.selecting import differing, populate
from tests.world import make_world


@pytest.mark.parametrize("seeds", [range(8), pytest.param(range(8, 60), marks=pytest.mark.thorough)], ids=len)
def test_a_list_is_what_single_decisions_allow(on_postgresql: None, seeds: range) -> None:
    world = make_world()
    populate(world)
    for seed in seeds:
        with transaction.atomic():
            found = differing(world.account, seed)
            transaction.set_rollback(True)
        found.pop("")
        assert found == {}, seed
