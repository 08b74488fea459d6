"""Making a server and initializing one again, from a form: everything explained, every error beside its field."""

import re
from typing import Any

import pytest
from django.test import Client

from controlplane.activity.models import ActivityEvent
from controlplane.console.presenters.form_snapshot import initialization_shown
from controlplane.kernel import clock
from servers.models import BareMetalServer
from servers.selectors import images_of
from servers.services.catalog import seed_images
from tests.forms import as_shown
from tests.world import REGION, World, make_profile, make_server, make_subnet
from trustedprofiles.models import ProfileLink, TrustedProfile

NEW = "/servers/new"


@pytest.fixture
def typed(world: World) -> dict[str, str]:
    """A form that is filled in well."""
    seed_images(REGION, clock.now())
    subnet = make_subnet(world.account)
    return {
        "name": "web-1",
        "profile": "bx2-metal-96x384",
        "subnet": subnet.id,
        "image": images_of(world.account.id)[0].id,
        "metadata": "true",
        "protocol": "https",
    }


@pytest.fixture
def profile(world: World) -> TrustedProfile:
    return make_profile(world.account, name="reader")


def wrong_fields(page: str) -> set[str]:
    return set(re.findall(r'id="([a-z_]+)-error"', page))


def test_a_server_is_made(alice: Client, typed: dict[str, str]) -> None:
    answer = alice.post(NEW, typed)
    server = BareMetalServer.objects.get()
    assert (answer.status_code, answer["Location"]) == (303, f"/servers/{server.id}")
    assert (server.name, server.metadata_enabled, server.metadata_protocol) == ("web-1", True, "https")


def test_a_new_server_is_linked_to_its_default_profile(
    alice: Client, typed: dict[str, str], profile: TrustedProfile
) -> None:
    alice.post(NEW, {**typed, "trusted_profile": profile.id, "auto_link": "true"})
    assert ProfileLink.objects.get().profile == profile


def test_a_new_server_is_not_linked_when_that_is_not_asked(
    alice: Client, typed: dict[str, str], profile: TrustedProfile
) -> None:
    alice.post(NEW, {**typed, "trusted_profile": profile.id})
    assert not ProfileLink.objects.exists()


def test_every_field_is_explained(alice: Client, typed: dict[str, str]) -> None:
    page = alice.get(NEW).content.decode()
    fields = re.findall(r'<(?:input|select|textarea)[^>]*id="(\w+)"[^>]*aria-describedby="(\w+)-help', page)
    assert len(fields) == 11
    assert all(name == described and f'id="{name}-help">' in page for name, described in fields)


@pytest.mark.parametrize(
    ("mistake", "field"),
    [
        ({"name": "Not a name"}, "name"),
        ({"profile": "none-such"}, "profile"),
        ({"subnet": "none-such"}, "subnet"),
        ({"image": "none-such"}, "image"),
        ({"keys": ["none-such"]}, "keys"),
        ({"trusted_profile": "Profile-none-such"}, "trusted_profile"),
        ({"protocol": "ftp"}, "protocol"),
        ({"user_data": "x" * 70_000}, "user_data"),
    ],
    ids=lambda each: next(iter(each)) if isinstance(each, dict) else "",
)
def test_a_mistake_is_told_beside_its_field(
    alice: Client, typed: dict[str, str], mistake: dict[str, str], field: str
) -> None:
    answer = alice.post(NEW, {**typed, **mistake})
    assert (answer.status_code, wrong_fields(answer.content.decode())) == (400, {field})
    assert not BareMetalServer.objects.exists()


def test_what_was_typed_stays(alice: Client, typed: dict[str, str]) -> None:
    page = alice.post(NEW, {**typed, "profile": "none-such"}).content.decode()
    assert 'value="web-1"' in page
    assert f'<option value="{typed["subnet"]}" selected>' in page


def test_what_concerns_no_field_stands_above(alice: Client, typed: dict[str, str], settings: Any) -> None:
    settings.BAREMINT_QUOTAS = {"bare_metal_servers": 0}
    answer = alice.post(NEW, typed)
    assert (answer.status_code, 'class="note error" role="alert"' in answer.content.decode()) == (400, True)


def test_a_viewer_makes_no_server(victor: Client, typed: dict[str, str]) -> None:
    assert victor.get(NEW).status_code == 403
    assert (
        "is not authorized to perform is.bare-metal-server.bare-metal-server.create"
        in victor.post(NEW, typed).content.decode()
    )
    assert ActivityEvent.objects.filter(outcome="failure", initiator_name="victor").count() == 1


def test_a_stopped_server_is_reinitialized(alice: Client, world: World, profile: TrustedProfile) -> None:
    server = make_server(world.account, name="web-1")
    BareMetalServer.objects.update(status="stopped")
    where = f"/servers/{server.id}/initialization"
    assert "Reinitialize web-1" in alice.get(where).content.decode()
    image = images_of(world.account.id)[1].id
    fields = as_shown(initialization_shown(server, server.initialization))
    alice.post(where, {"image": image, "trusted_profile": profile.id, "auto_link": "true", **fields})
    server = BareMetalServer.objects.get()
    assert (server.initialization.image["id"], server.initialization.default_trusted_profile_id) == (image, profile.id)


def test_a_running_server_is_not_reinitialized(alice: Client, world: World) -> None:
    server = make_server(world.account, name="web-1")
    fields = as_shown(initialization_shown(server, server.initialization))
    body = {"image": images_of(world.account.id)[1].id, **fields}
    answer = alice.post(f"/servers/{server.id}/initialization", body)
    assert (answer.status_code, "must be stopped" in answer.content.decode()) == (409, True)
