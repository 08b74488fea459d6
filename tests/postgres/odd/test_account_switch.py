"""Account switch, on PostgreSQL."""

from tests.console.conftest import alice, olga, sign_in  # noqa: F401
from tests.console.test_account_switch import *  # noqa: F403
