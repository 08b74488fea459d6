"""Callers with access to few servers: service IDs with policies on some of them."""

from collections.abc import Mapping
from typing import Any

from controlplane.cli.client import Client

VIEWER = "crn:v1:bluemix:public:iam::::role:Viewer"
TAG = {"key": "bench", "value": "few"}
IN_SMALL_GROUP = 3
SEVERAL = "a caller with several policies"

Selection = Mapping[str, Any]


def tokens(info: dict[str, Any], server: Mapping[str, Any]) -> dict[str, str]:
    """IAM tokens of new callers, by what their policies select: this server, a few others in a group, or none.

    All of those are made now, so that every server that is added later comes before them in a list.
    """
    owner = Client(info["iam_url"], info["api_key"], direct=True)
    empty, small = (_make_group(owner, f"bench-{name}-{server['id'][-12:]}") for name in ("empty", "small"))
    for _ in range(IN_SMALL_GROUP):
        _copy(owner, server, group=small)
    _tag(owner, str(server["crn"]))
    id = str(server["id"])
    one = {"attributes": [_equals("bareMetalServerId", id)]}
    group = {"attributes": [_equals("resourceGroupId", small)]}
    tag = {"tags": [{**TAG, "operator": "stringEquals"}]}
    selections: dict[str, list[Selection]] = {
        "a caller with an empty group": [{"attributes": [_equals("resourceGroupId", empty)]}],
        "a caller with a small group": [group],
        "a caller with one server": [one],
        "a caller with a wildcard": [{"attributes": [_equals("bareMetalServerId", id[:-1] + "*", "stringMatch")]}],
        "a caller with a tag": [tag],
        SEVERAL: [one, group, tag],
    }
    return {name: _caller(owner, name, selected) for name, selected in selections.items()}


def reserve(info: dict[str, Any], server: Mapping[str, Any]) -> str:
    """Return the id of a new reservation, which no server uses."""
    owner = Client(info["iam_url"], info["api_key"], direct=True)
    body = {
        "zone": {"name": server["zone"]["name"]},
        "profile": {"name": server["profile"]["name"], "resource_type": "bare_metal_server_profile"},
        "capacity": {"total": 1},
        "committed_use": {"term": "one_year"},
    }
    return str(owner.call("POST", "/v1/reservations", body)["id"])


def _equals(key: str, value: str, operator: str = "stringEquals") -> dict[str, str]:
    return {"key": key, "operator": operator, "value": value}


def _make_group(owner: Client, name: str) -> str:
    return str(owner.call("POST", "/v2/resource_groups", {"name": name})["id"])


def _copy(owner: Client, server: Mapping[str, Any], *, group: str) -> None:
    """Create a server like this one in a resource group."""
    content = owner.call("GET", f"/v1/bare_metal_servers/{server['id']}/initialization")
    body = {
        "zone": {"name": server["zone"]["name"]},
        "profile": {"name": server["profile"]["name"]},
        "resource_group": {"id": group},
        "initialization": {
            "image": {"id": content["image"]["id"]},
            "keys": [{"id": key["id"]} for key in content["keys"]],
        },
        "primary_network_interface": {"subnet": {"id": server["primary_network_interface"]["subnet"]["id"]}},
    }
    owner.call("POST", "/v1/bare_metal_servers", body)


def _tag(owner: Client, crn: str) -> None:
    name = f"{TAG['key']}:{TAG['value']}"
    owner.call("POST", "/v3/tags", {"tag_names": [name]}, query={"tag_type": "access"})
    body = {"tag_name": name, "resources": [{"resource_id": crn}]}
    owner.call("POST", "/v3/tags/attach", body, query={"tag_type": "access"})


def _caller(owner: Client, name: str, selections: list[Selection]) -> str:
    """Return the token of a new service ID with a policy for each selection."""
    account = owner.account_id
    service_id = owner.call("POST", "/v1/serviceids", {"name": name, "account_id": account, "apikey": {"name": name}})
    for selected in selections:
        attributes = [_equals("accountId", account), _equals("serviceName", "is"), *selected.get("attributes", [])]
        policy = {
            "type": "access",
            "subject": {"attributes": [_equals("iam_id", str(service_id["iam_id"]))]},
            "control": {"grant": {"roles": [{"role_id": VIEWER}]}},
            "resource": {"attributes": attributes, "tags": selected.get("tags", [])},
        }
        owner.call("POST", "/v2/policies", policy)
    return Client(owner.url, str(service_id["apikey"]["apikey"]), direct=True).token
