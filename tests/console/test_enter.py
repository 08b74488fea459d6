"""Enter in a field of any page, the admin's too, does what the form plainly is for: it looks, or it saves."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.test import Client

from servers.models import AccountSettings
from tests.certified import issue
from tests.forms import Control, Form, form, forms, forms_of
from tests.world import World, make_profile, make_server
from trustedprofiles.models import User

pytestmark = pytest.mark.usefixtures("keys")

CONSOLE = [
    *("/", "/servers", "/servers/new", "/servers/{server}", "/servers/{server}/initialization", "/profiles"),
    *(
        "/profiles/{profile}",
        "/explain",
        "/inspector",
        "/keys",
        "/activity",
        "/learn/",
        "/learn/class",
        "/learn/rotation",
    ),
]
LISTS = [f"/admin/{model._meta.app_label}/{model._meta.model_name}/" for model in admin.site._registry]
FORMS = [
    *("/admin/servers/baremetalserver/{number}/change/", "/admin/servers/accountsettings/{account}/change/"),
    *("/admin/servers/accountsettings/add/", "/admin/trustedprofiles/user/{user}/change/"),
    *("/admin/trustedprofiles/user/{user}/password/", "/admin/trustedprofiles/user/add/"),
    *("/admin/auth/group/{group}/change/", "/admin/auth/group/{group}/delete/", "/admin/auth/group/add/"),
]
SAVES = ("_save", "set-password", "set_usable_password")
"""Names of the admin's plain buttons."""


@pytest.fixture
def ids(world: World, alice: Client) -> dict[str, str]:
    User.objects.update(is_staff=True, is_superuser=True)
    profile = make_profile(world.account, name="reader")
    server = make_server(world.account, name="web-1", metadata_enabled=True, profile=profile)
    certificate = issue(server)
    AccountSettings.objects.create(account=world.account)
    placeholders = {"server": server.id, "number": server.number, "profile": profile.id, "account": world.account.id}
    placeholders |= {"user": User.objects.get().pk, "group": Group.objects.create(name="night shift").pk}
    return {name: str(value) for name, value in placeholders.items()} | {"certificate": certificate.id}


def is_plain(shown: Form, button: Control) -> bool:
    """Whether a button sends the form as it is to where the form goes, and nothing that cannot be undone."""
    adds_nothing = not button.name or button.name in SAVES
    return adds_nothing and "formaction" not in button.attributes and "danger" not in button.attributes.get("class", "")


def surprising(found: list[Form]) -> list[str]:
    return [
        f"{parameter.attributes}: {parameter.default.attributes}"
        for parameter in found
        if parameter.takes_enter and parameter.default and not is_plain(parameter, parameter.default)
    ]


@pytest.mark.thorough
def test_no_field_has_a_surprising_button(alice: Client, ids: dict[str, str]) -> None:
    pages = [each.format(**ids) for each in (*CONSOLE, *LISTS, *FORMS)]
    surprises = {path: surprising(forms_of(alice, path)) for path in pages}
    assert {path: surprises_of_page for path, surprises_of_page in surprises.items() if surprises_of_page} == {}


def test_no_question_is_answered_by_enter(alice: Client, ids: dict[str, str]) -> None:
    questions = {
        f"/servers/{ids['server']}/metadata": {"enabled": "false"},
        f"/servers/{ids['server']}/actions": {"action": "delete"},
        f"/servers/{ids['server']}/certificates/revoke": {"certificate": ids["certificate"]},
        "/servers/actions": {"action": "delete", "server": ids["server"]},
        "/account/metadata": {"enabled": "false"},
        "/learn/class/reset": {},
    }
    page_forms = forms_of(alice, f"/servers/{ids['server']}")
    marks = [mark for each in page_forms for mark in each.data().get("seen", ())]
    for path, body in questions.items():
        answer = alice.post(path, {**body, "seen": marks})
        assert (answer.status_code, answer.content.decode().count('name="confirmed"')) == (200, 1), path
        assert surprising(forms(answer.content.decode())) == []


def test_enter_on_a_box_of_the_table_of_servers_presses_nothing(alice: Client, ids: dict[str, str]) -> None:
    table = form(alice, "/servers", "servers-form")
    assert (table.takes_enter, table.default) == (True, None)


def test_enter_in_a_list_of_the_admin_saves_the_list(alice: Client, ids: dict[str, str]) -> None:
    table = form(alice, "/admin/servers/baremetalserver/", "changelist-form")
    assert table.default
    assert table.default.name == "_save"


def test_enter_in_a_new_rule_adds_it(alice: Client, ids: dict[str, str]) -> None:
    rule = form(alice, f"/profiles/{ids['profile']}", "rule-form")
    assert rule.default
    assert rule.default.words == "Add the rule"
