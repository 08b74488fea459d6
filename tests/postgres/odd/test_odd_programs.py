"""Odd text from programs on a server, on PostgreSQL."""

from tests.inside.conftest import inside, metadata_service_settings, no_memory_of_other_tests, server
from tests.inside.test_odd_text import *  # noqa: F403

__all__ = ["inside", "metadata_service_settings", "no_memory_of_other_tests", "server"]
