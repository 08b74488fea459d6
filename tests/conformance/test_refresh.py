"""A program that runs for longer than a token lives: its SDK core gets the next one in time."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.conformance.conftest import Program
from tests.conformance.sdks import LANGUAGES, Language, Sdk, claims_of, on_the_server
from tests.live.ready_made import NewProduct

pytestmark = pytest.mark.conformance
LIFETIME = 60
SECONDS = 53
"""A core asks for the next token in the last fifth of a token's life, and takes one for dead ten seconds before."""


@pytest.fixture(scope="module")
def sent(new_product: NewProduct, program: Program) -> dict[str, list[str]]:
    """What each language sends, asked once a second; all at the same time, for it takes a while."""
    product = new_product(settings={"BAREMINT_IAM_TOKEN_SECONDS": str(LIFETIME)})
    product.start()
    url = product.server("web-1")["metadata_url"]
    sdks = [Sdk(language, program(language)) for language in LANGUAGES if not language.missing_tools()]

    def watch(sdk: Sdk) -> list[str]:
        return sdk.tokens(on_the_server(sdk, url), times=SECONDS, pause=1.0)

    try:
        with ThreadPoolExecutor(len(sdks)) as pool:
            return {sdk.language.name: tokens for sdk, tokens in zip(sdks, pool.map(watch, sdks), strict=True)}
    finally:
        for sdk in sdks:
            sdk.stop()


@pytest.mark.operation("refresh before a token expires")
@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.name)
def test_a_token_is_replaced_before_it_expires(
    language: Language, program: Program, sent: dict[str, list[str]]
) -> None:
    program(language)
    issue_times = [claims_of(token)["iat"] for token in sent[language.name]]
    assert issue_times[0] < issue_times[-1] <= issue_times[0] + LIFETIME
