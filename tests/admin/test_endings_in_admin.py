"""Whatever ends live tokens or certificates in the admin says how many, asks, and says what ended."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from controlplane.activity.record import Party
from controlplane.kernel import clock
from identity import csr
from identity.models import IssuedCertificate
from identity.services.apikeys import create_api_key
from identity.services.certificates import create_certificate
from identity.services.grants import exchange_api_key
from identity.services.identity_tokens import create_identity_token
from servers.facts import facts_of
from servers.models import AccountSettings, BareMetalServer
from servers.selectors import server_by_number
from servers.services.metadata_service import switch_metadata_service
from tests.build import make_csr
from tests.forms import Form, form, forms, send
from tests.world import ALICE, World, make_server
from trustedprofiles.models import User

pytestmark = pytest.mark.usefixtures("keys")

LIST = "/admin/servers/baremetalserver/"
SETTINGS = "/admin/servers/accountsettings/"
CERTIFICATES = "/admin/identity/issuedcertificate/"
WHAT = "1 identity token and 1 certificate"


@pytest.fixture
def browser(world: World, client: Client) -> Client:
    client.force_login(User.objects.create_superuser("alice", iam_id=ALICE.iam_id, account=world.account))
    return client


@pytest.fixture
def server(world: World) -> BareMetalServer:
    """A program on it holds a token and a certificate."""
    new_server = make_server(world.account, name="web-1", metadata_enabled=True)
    row, now = server_by_number(new_server.number), clock.now()
    assert row
    create_identity_token(facts_of(row), lifetime=timedelta(hours=1), nonce=None, now=now)
    create_certificate(csr.check(make_csr()), facts=facts_of(row), lifetime=timedelta(hours=1), now=now)
    return new_server


def by_list(browser: Client, server: BareMetalServer) -> tuple[str, Any]:
    page_form = form(browser, LIST, "changelist-form")
    return LIST, send(browser, LIST, page_form, page_form.default, **{"form-0-metadata_enabled": None})


def by_form(browser: Client, server: BareMetalServer) -> tuple[str, Any]:
    path = f"{LIST}{server.number}/change/"
    return path, send(browser, path, form(browser, path, "baremetalserver_form"), metadata_enabled=None)


def by_action(browser: Client, server: BareMetalServer) -> tuple[str, Any]:
    page_form, action = form(browser, LIST, "changelist-form"), "disable_metadata_service"
    return LIST, send(browser, LIST, page_form, action=action, _selected_action=server.number, index="0")


def by_new_settings(browser: Client, server: BareMetalServer) -> tuple[str, Any]:
    path = f"{SETTINGS}add/"
    page_form = form(browser, path, "accountsettings_form")
    return path, send(browser, path, page_form, account=server.account_id, metadata_service=None)


def by_settings(browser: Client, server: BareMetalServer) -> tuple[str, Any]:
    AccountSettings.objects.create(account=server.account)
    path = f"{SETTINGS}{server.account_id}/change/"
    return path, send(browser, path, form(browser, path, "accountsettings_form"), metadata_service=None)


WAYS = [by_list, by_form, by_action, by_new_settings, by_settings]


def answers(server: BareMetalServer) -> bool:
    row = server_by_number(server.number)
    assert row
    facts = facts_of(row)
    return facts.metadata_enabled and facts.metadata_allowed


def question(page: str) -> Form:
    [page_form] = [each for each in forms(page) if "confirmed" in each.data()]
    return page_form


@pytest.mark.parametrize("way", WAYS)
def test_switching_off_asks_says_what_dies_and_then_what_died(
    browser: Client, server: BareMetalServer, way: Callable[..., tuple[str, Any]]
) -> None:
    path, answer = way(browser, server)
    page = answer.content.decode()
    assert f"This ends {WHAT}, at once." in page
    assert answers(server)
    page = send(browser, path, question(page)).content.decode()
    assert f"Ended: {WHAT}." in page
    assert not answers(server)


@pytest.mark.thorough
@pytest.mark.parametrize("way", WAYS)
def test_where_nothing_dies_nothing_is_asked(
    browser: Client, world: World, way: Callable[..., tuple[str, Any]]
) -> None:
    server = make_server(world.account, name="db-1", metadata_enabled=True)
    way(browser, server)
    assert not answers(server)


def test_a_change_after_the_question_is_not_overlooked(browser: Client, server: BareMetalServer) -> None:
    path, answer = by_action(browser, server)
    BareMetalServer.objects.update(metadata_protocol="https")
    page = send(browser, path, question(answer.content.decode())).content.decode()
    assert "Nothing was changed, because the page was out of date" in page
    assert answers(server)


def test_the_question_of_a_list_names_the_rows_that_change(
    browser: Client, server: BareMetalServer, world: World
) -> None:
    make_server(world.account, name="another", metadata_enabled=True)
    page_form = form(browser, LIST, "changelist-form")
    [number] = [name for name, values in page_form.data().items() if values == [str(server.number)]]
    switch = number.replace("-number", "-metadata_enabled")
    page = send(browser, LIST, page_form, page_form.default, **{switch: None}).content.decode()
    assert ("<li>web-1</li>" in page, "<li>another</li>" in page) == (True, False)


def test_who_says_yes_for_all_that_a_list_finds_is_asked_again_when_it_finds_another(
    browser: Client, server: BareMetalServer, world: World
) -> None:
    path = f"{LIST}?metadata_enabled__exact=1"
    page_form, action = form(browser, path, "changelist-form"), "disable_metadata_service"
    data = {"action": action, "select_across": "1", "_selected_action": server.number, "index": "0"}
    asking = question(send(browser, path, page_form, **data).content.decode())
    another = make_server(world.account, name="db-1", metadata_enabled=True)
    page = send(browser, path, asking).content.decode()
    assert "db-1" in page
    assert (answers(server), answers(another)) == (True, True)
    send(browser, path, question(page))
    assert (answers(server), answers(another)) == (False, False)


def test_a_question_from_before_it_was_switched_off_and_on_again_is_too_old(
    browser: Client, server: BareMetalServer
) -> None:
    path, answer = by_action(browser, server)
    for enabled in (False, True):
        switch_metadata_service(server, enabled=enabled, by=Party())
    assert "Nothing was changed" in send(browser, path, question(answer.content.decode())).content.decode()
    assert answers(server)


def test_however_much_else_happens_tokens_are_counted(
    browser: Client, server: BareMetalServer, monkeypatch: Any
) -> None:
    monkeypatch.setattr("identity.live_credentials.SEARCHED_EVENTS", 0)
    assert f"This ends {WHAT}, at once." in by_action(browser, server)[1].content.decode()


@pytest.mark.parametrize(("reason", "count"), [("superseded", 1), ("keyCompromise", 2)])
def test_revoking_asks_and_counts_the_others_of_a_compromised_key(
    browser: Client, server: BareMetalServer, reason: str, count: int
) -> None:
    row = server_by_number(server.number)
    assert row
    create_certificate(csr.check(make_csr()), facts=facts_of(row), lifetime=timedelta(hours=1), now=clock.now())
    certificate = IssuedCertificate.objects.order_by("created_at")[0]
    page_form = form(browser, CERTIFICATES, "changelist-form")
    data = {"action": f"revoke_for_{reason}", "_selected_action": certificate.pk, "index": "0"}
    page = send(browser, CERTIFICATES, page_form, **data).content.decode()
    words = f"{count} certificate{'' if count == 1 else 's'}"
    assert f"This ends {words}, at once." in page
    assert not IssuedCertificate.objects.exclude(revoked_at=None).exists()
    page = send(browser, CERTIFICATES, question(page)).content.decode()
    assert f"Ended: {words}." in page
    assert IssuedCertificate.objects.exclude(revoked_at=None).count() == count


def test_deactivating_a_person_asks_and_says_how_many_tokens_are_refused(browser: Client, world: World) -> None:
    bob = User.objects.create_user("bob", iam_id="IBMid-BOB", account=world.account)
    _, value = create_api_key(world.account, iam_id="IBMid-BOB", name="bob", by=Party("IBMid-BOB", "Bob", "User"))
    exchange_api_key(value, client_id="bx", now=clock.now())
    path = f"/admin/trustedprofiles/user/{bob.pk}/change/"
    page = send(browser, path, form(browser, path, "user_form"), is_active=None).content.decode()
    assert "This ends 1 IAM token and 1 refresh token, at once." in page
    assert User.objects.get(pk=bob.pk).is_active
    page = send(browser, path, question(page)).content.decode()
    assert "Ended: 1 IAM token and 1 refresh token." in page
    assert not User.objects.get(pk=bob.pk).is_active


def test_the_list_and_the_form_of_servers_show_the_switch_of_the_account(
    browser: Client, server: BareMetalServer
) -> None:
    AccountSettings.objects.create(account=server.account, metadata_service=False)
    for path in (LIST, f"{LIST}{server.number}/change/"):
        page = browser.get(path).content.decode()
        field = page.partition("field-account_switch")[2]
        assert 'alt="False"' in field[:400]


def test_what_dies_takes_as_many_queries_for_many_servers_as_for_one(
    world: World, server: BareMetalServer, django_assert_num_queries: Any
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from identity.live_credentials import ended_by_switching_off

    with CaptureQueriesContext(connection) as one:
        ended_by_switching_off(BareMetalServer.objects.all(), now=clock.now())
    for number in range(3):
        make_server(world.account, name=f"more-{number}", metadata_enabled=True)
    with django_assert_num_queries(len(one)):
        ended_by_switching_off(BareMetalServer.objects.all(), now=clock.now())
