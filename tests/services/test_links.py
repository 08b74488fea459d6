"""Links are checked, unique, and go when their server goes."""

from typing import Any

import pytest

from controlplane.activity.models import ActivityEvent
from controlplane.activity.record import Party
from controlplane.kernel.errors import Conflict, InvalidValue, NotFound, OverQuota
from tests.build import FACTS, make_facts
from tests.world import OTHER_ACCOUNT, World, make_profile
from trustedprofiles.models import ProfileLink, TrustedProfile
from trustedprofiles.selectors import trusts
from trustedprofiles.services.links import create_link, delete_link, delete_links, link_server, unlink_everything
from trustedprofiles.services.profiles import delete_profile

BY = Party("IBMid-ALICE00001", "Alice", "User")
ANOTHER_CRN = make_facts().crn[:-1] + "2"
FOREIGN_CRN = FACTS.crn.replace("a" * 32, OTHER_ACCOUNT)


@pytest.fixture
def profile(world: World) -> TrustedProfile:
    return make_profile(world.account)


def link(profile: TrustedProfile, **changes: Any) -> ProfileLink:
    return create_link(profile, **{"cr_type": "BMS", "crn": FACTS.crn, "by": BY, **changes})


def events_since(count: int) -> list[str]:
    return list(ActivityEvent.objects.order_by("pk").values_list("action", flat=True))[count:]


def test_a_link_makes_the_profile_trust_the_server(profile: TrustedProfile) -> None:
    new_link = link(profile)
    assert trusts(profile, FACTS).because == f"link {new_link.id} names this server"


def test_linking_leaves_one_event_about_the_profile(profile: TrustedProfile) -> None:
    new_link = link(profile)
    event = ActivityEvent.objects.order_by("-pk")[0]
    assert (event.action, event.target_id) == ("iam-identity.account-profile-link.create", profile.crn)
    assert event.data == {"link_id": new_link.id, "cr_type": "BMS", "crn": FACTS.crn}


NO_CRNS = {
    "words": "web-1",
    "nothing": "",
    "too-few-parts": "crn:v1:bluemix:public:is",
    "another-scheme": FACTS.crn.replace("crn:", "arn:", 1),
    "a-scope-that-is-no-account": FACTS.crn.replace(":a/", ":o/"),
}


@pytest.mark.parametrize("crn", NO_CRNS.values(), ids=NO_CRNS.keys())
def test_what_is_no_crn_is_refused(profile: TrustedProfile, crn: str) -> None:
    with pytest.raises(InvalidValue, match="not a CRN"):
        link(profile, crn=crn)
    assert not ProfileLink.objects.exists()


@pytest.mark.parametrize("crn", [FOREIGN_CRN, FACTS.crn.replace(f"a/{'a' * 32}", "")], ids=["foreign", "of-no-account"])
def test_a_resource_of_another_account_is_refused(profile: TrustedProfile, crn: str) -> None:
    with pytest.raises(InvalidValue, match="is_cross_account"):
        link(profile, crn=crn)
    assert not ProfileLink.objects.exists()


def test_a_resource_of_another_account_is_linked_when_that_is_meant(profile: TrustedProfile) -> None:
    link(profile, crn=FOREIGN_CRN, is_cross_account=True)
    assert trusts(profile, make_facts(account_id=OTHER_ACCOUNT, crn=FOREIGN_CRN))


def test_the_same_link_twice_conflicts(profile: TrustedProfile) -> None:
    link(profile)
    with pytest.raises(Conflict, match="already has this link"):
        link(profile, name="again", is_cross_account=True)
    assert ProfileLink.objects.count() == 1


def test_a_server_may_be_linked_to_many_profiles(world: World, profile: TrustedProfile) -> None:
    link(profile)
    link(make_profile(world.account, name="another"))
    assert ProfileLink.objects.filter(crn=FACTS.crn).count() == 2


def test_a_profile_that_is_gone_gets_no_link(profile: TrustedProfile) -> None:
    delete_profile(TrustedProfile.objects.get(), by=BY)
    with pytest.raises(NotFound):
        link(profile)
    assert not ProfileLink.objects.exists()


def test_unlinking_ends_the_trust(profile: TrustedProfile) -> None:
    delete_link(link(profile), by=BY)
    assert not trusts(profile, FACTS)


def test_a_link_is_deleted_once_and_leaves_one_event(profile: TrustedProfile) -> None:
    new_link = link(profile)
    before = ActivityEvent.objects.count()
    delete_link(ProfileLink.objects.get(), by=BY)
    with pytest.raises(NotFound):
        delete_link(new_link, by=BY)
    assert events_since(before) == ["iam-identity.account-profile-link.delete"]


def test_links_are_deleted_by_what_they_name(profile: TrustedProfile) -> None:
    link(profile)
    other_link = link(profile, crn=ANOTHER_CRN)
    assert delete_links(profile, cr_type="BMS", crn=FACTS.crn, by=BY) == 1
    assert ProfileLink.objects.get() == other_link


def test_links_of_another_profile_are_not_deleted(world: World, profile: TrustedProfile) -> None:
    link(make_profile(world.account, name="another"))
    assert delete_links(profile, cr_type="BMS", by=BY) == 0
    assert ProfileLink.objects.count() == 1


def test_everything_that_names_a_server_is_unlinked_with_an_event_each(world: World, profile: TrustedProfile) -> None:
    link(profile)
    link(make_profile(world.account, name="another"))
    other_link = link(profile, crn=ANOTHER_CRN)
    before = ActivityEvent.objects.count()
    assert unlink_everything(FACTS.crn, by=BY) == 2
    assert ProfileLink.objects.get() == other_link
    assert events_since(before) == ["iam-identity.account-profile-link.delete"] * 2


# --- a server's own link ------------------------------------------------------------------------------------------


def test_a_server_is_linked_once_however_often_that_is_asked_for(profile: TrustedProfile) -> None:
    before = ActivityEvent.objects.count()
    for _ in range(2):
        link_server(profile, crn=FACTS.crn, name="web-1", by=BY)
    profile_link = ProfileLink.objects.get()
    assert (profile_link.cr_type, profile_link.crn, profile_link.name) == ("BMS", FACTS.crn, "web-1")
    assert events_since(before) == ["iam-identity.account-profile-link.create"]


def test_a_link_of_another_type_is_not_enough_for_it(profile: TrustedProfile) -> None:
    link(profile, cr_type="VSI")
    link_server(profile, crn=FACTS.crn, name="web-1", by=BY)
    assert trusts(profile, FACTS)


def test_a_profile_that_is_gone_links_no_server(profile: TrustedProfile) -> None:
    delete_profile(TrustedProfile.objects.get(), by=BY)
    with pytest.raises(NotFound):
        link_server(profile, crn=FACTS.crn, name="web-1", by=BY)


@pytest.mark.parametrize("cr_type", ProfileLink.CrType.values)
def test_links_of_all_six_types_are_kept_and_one_makes_trust(profile: TrustedProfile, cr_type: str) -> None:
    link(profile, cr_type=cr_type)
    assert bool(trusts(profile, FACTS)) is (cr_type == "BMS")


def test_a_profile_has_as_many_links_as_the_limit_says(
    profile: TrustedProfile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trustedprofiles.services.links.LINKS_PER_PROFILE", 1)
    link(profile)
    with pytest.raises(OverQuota, match="at most 1 links"):
        link(profile, crn=ANOTHER_CRN)
    assert ProfileLink.objects.count() == 1
