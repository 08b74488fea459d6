"""Every refusal says where it is explained: a caller learns there why and what it takes, and that suffices."""

import json
import re
from collections.abc import Callable
from typing import Any
from xml.etree.ElementTree import fromstring

import pytest
import requests

from tests.live.operator import NEW, Operator
from tests.live.product import Product
from tests.live.signed_in import signed_in
from tests.live.test_program_flows import inside

pytestmark = [pytest.mark.live, pytest.mark.e2e]

GRANT = "urn:ibm:params:oauth:grant-type:"
Attempt = Callable[[], requests.Response]


@pytest.fixture
def program(operator: Operator, chain: dict[str, Any]) -> str:
    """A token of a program on the server, as a trusted profile that no policy knows."""
    profile = operator.create_profile()
    operator.iam.create_link(profile["id"], cr_type="BMS", link={"crn": chain["server"]["crn"]})
    return str(inside(chain["url"], id=profile["id"]).token_manager.get_token())


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def identity_token(chain: dict[str, Any]) -> str:
    answer = requests.put(
        f"{chain['url']}/identity/v1/token?version={NEW}", headers={"Metadata-Flavor": "ibm"}, timeout=10
    )
    return str(answer.json()["access_token"])


def owners_token(product: Product) -> str:
    return product.run("token").strip()


def explained_and_mended(product: Product, attempt: Attempt, url: str, *, asker: str = "") -> None:
    """``asker``, or the owner, reads the refusal at its URL; ``baremint explain`` says the same; the owner does what is
    offered."""
    owner = owners_token(product)
    asker = asker or owner
    before = requests.get(url, headers=bearer(asker), timeout=10)
    assert before.status_code == 200, before.text
    answer = before.json()
    assert (answer["decision"], answer["explanation"]) == ("deny", url)
    assert answer["because"] in attempt().text.replace('\\"', '"')
    assert json.loads(product.run("explain", url, "--json")) == answer
    assert product.run("explain", url).startswith(f"DENY: {answer['because']}\n")
    request = answer["nearest"]["request"]
    response = requests.request(
        request["method"],
        f"{product.info['control_plane_url']}{request['path']}?version={NEW}&generation=2",
        json=request["body"],
        headers=bearer(owner),
        timeout=10,
    )
    assert response.status_code in (200, 201), response.text
    after = requests.get(url, headers=bearer(asker), timeout=10).json()
    assert after["decision"] == "allow"
    assert product.run("explain", url).startswith(f"ALLOW: {after['because']}\n")
    assert attempt().status_code == 200


API_CALLS = {
    "vpc": "/v1/bare_metal_servers?version=2025-08-26&generation=2",
    "iam-identity": "/v1/profiles?account_id={account}",
    "iam-policy": "/v2/policies?account_id={account}",
    "resource-manager": "/v2/resource_groups",
    "tagging": "/v3/tags",
}


@pytest.mark.parametrize("path", API_CALLS.values(), ids=API_CALLS.keys())
def test_a_refusal_by_an_api_is_explained_and_mended(product: Product, program: str, path: str) -> None:
    url = product.info["control_plane_url"] + path.format(account=product.info["account_id"])

    def attempt() -> requests.Response:
        return requests.get(url, headers=bearer(program), timeout=10)

    answer = attempt()
    [error] = answer.json()["errors"]
    assert answer.status_code == 403
    where = error.get("more_info") or error["details"]
    explained_and_mended(product, attempt, where, asker=program)


def test_a_refusal_by_the_object_store_is_explained_and_mended(product: Product, program: str) -> None:
    def attempt() -> requests.Response:
        return requests.get(f"{product.info['control_plane_url']}/cos/", headers=bearer(program), timeout=10)

    answer = attempt()
    assert answer.status_code == 403
    [where] = [str(each.text) for each in fromstring(answer.text) if each.tag == "MoreInfo"]
    explained_and_mended(product, attempt, where, asker=program)


def test_a_profile_that_is_not_linked_is_explained_and_linked(
    product: Product, operator: Operator, chain: dict[str, Any]
) -> None:
    profile = operator.create_profile()

    def attempt() -> requests.Response:
        return requests.post(
            f"{chain['url']}/identity/v1/iam_tokens?version={NEW}",
            json={"trusted_profile": {"id": profile["id"]}},
            headers=bearer(identity_token(chain)),
            timeout=10,
        )

    answer = attempt()
    [error] = answer.json()["errors"]
    assert (answer.status_code, error["code"]) == (400, "profile_not_linked")
    explained_and_mended(product, attempt, error["more_info"])


@pytest.mark.parametrize("grant", ["cr-token", "assume"])
def test_a_grant_that_is_refused_for_want_of_trust_is_explained_and_mended(
    product: Product, operator: Operator, chain: dict[str, Any], program: str, grant: str
) -> None:
    profile = operator.create_profile()

    def attempt() -> requests.Response:
        proof = {"cr_token": identity_token(chain)} if grant == "cr-token" else {"access_token": program}
        form = {"grant_type": GRANT + grant, "profile_id": profile["id"], **proof}
        return requests.post(f"{product.info['iam_url']}/identity/token", data=form, timeout=10)

    answer = attempt()
    assert (answer.status_code, answer.json()["errorCode"]) == (400, "BXNIM0398E")
    asker = program if grant == "assume" else ""
    explained_and_mended(product, attempt, answer.json()["more_info"], asker=asker)


def test_a_metadata_service_that_is_off_is_explained_and_turned_on(
    product: Product, operator: Operator, chain: dict[str, Any]
) -> None:
    operator.switch(chain["server"]["id"], enabled=False)

    def attempt() -> requests.Response:
        return requests.put(
            f"{chain['url']}/identity/v1/token?version={NEW}", headers={"Metadata-Flavor": "ibm"}, timeout=10
        )

    answer = attempt()
    [error] = answer.json()["errors"]
    assert (answer.status_code, error["code"]) == (403, "unauthorized")
    explained_and_mended(product, attempt, error["more_info"])


def test_the_wrong_protocol_is_told_in_the_refusal_itself(operator: Operator, chain: dict[str, Any]) -> None:
    """No decision was taken, so there is nothing to explain."""
    operator.switch(chain["server"]["id"], protocol="https")
    try:
        answer = requests.put(f"{chain['url']}/identity/v1/token?version={NEW}", timeout=10)
        [error] = answer.json()["errors"]
        assert (answer.status_code, "more_info" in error) == (403, False)
        assert "answers https only. Use https" in error["message"]
    finally:
        operator.switch(chain["server"]["id"], protocol="http")


CALLS = {
    "/v1/bare_metal_servers/{server}": "is.bare-metal-server.bare-metal-server.read",
    "/v1/bare_metal_servers": "is.bare-metal-server.bare-metal-server.list",
    "/v1/vpcs/{vpc}": "is.vpc.vpc.read",
    "/v1/profiles/{profile}": "iam-identity.profile.read",
    "/v1/apikeys/{key}": "iam-identity.apikey.read",
    "/v2/policies": "iam-access-management.policy.read",
}


def test_tokens_of_every_kind_are_explained_as_they_are_answered(
    product: Product, operator: Operator, chain: dict[str, Any], program: str
) -> None:
    """A profile that may look at one VPC, a person who may look at all, and a service ID without a policy."""
    account, url = product.info["account_id"], product.info["control_plane_url"]
    own = requests.get(f"{url}/_baremint/explain?action=is.vpc.vpc.list", headers=bearer(program), timeout=10).json()
    service_id = operator.iam.create_service_id(account_id=account, name="robot-of-explanations").get_result()
    robots_key = operator.iam.create_api_key(name="robot", iam_id=service_id["iam_id"]).get_result()
    product.run("person", "erna", "--role", "viewer")
    [ernas_key] = re.findall("API key: (.+)", product.run("person", "erna", "--api-key"))
    server = chain["server"]
    selected = [{"name": "vpcId", "value": server["vpc"]["id"]}]
    attributes = [{"name": "accountId", "value": account}, {"name": "serviceName", "value": "is"}, *selected]
    operator.policies.create_policy(
        type="access",
        subjects=[{"attributes": [{"name": "iam_id", "value": own["subject"]}]}],
        roles=[{"role_id": "crn:v1:bluemix:public:iam::::role:Viewer"}],
        resources=[{"attributes": attributes}],
    )
    tokens = {own["subject"]: program}
    for name, key in (("robot-of-explanations", robots_key["apikey"]), ("erna", ernas_key)):
        form = {"grant_type": GRANT + "apikey", "apikey": key}
        tokens[name] = requests.post(f"{product.info['iam_url']}/identity/token", data=form, timeout=10).json()[
            "access_token"
        ]
    ids = {
        "server": server["id"],
        "vpc": server["vpc"]["id"],
        "profile": own["subject"].removeprefix("iam-"),
        "key": robots_key["id"],
    }
    decisions = {"allow": 0, "deny": 0}
    for subject, token in tokens.items():
        for path, action in CALLS.items():
            query = f"?version={NEW}&generation=2&account_id={account}"
            answer = requests.get(url + path.format(**ids) + query, headers=bearer(token), timeout=10)
            id_list = [id for name, id in ids.items() if f"{{{name}}}" in path]
            words = ["--resource", id_list[0]] if id_list else []
            explained = json.loads(product.run("explain", "--subject", subject, "--action", action, *words, "--json"))
            assert explained["decision"] == ("deny" if answer.status_code == 403 else "allow"), (subject, path)
            decisions[explained["decision"]] += 1
    assert decisions["allow"] >= 6
    assert decisions["deny"] >= 6


def test_unknown_names_are_refused_with_the_nearest(product: Product) -> None:
    for words, nearest in (
        (["--subject", "demo-viewr", "--action", "is.vpc.vpc.list"], "The nearest: demo-viewer"),
        (["--action", "is.vpc.vpc.lst"], "is.vpc.vpc.list"),
        (["--action", "is.bare-metal-server.bare-metal-server.read", "--resource", "wbe-1"], "web-1"),
    ):
        refusal = product.attempt("explain", *words)
        assert (refusal.returncode, nearest in refusal.stderr) == (1, True), refusal.stderr


def test_more_info_opens_in_a_browser(product: Product, program: str) -> None:
    url = f"{product.info['control_plane_url']}{API_CALLS['vpc']}"
    [error] = requests.get(url, headers=bearer(program), timeout=10).json()["errors"]
    page = signed_in(product).get(error["more_info"], timeout=10)
    assert (page.status_code, "Denied" in page.text) == (200, True)
