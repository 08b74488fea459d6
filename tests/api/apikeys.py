"""API keys and service IDs as tests ask for them."""

from typing import Any

from controlplane.kernel.caller import Caller
from tests.api.calling import call
from tests.world import ACCOUNT, ALICE, MALLORY

KEYS = "/v1/apikeys"
SERVICE_IDS = "/v1/serviceids"
BOB = Caller("IBMid-BOB0000001", ACCOUNT, "Bob", "User")
"""A person of Alice's account without any policy."""
OWN_VALUE = "a value of forty characters, more or less"


def service_id_caller(service_id: Any, *, account_id: str = ACCOUNT) -> Caller:
    """The service ID itself, as its token says."""
    return Caller(service_id["iam_id"], account_id, service_id["name"], "ServiceId", identifier=service_id["id"])


def make_key(*, caller: Caller = ALICE, headers: dict[str, str] | None = None, **body: Any) -> Any:
    """The answer's body. Alice's own, unless it says otherwise."""
    answer = call("POST", KEYS, {"name": "key", "iam_id": caller.iam_id} | body, caller=caller, **(headers or {}))
    assert answer.status_code == 201, answer.content
    return answer.json()


def make_service_id(*, caller: Caller = ALICE, headers: dict[str, str] | None = None, **body: Any) -> Any:
    creation = {"name": "robot", "account_id": caller.account_id} | body
    answer = call("POST", SERVICE_IDS, creation, caller=caller, **(headers or {}))
    assert answer.status_code == 201, answer.content
    return answer.json()


def foreign_service_id() -> Any:
    """One of Mallory's."""
    return make_service_id(caller=MALLORY)
