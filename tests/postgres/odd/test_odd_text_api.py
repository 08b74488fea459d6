"""Odd text in requests to the REST API, on PostgreSQL."""

from tests.api.test_odd_text_api import *  # noqa: F403
