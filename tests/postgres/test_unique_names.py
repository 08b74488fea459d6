"""PostgreSQL names the constraint that a statement violated; SQLite names its columns."""

import pytest

from tests.unique_names import (
    CASES,
    check_that_a_taken_name_is_refused,
    check_that_another_violation_is_let_through,
)
from tests.world import make_world


@pytest.mark.parametrize("case", CASES)
def test_a_taken_name_is_refused(on_postgresql: None, case: str) -> None:
    check_that_a_taken_name_is_refused(make_world(), case)


@pytest.mark.parametrize("case", CASES)
def test_the_violation_of_another_constraint_is_no_taken_name(on_postgresql: None, case: str) -> None:
    check_that_another_violation_is_let_through(make_world(), case)
