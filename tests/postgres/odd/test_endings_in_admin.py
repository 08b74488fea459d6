"""Endings in admin, on PostgreSQL."""

from tests.admin.test_endings_in_admin import *  # noqa: F403
