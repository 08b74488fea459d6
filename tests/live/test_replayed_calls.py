"""What the console prints to ask for a call again, pasted as it stands: it is done with the right of who pastes it."""

import html
import re
import subprocess
import uuid
from typing import Any

import pytest
import requests
from ibm_cloud_sdk_core import ApiException
from ibm_cloud_sdk_core.authenticators import IAMAuthenticator
from ibm_vpc import VpcV1

from tests.live.operator import NEW, Operator
from tests.live.product import Product, clean_environment
from tests.live.signed_in import signed_in
from tests.live.test_program_flows import inside

pytestmark = pytest.mark.live

REPLAY = re.compile(r'<code id="curl">(.*?)</code>', re.DOTALL)
EVENT = re.compile(r'href="/activity/(\d+)"')
MAKE_A_KEY = """
from controlplane.activity.record import Party
from identity.services.apikeys import create_api_key
from trustedprofiles.models import User
person = User.objects.get(username={name!r})
by = Party(person.iam_id, {name!r}, "User")
print("KEY", create_api_key(person.account, iam_id=person.iam_id, name={name!r}, by=by)[1])
"""


@pytest.fixture(scope="module")
def browser(product: Product) -> requests.Session:
    return signed_in(product)


@pytest.fixture(scope="module")
def vera(product: Product) -> str:
    """The API key of a user who may look and do nothing."""
    name = f"vera-{uuid.uuid4().hex[:8]}"
    product.run("person", name, "--role", "viewer")
    lines = product.run("shell", "-c", MAKE_A_KEY.format(name=name)).splitlines()
    return next(line.removeprefix("KEY ") for line in lines if line.startswith("KEY "))


def printed(product: Product, browser: requests.Session, query: str) -> str:
    """The text on the page of the newest event that the list finds."""
    origin = product.info["control_plane_url"]
    newest = EVENT.search(browser.get(f"{origin}/activity?{query}", timeout=20).text)
    assert newest
    text = REPLAY.search(browser.get(f"{origin}/activity/{newest[1]}", timeout=20).text)
    assert text
    return html.unescape(text[1])


def pasted(text: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**clean_environment(), **variables}
    return subprocess.run(["sh"], input=text, env=environment, capture_output=True, text=True, timeout=30, check=False)


@pytest.fixture
def refused(product: Product, browser: requests.Session, chain: dict[str, Any], vera: str) -> str:
    """What is printed of a DELETE that was refused to Vera."""
    vpc = VpcV1(authenticator=IAMAuthenticator(vera, url=product.info["iam_url"]))
    vpc.set_service_url(product.info["vpc_url"])
    with pytest.raises(ApiException) as refusal:
        vpc.delete_bare_metal_server(chain["server"]["id"])
    assert refusal.value.status_code == 403
    return printed(product, browser, "outcome=failure&action=bare-metal-server.delete")


def test_a_viewers_refused_delete_is_refused_to_the_viewer_again(
    refused: str, operator: Operator, chain: dict[str, Any], vera: str
) -> None:
    assert f"# This deletes {chain['server']['name']} with DELETE " in refused
    process = pasted(refused, APIKEY=vera)
    assert process.stdout.startswith("HTTP/1.1 403 "), process
    assert operator.vpc.get_bare_metal_server(chain["server"]["id"]).get_result()["status"] == "running"


def test_pasted_without_a_key_it_asks_for_nothing(
    refused: str, product: Product, browser: requests.Session, operator: Operator, chain: dict[str, Any]
) -> None:
    before = browser.get(f"{product.info['control_plane_url']}/activity/export?q={chain['server']['id']}", timeout=20)
    # Also where the owner's key lies, and where a token was left behind.
    process = pasted(refused, BAREMINT_HOME=str(product.home), TOKEN=product.run("token").strip())
    assert (process.returncode != 0, process.stdout) == (True, "")
    assert "Put your own API key into APIKEY first" in process.stderr
    after = browser.get(f"{product.info['control_plane_url']}/activity/export?q={chain['server']['id']}", timeout=20)
    assert after.text == before.text
    assert operator.vpc.get_bare_metal_server(chain["server"]["id"]).get_result()["status"] == "running"


def test_pasted_with_a_key_that_is_none_it_says_so(refused: str) -> None:
    process = pasted(refused, APIKEY="none")
    assert (process.returncode != 0, process.stdout) == (True, "")
    assert "Provided API key could not be found." in process.stderr


@pytest.mark.parametrize("protocol", ["http", "https"])
def test_what_a_server_asked_for_is_answered_to_the_server_again(
    product: Product, operator: Operator, browser: requests.Session, chain: dict[str, Any], protocol: str
) -> None:
    token = inside(chain["url"]).token_manager.get_token()
    path = f"{product.info['control_plane_url']}/v1/bare_metal_servers/{chain['server']['id']}"
    bearer = {"Authorization": f"Bearer {token}"}
    assert requests.get(f"{path}?version={NEW}&generation=2", headers=bearer, timeout=10).status_code == 200
    operator.switch(chain["server"]["id"], protocol=protocol)
    try:
        text = printed(product, browser, f"q={chain['server']['name']}&action=bare-metal-server.read")
        assert "APIKEY" not in text
        process = pasted(text)
        assert process.stdout.startswith("HTTP/1.1 200 "), process
        assert f'"name":"{chain["server"]["name"]}"' in process.stdout.replace('": "', '":"')
    finally:
        operator.switch(chain["server"]["id"], protocol="http")


@pytest.mark.parametrize("action", ["identity-token", "computeresource-token"])
def test_a_call_of_the_metadata_service_is_answered_again(
    product: Product, browser: requests.Session, chain: dict[str, Any], action: str
) -> None:
    inside(chain["url"]).token_manager.get_token()
    process = pasted(printed(product, browser, f"q={chain['server']['name']}&action={action}"))
    assert process.stdout.startswith("HTTP/1.1 200 "), process
    assert '"access_token"' in process.stdout
