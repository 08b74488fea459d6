"""Callers who see few of the servers: service IDs with a policy on some of them."""

from collections.abc import Mapping
from typing import Any

from controlplane.cli.client import Client

VIEWER = "crn:v1:bluemix:public:iam::::role:Viewer"
TAG = {"key": "bench", "value": "few"}


def tokens(info: dict[str, Any], server: Mapping[str, Any]) -> dict[str, str]:
    """IAM tokens of new callers, by what their policies select: each sees this server, or none."""
    owner = Client(info["iam_url"], info["api_key"], direct=True)
    group = owner.call("POST", "/v2/resource_groups", {"name": f"bench-{server['id'][-12:]}"})
    _tag(owner, str(server["crn"]))
    id = str(server["id"])
    selections: dict[str, dict[str, Any]] = {
        "a caller with an empty group": {"attributes": [_equals("resourceGroupId", str(group["id"]))]},
        "a caller with one server": {"attributes": [_equals("bareMetalServerId", id)]},
        "a caller with a wildcard": {"attributes": [_equals("bareMetalServerId", id[:-1] + "*", "stringMatch")]},
        "a caller with a tag": {"tags": [{**TAG, "operator": "stringEquals"}]},
    }
    return {name: _caller(owner, name, selected) for name, selected in selections.items()}


def _equals(key: str, value: str, operator: str = "stringEquals") -> dict[str, str]:
    return {"key": key, "operator": operator, "value": value}


def _tag(owner: Client, crn: str) -> None:
    name = f"{TAG['key']}:{TAG['value']}"
    owner.call("POST", "/v3/tags", {"tag_names": [name]}, query={"tag_type": "access"})
    body = {"tag_name": name, "resources": [{"resource_id": crn}]}
    owner.call("POST", "/v3/tags/attach", body, query={"tag_type": "access"})


def _caller(owner: Client, name: str, selected: Mapping[str, Any]) -> str:
    account = owner.account_id
    made = owner.call("POST", "/v1/serviceids", {"name": name, "account_id": account, "apikey": {"name": name}})
    attributes = [_equals("accountId", account), _equals("serviceName", "is"), *selected.get("attributes", [])]
    policy = {
        "type": "access",
        "subject": {"attributes": [_equals("iam_id", str(made["iam_id"]))]},
        "control": {"grant": {"roles": [{"role_id": VIEWER}]}},
        "resource": {"attributes": attributes, "tags": selected.get("tags", [])},
    }
    owner.call("POST", "/v2/policies", policy)
    return Client(owner.url, str(made["apikey"]["apikey"]), direct=True).token
