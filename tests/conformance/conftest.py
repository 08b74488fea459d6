"""The SDKs, built once a session, and a product that they all use."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from controlplane.kernel import clock
from tests.conformance.page import Results
from tests.conformance.sdks import LANGUAGES, Language, Missing, Sdk
from tests.live.conftest import NewProduct, chain, new_product, operator
from tests.live.product import Product

__all__ = ["chain", "new_product", "operator"]

RESULTS = Results()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--compatibility-page", metavar="FILE", help="write which SDK did what into FILE")


@pytest.fixture(scope="session")
def product(new_product: NewProduct) -> Product:
    made = new_product()
    made.start()
    return made


@pytest.fixture(scope="session", params=LANGUAGES, ids=lambda language: language.name)
def sdk(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sdk]:
    language: Language = request.param
    try:
        command = language.build(tmp_path_factory.mktemp(language.name.lower()))
    except Missing as missing:
        if os.environ.get("CI"):
            pytest.fail(f"{missing}, and CI must have it")
        pytest.skip(str(missing))
    started = Sdk(language, command)
    RESULTS.add_versions(language.name, started.ask("versions"))
    yield started
    started.stop()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    report = yield
    marker = item.get_closest_marker("operation")
    language = getattr(item, "callspec", None) and item.callspec.params.get("sdk")  # type: ignore[attr-defined]
    if marker and language and (report.when == "call" or not report.passed):
        RESULTS.add(language.name, marker.args[0], report.outcome)
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    if path := session.config.getoption("compatibility_page", None):
        Path(path).write_text(RESULTS.page(day=clock.now().date()), encoding="utf-8")
