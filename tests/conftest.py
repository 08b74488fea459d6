from collections.abc import Iterator
from itertools import cycle
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import HealthCheck, settings

from controlplane.kernel import clock, context
from controlplane.timekeeping.selectors import read_setting
from identity import key_cache, key_encryption
from identity.services import key_rotation
from tests.collecting import pytest_collection
from tests.docs.conformance import undocumented
from tests.lifetimes import pytest_configure, pytest_keyboard_interrupt, pytest_sessionfinish
from tests.live.ready_made import new_postgresql_database, new_product, ready_made
from tests.migrated import django_db_setup
from tests.recalling import memory, recalled
from tests.world import World, make_world

__all__ = [
    "django_db_setup",
    "new_postgresql_database",
    "new_product",
    "pytest_collection",
    "pytest_configure",
    "pytest_keyboard_interrupt",
    "pytest_sessionfinish",
    "ready_made",
]

# How long an example takes depends on the load of the machine, not on the code. (tests/mutation has its own profile.)
settings.register_profile("default", deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> Iterator[None]:
    """Tests of real processes may be shared out (``--dist loadgroup``): those that share a product stay together.

    A wrapper, because xdist reads the groups in a hook of its own.
    """
    grouped = [item for item in items if item.get_closest_marker("live")]
    for item in grouped:
        item.add_marker(pytest.mark.xdist_group(_group_of(item)))
    result = yield
    if getattr(config.option, "loadgroup", False) and not all("@" in item.nodeid for item in grouped):
        raise pytest.UsageError("pytest-xdist ignores the groups: each worker would start each product.")
    return result


def _group_of(item: pytest.Item) -> str:
    """The database, of what uses the product of the whole session, or the user, of what uses its lab; else its file
    too."""
    parameters = item.callspec.params.values() if hasattr(item, "callspec") else ()
    kind = next((each for each in ("sqlite", "postgresql", "root", "rootless") if each in parameters), "")
    shares = isinstance(item, pytest.Function) and not {"product", "lab"}.isdisjoint(item.fixturenames)
    return kind if kind and shares else f"{item.path.stem} {kind}"


@pytest.fixture(autouse=True)
def answers_are_as_documented() -> Iterator[None]:
    """Whatever a test asks the API, the answer is one that the OpenAPI document describes."""
    undocumented.clear()
    yield
    assert undocumented == []


@pytest.fixture(autouse=True)
def the_clock_is_unmoved() -> None:
    """No test inherits another's clock, and none asks the database for it unless the clock is what it is about."""
    clock.follow(lambda last: clock.UNMOVED)


@pytest.fixture(autouse=True)
def no_request_of_another_test() -> None:
    """The product sets a request's context for its thread, which here goes on to the next test."""
    context.current.set(None)
    context.lineage.set(None)


@pytest.fixture
def movable_clock(the_clock_is_unmoved: None, db: None) -> None:
    """The product's own clock: read from the database, again each time it was moved."""
    clock.follow(read_setting)


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(fixturedef: pytest.FixtureDef[Any]) -> Any:
    response = yield
    if fixturedef.argname == "_django_db_helper":  # pytest-django's: the test's transaction has begun
        memory.begin()
    return response


@pytest.fixture
def world(db: None) -> World:
    return make_world()


@pytest.fixture(scope="session")
def rsa_pool() -> Iterator[rsa.RSAPrivateKey]:
    """Real keys, made once: generation is the slow part and is not what these tests are about."""
    return cycle([rsa.generate_private_key(65537, 2048) for _ in range(12)])


@pytest.fixture
def keys_from_the_pool(rsa_pool: Iterator[rsa.RSAPrivateKey], monkeypatch: pytest.MonkeyPatch) -> None:
    """New keys are taken from the pool, not generated."""

    def take(*args: Any) -> rsa.RSAPrivateKey:
        return next(rsa_pool)

    monkeypatch.setattr("identity.services.key_creation.rsa.generate_private_key", take)


@pytest.fixture
def keys(db: None, keys_from_the_pool: None) -> None:
    """An active and a prepared key of each purpose, as after the first start."""
    key_encryption.ensure_kek()
    key_cache.forget()
    make_keys()


@recalled
def make_keys() -> None:
    key_rotation.ensure_keys(now=clock.now())
