"""The same script where the metadata service speaks https, at a server's own loopback address."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.conftest import Program
from tests.conformance.sdks import LANGUAGES, Refused, Sdk, claims_of, on_the_server, tells
from tests.live.operator import Operator
from tests.live.product import Product

pytestmark = pytest.mark.conformance

# How each language says that it does not know who signed a certificate.
UNKNOWN_ISSUER = {
    "Python": "certificate verify failed",
    "Node": "unable to get local issuer certificate|unable to verify the first certificate",
    "Go": "certificate signed by unknown authority",
    "Java": "unable to find valid certification path",
}


@pytest.fixture(scope="module", params=LANGUAGES, ids=lambda language: language.name)
def sdk(
    request: pytest.FixtureRequest, program: Program, product: Product, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Sdk]:
    """A program that trusts our authority, told so in its language's own way."""
    language, command = request.param, program(request.param)
    trust = language.trusting(Path(product.info["ca_bundle"]), tmp_path_factory.mktemp("trust"))
    started = Sdk(language, command, **trust)
    yield started
    started.stop()


@pytest.fixture(scope="module")
def secure(product: Product, operator: Operator, chain: dict[str, Any]) -> dict[str, Any]:
    """A server whose protocol is https, linked to the profile of ``chain``, which is its default."""
    default = {"target": {"id": chain["profile"]["id"]}, "auto_link": True}
    server = operator.create_server(default_trusted_profile=default)
    operator.switch(server["id"], enabled=True, protocol="https")
    return {"server": server, "profile": chain["profile"], "url": operator.metadata_url(server, product)}


def with_scheme(product: Product, url: str, scheme: str) -> str:
    """The endpoint of the same server with this scheme."""
    host = url.partition("://")[2].partition(":")[0]
    port = product.info["metadata_tls_port" if scheme == "https" else "metadata_port"]
    return f"{scheme}://{host}:{port}"


@pytest.mark.operation("over https: VPC instance authenticator, default trusted profile")
def test_a_program_becomes_the_default_trusted_profile(sdk: Sdk, secure: dict[str, Any]) -> None:
    assert secure["url"].startswith("https://127.")
    assert claims_of(sdk.token(on_the_server(sdk, secure["url"])))["iam_id"] == secure["profile"]["iam_id"]


@pytest.mark.operation("over https: VPC instance authenticator, trusted profile by id or CRN")
@pytest.mark.parametrize("kind", ["id", "crn"])
def test_a_program_becomes_the_profile_it_names(sdk: Sdk, secure: dict[str, Any], kind: str) -> None:
    properties = on_the_server(sdk, secure["url"], **{kind: secure["profile"][kind]})
    assert claims_of(sdk.token(properties))["iam_id"] == secure["profile"]["iam_id"]


@pytest.mark.operation("over https: VPC API, as a program on a server")
def test_a_program_lists_servers_with_what_it_became(sdk: Sdk, secure: dict[str, Any], product: Product) -> None:
    properties = on_the_server(sdk, secure["url"]) | {"URL": product.info["vpc_url"]}
    assert secure["server"]["name"] in sdk.ask("list_servers", properties)["servers"]


@pytest.mark.operation("text of a refusal: http where the protocol is https")
def test_plain_http_is_refused_where_the_protocol_is_https(sdk: Sdk, secure: dict[str, Any], product: Product) -> None:
    with pytest.raises(Refused) as error:
        sdk.token(on_the_server(sdk, with_scheme(product, secure["url"], "http")))
    assert error.value.status == 403
    assert tells(sdk, error.value, "The metadata service of this server answers https only")


@pytest.mark.operation("text of a refusal: https where the protocol is http")
def test_https_is_refused_where_the_protocol_is_http(sdk: Sdk, chain: dict[str, Any], product: Product) -> None:
    with pytest.raises(Refused) as error:
        sdk.token(on_the_server(sdk, with_scheme(product, chain["url"], "https")))
    assert error.value.status == 403
    assert tells(sdk, error.value, "The metadata service of this server answers http only")


@pytest.mark.operation("an authority that is not trusted: no token, and the certificate is named as the reason")
def test_who_does_not_trust_our_authority_gets_no_token(sdk: Sdk, secure: dict[str, Any], program: Program) -> None:
    distrustful = Sdk(sdk.language, program(sdk.language))
    try:
        with pytest.raises(Refused, match=UNKNOWN_ISSUER[sdk.language.name]) as error:
            distrustful.token(on_the_server(distrustful, secure["url"]))
    finally:
        distrustful.stop()
    assert error.value.status is None
