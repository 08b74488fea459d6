"""Roles of people in the console are policies, and the console asks what the REST API asks."""

import pytest
from django.test import Client

from controlplane.activity.record import Party
from controlplane.kernel.errors import Conflict, InvalidValue
from controlplane.operations.users import give_api_key, give_role
from identity.selectors import find_api_key
from servers.form_snapshot import switches_shown
from servers.models import BareMetalServer
from tests.api.calling import caller_of
from tests.api.vpc import SERVERS, Api
from tests.forms import as_shown
from tests.policies import make_content
from tests.world import World, make_server
from trustedprofiles.models import Policy, User
from trustedprofiles.services.policies import create_policy

SCRIPT = {"HX-Request": "true"}


@pytest.fixture
def server(world: World) -> BareMetalServer:
    return make_server(world.account, name="web-1")


def signed_in(name: str) -> Client:
    client = Client(headers={"Accept": "text/html"})
    client.force_login(User.objects.get(username=name))
    return client


@pytest.mark.parametrize(
    ("role", "answers"),
    [("viewer", (200, 403, 403)), ("operator", (200, 204, 403)), ("owner", (200, 204, 403))],
)
def test_a_role_allows_what_it_says(
    world: World, server: BareMetalServer, role: str, answers: tuple[int, int, int]
) -> None:
    """To look and to switch; to rotate a key, which all accounts share, is no role's."""
    give_role(world.account, username="pat", role=role)
    pat = signed_in("pat")
    page = pat.get("/servers")
    data = {"enabled": "true", **as_shown(switches_shown(server))}
    switched = pat.post(f"/servers/{server.id}/metadata", data, headers=SCRIPT)
    rotated = pat.post("/keys/rotate", {"purpose": "none"})
    assert (page.status_code, switched.status_code, rotated.status_code) == answers
    assert f'<span class="tag">{role.capitalize()}</span>' in page.content.decode()


@pytest.mark.parametrize(("role", "status"), [("viewer", 403), ("operator", 403), ("owner", 200)])
def test_an_owner_has_the_console_of_a_server(world: World, server: BareMetalServer, role: str, status: int) -> None:
    give_role(world.account, username="pat", role=role)
    pat = Api(caller_of(str(User.objects.get(username="pat").iam_id)))
    answer = pat.call("POST", f"{SERVERS}/{server.id}/console_access_token", {"console_type": "vnc"})
    assert answer.status_code == status


def test_a_new_person_can_sign_in_with_the_password(world: World) -> None:
    password = give_role(world.account, username="pat", role="viewer")
    assert User.objects.get(username="pat").check_password(password)


def test_another_role_replaces_the_one_before_and_nothing_else(world: World) -> None:
    give_role(world.account, username="pat", role="owner")
    pat = User.objects.get(username="pat")
    create_policy(world.account, content=make_content(str(pat.iam_id)), api_version="v1", by=Party())
    assert give_role(world.account, username="pat", role="viewer") == ""
    active = Policy.objects.filter(subject_iam_id=str(pat.iam_id).lower(), state="active")
    assert sorted(policy.description for policy in active) == ["", "Role in the console"]
    assert signed_in("pat").post("/keys/rotate", {"purpose": "none"}).status_code == 403


def test_people_of_the_console_do_not_enter_the_admin(world: World) -> None:
    give_role(world.account, username="pat", role="owner")
    assert signed_in("pat").get("/admin/")["Location"].startswith("/admin/login/")


@pytest.mark.parametrize("spelling", ["pat ", "\uff50at"])
def test_a_name_written_in_another_way_is_the_same_person(world: World, spelling: str) -> None:
    give_role(world.account, username="pat", role="viewer")
    assert give_role(world.account, username=spelling, role="owner") == ""
    assert [user.username for user in User.objects.all()] == ["pat"]


@pytest.mark.parametrize("name", ["", "  ", "a b", "a\nb", "x" * 151, "a/b", "\ud800"])
def test_what_is_no_name_is_refused(world: World, name: str) -> None:
    with pytest.raises(InvalidValue):
        give_role(world.account, username=name, role="viewer")
    assert not User.objects.exists()


def test_a_person_gets_an_api_key_of_their_own(world: World) -> None:
    give_role(world.account, username="pat", role="viewer")
    value = give_api_key(world.account, username="pat")
    key = find_api_key(value)
    assert key is not None
    assert key.iam_id == User.objects.get(username="pat").iam_id


def test_who_names_no_role_takes_none_away(world: World) -> None:
    give_role(world.account, username="pat", role="operator")
    before = list(Policy.objects.values_list("id", "state"))
    assert give_role(world.account, username="pat") == ""
    assert list(Policy.objects.values_list("id", "state")) == before


def test_a_new_person_is_a_viewer_unless_another_role_is_named(world: World) -> None:
    give_role(world.account, username="pat")
    assert '<span class="tag">Viewer</span>' in signed_in("pat").get("/servers").content.decode()


def test_a_person_who_is_not_active_gets_no_api_key(world: World) -> None:
    give_role(world.account, username="pat")
    User.objects.update(is_active=False)
    with pytest.raises(Conflict, match="not active"):
        give_api_key(world.account, username="pat")
