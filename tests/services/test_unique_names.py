"""A name that is taken is told apart from every other constraint of the same table."""

import pytest

from tests.unique_names import CASES, check_that_a_taken_name_is_refused, check_that_another_violation_is_let_through
from tests.world import World


@pytest.mark.parametrize("case", CASES)
def test_a_taken_name_is_refused(world: World, case: str) -> None:
    check_that_a_taken_name_is_refused(world, case)


@pytest.mark.parametrize("case", CASES)
def test_the_violation_of_another_constraint_is_no_taken_name(world: World, case: str) -> None:
    check_that_another_violation_is_let_through(world, case)
