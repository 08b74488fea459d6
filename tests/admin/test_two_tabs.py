"""Two people, or two tabs, at one page of the admin: the second to save undoes nothing unknowingly."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.test import Client, RequestFactory

from controlplane.activity.confirmation_admin import ConfirmationAdmin
from controlplane.activity.record import Party
from servers.models import AccountSettings, BareMetalServer
from servers.services.metadata_service import switch_metadata_service
from tests.forms import Form, form, forms, send
from tests.world import ALICE, World, make_server
from trustedprofiles.models import User

BY = Party("IBMid-BOB", "Bob", "User")
LIST = "/admin/servers/baremetalserver/"
TOLD = "Nothing was changed, because the page was out of date"


@pytest.fixture
def browser(world: World, client: Client) -> Client:
    client.force_login(User.objects.create_superuser("alice", iam_id=ALICE.iam_id, account=world.account))
    return client


@pytest.fixture
def servers(world: World) -> list[BareMetalServer]:
    return [make_server(world.account, name=name) for name in ("web-1", "web-2")]


def switched(name: str) -> bool:
    return BareMetalServer.objects.get(name=name).metadata_enabled


def meanwhile(name: str) -> None:
    """Another user switches the service of a server on."""
    switch_metadata_service(BareMetalServer.objects.get(name=name), enabled=True, by=BY)


def test_the_second_save_of_a_list_does_not_undo_the_first(browser: Client, servers: list[BareMetalServer]) -> None:
    first, second = (form(browser, LIST, "changelist-form") for _ in range(2))  # newest first: web-2, web-1
    send(browser, LIST, first, first.default, **{"form-1-metadata_enabled": "on"})
    assert switched("web-1")
    page = send(browser, LIST, second, second.default, **{"form-0-metadata_enabled": "on"}).content.decode()
    assert TOLD in page
    assert "web-1 (metadata service: on, protocol: http" in page
    assert (switched("web-1"), switched("web-2")) == (True, False)


def test_the_page_after_a_conflict_shows_what_is_true_and_saves(
    browser: Client, servers: list[BareMetalServer]
) -> None:
    stale = form(browser, LIST, "changelist-form")
    meanwhile("web-1")
    send(browser, LIST, stale, stale.default, **{"form-0-metadata_enabled": "on"})
    present = form(browser, LIST, "changelist-form")
    assert present.data()["form-1-metadata_enabled"] == ["on"]
    send(browser, LIST, present, present.default, **{"form-0-metadata_enabled": "on"})
    assert (switched("web-1"), switched("web-2")) == (True, True)


def test_a_form_does_not_undo_what_was_done_meanwhile(browser: Client, servers: list[BareMetalServer]) -> None:
    path = f"{LIST}{servers[0].number}/change/"
    stale = form(browser, path, "baremetalserver_form")
    meanwhile("web-1")
    page = send(browser, path, stale, metadata_protocol="https").content.decode()
    assert TOLD in page
    assert (switched("web-1"), BareMetalServer.objects.get(name="web-1").metadata_protocol) == (True, "http")


@pytest.mark.parametrize("index", ["0", *(pytest.param(odd, marks=pytest.mark.thorough) for odd in ("-1", "7", "x"))])
def test_a_bulk_action_is_not_done_to_rows_that_changed(
    browser: Client, servers: list[BareMetalServer], index: str
) -> None:
    stale = form(browser, LIST, "changelist-form")
    meanwhile("web-1")
    numbers = [server.number for server in servers]
    page = send(browser, LIST, stale, action="use_https", _selected_action=numbers, index=index).content.decode()
    assert TOLD in page
    assert set(BareMetalServer.objects.values_list("metadata_protocol", flat=True)) == {"http"}


def test_a_bulk_action_cares_for_what_was_chosen_alone(browser: Client, servers: list[BareMetalServer]) -> None:
    stale = form(browser, LIST, "changelist-form")
    meanwhile("web-1")
    send(browser, LIST, stale, action="use_https", _selected_action=servers[1].number, index="0")
    assert BareMetalServer.objects.get(name="web-2").metadata_protocol == "https"


def test_all_rows_of_all_pages_are_compared_as_far_as_they_were_shown(
    browser: Client, servers: list[BareMetalServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admin.site._registry[BareMetalServer], "list_per_page", 1)
    every = {"action": "use_https", "_selected_action": servers[1].number, "index": "0", "select_across": "1"}
    page_form = form(browser, LIST, "changelist-form")  # web-2 alone
    meanwhile("web-2")
    assert TOLD in send(browser, LIST, page_form, **every).content.decode()
    send(browser, LIST, form(browser, LIST, "changelist-form"), **every)
    assert set(BareMetalServer.objects.values_list("metadata_protocol", flat=True)) == {"https"}


def _list(browser: Client, server: BareMetalServer) -> tuple[str, Form, dict[str, Any]]:
    return LIST, form(browser, LIST, "changelist-form"), {"_save": "Save", "form-0-metadata_protocol": "https"}


def _form(browser: Client, server: BareMetalServer) -> tuple[str, Form, dict[str, Any]]:
    path = f"{LIST}{server.number}/change/"
    return path, form(browser, path, "baremetalserver_form"), {"metadata_protocol": "https"}


def _action(browser: Client, server: BareMetalServer) -> tuple[str, Form, dict[str, Any]]:
    data = {"action": "use_https", "_selected_action": server.number, "index": "0"}
    return LIST, form(browser, LIST, "changelist-form"), data


@pytest.mark.thorough
@pytest.mark.parametrize("way", [_list, _form, _action])
def test_a_form_that_does_not_say_what_it_showed_changes_nothing(
    browser: Client, servers: list[BareMetalServer], way: Callable[..., Any]
) -> None:
    path, page_form, changes = way(browser, servers[1])
    assert TOLD in send(browser, path, page_form, **changes, seen=None).content.decode()
    assert BareMetalServer.objects.get(name="web-2").metadata_protocol == "http"


def test_the_switch_of_an_account_is_compared(browser: Client, world: World) -> None:
    AccountSettings.objects.create(account=world.account)
    path = f"/admin/servers/accountsettings/{world.account.id}/change/"
    stale = form(browser, path, "accountsettings_form")
    AccountSettings.objects.update(metadata_service=False)
    assert TOLD in send(browser, path, stale).content.decode()
    assert not AccountSettings.objects.get().metadata_service


def test_a_person_is_compared_with_groups_and_rights(browser: Client, world: World) -> None:
    bob = User.objects.create_user("bob", iam_id="IBMid-BOB")
    path = f"/admin/trustedprofiles/user/{bob.pk}/change/"
    stale = form(browser, path, "user_form")
    bob.groups.add(Group.objects.create(name="night shift"))
    page = send(browser, path, stale, first_name="Robert").content.decode()
    assert TOLD in page
    assert "groups: night shift" in page
    assert "pbkdf2" not in page.replace("algorithm", "")
    assert (bob.groups.count(), User.objects.get(pk=bob.pk).first_name) == (1, "")


@pytest.mark.parametrize("leaf", ["{}/delete/", ""])
def test_a_group_that_was_renamed_meanwhile_is_not_deleted(browser: Client, world: World, leaf: str) -> None:
    group = Group.objects.create(name="night shift")
    path = f"/admin/auth/group/{leaf.format(group.pk)}"
    if leaf:
        question = form_with(browser.get(path).content.decode(), "post")
    else:
        page_form = form(browser, path, "changelist-form")
        answer = send(browser, path, page_form, action="delete_selected", _selected_action=group.pk, index="0")
        question = form_with(answer.content.decode(), "post")
    Group.objects.update(name="day shift")
    assert TOLD in send(browser, path, question).content.decode()
    question.controls = [each for each in question.controls if each.name != "seen"]
    assert TOLD in send(browser, path, question).content.decode()
    assert Group.objects.exists()


def test_a_group_is_deleted_once_it_is_said_twice(browser: Client, world: World) -> None:
    group = Group.objects.create(name="night shift")
    path = "/admin/auth/group/"
    page_form = form(browser, path, "changelist-form")
    answer = send(browser, path, page_form, action="delete_selected", _selected_action=group.pk, index="0")
    send(browser, path, form_with(answer.content.decode(), "post"))
    assert not Group.objects.exists()


def form_with(page: str, field: str) -> Form:
    [page_form] = [each for each in forms(page) if field in each.data()]
    return page_form


def test_every_page_of_the_admin_that_changes_something_compares(rf: RequestFactory, db: None) -> None:
    request = rf.get("/")
    request.user = User(username="root", is_superuser=True, is_active=True, is_staff=True)
    careless = [
        str(model_admin)
        for model_admin in admin.site._registry.values()
        if not isinstance(model_admin, ConfirmationAdmin)
        and (model_admin.has_change_permission(request) or model_admin.get_actions(request))
    ]
    assert careless == []
