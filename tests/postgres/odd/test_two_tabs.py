"""Two tabs, on PostgreSQL."""

from tests.console.conftest import alice, olga, sign_in  # noqa: F401
from tests.console.test_two_tabs import *  # noqa: F403
