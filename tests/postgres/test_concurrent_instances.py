"""Service instances that are created, deleted and reclaimed at once, with what is in them and their resource groups."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import transaction

from controlplane.activity.models import ActivityEvent
from controlplane.instances.models import ResourceInstance
from controlplane.instances.selectors import find_instance
from controlplane.kernel import clock, ids
from controlplane.kernel.crn import Crn
from controlplane.kernel.errors import Conflict, Gone, NotFound, ReferenceNotFound, Unprocessable
from controlplane.objectstore.models import Bucket
from controlplane.resourcecontroller.services.changes import delete_instance, switch_lock, update_instance
from controlplane.resourcecontroller.services.reclamations import reclaim_due, restore_instance
from tests.api.calling import call, caller_of
from tests.instances import BY, COS, PATH, make_instance
from tests.policies import VICTOR, attribute, make_content
from tests.world import ACCOUNT, World, make_world
from trustedprofiles.models import ResourceGroup
from trustedprofiles.services.policies import create_policy
from trustedprofiles.services.resource_groups import delete_resource_group
from trustedprofiles.services.tags import attach_tags, create_access_tag

pytestmark = pytest.mark.thorough

ROUNDS = 5
Together = Callable[[list[Callable[[], Any]]], list[Any]]


@pytest.fixture
def here(on_postgresql: None) -> World:
    return make_world()


def events(verb: str) -> int:
    return ActivityEvent.objects.filter(action=f"resource-controller.{verb}", outcome="success").count()


def refused(results: list[Any]) -> list[type]:
    return sorted((type(each) for each in results if isinstance(each, Exception)), key=str)


def test_an_instance_that_is_deleted_twice_at_once_is_deleted_once(here: World, together: Together) -> None:
    for number in range(1, ROUNDS + 1):
        instance = make_instance(here.account)
        results = together([partial(delete_instance, instance, by=BY)] * 3)
        assert refused(results) == [Gone, Gone]
        assert events("instance.delete") == number


def test_an_instance_is_not_deleted_with_what_is_created_in_it_at_the_same_time(
    here: World, together: Together
) -> None:
    def fill(instance: ResourceInstance, name: str) -> None:
        """Creates a bucket as a service does: with the row of the instance locked, and only in an active one."""
        with transaction.atomic():
            ResourceInstance.objects.select_for_update(no_key=True).get(pk=instance.pk)
            if find_instance(ACCOUNT, COS, instance.guid) is None:
                raise NotFound("There is no such instance.")
            Bucket.objects.create(
                account_id=ACCOUNT, name=name, service_instance=instance.guid, location="us", created_at=clock.now()
            )

    for number in range(ROUNDS):
        instance = make_instance(here.account, service=COS)
        calls = [partial(fill, instance, f"b{number}"), partial(delete_instance, instance, by=BY)]
        results = together(calls if number % 2 else calls[::-1])
        instance.refresh_from_db()
        is_filled = Bucket.objects.filter(service_instance=instance.guid).exists()
        assert (instance.state == "active") is is_filled
        assert refused(results) == [Conflict if is_filled else NotFound]


def test_no_instance_is_created_in_a_resource_group_that_is_deleted_at_the_same_time(
    here: World, together: Together
) -> None:
    for number in range(ROUNDS):
        group = ResourceGroup.objects.create(
            id=ids.hex_id(), account=here.account, name=f"team-{number}", created_at=clock.now()
        )
        calls = [partial(make_instance, here.account, group=group.id), partial(delete_resource_group, group, by=BY)]
        results = together(calls if number % 2 else calls[::-1])
        has_instance = ResourceInstance.objects.filter(resource_group_id=group.id).exists()
        assert ResourceGroup.objects.filter(pk=group.pk).exists() is has_instance
        assert refused(results) == [Conflict if has_instance else ReferenceNotFound]


def test_an_instance_is_reclaimed_once_or_restored(here: World, together: Together) -> None:
    later = clock.now() + timedelta(days=8)
    for _ in range(ROUNDS):
        instance = delete_instance(make_instance(here.account), by=BY)
        before = events("instance.reclaim"), events("instance.restore")
        reclaim = partial(reclaim_due, later)
        first, second, restoration = together([reclaim, reclaim, partial(restore_instance, instance, by=BY)])
        instance.refresh_from_db()
        is_removed = instance.state == "removed"
        assert first + second == is_removed
        assert isinstance(restoration, Unprocessable) is is_removed
        after = events("instance.reclaim"), events("instance.restore")
        assert (after[0] - before[0], after[1] - before[1]) == (is_removed, not is_removed)


def test_changes_at_once_are_all_kept(here: World, together: Together) -> None:
    instance = make_instance(here.account)
    changes = {"name": "new", "parameters": {"a": 1}, "allow_cleanup": True}
    calls = [partial(update_instance, instance, changes={name: value}, by=BY) for name, value in changes.items()]
    assert refused(together(calls)) == []
    instance.refresh_from_db()
    assert {name: getattr(instance, name) for name in changes} == changes
    together([partial(switch_lock, instance, locked=True, by=BY), partial(delete_instance, instance, by=BY)])
    instance.refresh_from_db()
    assert instance.is_locked is not (instance.state == "pending_reclamation")


def test_policies_select_the_same_instances_of_a_list_on_postgresql(here: World) -> None:
    group = ResourceGroup.objects.create(id=ids.hex_id(), account=here.account, name="team", created_at=clock.now())
    one, two = make_instance(here.account, name="one"), make_instance(here.account, name="two", group=group.id)
    make_instance(here.account, service=COS, name="cos")
    create_access_tag(here.account, name="env:dev", by=BY)
    attach_tags(here.account, crn=Crn.parse(one.crn), type="access", names=["env:dev"], by=BY)
    selections: dict[str, tuple[dict[str, Any], list[str]]] = {
        "service": ({}, ["one", "two"]),
        "group": ({"more": (attribute("resourceGroupId", group.id),)}, ["two"]),
        "pattern": ({"more": (attribute("serviceInstance", f"{two.guid[:8]}*", "stringMatch"),)}, ["two"]),
        "tag": ({"resource_tags": [attribute("env", "dev")]}, ["one"]),
    }
    lists = {}
    for number, (name, (options, _)) in enumerate(selections.items()):
        caller = caller_of(f"{VICTOR}-{number}")
        content = make_content(caller.iam_id, service="kms", **options)
        create_policy(here.account, content=content, api_version="v1", by=BY)
        lists[name] = sorted(each["name"] for each in call("GET", PATH, caller=caller).json()["resources"])
    assert lists == {name: names for name, (_, names) in selections.items()}
