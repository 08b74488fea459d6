"""Key Protect as tests call it: JSON over HTTP with a bearer token."""

import json
from typing import Any

from django.http import HttpResponse
from django.test import Client

from controlplane.activity.models import ActivityEvent
from tests.keyprotect.made import ALICE as OWNER
from tests.objectstore.store import token_of
from tests.policies import make_content
from tests.world import World
from trustedprofiles.services.policies import create_policy

KEY_TYPE = "application/vnd.ibm.kms.key+json"
POLICY_TYPE = "application/vnd.ibm.kms.policy+json"


class KeyProtect:
    """Calls of one caller about one instance."""

    def __init__(self, guid: str, *subject: str) -> None:
        self.guid, self.subject = guid, subject
        self.client = Client()

    @property
    def headers(self) -> dict[str, str]:
        """The headers of each call, with a token that is new: tests turn the clock."""
        return {"Authorization": f"Bearer {token_of(*self.subject)}", "Bluemix-Instance": self.guid}

    def __call__(self, method: str, path: str, body: Any = None, **headers: str | None) -> HttpResponse:
        """``path`` behind ``/api/v2``; a header with underscores for hyphens, None to leave one out."""
        changes = {name.replace("_", "-"): value for name, value in headers.items()}
        http_headers = {name: value for name, value in {**self.headers, **changes}.items() if value is not None}
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        kind = http_headers.pop("Content-Type", "")
        return self.client.generic(method, f"/api/v2{path}", raw, content_type=kind, headers=http_headers)  # type: ignore[return-value]

    def get(self, path: str, **headers: str | None) -> Any:
        return answered(self("GET", path, **headers), 200)

    def create(self, name: str = "a key", **members: Any) -> Any:
        headers = {name: members.pop(name) for name in list(members) if name[0].isupper()}
        body = new_key(name=name, **members)
        return answered(self("POST", "/keys", body, **headers), 201)["resources"][0]

    def act(self, key: str, action: str, body: Any = None, **headers: str | None) -> HttpResponse:
        return self("POST", f"/keys/{key}/actions/{action}", body, **headers)

    def wrap(self, key: str, **body: Any) -> Any:
        return answered(self.act(key, "wrap", body or None), 200)


def new_key(**members: Any) -> dict[str, Any]:
    """The body of a request to create a key: a generated root key unless the members say otherwise."""
    key = {"type": KEY_TYPE, "name": "a key", "extractable": False, **members}
    return {"metadata": {"collectionType": KEY_TYPE, "collectionTotal": 1}, "resources": [key]}


def policies(*resources: dict[str, Any]) -> dict[str, Any]:
    """The body of a request to set policies of a key or an instance."""
    metadata = {"collectionType": POLICY_TYPE, "collectionTotal": len(resources)}
    return {"metadata": metadata, "resources": list(resources)}


def instance_policy(kind: str, *, enabled: bool = True, **attributes: Any) -> dict[str, Any]:
    """A policy of an instance; one without attributes has no such member."""
    data = {"enabled": enabled, **({"attributes": attributes} if attributes else {})}
    return {"policy_type": kind, "policy_data": data}


def answered(answer: HttpResponse, status: int) -> Any:
    """The content of an answer with this status; None when it is empty."""
    assert answer.status_code == status, answer.content
    return json.loads(answer.content) if answer.content else None


def refused(answer: HttpResponse) -> tuple[int, str]:
    """Status and code of a refusal; the code is empty when there is no reason."""
    body = json.loads(answer.content)
    assert body["metadata"] == {"collectionType": "application/vnd.ibm.kms.error+json", "collectionTotal": 1}
    return answer.status_code, body["resources"][0].get("reasons", [{"code": ""}])[0]["code"]


def reason_of(answer: HttpResponse) -> Any:
    return json.loads(answer.content)["resources"][0]["reasons"][0]


def grant(world: World, iam_id: str, *roles: str, **resource: str) -> None:
    """A policy on Key Protect, for the resource with these attributes."""
    more = tuple({"key": key, "operator": "stringEquals", "value": value} for key, value in resource.items())
    content = make_content(iam_id, *roles, service="kms", more=more)
    create_policy(world.account, content=content, api_version="v1", by=OWNER)


def last_event() -> ActivityEvent:
    event = ActivityEvent.objects.filter(action__startswith="kms.").order_by("-id").first()
    assert event is not None
    return event
