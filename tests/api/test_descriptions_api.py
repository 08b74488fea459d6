"""Descriptions are kept as they are sent: IBM's own tests send one that ends with a space, and compare."""

from typing import Any

from tests.api.calling import call
from tests.policies import v1_policy, v2_policy
from tests.tables import alone, check_each
from tests.world import ACCOUNT, World
from trustedprofiles.models import TrustedProfile

TEXTS = ["SDK Test role description ", "  both ", " ", "", "line\nline\n"]
CREATIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "role": (
        "/v2/roles",
        {
            "name": "Own",
            "display_name": "Own",
            "account_id": ACCOUNT,
            "service_name": "satellite",
            "actions": ["satellite.a"],
        },
    ),
    "policy": ("/v1/policies", v1_policy()),
    "v2-policy": ("/v2/policies", v2_policy()),
    "profile": ("/v1/profiles", {"name": "own", "account_id": ACCOUNT}),
    "service-id": ("/v1/serviceids", {"name": "own", "account_id": ACCOUNT}),
    "api-key": ("/v1/apikeys", {"name": "own", "iam_id": "IBMid-ALICE00001"}),
}


def test_a_description_is_kept_to_the_last_space(world: World) -> None:
    def check(row: tuple[str, str]) -> None:
        name, text = row
        path, body = CREATIONS[name]
        answer = call("POST", path, body | {"description": text})
        assert answer.status_code == 201, answer.content
        document = call("GET", f"{path}/{answer.json()['id']}").json()
        assert (answer.json().get("description", ""), document.get("description", "")) == (text, text)

    check_each([(name, text) for name in CREATIONS for text in TEXTS], alone(check))


def test_a_changed_description_is_kept(world: World, profile: TrustedProfile) -> None:
    answer = call("PUT", f"/v1/profiles/{profile.id}", {"name": "victor", "description": "new "}, If_Match="*")
    assert answer.json()["description"] == "new "
