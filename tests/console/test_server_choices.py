"""Servers to choose from: all of them can be, however many there are."""

import pytest
from django.test import Client

from controlplane.activity.record import Party
from controlplane.console import server_choices
from controlplane.console.lessons.catalog import LESSONS
from controlplane.console.models import LessonProgress
from controlplane.console.presenters import profiles
from servers.models import BareMetalServer
from tests.console.conftest import SignIn
from tests.policies import attribute, make_content
from tests.world import World, make_profile, make_server
from trustedprofiles.models import User
from trustedprofiles.services.policies import create_policy

LESSON = LESSONS[0].path


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """A list holds two."""
    monkeypatch.setattr(server_choices, "MOST_OPTIONS", 2)
    monkeypatch.setattr(profiles, "MOST_CHOICES", 2)


@pytest.fixture
def servers(world: World) -> list[BareMetalServer]:
    return [make_server(world.account, name=f"web-{number}") for number in range(4)]


def offered(browser: Client, where: str) -> list[str]:
    page = browser.get(where).content.decode()
    choices = page[page.index('name="server"') :]
    return [part.partition("<")[0] for part in choices[: choices.index("</select>")].split('">')[1:] if "web-" in part]


def test_a_list_that_is_not_all_says_so_and_takes_a_name(alice: Client, servers: list[BareMetalServer]) -> None:
    assert len(offered(alice, LESSON)) == 2
    assert 'name="named"' in alice.get(LESSON).content.decode()
    alice.post(f"{LESSON}/begin", {"server": servers[0].id, "named": " web-3 "})
    assert LessonProgress.objects.get().instance_id == servers[3].id


def test_a_list_that_is_all_asks_for_no_name(alice: Client, world: World) -> None:
    make_server(world.account, name="web-0")
    assert 'name="named"' not in alice.get(LESSON).content.decode()


def test_the_learner_s_own_server_is_first_however_many_are_older(
    alice: Client, servers: list[BareMetalServer]
) -> None:
    alice.post(f"{LESSON}/begin", {"server": servers[3].id})
    assert offered(alice, LESSONS[1].path)[0].startswith("web-3")


def test_the_only_server_that_the_reader_may_read_is_offered(sign_in: SignIn, servers: list[BareMetalServer]) -> None:
    assert offered(reader_of(servers[3:], sign_in), LESSON) == ["web-3 (service off)"]


def test_a_lesson_with_two_servers_takes_one_that_the_learner_may_read(
    sign_in: SignIn, servers: list[BareMetalServer]
) -> None:
    browser = reader_of(servers[2:], sign_in)
    browser.post("/learn/mutual-tls/begin", {"server": servers[3].id})
    page = browser.get("/learn/mutual-tls").content.decode()
    assert "baremint address web-2 --url" in page
    assert "web-0" not in page


def reader_of(servers: list[BareMetalServer], sign_in: SignIn) -> Client:
    """A browser of a user who may read these servers, and nothing else."""
    browser = sign_in("ned")
    ned = User.objects.get(username="ned")
    for server in servers:
        content = make_content(str(ned.iam_id), "Viewer", more=(attribute("bareMetalServerId", server.id),))
        create_policy(server.account, content=content, api_version="v1", by=Party())
    return browser


def test_a_profile_is_linked_to_a_server_that_is_not_in_the_list(
    alice: Client, world: World, servers: list[BareMetalServer]
) -> None:
    profile = make_profile(world.account)
    assert len(offered(alice, f"/profiles/{profile.id}")) == 2
    alice.post(f"/profiles/{profile.id}/links", {"server": "", "named": "web-3"})
    assert list(profile.links.values_list("crn", flat=True)) == [servers[3].crn]


def test_a_rule_s_preview_says_which_servers_were_not_looked_at(
    alice: Client, world: World, servers: list[BareMetalServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    where = f"/profiles/{make_profile(world.account).id}/preview"
    assert "older one" not in alice.post(where).content.decode()
    monkeypatch.setattr(profiles, "MOST_SERVERS", 3)
    assert "1 older one was not." in alice.post(where).content.decode()
