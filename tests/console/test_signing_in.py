"""Only people who are signed in see anything; guesses of a password are limited."""

import re

import pytest
from django.core.cache import cache
from django.test import Client

from controlplane.activity.models import ActivityEvent
from controlplane.console.urls import urlpatterns
from controlplane.console.views.session import MOST_FAILURES
from tests.tables import check_each
from tests.world import ALICE, World
from trustedprofiles.models import User

PASSWORD = "correct horse battery"
OPEN = {"login", "logout", "theme", "_baremint/csp-reports"}


@pytest.fixture
def browser(world: World) -> Client:
    cache.clear()
    User.objects.create_user("alice", password=PASSWORD, iam_id=ALICE.iam_id, account=world.account)
    return Client(headers={"Accept": "text/html"})


def give(browser: Client, password: str, **more: str) -> int:
    return browser.post("/login", {"username": "alice", "password": password, **more}).status_code


def test_an_unauthenticated_visitor_is_sent_to_the_login_from_every_page(browser: Client) -> None:
    def check(route: str) -> None:
        path = "/" + re.sub(r"<str:\w+>", "x", route).replace("<int:number>", "1")
        answers = [browser.get(path), browser.post(path)] if route else [browser.get(path)]
        locations = [answer.get("Location", "") for answer in answers if answer.status_code != 405]
        assert locations
        assert [where for where in locations if not where.startswith("/login?next=")] == []

    check_each({str(each.pattern) for each in urlpatterns} - OPEN, check)


def test_an_unauthenticated_script_is_told_to_go_to_the_login_itself(browser: Client) -> None:
    answer = browser.get("/servers/table", headers={"HX-Request": "true", "HX-Current-URL": "http://x/servers?q=a"})
    assert (answer.status_code, answer["HX-Redirect"]) == (401, "/login?next=/servers")


def test_the_right_password_leads_to_where_one_wanted_to_go(browser: Client) -> None:
    answer = browser.post("/login", {"username": "alice", "password": PASSWORD, "next": "/servers"})
    assert (answer.status_code, answer["Location"]) == (302, "/servers")


def test_the_login_does_not_lead_to_another_site(browser: Client) -> None:
    answer = browser.post("/login", {"username": "alice", "password": PASSWORD, "next": "https://evil.example/"})
    assert answer["Location"] == "/"


def test_a_wrong_password_is_refused_and_recorded(browser: Client) -> None:
    assert give(browser, "wrong") == 401
    event = ActivityEvent.objects.get(action="baremint.console.login")
    assert (event.outcome, event.initiator_name) == ("failure", "alice")


def test_an_unknown_name_leaves_no_record(browser: Client) -> None:
    browser.post("/login", {"username": "my secret by mistake", "password": "x"})
    assert not ActivityEvent.objects.filter(action="baremint.console.login").exists()


def test_too_many_failures_keep_even_the_right_password_waiting(browser: Client) -> None:
    for _ in range(MOST_FAILURES):
        give(browser, "wrong")
    assert give(browser, PASSWORD) == 429


def test_failures_of_one_name_do_not_keep_another_waiting(browser: Client) -> None:
    for _ in range(MOST_FAILURES):
        browser.post("/login", {"username": "mallory", "password": "x"})
    assert give(browser, PASSWORD) == 302


def test_a_form_without_the_token_of_its_session_is_refused_in_words(browser: Client) -> None:
    strict = Client(enforce_csrf_checks=True, headers={"Accept": "text/html"})
    answer = strict.post("/login", {"username": "alice", "password": PASSWORD})
    assert (answer.status_code, "This form is too old" in answer.content.decode()) == (403, True)


def test_signing_out_takes_a_form_not_a_link(browser: Client) -> None:
    give(browser, PASSWORD)
    assert browser.get("/logout").status_code == 405
    assert browser.post("/logout")["Location"] == "/login"
    assert browser.get("/servers")["Location"].startswith("/login")


def test_a_person_without_an_account_is_told_why_there_is_nothing(world: World) -> None:
    client = Client(headers={"Accept": "text/html"})
    client.force_login(User.objects.create_superuser("root"))
    answer = client.get("/servers")
    assert (answer.status_code, "belongs to no account" in answer.content.decode()) == (403, True)


ADMIN = "/admin/login/"
SPELLINGS = ["alice", " alice ", "\uff41lice", "a\uff4cice", "alice\u3000"]
"""All of them are Alice to the form."""


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_failure_is_recorded_however_the_name_is_written(browser: Client, spelling: str) -> None:
    assert browser.post("/login", {"username": spelling, "password": "wrong"}).status_code == 401
    assert ActivityEvent.objects.get(action="baremint.console.login").initiator_name == "alice"


def test_a_name_written_in_many_ways_has_the_attempts_of_one(browser: Client) -> None:
    for number in range(MOST_FAILURES):
        browser.post("/login", {"username": SPELLINGS[number % len(SPELLINGS)], "password": "wrong"})
    assert give(browser, PASSWORD) == 429


def test_the_admins_login_counts_the_same_attempts(browser: Client) -> None:
    for number in range(MOST_FAILURES):
        browser.post((ADMIN, "/login")[number % 2], {"username": "alice", "password": "wrong"})
    assert [
        browser.post(path, {"username": "alice", "password": PASSWORD}).status_code for path in ("/login", ADMIN)
    ] == [
        429,
        429,
    ]


def test_the_admins_login_leaves_the_same_events(browser: Client) -> None:
    browser.post(ADMIN, {"username": "alice", "password": "wrong"})
    browser.post(ADMIN, {"username": "alice", "password": PASSWORD})
    events = ActivityEvent.objects.filter(action="baremint.console.login").order_by("pk")
    assert [event.outcome for event in events] == ["failure", "success"]


def test_staff_is_led_on_into_the_admin(browser: Client) -> None:
    User.objects.update(is_staff=True)
    answer = browser.post(ADMIN, {"username": "alice", "password": PASSWORD})
    assert (answer.status_code, answer["Location"]) == (302, "/admin/")
    assert browser.get(f"{ADMIN}?next=/admin/")["Location"] == "/admin/"


def test_who_is_no_staff_is_told_so_and_not_led_in_circles(browser: Client) -> None:
    give(browser, PASSWORD)
    answer = browser.get("/admin/", follow=True)
    assert (answer.status_code, "Only staff may use the admin" in answer.content.decode()) == (403, True)


def test_attempts_that_come_at_once_are_counted_each(browser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """None of them waits for the outcome of the others."""
    looked_at: list[str] = []

    def look(request: object, **credentials: str) -> None:
        looked_at.append(credentials["password"])
        if len(looked_at) <= MOST_FAILURES * 2:
            give(Client(), f"guess {len(looked_at)}")

    monkeypatch.setattr("django.contrib.auth.forms.authenticate", look)
    give(browser, "guess 0")
    assert len(looked_at) == MOST_FAILURES
