"""Public gateways, on PostgreSQL."""

from tests.api.conftest import api  # noqa: F401
from tests.api.test_public_gateways_api import *  # noqa: F403
