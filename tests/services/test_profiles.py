"""Trusted profiles come, change and go, each time with one event."""

import pytest

from controlplane.activity.models import ActivityEvent
from controlplane.activity.record import Party
from controlplane.kernel.errors import Conflict, NotFound
from tests.build import FACTS
from tests.policies import make_content
from tests.world import World, make_profile
from trustedprofiles.models import Policy, ProfileLink, TrustedProfile
from trustedprofiles.services.links import create_link
from trustedprofiles.services.policies import create_policy
from trustedprofiles.services.profiles import create_profile, delete_profile, update_profile

BY = Party("IBMid-ALICE00001", "Alice", "User")


def actions() -> list[str]:
    return list(ActivityEvent.objects.order_by("pk").values_list("action", flat=True))


def test_a_new_profile_has_its_iam_id_and_crn_from_its_id(world: World) -> None:
    profile = create_profile(world.account, name="web", by=BY)
    assert profile.iam_id == f"iam-{profile.id}"
    assert profile.crn == f"crn:v1:bluemix:public:iam-identity::a/{world.account.id}::profile:{profile.id}"


def test_creating_leaves_one_event_that_names_who_and_what(world: World) -> None:
    profile = create_profile(world.account, name="web", by=BY)
    event = ActivityEvent.objects.get()
    assert (event.action, event.reason_code, event.initiator_id, event.target_id, event.account_id) == (
        "iam-identity.account-profile.create",
        201,
        BY.id,
        profile.crn,
        world.account.id,
    )


def test_a_name_is_taken_once_per_account(world: World) -> None:
    create_profile(world.account, name="web", by=BY)
    with pytest.raises(Conflict, match="already has a trusted profile named web"):
        create_profile(world.account, name="web", by=BY)
    assert (TrustedProfile.objects.count(), actions()) == (1, ["iam-identity.account-profile.create"])


def test_another_account_may_use_the_same_name(world: World) -> None:
    create_profile(world.account, name="web", by=BY)
    assert create_profile(world.other_account, name="web", by=BY).name == "web"


def test_a_change_moves_the_entity_tag_and_the_time(world: World) -> None:
    profile = make_profile(world.account)
    before = (profile.entity_tag, profile.modified_at)
    updated_profile = update_profile(profile, changes={"description": "new"}, by=BY)
    assert updated_profile.description == "new"
    assert updated_profile.entity_tag.startswith("2-")
    assert updated_profile.entity_tag != before[0]
    assert updated_profile.modified_at > before[1]


def test_a_profile_cannot_take_anothers_name(world: World) -> None:
    make_profile(world.account, name="web")
    profile = make_profile(world.account, name="db")
    with pytest.raises(Conflict, match="named web"):
        update_profile(profile, changes={"name": "web"}, by=BY)
    profile.refresh_from_db()
    assert (profile.name, profile.revision) == ("db", 1)


def test_of_two_changes_from_the_same_reading_the_second_is_refused(world: World) -> None:
    profile = make_profile(world.account)
    same = TrustedProfile.objects.get(pk=profile.pk)
    update_profile(profile, changes={"description": "first"}, by=BY)
    with pytest.raises(Conflict, match="Read it again"):
        update_profile(same, changes={"description": "second"}, by=BY)
    assert TrustedProfile.objects.get().description == "first"


def test_a_change_does_not_bring_a_deleted_profile_back(world: World) -> None:
    profile = make_profile(world.account)
    delete_profile(TrustedProfile.objects.get(), by=BY)
    with pytest.raises(Conflict):
        update_profile(profile, changes={"name": "again"}, by=BY)
    assert not TrustedProfile.objects.exists()


def test_deleting_takes_links_and_policies_along_in_one_event(world: World) -> None:
    profile = make_profile(world.account)
    link = create_link(profile, cr_type="BMS", crn=FACTS.crn, by=BY)
    policy = create_policy(world.account, content=make_content(profile.iam_id), api_version="v1", by=BY)
    before = ActivityEvent.objects.count()
    delete_profile(profile, by=BY)
    assert (ProfileLink.objects.count(), Policy.objects.count()) == (0, 0)
    [event] = ActivityEvent.objects.order_by("pk")[before:]
    assert event.action == "iam-identity.account-profile.delete"
    removed = {"links": [link.id], "rules": [], "identities": [], "access_groups": [], "policies": [str(policy.id)]}
    assert event.data == removed


def test_deleting_leaves_the_policies_of_others(world: World) -> None:
    profile, other = make_profile(world.account, name="one"), make_profile(world.account, name="two")
    create_policy(world.account, content=make_content(other.iam_id), api_version="v1", by=BY)
    delete_profile(profile, by=BY)
    assert Policy.objects.get().subject_iam_id == other.iam_id.lower()


def test_a_profile_is_deleted_once(world: World) -> None:
    profile = make_profile(world.account)
    delete_profile(TrustedProfile.objects.get(), by=BY)
    with pytest.raises(NotFound):
        delete_profile(profile, by=BY)
    assert actions().count("iam-identity.account-profile.delete") == 1
