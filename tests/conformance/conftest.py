"""The SDKs, built once a session, and a product that they all use."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from controlplane.kernel import clock
from tests.conformance.page import Results
from tests.conformance.sdks import LANGUAGES, Language, Missing, Sdk
from tests.live.conftest import chain, operator
from tests.live.product import Product
from tests.live.ready_made import NewProduct, ReadyMade

__all__ = ["chain", "operator"]

RESULTS = Results()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--compatibility-page", metavar="FILE", help="write which SDK did what into FILE")


@pytest.fixture(scope="session")
def product(new_product: NewProduct) -> Product:
    instance = new_product()
    instance.start()
    return instance


Program = Callable[[Language], list[str]]


@pytest.fixture(scope="session")
def program(ready_made: ReadyMade) -> Program:
    """The command line of a language's program, which is built when it is first asked for."""

    def find(language: Language) -> list[str]:
        try:
            return language.program(ready_made)
        except Missing as missing:
            if os.environ.get("CI"):
                pytest.fail(f"{missing}, and CI must have it")
            pytest.skip(str(missing))

    return find


@pytest.fixture(scope="session", params=LANGUAGES, ids=lambda language: language.name)
def sdk(request: pytest.FixtureRequest, program: Program) -> Iterator[Sdk]:
    started = Sdk(request.param, program(request.param))
    RESULTS.add_versions(started.language.name, started.ask("versions"), trust=started.language.trust)
    yield started
    started.stop()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    report = yield
    marker = item.get_closest_marker("operation")
    params = item.callspec.params if hasattr(item, "callspec") else {}
    language = params.get("sdk") or params.get("language")
    if marker and language and (report.when == "call" or not report.passed):
        RESULTS.add(language.name, marker.args[0], report.outcome, **marker.kwargs)
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    if path := session.config.getoption("compatibility_page", None):
        Path(path).write_text(RESULTS.page(day=clock.now().date()), encoding="utf-8")
