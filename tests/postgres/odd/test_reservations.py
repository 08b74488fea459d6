"""Reservations, on PostgreSQL."""

from tests.api.conftest import api  # noqa: F401
from tests.api.test_reservations_api import *  # noqa: F403
