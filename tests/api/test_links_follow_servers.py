"""Links come with a server that is given a default trusted profile, and go with it."""

from typing import Any

import pytest

from controlplane.activity.models import ActivityEvent
from servers.facts import facts_of
from servers.models import BareMetalServer, Image, Initialization
from servers.selectors import servers_for_facts
from servers.services.deletion import remove
from tests.api.vpc import SERVERS, Api, errors, settle
from tests.iam.conftest import BY
from tests.world import OTHER_ACCOUNT, World, make_profile, make_server
from trustedprofiles.models import ProfileLink, TrustedProfile
from trustedprofiles.selectors import trusts
from trustedprofiles.services.links import create_link


def default(profile: TrustedProfile, *, by: str = "id", **more: Any) -> dict[str, Any]:
    return {"default_trusted_profile": {"target": {by: getattr(profile, by)}, **more}}


def linked(server_crn: str) -> list[str]:
    """Names of the profiles that link to this server."""
    return list(ProfileLink.objects.filter(crn=server_crn).order_by("pk").values_list("profile__name", flat=True))


# --- at creation -----------------------------------------------------------------------------------------------

AUTO_LINK: dict[str, tuple[dict[str, Any], bool]] = {
    "absent": ({}, True),
    "true": ({"auto_link": True}, True),
    "false": ({"auto_link": False}, False),
}


@pytest.mark.parametrize("by", ["id", "crn"])
@pytest.mark.parametrize("wanted", AUTO_LINK.values(), ids=AUTO_LINK.keys())
def test_a_new_server_is_linked_unless_that_is_not_wanted(
    api: Api, profile: TrustedProfile, prototype: dict[str, Any], by: str, wanted: tuple[dict[str, Any], bool]
) -> None:
    # D-13
    more, expected = wanted
    prototype["initialization"] |= default(profile, by=by, **more)
    server = api.call("POST", SERVERS, prototype).json()
    assert linked(server["crn"]) == (["victor"] if expected else [])
    initialization = api.get(f"{SERVERS}/{server['id']}/initialization").json()["default_trusted_profile"]
    assert (initialization["auto_link"], initialization["target"]["id"]) == (expected, profile.id)


def test_the_link_is_one_that_iam_shows_and_trusts(
    api: Api, profile: TrustedProfile, prototype: dict[str, Any]
) -> None:
    prototype["initialization"] |= default(profile)
    new_server = api.call("POST", SERVERS, prototype).json()
    link = ProfileLink.objects.get()
    assert (link.cr_type, link.crn, link.is_cross_account) == ("BMS", new_server["crn"], False)
    server = servers_for_facts().get(id=new_server["id"])
    assert trusts(profile, facts_of(server)).because == f"link {link.id} names this server"


def test_a_server_without_a_default_is_linked_to_nothing(api: Api, prototype: dict[str, Any]) -> None:
    server = api.call("POST", SERVERS, prototype).json()
    assert linked(server["crn"]) == []
    assert "default_trusted_profile" not in api.get(f"{SERVERS}/{server['id']}/initialization").json()


def test_a_default_of_another_account_is_not_found_and_nothing_is_made(
    api: Api, world: World, prototype: dict[str, Any]
) -> None:
    prototype["initialization"] |= default(make_profile(world.other_account, name="theirs"))
    before = BareMetalServer.objects.count()
    answer = api.call("POST", SERVERS, prototype)
    assert (answer.status_code, errors(answer)) == (
        400,
        [("bad_field", "initialization.default_trusted_profile.target")],
    )
    assert (BareMetalServer.objects.count(), ProfileLink.objects.count()) == (before, 0)


# --- at reinitialization ---------------------------------------------------------------------------------------


@pytest.fixture
def stopped(api: Api, profile: TrustedProfile, prototype: dict[str, Any]) -> BareMetalServer:
    """A stopped server that was linked to victor as it was made."""
    prototype["initialization"] |= default(profile)
    server = api.call("POST", SERVERS, prototype).json()
    settle(server["id"])
    BareMetalServer.objects.filter(id=server["id"]).update(status="stopped")
    return BareMetalServer.objects.get(id=server["id"])


def reinitialize(api: Api, server: BareMetalServer, **initialization: Any) -> Any:
    body = {"image": {"id": Image.objects.all()[0].id}, "keys": [], **initialization}
    answer = api.call("PUT", f"{SERVERS}/{server.id}/initialization", body)
    settle(server.id)
    return answer


def test_the_same_default_again_keeps_its_one_link(api: Api, profile: TrustedProfile, stopped: BareMetalServer) -> None:
    before = ProfileLink.objects.get()
    answer = reinitialize(api, stopped, **default(profile))
    assert answer.status_code == 200, answer.content
    assert answer.json()["default_trusted_profile"]["auto_link"] is True
    assert ProfileLink.objects.get() == before


def test_another_default_is_linked_and_the_link_of_the_first_stays(
    api: Api, world: World, stopped: BareMetalServer
) -> None:
    other = make_profile(world.account, name="other")
    assert reinitialize(api, stopped, **default(other)).status_code == 200
    assert sorted(linked(stopped.crn)) == ["other", "victor"]


def test_another_default_is_not_linked_when_that_is_not_wanted(
    api: Api, world: World, stopped: BareMetalServer
) -> None:
    other = make_profile(world.account, name="other")
    assert reinitialize(api, stopped, **default(other, auto_link=False)).status_code == 200
    assert linked(stopped.crn) == ["victor"]
    assert Initialization.objects.get(server=stopped).default_trusted_profile_id == other.id


def test_no_default_takes_it_away_and_leaves_the_link(api: Api, stopped: BareMetalServer) -> None:
    answer = reinitialize(api, stopped)
    assert "default_trusted_profile" not in answer.json()
    assert linked(stopped.crn) == ["victor"]


def test_a_link_that_a_person_made_suffices(api: Api, world: World, stopped: BareMetalServer) -> None:
    # D-75
    other = make_profile(world.account, name="other", linked_to=stopped)
    assert reinitialize(api, stopped, **default(other)).status_code == 200
    assert sorted(linked(stopped.crn)) == ["other", "victor"]


def test_a_link_that_was_deleted_is_made_again(api: Api, profile: TrustedProfile, stopped: BareMetalServer) -> None:
    ProfileLink.objects.all().delete()
    reinitialize(api, stopped, **default(profile))
    assert linked(stopped.crn) == ["victor"]


# --- at deletion -----------------------------------------------------------------------------------------------


def delete(api: Api, server: BareMetalServer) -> None:
    assert api.call("DELETE", f"{SERVERS}/{server.id}").status_code == 202
    BareMetalServer.objects.filter(pk=server.pk).update(status="deleting")
    remove(BareMetalServer.objects.get(pk=server.pk), by=BY)


def test_links_to_a_deleted_server_go_in_all_accounts_and_whether_made_by_hand_or_not(
    api: Api, world: World, stopped: BareMetalServer
) -> None:
    make_profile(world.account, name="by-hand", linked_to=stopped)
    foreign = make_profile(world.other_account, name="theirs")
    create_link(foreign, cr_type="BMS", crn=stopped.crn, is_cross_account=True, by=BY)
    create_link(foreign, cr_type="VSI", crn=stopped.crn, is_cross_account=True, by=BY)
    assert len(linked(stopped.crn)) == 4
    before = ActivityEvent.objects.count()
    delete(api, stopped)
    assert linked(stopped.crn) == []
    events = ActivityEvent.objects.order_by("pk")[before:]
    assert [each.action for each in events].count("iam-identity.account-profile-link.delete") == 4
    assert {each.account_id for each in events if "link" in each.action} == {world.account.id, OTHER_ACCOUNT}


def test_links_to_other_servers_stay(api: Api, world: World, stopped: BareMetalServer) -> None:
    other = make_server(world.account, name="web-9")
    make_profile(world.account, name="kept", linked_to=other)
    delete(api, stopped)
    assert linked(other.crn) == ["kept"]


def test_a_server_in_deletion_is_linked_until_it_is_gone(
    api: Api, profile: TrustedProfile, stopped: BareMetalServer
) -> None:
    assert api.call("DELETE", f"{SERVERS}/{stopped.id}").status_code == 202
    assert linked(stopped.crn) == ["victor"]


def test_a_new_server_of_the_same_name_is_linked_to_nothing(
    api: Api, prototype: dict[str, Any], stopped: BareMetalServer
) -> None:
    name = stopped.name
    delete(api, stopped)
    prototype["initialization"].pop("default_trusted_profile")
    server = api.call("POST", SERVERS, prototype | {"name": name}).json()
    assert linked(server["crn"]) == []


# --- cross-account ---------------------------------------------------------------------------------------------


def test_another_accounts_profile_trusts_a_server_only_when_that_is_asked_for(
    world: World, server: BareMetalServer
) -> None:
    foreign = make_profile(world.other_account, name="theirs")
    facts = facts_of(servers_for_facts().get(pk=server.pk))
    assert not trusts(foreign, facts)
    ProfileLink.objects.bulk_create([_link_without_asking(foreign, server)])
    assert "is_cross_account" in trusts(foreign, facts).because
    ProfileLink.objects.update(is_cross_account=True)
    assert trusts(foreign, facts)


def _link_without_asking(profile: TrustedProfile, server: BareMetalServer) -> ProfileLink:
    """As no API would make it: also what stands in the database must say so."""
    now = server.created_at
    return ProfileLink(
        id="link-1", profile=profile, cr_type="BMS", crn=server.crn, created_at=now, modified_at=now, revision_hash="0"
    )
