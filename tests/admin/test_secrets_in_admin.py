"""Every page of the admin opens, and none shows a private key, a ciphertext, an API key's hash or a token."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.db.models import Model
from django.test import Client

from controlplane.activity.models import ActivityEvent
from controlplane.activity.record import Party
from controlplane.kernel import clock
from identity import csr
from identity.models import ApiKey, IssuedCertificate, KeyPair
from identity.services.apikeys import create_api_key
from identity.services.certificates import create_certificate
from identity.services.grants import exchange_api_key
from identity.services.identity_tokens import create_identity_token
from servers.facts import facts_of
from servers.models import VPC, BareMetalServer, Image, Key, NetworkInterface, Subnet
from servers.selectors import server_by_number
from servers.services.keys import create_key
from tests.build import make_csr
from tests.forms import form, send
from tests.policies import make_content
from tests.world import ALICE, REGION, World, make_profile, make_server
from trustedprofiles.models import Policy, ProfileLink, ServiceId, TrustedProfile, User
from trustedprofiles.services.policies import create_policy
from trustedprofiles.services.service_ids import create_service_id

pytestmark = [pytest.mark.usefixtures("keys"), pytest.mark.thorough]

BY = Party("IBMid-ALICE00001", "Alice", "User")
SERVERS = "/admin/servers/baremetalserver/"
PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKjG3kpn6sbSLUyT8fKwIhLlzZzkmN0cYVmUG1Yb0YwG"
READ_ONLY: list[type[Model]] = [
    TrustedProfile,
    ProfileLink,
    ServiceId,
    Policy,
    KeyPair,
    IssuedCertificate,
    ActivityEvent,
    ApiKey,
    VPC,
    Subnet,
    NetworkInterface,
    Key,
    Image,
]


@pytest.fixture
def secrets(world: World) -> list[str]:
    """Everything that must never be shown; the rows they belong to are made here, and one of each other kind."""
    create_policy(world.account, content=make_content(), api_version="v1", by=BY)
    create_service_id(world.account, name="robot", by=BY)
    create_key(world.account, region=REGION, public_key=PUBLIC_KEY, by=BY)
    profile = make_profile(world.account, name="victor")
    row = make_server(world.account, name="web-1", metadata_enabled=True, profile=profile)
    server = server_by_number(row.number)
    assert server
    facts = facts_of(server)
    now = clock.now()
    identity = create_identity_token(facts, lifetime=timedelta(seconds=300), nonce=None, now=now).token
    create_certificate(csr.check(make_csr()), facts=facts, lifetime=timedelta(hours=1), now=now)
    key, value = create_api_key(world.account, iam_id=ALICE.iam_id, name="operator", by=BY)
    granted = exchange_api_key(value, client_id="bx", now=now)
    stored = [bytes(pair.ciphertext) for pair in KeyPair.objects.all()]
    return [
        value,
        key.sha256,
        identity,
        granted.token.token,
        granted.refresh_token,
        "PRIVATE KEY",
        *(each.hex() for each in stored),
        *map(repr, stored),
    ]


@pytest.fixture
def browser(world: World, client: Client) -> Client:
    client.force_login(User.objects.create_superuser("alice", iam_id=ALICE.iam_id, account=world.account))
    return client


def base(model: type[Model]) -> str:
    return f"/admin/{model._meta.app_label}/{model._meta.model_name}/"


def shown(browser: Client, path: str) -> str:
    answer = browser.get(path)
    assert answer.status_code == 200, path
    return answer.content.decode()


def test_no_page_shows_a_secret(browser: Client, secrets: list[str]) -> None:
    pages = [shown(browser, "/admin/")]
    for model in filter(admin.site.is_registered, apps.get_models()):
        pages.append(shown(browser, base(model)))
        pages += [shown(browser, f"{base(model)}{row.pk}/change/") for row in model._default_manager.all()[:20]]
        pages += [shown(browser, f"{base(model)}{row.pk}/history/") for row in model._default_manager.all()[:1]]
    text = "\n".join(pages)
    assert not [secret for secret in secrets if secret in text]
    assert not re.search(r"eyJ[A-Za-z0-9_-]{10,}\.eyJ", text)


@pytest.mark.parametrize("model", READ_ONLY, ids=lambda model: model.__name__)
def test_a_record_is_read_but_neither_added_changed_nor_deleted(
    browser: Client, secrets: list[str], model: type[Model]
) -> None:
    [row] = model._default_manager.all()[:1]
    assert "result_list" in shown(browser, base(model))
    assert browser.get(f"{base(model)}add/").status_code == 403
    assert 'name="_save"' not in shown(browser, f"{base(model)}{row.pk}/change/")
    assert browser.post(f"{base(model)}{row.pk}/change/", {}).status_code == 403
    assert browser.post(f"{base(model)}{row.pk}/delete/", {"post": "yes"}).status_code == 403
    assert model._default_manager.filter(pk=row.pk).exists()


def test_the_list_of_servers_shows_the_last_token(browser: Client, secrets: list[str], world: World) -> None:
    make_server(world.account, name="web-2")
    page = shown(browser, SERVERS)
    cells = re.findall(r'field-last_token[^"]*">([^<]*)<', page)
    assert cells[0] == "-"
    assert str(clock.now().year) in cells[1]


@pytest.mark.parametrize("column", ["name", "status", "metadata_enabled", "metadata_protocol", "default_profile"])
def test_the_list_of_servers_has_the_column_of_the_last_token(browser: Client, secrets: list[str], column: str) -> None:
    assert f"field-{column}" in shown(browser, SERVERS)


def test_a_description_with_markup_is_shown_as_text(browser: Client, world: World) -> None:
    profile = make_profile(world.account, name="<script>alert(1)</script>")
    TrustedProfile.objects.filter(pk=profile.pk).update(description="<script>alert(2)</script>")
    make_server(world.account, name="web-1", profile=profile)
    row = BareMetalServer.objects.get()
    for path in (SERVERS, f"{SERVERS}{row.pk}/change/", f"{base(TrustedProfile)}{profile.pk}/change/"):
        assert "<script>alert" not in shown(browser, path)


ACTIONS: dict[str, dict[str, Any]] = {
    "enable_metadata_service": {"enabled": True},
    "disable_metadata_service": {"enabled": False},
    "use_https": {"protocol": "https"},
    "use_http": {"protocol": "http"},
}


@pytest.mark.parametrize(("action", "patch"), ACTIONS.items(), ids=ACTIONS.keys())
def test_a_bulk_action_leaves_the_event_that_the_rest_api_leaves(
    browser: Client, world: World, action: str, patch: dict[str, Any]
) -> None:
    from tests.api.calling import call

    server = make_server(world.account, name="web-1", metadata_enabled=True)
    count = ActivityEvent.objects.count()
    shown_form = form(browser, SERVERS, "changelist-form")
    send(browser, SERVERS, shown_form, shown_form.button(name="index"), action=action, _selected_action=server.pk)
    path = f"/v1/bare_metal_servers/{server.id}?version=2025-08-26&generation=2"
    assert call("PATCH", path, {"metadata_service": patch}).status_code == 200
    one, other = (
        (event.action, event.initiator_id, event.target_id, event.outcome, event.reason_code, json.dumps(event.data))
        for event in ActivityEvent.objects.order_by("pk")[count:]
    )
    assert one == other


def test_a_switch_in_the_admin_ends_the_tokens_from_before(browser: Client, world: World) -> None:
    server = make_server(world.account, name="web-1", metadata_enabled=True)
    before = server.metadata_epoch
    path = f"{SERVERS}{server.pk}/change/"
    send(browser, path, form(browser, path, "baremetalserver_form"), metadata_enabled=None)
    server.refresh_from_db()
    assert not server.metadata_enabled
    assert server.metadata_epoch == before + 1
    assert LogEntry.objects.get().object_id == str(server.pk)


@pytest.mark.parametrize("path", [SERVERS, "/admin/", "/admin/identity/keypair/"])
def test_who_is_no_staff_sees_nothing(client: Client, world: World, path: str) -> None:
    client.force_login(User.objects.create_user("bob", iam_id="IBMid-BOB", account=world.account))
    assert client.get(path)["Location"].startswith("/admin/login/")


@pytest.mark.parametrize("action", ACTIONS)
def test_who_may_only_look_switches_nothing(client: Client, world: World, action: str) -> None:
    server = make_server(world.account, name="web-1", metadata_enabled=True)
    bob = User.objects.create_user("bob", iam_id="IBMid-BOB", account=world.account, is_staff=True)
    bob.user_permissions.add(Permission.objects.get(codename="view_baremetalserver"))
    client.force_login(bob)
    assert "web-1" in shown(client, SERVERS)
    client.post(SERVERS, {"action": action, "_selected_action": [server.pk], "index": "0"})
    client.post(f"{SERVERS}{server.pk}/change/", {"metadata_protocol": "https"})
    revision = server.revision
    server.refresh_from_db()
    assert (server.metadata_enabled, server.metadata_protocol, server.revision) == (True, "http", revision)
