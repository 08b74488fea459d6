"""Tags: what their services decide."""

import pytest

from controlplane.activity.models import ActivityEvent
from controlplane.activity.record import Party
from controlplane.kernel import clock
from controlplane.kernel.crn import Crn
from controlplane.kernel.errors import Conflict, NotFound, OverQuota
from tests.world import ACCOUNT, OTHER_ACCOUNT, World
from trustedprofiles import tag_rules
from trustedprofiles.models import Tag, TagAttachment
from trustedprofiles.services import tags
from trustedprofiles.tagged_resources import tags_on

BY = Party("IBMid-ALICE00001", "Alice", "User")
SERVER = Crn("is", "us-south-1", ACCOUNT, "bare-metal-server", "0717-1")
VPC = Crn("is", "us-south", ACCOUNT, "vpc", "r006-1")


def attach(world: World, *names: str, crn: Crn = SERVER, type: str = "user", **flags: bool) -> None:
    tags.attach_tags(world.account, crn=crn, type=type, names=names, **flags, by=BY)


def on(crn: Crn = SERVER, type: str = "user") -> list[str]:
    return tags_on(ACCOUNT, [str(crn)])[str(crn)][type]


def test_user_tags_are_made_when_they_are_attached(world: World) -> None:
    attach(world, "web", "env:test")
    assert on() == ["env:test", "web"]


def test_attaching_adds_to_what_is_there(world: World) -> None:
    attach(world, "web")
    attach(world, "db")
    assert on() == ["db", "web"]


def test_attaching_twice_is_attaching_once(world: World) -> None:
    attach(world, "web")
    attach(world, "web", "web")
    assert TagAttachment.objects.count() == Tag.objects.count() == 1


def test_one_tag_is_on_several_resources(world: World) -> None:
    attach(world, "web")
    attach(world, "web", crn=VPC)
    assert (on(SERVER), on(VPC), Tag.objects.count()) == (["web"], ["web"], 1)


def test_replace_takes_the_others_off(world: World) -> None:
    attach(world, "web", "env:test")
    attach(world, "db", "web", replace=True)
    assert on() == ["db", "web"]


def test_replace_leaves_the_tags_of_the_other_type(world: World) -> None:
    tags.create_access_tag(world.account, name="env:test", by=BY)
    attach(world, "env:test", type="access")
    attach(world, "web", replace=True)
    assert on(type="access") == ["env:test"]


def test_replace_leaves_other_resources(world: World) -> None:
    attach(world, "db", crn=VPC)
    attach(world, "web", replace=True)
    assert on(VPC) == ["db"]


def test_update_takes_off_what_has_the_same_key(world: World) -> None:
    attach(world, "env:test", "env:blue:green", "environment:x", "web")
    attach(world, "env:live", "db", update=True)
    assert on() == ["db", "env:live", "environment:x", "web"]


def test_update_with_labels_alone_takes_nothing_off(world: World) -> None:
    attach(world, "env:test", "web")
    attach(world, "db", update=True)
    assert on() == ["db", "env:test", "web"]


def test_an_access_tag_must_exist_before_it_is_attached(world: World) -> None:
    tags.create_access_tag(world.account, name="env:test", by=BY)
    with pytest.raises(NotFound, match="no access tag env:live"):
        attach(world, "env:test", "env:live", type="access")
    assert on(type="access") == []


def test_a_user_tag_of_the_same_name_is_no_access_tag(world: World) -> None:
    attach(world, "env:test")
    with pytest.raises(NotFound):
        attach(world, "env:test", type="access")


def test_the_access_tag_of_another_account_is_not_attached(world: World) -> None:
    tags.create_access_tag(world.other_account, name="env:test", by=BY)
    with pytest.raises(NotFound):
        attach(world, "env:test", type="access")


def test_a_resource_of_another_account_is_not_tagged(world: World) -> None:
    with pytest.raises(NotFound, match="no such resource"):
        attach(world, "web", crn=Crn("is", "us-south", OTHER_ACCOUNT, "vpc", "r006-2"))
    assert not Tag.objects.exists()


def test_a_resource_of_another_account_keeps_its_tags(world: World) -> None:
    attach(world, "web")
    with pytest.raises(NotFound, match="no such resource"):
        tags.detach_tags(world.other_account, crn=SERVER, type="user", names=["web"], by=BY)
    assert on() == ["web"]


def test_a_resource_has_a_limited_number_of_tags(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(tag_rules.MOST_ON_A_RESOURCE, "user", 2)
    attach(world, "a", "b")
    with pytest.raises(OverQuota, match="at most 2 user tags"):
        attach(world, "c")
    attach(world, "a", "b")
    attach(world, "c", "d", replace=True)
    assert on() == ["c", "d"]


def test_an_account_has_a_limited_number_of_access_tags(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tag_rules, "MOST_ACCESS_TAGS", 1)
    tags.create_access_tag(world.account, name="env:test", by=BY)
    with pytest.raises(OverQuota, match="at most 1 access tags"):
        tags.create_access_tag(world.account, name="env:live", by=BY)


def test_an_access_tag_is_made_once(world: World) -> None:
    tags.create_access_tag(world.account, name="env:test", by=BY)
    with pytest.raises(Conflict, match="already has"):
        tags.create_access_tag(world.account, name="env:test", by=BY)


def test_detaching_takes_off_only_what_is_named(world: World) -> None:
    attach(world, "web", "db")
    attach(world, "web", crn=VPC)
    tags.detach_tags(world.account, crn=SERVER, type="user", names=["web", "never"], by=BY)
    assert (on(SERVER), on(VPC)) == (["db"], ["web"])


@pytest.mark.parametrize("carried", [False, True], ids=["by-nothing-else", "by-another-resource"])
@pytest.mark.parametrize("way", ["detach", "replace", "update"])
def test_a_user_tag_is_gone_when_the_last_resource_loses_it(world: World, way: str, carried: bool) -> None:
    attach(world, "env:old")
    if carried:
        attach(world, "env:old", crn=VPC)
    if way == "detach":
        tags.detach_tags(world.account, crn=SERVER, type="user", names=["env:old"], by=BY)
    else:
        attach(world, "env:new", **{way: True})
    assert Tag.objects.filter(name="env:old").exists() is carried


def test_an_access_tag_stays_when_the_last_resource_loses_it(world: World) -> None:
    tags.create_access_tag(world.account, name="env:test", by=BY)
    tags.attach_tags(world.account, crn=SERVER, type="access", names=["env:test"], by=BY)
    tags.detach_tags(world.account, crn=SERVER, type="access", names=["env:test"], by=BY)
    assert Tag.objects.filter(name="env:test").exists()


def test_a_tag_that_is_carried_is_not_deleted(world: World) -> None:
    attach(world, "web")
    with pytest.raises(Conflict, match=r"1 resource\(s\) carry"):
        tags.delete_tag(world.account, type="user", name="web", by=BY)
    assert on() == ["web"]


def test_a_tag_that_nothing_carries_is_deleted(world: World) -> None:
    attach(world, "web")
    tags.forget(str(SERVER))
    tags.delete_tag(world.account, type="user", name="web", by=BY)
    assert not Tag.objects.exists()


def test_deleting_what_is_not_there_is_refused(world: World) -> None:
    with pytest.raises(NotFound):
        tags.delete_tag(world.account, type="user", name="web", by=BY)


def test_unused_tags_of_one_type_and_account_are_deleted(world: World) -> None:
    attach(world, "used")
    attach(world, "b", "a", crn=VPC)
    tags.forget(str(VPC))
    tags.create_access_tag(world.account, name="env:test", by=BY)
    Tag.objects.create(account=world.other_account, type="user", name="a", created_at=clock.now())
    assert tags.delete_unused_tags(world.account, type="user", by=BY) == ["a", "b"]
    assert sorted(Tag.objects.values_list("account_id", "name")) == [
        (ACCOUNT, "env:test"),
        (ACCOUNT, "used"),
        (OTHER_ACCOUNT, "a"),
    ]


def test_a_deleted_resource_is_forgotten_and_no_other(world: World) -> None:
    tags.create_access_tag(world.account, name="env:test", by=BY)
    attach(world, "web")
    attach(world, "env:test", type="access")
    attach(world, "web", crn=VPC)
    tags.forget(str(SERVER))
    assert list(TagAttachment.objects.values_list("crn", flat=True)) == [str(VPC)]


def test_forgetting_what_has_no_tags_does_nothing(world: World) -> None:
    attach(world, "web")
    tags.forget(str(VPC))
    assert on() == ["web"]


def test_a_change_of_tags_leaves_one_event_about_the_resource(world: World) -> None:
    attach(world, "web", "db")
    event = ActivityEvent.objects.get()
    assert (event.action, event.target_id) == ("global-search-tagging.tag.attach", str(SERVER))
    assert event.data == {"tag_type": "user", "tag_names": ["db", "web"]}
