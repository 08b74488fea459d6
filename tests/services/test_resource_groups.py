"""Resource groups: what their services decide."""

import pytest

from controlplane.activity.models import ActivityEvent
from controlplane.activity.record import Party
from controlplane.kernel.crn import Crn
from controlplane.kernel.errors import Conflict, NotFound
from servers.models import BareMetalServer
from tests.world import ACCOUNT, World, make_server
from trustedprofiles.models import ResourceGroup, TagAttachment
from trustedprofiles.selectors import default_resource_group
from trustedprofiles.services import resource_groups, tags

BY = Party("IBMid-ALICE00001", "Alice", "User")


@pytest.fixture
def team(world: World) -> ResourceGroup:
    return resource_groups.create_resource_group(world.account, name="team", by=BY)


def test_a_new_group_is_not_the_default_one(team: ResourceGroup) -> None:
    assert default_resource_group(ACCOUNT) != team


def test_a_name_is_taken_once_per_account(world: World, team: ResourceGroup) -> None:
    resource_groups.create_resource_group(world.other_account, name="team", by=BY)
    with pytest.raises(Conflict, match="already has a resource group named team"):
        resource_groups.create_resource_group(world.account, name="team", by=BY)


def test_a_group_is_not_renamed_to_a_taken_name(team: ResourceGroup) -> None:
    with pytest.raises(Conflict, match="named Default"):
        resource_groups.rename_resource_group(team, name="Default", by=BY)


def test_a_change_is_dated(team: ResourceGroup) -> None:
    assert team.updated_at is None
    group = resource_groups.rename_resource_group(team, name="crew", by=BY)
    assert group.updated_at
    assert group.updated_at >= group.created_at


def test_a_group_that_is_gone_is_not_renamed(team: ResourceGroup) -> None:
    ResourceGroup.objects.filter(pk=team.pk).delete()
    with pytest.raises(NotFound):
        resource_groups.rename_resource_group(team, name="crew", by=BY)


def test_a_group_with_a_server_in_it_is_not_deleted(world: World, team: ResourceGroup) -> None:
    server = make_server(world.account, name="web-1")
    BareMetalServer.objects.filter(pk=server.pk).update(resource_group=team)
    with pytest.raises(Conflict, match="has resources in it"):
        resource_groups.delete_resource_group(team, by=BY)
    assert ResourceGroup.objects.filter(pk=team.pk).exists()


def test_a_refused_deletion_leaves_no_event_of_a_success(world: World, team: ResourceGroup) -> None:
    server = make_server(world.account, name="web-1")
    BareMetalServer.objects.filter(pk=server.pk).update(resource_group=team)
    with pytest.raises(Conflict):
        resource_groups.delete_resource_group(team, by=BY)
    assert not ActivityEvent.objects.filter(action="resource-controller.group.delete").exists()


def test_the_default_group_is_not_deleted(world: World) -> None:
    with pytest.raises(Conflict, match="default resource group"):
        resource_groups.delete_resource_group(default_resource_group(ACCOUNT), by=BY)


def test_a_group_is_deleted_once(team: ResourceGroup) -> None:
    resource_groups.delete_resource_group(team, by=BY)
    with pytest.raises(NotFound):
        resource_groups.delete_resource_group(team, by=BY)


def test_a_group_takes_its_tags_along(world: World, team: ResourceGroup) -> None:
    tags.attach_tags(world.account, crn=Crn.parse(team.crn), type="user", names=["web"], by=BY)
    resource_groups.delete_resource_group(team, by=BY)
    assert not TagAttachment.objects.exists()
