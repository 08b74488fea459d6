"""Odd values in bodies and queries of the REST API, on PostgreSQL."""

from tests.api.conftest import api, server
from tests.api.test_odd_values_api import (
    test_a_creation_survives,
    test_a_link_survives,
    test_a_patch_survives,
    test_a_profile_survives,
    test_a_query_survives,
    test_a_v1_policy_survives,
    test_a_v2_policy_survives,
)

__all__ = [
    "api",
    "server",
    "test_a_creation_survives",
    "test_a_link_survives",
    "test_a_patch_survives",
    "test_a_profile_survives",
    "test_a_query_survives",
    "test_a_v1_policy_survives",
    "test_a_v2_policy_survives",
]
