"""API keys made at the same moment are counted, compared and deleted with their service ID as if one after another."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from controlplane.activity.record import Party
from controlplane.kernel.errors import Conflict, OverQuota, ReferenceNotFound
from identity.models import ApiKey
from identity.services.apikeys import create_api_key, update_api_key
from tests.world import make_account
from trustedprofiles.limits import API_KEYS_PER_IDENTITY
from trustedprofiles.models import Account, ServiceId
from trustedprofiles.services.service_ids import create_service_id, delete_service_id

Together = Callable[[Sequence[Callable[[], Any]]], list[Any]]
BY = Party("IBMid-ALICE00001", "Alice", "User")
AT_ONCE = 4


@pytest.fixture
def account(on_postgresql: None) -> Account:
    return make_account()


@pytest.fixture
def robot(account: Account) -> ServiceId:
    return create_service_id(account, name="robot", by=BY)


def of_kind(results: list[Any], kind: type) -> list[Any]:
    return [each for each in results if isinstance(each, kind)]


def test_the_last_api_key_of_an_identity_is_made_once(account: Account, together: Together) -> None:
    for _ in range(API_KEYS_PER_IDENTITY - 1):
        create_api_key(account, iam_id=BY.id, name="key", by=BY)
    results = together([lambda: create_api_key(account, iam_id=BY.id, name="key", by=BY)] * AT_ONCE)
    assert (len(of_kind(results, tuple)), len(of_kind(results, OverQuota))) == (1, AT_ONCE - 1)
    assert ApiKey.objects.count() == API_KEYS_PER_IDENTITY


def test_a_value_is_taken_once(account: Account, together: Together) -> None:
    results = together([lambda: create_api_key(account, iam_id=BY.id, name="key", value="v" * 40, by=BY)] * AT_ONCE)
    assert (len(of_kind(results, tuple)), len(of_kind(results, Conflict))) == (1, AT_ONCE - 1)


def test_no_api_key_is_left_of_a_service_id_that_is_deleted_meanwhile(
    account: Account, robot: ServiceId, together: Together
) -> None:
    makers = [lambda: create_api_key(account, iam_id=robot.iam_id, name="key", by=BY)] * AT_ONCE
    deleted, *keys = together([lambda: delete_service_id(robot, by=BY), *makers])
    assert deleted is None
    assert len(of_kind(keys, tuple)) + len(of_kind(keys, ReferenceNotFound)) == AT_ONCE
    assert (ApiKey.objects.count(), ServiceId.objects.count()) == (0, 0)


def test_of_two_changes_to_one_revision_one_is_refused(account: Account, together: Together) -> None:
    key, _ = create_api_key(account, iam_id=BY.id, name="key", by=BY)
    api_keys = [ApiKey.objects.get(pk=key.pk) for _ in range(2)]
    results = together([lambda row=row: update_api_key(row, changes={"name": row.pk[-4:]}, by=BY) for row in api_keys])
    assert (len(of_kind(results, ApiKey)), len(of_kind(results, Conflict))) == (1, 1)
