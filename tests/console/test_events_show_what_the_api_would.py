"""An event is shown to a user who may read what it is about, and says nothing of another account's resources."""

import re
from dataclasses import replace

import pytest
from django.test import Client

from controlplane.activity.events import ASSUME_LOGIN, METADATA_LOGIN
from controlplane.activity.record import Party, record
from controlplane.apidocs.permissions.table import permissions
from controlplane.cloudservice.registry import services
from controlplane.console.access import PROFILE, SERVER
from controlplane.kernel import clock
from controlplane.objectstore.events import OBJECT_CREATE as DEPOSITED
from identity.events import API_KEY_LOGIN, REFRESH_LOGIN, SERVICE_ID_LOGIN
from servers.models import BareMetalServer
from tests.console.reading import BY, reader
from tests.policies import attribute, make_content, role_crn
from tests.world import ACCOUNT, MALLORY, World, make_profile, make_server
from trustedprofiles.actions import ACTIONS
from trustedprofiles.models import User
from trustedprofiles.services.policies import create_policy
from trustedprofiles.services.roles import create_role

pytestmark = pytest.mark.usefixtures("keys")


@pytest.fixture
def server(world: World) -> BareMetalServer:
    return make_server(world.account, name="web", metadata_enabled=True)


def test_activity_of_all_regions_is_for_readers_who_may_list_servers_in_all(world: World) -> None:
    make_server(world.account, name="far-away", region="eu-de")
    near = (attribute("region", "us-south"),)
    browser = reader(world, "iam-identity", "baremint")
    content = make_content("IBMid-READER", "Viewer", more=near)
    create_policy(world.account, content=content, api_version="v1", by=BY)
    assert browser.get("/servers").status_code == 200
    assert [browser.get(path).status_code for path in ("/activity", "/activity/export", "/overview/state")] == [403] * 3
    assert "Certificate" not in browser.get("/keys").content.decode().partition("Identity certificates")[2]


OPEN = ("is.bare-metal-server.", "is.metadata.", "iam-identity.account-profile", "iam-identity.profile-")
OWN = ("baremint.account", "baremint.clock", "baremint.job", "baremint.key")
STARTED = f"{SERVER}.start"
LOGINS = (API_KEY_LOGIN, SERVICE_ID_LOGIN, REFRESH_LOGIN, ASSUME_LOGIN, METADATA_LOGIN, DEPOSITED)
"""Events of no operation of the control plane."""


def test_an_event_is_shown_to_readers_of_its_target(world: World) -> None:
    happened = {each.operation.event for each in permissions()}.union(LOGINS)
    records = {name: record(name, initiator=BY, target=Party(name), account_id=world.account.id) for name in happened}
    browser = reader(world)

    def allow(service: str, *roles: str) -> None:
        content = replace(make_content("IBMid-READER", service=service), roles=list(roles))
        create_policy(world.account, content=content, api_version="v1", by=BY)

    for service, action in (("is", f"{SERVER}.list"), ("iam-identity", f"{PROFILE}.list")):
        name = f"Lister of {service}"
        role = create_role(
            world.account, name=service.title(), display_name=name, service_name=service, actions=[action], by=BY
        )
        allow(service, role.crn)

    def shown() -> set[str]:
        events = browser.get("/activity/export?format=json").json()["events"]
        return {each["target_id"] for each in events} & happened

    open_to_all = {name for name in happened if name.startswith((*OPEN, *OWN))}
    assert shown() == open_to_all
    hidden = records[API_KEY_LOGIN]
    paths = ("/activity", "/activity/list", f"/activity/{hidden.pk}")
    assert {hidden.target_id in browser.get(path).content.decode() for path in paths} == {False}
    for service in {*ACTIONS, *services()}:
        allow(service, role_crn("Viewer"), role_crn("Manager"))
    assert shown() == happened


def test_the_overview_counts_what_the_activity_shows(world: World) -> None:
    browser = reader(world, "is", "iam-identity", "baremint")

    def done() -> int:
        [number] = re.findall(r">(\d+) succeeded<", browser.get("/overview/state").content.decode())
        return int(number)

    before = done()
    record(STARTED, initiator=BY, target=Party("x"), account_id=world.account.id)
    record("iam-groups.group.create", initiator=BY, target=Party("x"), account_id=world.account.id)
    assert done() - before == 1


def test_an_event_about_a_server_is_on_its_page_for_readers_of_the_event(world: World, server: BareMetalServer) -> None:
    browser = reader(world, "is", "iam-identity")
    record("iam-am.explanation.read", initiator=Party(name="curious"), target=Party(server.crn), account_id=ACCOUNT)
    assert "curious" not in browser.get(f"/servers/{server.id}/holdings").content.decode()


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
    record(METADATA_LOGIN, initiator=itself, target=itself, account_id=server.account_id, data=data)
    page = alice.get(f"/servers/{server.id}/holdings").content.decode()
    assert (foreign.name in page, f"/profiles/{foreign.id}" in page) == (False, False)
