"""IBM's Key Protect client for Python, unmodified, and what tests need around it."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import jwt
import pytest
from ibm_cloud_sdk_core import ApiException
from ibm_cloud_sdk_core.authenticators import Authenticator, IAMAuthenticator
from keyprotect import IbmKeyProtectApiV2

from tests.live.operator import Operator, eventually
from tests.live.product import Product
from tests.live.turning import turn_clock

KEY_TYPE = "application/vnd.ibm.kms.key+json"
KEYS_SECONDS = 20
"""A service reads the keys of IAM again at most every ten seconds."""
ROLE = "crn:v1:bluemix:public:{}::::serviceRole:{}"
READER, WRITER, MANAGER = (ROLE.format("iam", name) for name in ("Reader", "Writer", "Manager"))
KEY_PURGE = ROLE.format("kms", "KeyPurge")


def client_with(authenticator: Authenticator, product: Product) -> IbmKeyProtectApiV2:
    client = IbmKeyProtectApiV2(authenticator=authenticator)
    client.set_service_url(product.info["control_plane_url"])
    return client


def client_of_the_owner(product: Product) -> IbmKeyProtectApiV2:
    """A client of the account owner, whose token is of the time that the product's clock shows now."""
    return client_with(IAMAuthenticator(product.info["api_key"], url=product.info["iam_url"]), product)


def api_key_of_a_service_id(operator: Operator, role: str, instance: str) -> str:
    """An API key of a new service ID that has this role on one instance, and nothing else."""
    account = operator.info["account_id"]
    service_id = operator.iam.create_service_id(account_id=account, name=new_name()).get_result()
    grant_on_instance(operator, service_id["iam_id"], role, instance)
    return str(operator.iam.create_api_key(name=new_name(), iam_id=service_id["iam_id"]).get_result()["apikey"])


def client_of_a_service_id(product: Product, role: str, instance: str) -> IbmKeyProtectApiV2:
    """A client of an identity that is not the owner, with this role on one instance."""
    api_key = api_key_of_a_service_id(Operator(product.info), role, instance)
    return client_with(IAMAuthenticator(api_key, url=product.info["iam_url"]), product)


def advanced(product: Product, **duration: float) -> IbmKeyProtectApiV2:
    """Advance the clock of a product with one worker; a client of the owner, with a token of the time it shows then.

    When IAM has new keys by then, this waits until Key Protect has read them.
    """
    turn_clock(product, advance_seconds=int(timedelta(**duration).total_seconds()))
    client, guid = client_of_the_owner(product), seeded_instance(product)

    def is_known() -> bool:
        try:
            client.get_key_collection_metadata(guid)
        except ApiException as error:
            if error.status_code != 400:
                raise
            return False
        return True

    eventually(is_known, seconds=KEYS_SECONDS)
    return client


def seeded_instance(product: Product) -> str:
    """The GUID of the instance of Key Protect that every deployment begins with."""
    return next(str(each["guid"]) for each in product.info["service_instances"] if each["service"] == "kms")


def new_name() -> str:
    return f"k-{uuid.uuid4().hex[:12]}"


def create_key(
    client: IbmKeyProtectApiV2, instance: str, *, ring: str | None = None, prefer: str | None = None, **members: Any
) -> dict[str, Any]:
    """The answer for a new key: a generated root key unless ``members`` say otherwise."""
    key = {"type": KEY_TYPE, "name": new_name(), "extractable": False, **members}
    body = {"metadata": {"collectionType": KEY_TYPE, "collectionTotal": 1}, "resources": [key]}
    response = client.create_key(instance, body, x_kms_key_ring=ring, prefer=prefer)
    assert response.get_status_code() == 201
    return only_key(response)


def only_key(response: Any) -> dict[str, Any]:
    [key] = response.get_result()["resources"]
    return dict(key)


@dataclass(frozen=True)
class Refusal:
    status: int
    message: str
    """``errorMsg``."""
    reason: dict[str, Any]
    """The first reason; empty when there is none."""

    @property
    def code(self) -> str:
        return str(self.reason.get("code", ""))

    @property
    def seen(self) -> tuple[int, str]:
        """Status and code, which a test usually compares together."""
        return self.status, self.code


def refusal_of(attempt: Callable[[], Any]) -> Refusal:
    """The refusal, read from the body: the client's own message is no more than the phrase of the status."""
    with pytest.raises(ApiException) as error:
        attempt()
    [resource] = error.value.http_response.json()["resources"]
    reasons = resource.get("reasons", [{}])
    return Refusal(int(error.value.status_code or 0), resource["errorMsg"], reasons[0])


def grant_on_instance(operator: Operator, iam_id: str, role: str, instance: str) -> dict[str, Any]:
    """The policy that gives an identity a role on one instance of Key Protect."""
    policy: dict[str, Any] = operator.policies.create_policy(**_policy(operator, iam_id, role, instance)).get_result()
    return policy


def change_role(operator: Operator, policy: dict[str, Any], iam_id: str, role: str, instance: str) -> None:
    etag = operator.policies.get_policy(policy["id"]).get_headers()["ETag"]
    operator.policies.replace_policy(policy["id"], etag, **_policy(operator, iam_id, role, instance))


def _policy(operator: Operator, iam_id: str, role: str, instance: str) -> dict[str, Any]:
    resource = {"accountId": operator.info["account_id"], "serviceName": "kms", "serviceInstance": instance}
    return {
        "type": "access",
        "subjects": [{"attributes": [{"name": "iam_id", "value": iam_id}]}],
        "roles": [{"role_id": role}],
        "resources": [{"attributes": [{"name": name, "value": value} for name, value in resource.items()]}],
    }


def iam_id_of(token: str) -> str:
    return str(jwt.decode(token, options={"verify_signature": False})["iam_id"])
