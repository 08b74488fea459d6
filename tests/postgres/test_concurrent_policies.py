"""Policies, authorizations and import tokens of Key Protect that are changed or used at once."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from controlplane.instances.models import ResourceInstance
from controlplane.kernel import clock
from controlplane.keyprotect import errors
from controlplane.keyprotect.models import ImportToken, InstancePolicy, KeyPolicy, KeyVersion
from controlplane.keyprotect.policies import (
    CREATE_IMPORT_ACCESS,
    DUAL_AUTH_DELETE,
    ROTATION,
    InstancePolicySetting,
    KeyPolicySetting,
)
from controlplane.keyprotect.services import import_tokens
from controlplane.keyprotect.services.dual_authorization import set_for_deletion, unset_for_deletion
from controlplane.keyprotect.services.due_changes import run_due
from controlplane.keyprotect.services.import_tokens import create_import_token, retrieve_import_token
from controlplane.keyprotect.services.instance_policies import set_instance_policies
from controlplane.keyprotect.services.key_policies import set_key_policies
from controlplane.keyprotect.services.key_rotation import rotate_key
from controlplane.keyprotect.services.key_states import delete_key
from controlplane.keyprotect.states import State
from controlplane.resourcecontroller.services.changes import delete_instance
from identity import key_encryption
from tests.instances import BY, store_instance
from tests.keyprotect.made import ALICE, BOB, make_key, read

pytestmark = pytest.mark.thorough

ROUNDS = 5
Together = Callable[[list[Callable[[], Any]]], list[Any]]
MINUTE = timedelta(minutes=1)


@pytest.fixture
def instance(on_postgresql: None, monkeypatch: pytest.MonkeyPatch) -> ResourceInstance:
    monkeypatch.setattr(import_tokens, "BITS", 1024)  # made in less time
    key_encryption.ensure_kek()
    key_encryption.register_kek(now=clock.now())
    return store_instance(guid="00000000-0000-4000-8000-000000000001", service="kms")


def refused(results: list[Any]) -> list[type]:
    return sorted((type(each) for each in results if isinstance(each, Exception)), key=str)


def test_a_token_that_may_be_retrieved_once_is_retrieved_once(instance: ResourceInstance, together: Together) -> None:
    for _ in range(ROUNDS):
        create_import_token(instance, lifetime=MINUTE, retrievals=1, by=BY)
        results = together([partial(retrieve_import_token, instance, by=BY)] * 3)
        assert refused(results) == [errors.ImportTokenExpired] * 2


def test_of_tokens_that_are_created_at_once_one_stays(instance: ResourceInstance, together: Together) -> None:
    create = partial(create_import_token, instance, lifetime=MINUTE, retrievals=1, by=BY)
    assert refused(together([create] * 3)) == []
    assert ImportToken.objects.count() == 1


def test_a_policy_that_is_set_twice_at_once_is_one_policy(instance: ResourceInstance, together: Together) -> None:
    key = make_key(instance)
    for months in range(1, ROUNDS + 1):
        setting = KeyPolicySetting(ROTATION, interval_months=months)
        assert refused(together([partial(set_key_policies, key, [setting], by=BY)] * 3)) == []
        assert KeyPolicy.objects.get().interval_months == months


def test_dual_authorization_is_not_taken_back_by_a_request_at_the_same_time(
    instance: ResourceInstance, together: Together
) -> None:
    for _ in range(ROUNDS):
        key = make_key(instance)
        settings = [KeyPolicySetting(DUAL_AUTH_DELETE, enabled=enabled) for enabled in (True, False, True)]
        together([partial(set_key_policies, key, [each], by=BY) for each in settings])
        assert KeyPolicy.objects.get(key=key).enabled


def test_a_policy_of_an_instance_that_is_set_twice_at_once_is_one_policy(
    instance: ResourceInstance, together: Together
) -> None:
    setting = InstancePolicySetting(DUAL_AUTH_DELETE, True, {})
    assert refused(together([partial(set_instance_policies, instance, [setting], by=BY)] * 3)) == []
    assert InstancePolicy.objects.count() == 1


def test_a_key_that_is_created_while_a_policy_is_set_obeys_it_or_was_there_first(
    instance: ResourceInstance, together: Together
) -> None:
    denying = InstancePolicySetting(CREATE_IMPORT_ACCESS, True, {"create_root_key": False, "enforce_token": False})
    set_policy = partial(set_instance_policies, instance, [denying], by=BY)
    for _ in range(ROUNDS):
        InstancePolicy.objects.all().delete()
        results = together([set_policy, partial(make_key, instance)])
        assert refused(results) in ([], [errors.CreationDenied])
        with pytest.raises(errors.CreationDenied):
            make_key(instance)


def test_an_authorization_that_is_taken_back_while_the_key_is_deleted_counted_or_not(
    instance: ResourceInstance, together: Together
) -> None:
    for _ in range(ROUNDS):
        key = make_key(instance, policies=[KeyPolicySetting(DUAL_AUTH_DELETE)])
        set_for_deletion(key, by=ALICE, person=ALICE.id)
        deletion, _ = together([partial(delete_key, key, by=BOB), partial(unset_for_deletion, key, by=ALICE)])
        is_destroyed = read(key).state == State.DESTROYED
        assert isinstance(deletion, errors.AuthorizationsNotMet) is not is_destroyed


def test_a_key_whose_rotation_is_due_is_rotated_once_by_two_workers_or_a_request(
    instance: ResourceInstance, together: Together
) -> None:
    for _ in range(ROUNDS):
        key = make_key(instance, policies=[KeyPolicySetting(ROTATION, interval_months=1)])
        KeyPolicy.objects.filter(key=key).update(due_at=clock.now() - MINUTE)
        run = partial(run_due, clock.now())
        together([run, run, partial(rotate_key, key, material=None, by=BY)])
        assert KeyVersion.objects.filter(key=key).count() == 2


def test_a_policy_or_a_token_of_an_instance_that_is_deleted_meanwhile_is_there_first_or_refused(
    instance: ResourceInstance, together: Together
) -> None:
    setting = InstancePolicySetting(DUAL_AUTH_DELETE, True, {})
    results = together(
        [
            partial(set_instance_policies, instance, [setting], by=BY),
            partial(create_import_token, instance, lifetime=MINUTE, retrievals=1, by=BY),
            partial(delete_instance, instance, by=BY),
        ]
    )
    assert set(refused(results)) <= {errors.Unauthorized}
