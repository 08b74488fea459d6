"""Access groups on PostgreSQL: what members may do, and two who change a group at once."""

from collections.abc import Callable
from typing import Any

from controlplane.activity.record import Party
from controlplane.kernel.caller import Caller
from tests.policies import attribute, make_content
from tests.world import ACCOUNT, make_profile, make_world
from trustedprofiles.models import GroupMember, TrustedProfile
from trustedprofiles.models.access_group import PUBLIC_ACCESS
from trustedprofiles.selectors import authorize
from trustedprofiles.services.access_groups import create_group, delete_group
from trustedprofiles.services.group_members import add_members
from trustedprofiles.services.policies import create_policy
from trustedprofiles.services.profiles import delete_profile

BY = Party("IBMid-ALICE00001", "Alice", "User")
VPC = {"accountId": ACCOUNT, "serviceName": "is"}


def allowed(profile: TrustedProfile, verb: str) -> bool:
    return bool(authorize(Caller(profile.iam_id, ACCOUNT, "", ""), action=f"is.vpc.vpc.{verb}", resource=VPC))


def test_decisions_count_policies_of_the_groups_of_the_caller(on_postgresql: None) -> None:
    world = make_world()
    profile, group = make_profile(world.account), create_group(world.account, name="editors", by=BY)
    for id, role in ((group.id, "Editor"), (PUBLIC_ACCESS, "Viewer")):
        content = make_content("", role, subject=[attribute("access_group_id", id)])
        create_policy(world.account, content=content, api_version="v2", by=BY)
    assert (allowed(profile, "read"), allowed(profile, "create")) == (True, False)
    add_members(group, members=[(profile.iam_id, "profile")], by=BY)
    assert allowed(profile, "create")


def test_a_member_that_two_add_at_once_is_added_once(together: Callable[..., Any]) -> None:
    world = make_world()
    profile, group = make_profile(world.account), create_group(world.account, name="g", by=BY)
    outcomes = together([lambda: add_members(group, members=[(profile.iam_id, "profile")], by=BY)] * 4)
    assert [type(each) for [each] in outcomes] == [GroupMember] * 4
    assert GroupMember.objects.count() == 1


def test_a_profile_that_is_deleted_while_it_is_added_is_a_member_of_nothing(together: Callable[..., Any]) -> None:
    world = make_world()
    profile = make_profile(world.account)
    groups = [create_group(world.account, name=f"g{number}", by=BY) for number in range(3)]

    def add(number: int) -> Callable[[], Any]:
        return lambda: add_members(groups[number], members=[(profile.iam_id, "profile")], by=BY)

    together(
        [add(0), add(1), lambda: delete_profile(profile, by=BY), lambda: delete_group(groups[1], force=True, by=BY)]
    )
    assert not TrustedProfile.objects.filter(pk=profile.pk).exists()
    assert not GroupMember.objects.exists()
