"""Tags over the API."""

from typing import Any

from controlplane.activity.record import Party
from tests.api.calling import call
from tests.policies import VICTOR, make_content
from tests.world import ACCOUNT, OTHER_ACCOUNT, World
from trustedprofiles.services.policies import create_policy
from trustedprofiles.tagged_resources import tags_on

BY = Party("IBMid-ALICE00001", "Alice", "User")
SERVER = f"crn:v1:bluemix:public:is:us-south-1:a/{ACCOUNT}::bare-metal-server:0717-1"
OTHER_SERVER = SERVER.replace("0717-1", "0717-2")
FOREIGN = SERVER.replace(ACCOUNT, OTHER_ACCOUNT)
ATTACH, DETACH, TAGS = "/v3/tags/attach", "/v3/tags/detach", "/v3/tags"


def body(*names: str, on: str | tuple[str, ...] = SERVER) -> dict[str, Any]:
    """As Terraform writes it."""
    crns = (on,) if isinstance(on, str) else on
    return {"resources": [{"resource_id": crn, "resource_type": ""} for crn in crns], "tag_names": list(names)}


def attach(*names: str, query: str = "tag_type=user", on: str | tuple[str, ...] = SERVER, **caller: Any) -> Any:
    return call("POST", f"{ATTACH}?{query}", body(*names, on=on), **caller)


def create(*names: str, **caller: Any) -> Any:
    return call("POST", f"{TAGS}?tag_type=access", {"tag_names": list(names)}, **caller)


def errors_of(answer: Any) -> dict[str, bool]:
    """Which of the resources failed."""
    return {each["resource_id"]: each["is_error"] for each in answer.json()["results"]}


def on(crn: str = SERVER, type: str = "user", account_id: str = ACCOUNT) -> list[str]:
    return tags_on(account_id, [crn])[crn][type]


def listed(query: str = "", **caller: Any) -> list[str]:
    return [each["name"] for each in call("GET", f"{TAGS}?{query}", **caller).json()["items"]]


def permit(world: World, *roles: str, service: str = "is", more: tuple[dict[str, Any], ...] = ()) -> None:
    content = make_content(VICTOR, *roles, service=service, more=more)
    create_policy(world.account, content=content, api_version="v1", by=BY)
