"""What policies and access groups name is changed by several at once, on PostgreSQL."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from controlplane.activity.record import Party
from controlplane.kernel.errors import Conflict, ReferenceNotFound
from tests.policies import make_content
from tests.world import ALICE, make_profile, make_world
from trustedprofiles.models import GroupMember, ProfileIdentity
from trustedprofiles.services.access_groups import create_group
from trustedprofiles.services.group_members import add_members, add_to_groups
from trustedprofiles.services.identities import IdentityContent, set_identity
from trustedprofiles.services.policies import create_policy
from trustedprofiles.services.roles import create_role, delete_role
from trustedprofiles.services.service_ids import create_service_id, delete_service_id

BY = Party(ALICE.iam_id, "Alice", "User")
ROUNDS = 12


@pytest.fixture
def parts(on_postgresql: None) -> tuple[list[Any], list[str]]:
    account = make_world().account
    groups = [create_group(account, name=f"group-{number}", by=BY) for number in range(4)]
    robots = [create_service_id(account, name=f"robot-{number}", by=BY).iam_id for number in range(4)]
    return groups, robots


def test_who_joins_the_same_groups_in_another_order_waits_for_the_others(
    together: Callable[..., Any], parts: tuple[list[Any], list[str]]
) -> None:
    groups, robots = parts
    for _ in range(ROUNDS):
        GroupMember.objects.all().delete()
        orders = [groups, groups[::-1], groups, groups[::-1]]
        calls = [
            lambda order=order, robot=robot: add_to_groups(order, iam_id=robot, type="service", by=BY)
            for order, robot in zip(orders, robots, strict=True)
        ]
        assert [each for each in together(calls) if isinstance(each, Exception)] == []
        assert GroupMember.objects.count() == len(groups) * len(robots)


def test_the_same_members_in_another_order_join_two_groups_at_once(
    together: Callable[..., Any], parts: tuple[list[Any], list[str]]
) -> None:
    groups, robots = parts
    for _ in range(ROUNDS):
        GroupMember.objects.all().delete()
        orders = [robots, robots[::-1], robots, robots[::-1]]
        calls = [
            lambda group=group, order=order: add_members(group, members=[(each, "service") for each in order], by=BY)
            for group, order in zip(groups, orders, strict=True)
        ]
        assert [each for each in together(calls) if isinstance(each, Exception)] == []
        assert GroupMember.objects.count() == len(groups) * len(robots)


def test_no_policy_is_left_with_a_role_that_was_deleted_while_it_was_made(together: Callable[..., Any]) -> None:
    account = make_world().account
    for number in range(ROUNDS):
        action = "is.vpc.vpc.read"
        role = create_role(
            account, name=f"R{number}", display_name=f"R{number}", service_name="is", actions=[action], by=BY
        )
        content = replace(make_content(), roles=[role.crn])
        make, delete = together(
            [
                lambda content=content: create_policy(account, content=content, api_version="v2", by=BY),
                lambda role=role: delete_role(role, by=BY),
            ]
        )
        assert isinstance(make, ReferenceNotFound) or isinstance(delete, Conflict)


def test_no_profile_trusts_a_service_id_that_was_deleted_while_it_was_added(together: Callable[..., Any]) -> None:
    account = make_world().account
    for number in range(ROUNDS):
        profile = make_profile(account, name=f"profile-{number}")
        robot = create_service_id(account, name=f"robot-{number}", by=BY)
        identity = IdentityContent("serviceid", robot.id)
        together(
            [
                lambda profile=profile, identity=identity: set_identity(profile, identity=identity, by=BY),
                lambda robot=robot: delete_service_id(robot, by=BY),
            ]
        )
        assert not ProfileIdentity.objects.filter(iam_id=robot.iam_id).exists()
