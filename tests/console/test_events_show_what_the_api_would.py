"""An event is shown to whoever may read what it tells of, and tells nobody of another account's things."""

from dataclasses import replace

import pytest
from django.test import Client

from controlplane.activity.record import Party, record
from controlplane.console import visible
from controlplane.kernel import clock
from controlplane.objectstore.operations import OPERATIONS
from controlplane.operations.permissions.table import permissions
from identity.services.iam_tokens import EXCHANGE_EVENT
from servers.models import BareMetalServer
from tests.console.reading import BY, reader
from tests.policies import attribute, make_content
from tests.world import ACCOUNT, MALLORY, World, make_profile, make_server
from trustedprofiles.models import User
from trustedprofiles.services.policies import create_policy
from trustedprofiles.services.roles import create_role

pytestmark = pytest.mark.usefixtures("keys")


@pytest.fixture
def server(world: World) -> BareMetalServer:
    return make_server(world.account, name="web", metadata_enabled=True)


def test_activity_of_all_regions_is_for_whoever_may_list_servers_in_all(world: World) -> None:
    make_server(world.account, name="far-away", region="eu-de")
    near = (attribute("region", "us-south"),)
    browser = reader(world, "iam-identity", "baremint")
    content = make_content("IBMid-READER", "Viewer", more=near)
    create_policy(world.account, content=content, api_version="v1", by=BY)
    assert browser.get("/servers").status_code == 200
    assert [browser.get(path).status_code for path in ("/activity", "/activity/export", "/overview/state")] == [403] * 3
    assert "Certificate" not in browser.get("/keys").content.decode().partition("Identity certificates")[2]


TELLING = [
    ("iam-am.policy.create", "iam-access-management"),
    ("iam-am.explanation.read", "iam-access-management"),
    ("iam-access-management.account-settings.update", "iam-access-management"),
    ("iam-identity.user-apikey.create", "iam-identity"),
    ("iam-identity.serviceid-apikey.login", "iam-identity"),
    ("iam-identity.account-serviceid.create", "iam-identity"),
    ("iam-identity.account-serviceid-group.create", "iam-identity"),
    ("iam-identity.accountsettings.update", "iam-identity"),
    ("iam-identity.preferences.update", "iam-identity"),
    ("iam-groups.member.add", "iam-groups"),
    ("user-management.user.read", "user-management"),
    ("resource-controller.group.create", "resource-controller"),
    ("global-search-tagging.tag.attach", "global-search-tagging"),
]
EVERYBODYS = ("is.", "baremint.", "iam-identity.account-profile", "iam-identity.profile-")
"""Events of servers, networks, trusted profiles and the deployment."""


def test_every_event_of_an_operation_is_told_to_somebody_in_particular() -> None:
    events = {each.operation.event for each in permissions()} | {each.event for each in OPERATIONS}
    assert sorted(each for each in events if not each.startswith((*EVERYBODYS, *visible.TELLING))) == []


def test_an_event_of_the_object_store_is_for_whoever_may_list_buckets(world: World) -> None:
    record("cloud-object-storage.object.create", initiator=BY, target=Party("x", "secret"), account_id=ACCOUNT)
    browser = reader(world, "is", "iam-identity", "cloud-object-storage")
    assert "secret" not in browser.get("/activity").content.decode()
    content = make_content("IBMid-READER", "Reader", service="cloud-object-storage")
    create_policy(world.account, content=content, api_version="v1", by=BY)
    assert "secret" in browser.get("/activity").content.decode()


@pytest.mark.parametrize(("action", "service"), TELLING)
def test_an_event_is_for_whoever_may_read_what_it_tells_of(world: World, action: str, service: str) -> None:
    told = record(action, initiator=BY, target=Party("x", "secret-thing"), account_id=world.account.id)
    role = create_role(
        world.account,
        name="Lister",
        display_name="Lister",
        service_name="iam-identity",
        actions=["iam-identity.profile.list"],
        by=BY,
    )
    browser = reader(world, "is")
    content = replace(make_content("IBMid-READER", service="iam-identity"), roles=[role.crn])
    create_policy(world.account, content=content, api_version="v1", by=BY)

    def shown() -> set[bool]:
        paths = ("/activity", "/activity/list", "/activity/export?format=json", f"/activity/{told.pk}")
        return {"secret-thing" in browser.get(path).content.decode() for path in paths}

    assert browser.get("/activity").status_code == 200
    assert shown() == {False}
    content = make_content("IBMid-READER", "Viewer", service=service)
    create_policy(world.account, content=content, api_version="v1", by=BY)
    assert shown() == {True}


def test_an_event_of_another_account_about_a_server_of_ours_is_not_on_its_page(
    alice: Client, world: World, server: BareMetalServer
) -> None:
    mallory = Party("IBMid-MALLORY01", "a name to be read by Alice", "User")
    for action in ("iam-am.explanation.read", "is.metadata.identity-token.create"):
        record(action, initiator=mallory, target=Party(server.crn), account_id=world.other_account.id, data={"exp": 0})
    for leaf in ("", "/holdings"):
        assert mallory.name not in alice.get(f"/servers/{server.id}{leaf}").content.decode()


def test_who_of_another_account_moved_the_clock_is_not_told(world: World) -> None:
    moved = record("baremint.clock.set", initiator=BY, target=Party("clock", "clock", "Clock"))
    user = User.objects.create_user("mallory", iam_id=MALLORY.iam_id, account=world.other_account)
    browser = Client(headers={"Accept": "text/html"})
    browser.force_login(user)
    for path in ("/activity", "/activity/export?format=json", f"/activity/{moved.pk}"):
        page = browser.get(path).content.decode()
        assert "the deployment administrator" in page
        assert (BY.id in page, f">{BY.name}<" in page) == (False, False)


def test_a_server_that_became_a_profile_of_another_account_shows_no_name_of_it(
    alice: Client, world: World, server: BareMetalServer
) -> None:
    foreign = make_profile(world.other_account, name="trust-me")
    data = {"profile_id": foreign.id, "exp": int(clock.now().timestamp()) + 60, "jti": "j", "kid": "k"}
    itself = Party(server.crn, server.name, "BareMetalServer")
    record(EXCHANGE_EVENT, initiator=itself, target=itself, account_id=server.account_id, data=data)
    page = alice.get(f"/servers/{server.id}/holdings").content.decode()
    assert (foreign.name in page, f"/profiles/{foreign.id}" in page) == (False, False)
