"""Odd text in the admin, on PostgreSQL."""

from tests.admin.test_odd_text_in_admin import *  # noqa: F403
