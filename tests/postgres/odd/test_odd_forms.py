"""Odd text in forms of the token service, on PostgreSQL."""

from tests.iam.conftest import alice_key, identity_token, profile, server
from tests.iam.test_odd_forms import *  # noqa: F403

__all__ = ["alice_key", "identity_token", "profile", "server"]
