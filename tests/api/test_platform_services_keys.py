"""API keys and service IDs by the unmodified ``ibm-platform-services`` client: every method that it has for them.

Its model of an API key asks for the value, which only some answers have: the others are read as they are.
"""

from typing import Any

import pytest
import requests
from ibm_cloud_sdk_core import ApiException
from ibm_platform_services import IamIdentityV1
from ibm_platform_services.iam_identity_v1 import (
    ApiKey,
    ApiKeyInsideCreateServiceIdRequest,
    ServiceId,
    ServiceIdList,
)

from tests.api.apikeys import OWN_VALUE
from tests.api.official import connected
from tests.build import FACTS
from tests.world import ACCOUNT, ALICE, World


@pytest.fixture
def iam(world: World) -> Any:
    return connected(IamIdentityV1)


@pytest.fixture
def key(iam: Any) -> ApiKey:
    api_keys = iam.create_api_key(name="key", iam_id=ALICE.iam_id, description="d", account_id=ACCOUNT)
    return ApiKey.from_dict(api_keys.get_result())


@pytest.fixture
def robot(iam: Any) -> ServiceId:
    return ServiceId.from_dict(iam.create_service_id(account_id=ACCOUNT, name="robot").get_result())


def token_in(link: str) -> str:
    return str(requests.utils.unquote(link.partition("pagetoken=")[2].partition("&")[0]))


# --- API keys -----------------------------------------------------------------------------------------------------


def test_an_api_key_is_created_with_everything_there_is(iam: Any) -> None:
    api_keys = iam.create_api_key(
        name="key",
        iam_id=ALICE.iam_id,
        description="d",
        account_id=ACCOUNT,
        apikey=OWN_VALUE,
        store_value=False,
        support_sessions=True,
        action_when_leaked="none",
        expires_at="2099-12-24T18:00+0000",
        entity_lock="true",
        entity_disable="true",
    )
    key = ApiKey.from_dict(api_keys.get_result())
    assert (api_keys.get_status_code(), key.apikey, key.locked, key.disabled) == (201, OWN_VALUE, True, True)
    assert (key.expires_at, key.support_sessions, key.action_when_leaked) == ("2099-12-24T18:00+0000", True, "none")


def test_an_api_key_is_read_with_history_and_activity(iam: Any, key: ApiKey) -> None:
    answer = iam.get_api_key(key.id, include_history=True, include_activity=True)
    body = answer.get_result()
    assert answer.get_headers()["ETag"] == body["entity_tag"] == key.entity_tag
    assert [each["action"] for each in body["history"]] == ["iam-identity.user-apikey.create"]
    assert (body["activity"]["authn_count"], "apikey" in body) == (0, False)


def test_an_api_key_is_found_by_its_value(iam: Any, key: ApiKey) -> None:
    api_keys_details = iam.get_api_keys_details(iam_api_key=key.apikey, include_history=False).get_result()
    assert api_keys_details["id"] == key.id


def test_an_api_key_is_updated_with_its_entity_tag(iam: Any, key: ApiKey) -> None:
    answer = iam.update_api_key(
        key.id,
        key.entity_tag,
        name="new",
        description="",
        support_sessions=True,
        action_when_leaked="delete",
        expires_at="2099-12-24T18:00+0000",
    )
    body = answer.get_result()
    assert (body["name"], body.get("description"), body["action_when_leaked"]) == ("new", None, "delete")
    with pytest.raises(ApiException, match="has changed since it was read") as error:
        iam.update_api_key(key.id, key.entity_tag, name="newer")
    assert error.value.status_code == 412


def test_api_keys_are_listed_page_by_page(iam: Any) -> None:
    for name in ("a", "b", "c"):
        iam.create_api_key(name=name, iam_id=ALICE.iam_id)
    body = {"account_id": ACCOUNT, "scope": "account", "type": "user", "sort": "name", "order": "desc", "pagesize": 2}
    first = iam.list_api_keys(**body, include_history=True).get_result()
    second = iam.list_api_keys(**body, include_history=True, pagetoken=token_in(first["next"])).get_result()
    assert [each["name"] for each in first["apikeys"]] == ["c", "b"]
    assert [each["name"] for each in second["apikeys"]] == ["a"]
    assert "next" not in second


def test_api_keys_are_filtered(iam: Any, key: ApiKey, robot: ServiceId) -> None:
    iam.create_api_key(name="robots", iam_id=robot.iam_id)
    page = iam.list_api_keys(iam_id=robot.iam_id, filter='name sw "robot"').get_result()
    assert [each["name"] for each in page["apikeys"]] == ["robots"]


def test_an_api_key_is_locked_unlocked_and_deleted(iam: Any, key: ApiKey) -> None:
    assert iam.lock_api_key(key.id).get_status_code() == 204
    with pytest.raises(ApiException, match="is locked") as error:
        iam.delete_api_key(key.id)
    assert error.value.status_code == 409
    assert iam.unlock_api_key(key.id).get_status_code() == 204
    assert iam.delete_api_key(key.id).get_status_code() == 204
    with pytest.raises(ApiException, match="no API key") as error:
        iam.get_api_key(key.id)
    assert error.value.status_code == 404


def test_an_api_key_is_disabled_and_enabled(iam: Any, key: ApiKey) -> None:
    assert iam.disable_api_key(key.id).get_status_code() == 204
    assert iam.get_api_key(key.id).get_result()["disabled"] is True
    assert iam.enable_api_key(key.id).get_status_code() == 204
    assert iam.get_api_key(key.id).get_result()["disabled"] is False


# --- service IDs --------------------------------------------------------------------------------------------------


def test_a_service_id_is_created_with_everything_there_is(iam: Any) -> None:
    service_id = iam.create_service_id(
        account_id=ACCOUNT,
        name="robot",
        description="d",
        unique_instance_crns=[FACTS.crn],
        apikey=ApiKeyInsideCreateServiceIdRequest(name="first", apikey=OWN_VALUE, store_value=False),
        entity_lock="true",
    )
    robot = ServiceId.from_dict(service_id.get_result())
    assert (service_id.get_status_code(), robot.locked, robot.unique_instance_crns) == (201, True, [FACTS.crn])
    assert (robot.apikey.apikey, robot.apikey.iam_id) == (OWN_VALUE, robot.iam_id)


def test_a_service_id_is_read_with_history_and_activity(iam: Any, robot: ServiceId) -> None:
    answer = iam.get_service_id(robot.id, include_history=True, include_activity=True)
    service_id = ServiceId.from_dict(answer.get_result())
    assert answer.get_headers()["ETag"] == service_id.entity_tag == robot.entity_tag
    assert [each.action for each in service_id.history] == ["iam-identity.account-serviceid.create"]
    assert service_id.activity.authn_count == 0


def test_a_service_id_is_updated_with_its_entity_tag(iam: Any, robot: ServiceId) -> None:
    answer = iam.update_service_id(
        robot.id, robot.entity_tag, name="new", description="d", unique_instance_crns=[FACTS.crn]
    )
    service_id = ServiceId.from_dict(answer.get_result())
    assert (service_id.name, service_id.description, service_id.unique_instance_crns) == ("new", "d", [FACTS.crn])


def test_service_ids_are_listed_page_by_page(iam: Any) -> None:
    for name in ("a", "b", "c"):
        iam.create_service_id(account_id=ACCOUNT, name=name)
    body = {"account_id": ACCOUNT, "pagesize": 2, "sort": "name", "order": "asc", "include_history": True}
    first = ServiceIdList.from_dict(iam.list_service_ids(**body).get_result())
    second = ServiceIdList.from_dict(iam.list_service_ids(**body, pagetoken=token_in(first.next)).get_result())
    assert [each.name for each in first.serviceids] == ["a", "b"]
    assert [each.name for each in second.serviceids] == ["c"]


def test_service_ids_are_found_by_name_and_filter(iam: Any, robot: ServiceId) -> None:
    iam.create_service_id(account_id=ACCOUNT, name="other")
    for query in ({"name": "robot"}, {"filter": 'name eq "robot"'}):
        service_ids = ServiceIdList.from_dict(iam.list_service_ids(account_id=ACCOUNT, **query).get_result())
        assert [each.id for each in service_ids.serviceids] == [robot.id]


def test_a_service_id_is_locked_unlocked_and_deleted(iam: Any, robot: ServiceId) -> None:
    assert iam.lock_service_id(robot.id).get_status_code() == 204
    with pytest.raises(ApiException, match="is locked") as error:
        iam.delete_service_id(robot.id)
    assert error.value.status_code == 409
    assert iam.unlock_service_id(robot.id).get_status_code() == 204
    assert iam.delete_service_id(robot.id).get_status_code() == 204
    with pytest.raises(ApiException, match="no service ID") as error:
        iam.get_service_id(robot.id)
    assert error.value.status_code == 404
