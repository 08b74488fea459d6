"""A service of the module's own that echoes, and a wire to it."""

from collections.abc import Iterator

import pytest

from tests.operations.serving_http import Echo, Wire, serving


@pytest.fixture(scope="module")
def echo() -> Echo:
    return Echo()


@pytest.fixture(scope="module")
def running(echo: Echo) -> Iterator[Wire]:
    with serving(echo) as wire:
        yield wire


@pytest.fixture
def wire(running: Wire, echo: Echo) -> Wire:
    echo.seen.clear()
    return running
