"""Fixtures of modules whose tests have instances of Key Protect of their own. A module imports those that it uses."""

from collections.abc import Callable

import pytest
from keyprotect import IbmKeyProtectApiV2

from tests.live.key_protect import client_of_the_owner
from tests.live.product import Product
from tests.live.service_instances import instances_of


@pytest.fixture(scope="module")
def keys(product: Product) -> IbmKeyProtectApiV2:
    """A client of the account owner."""
    return client_of_the_owner(product)


@pytest.fixture(scope="module")
def new_instance(product: Product) -> Callable[[], str]:
    """Creates an instance and returns its GUID."""
    create = instances_of(product)
    return lambda: str(create("kms", "us-south")["guid"])


@pytest.fixture
def guid(new_instance: Callable[[], str]) -> str:
    """An instance of the test's own."""
    return new_instance()


@pytest.fixture(scope="module")
def shared_guid(new_instance: Callable[[], str]) -> str:
    """An instance that the tests of a module share, without policies."""
    return new_instance()
