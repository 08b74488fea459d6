"""Odd text from browsers, on PostgreSQL."""

from tests.console.conftest import alice, sign_in
from tests.console.test_odd_text_in_pages import *  # noqa: F403

__all__ = ["alice", "sign_in"]
