"""Two tabs in the admin, on PostgreSQL."""

from tests.admin.test_two_tabs import *  # noqa: F403
