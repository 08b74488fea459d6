"""What surrounds every page: the policy for the browser, the theme, refusals as pages."""

import json
import re

import pytest
from django.test import Client

from controlplane.console.middleware import POLICY
from tests.console.reading import reader
from tests.policies import attribute
from tests.world import World

INLINE = re.compile(r"<style|\sstyle=|<script(?![^>]*\ssrc=)|\son[a-z]+=|javascript:", re.IGNORECASE)


def test_a_program_at_the_front_is_told_where_everything_is(client: Client) -> None:
    assert client.get("/", headers={"Accept": "application/json"}).json()["name"] == "Baremint"


def test_a_browser_at_the_front_sees_the_overview(alice: Client) -> None:
    assert "<h1>Overview</h1>" in alice.get("/").content.decode()


SEEN = {
    "everything": ((), "Viewer"),
    "one-resource-group": ((attribute("resourceGroupId", "some-group"),), "Limited access"),
}


@pytest.mark.parametrize(("more", "name"), SEEN.values(), ids=SEEN)
def test_the_header_says_how_much_access_the_reader_has(
    world: World, more: tuple[dict[str, object], ...], name: str
) -> None:
    page = reader(world, "is", more=more).get("/servers").content.decode()
    assert f">{name}<" in page


def test_the_header_of_a_reader_without_a_policy_says_no_access(world: World) -> None:
    assert ">No access<" in reader(world).get("/learn/").content.decode()


@pytest.mark.parametrize("path", ["/", "/servers", "/nowhere", "/login"])
def test_every_page_has_the_strict_policy(alice: Client, path: str) -> None:
    answer = alice.get(path)
    assert (answer["Content-Security-Policy"], answer["X-Frame-Options"]) == (POLICY, "DENY")


def test_the_icon_that_browsers_ask_for_by_themselves_is_there(client: Client) -> None:
    """The pages name no icon of their own, and neither does Django's admin."""
    answer = client.get("/favicon.ico")
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/x-icon")
    assert answer.getvalue().startswith(b"\0\0\1\0")


def test_the_admin_has_the_strict_policy(alice: Client) -> None:
    assert alice.get("/admin/login/")["Content-Security-Policy"] == POLICY


def test_a_stricter_policy_is_kept(client: Client) -> None:
    assert "script-src" not in client.get("/docs")["Content-Security-Policy"]


def test_answers_for_programs_have_no_content_security_policy(client: Client) -> None:
    assert "Content-Security-Policy" not in client.get("/healthz")


@pytest.mark.parametrize("path", ["/", "/servers", "/servers/new", "/profiles", "/explain", "/inspector", "/keys"])
def test_nothing_is_inline(alice: Client, path: str) -> None:
    assert not INLINE.search(alice.get(path).content.decode())


@pytest.mark.parametrize(("chosen", "shown"), [("dark", ' data-theme="dark"'), ("light", ' data-theme="light"')])
def test_a_chosen_theme_stays(alice: Client, chosen: str, shown: str) -> None:
    assert alice.post("/theme", {"theme": chosen, "next": "/servers"})["Location"] == "/servers"
    assert f'<html lang="en"{shown}>' in alice.get("/servers").content.decode()


def test_without_a_choice_the_system_decides(alice: Client) -> None:
    alice.post("/theme", {"theme": "dark"})
    alice.post("/theme", {"theme": "system"})
    assert '<html lang="en">' in alice.get("/servers").content.decode()


def test_what_is_not_there_is_a_page_for_browsers_and_json_for_programs(alice: Client, client: Client) -> None:
    assert "<h1>Not found</h1>" in alice.get("/nowhere").content.decode()
    assert client.get("/nowhere").json()["errors"][0]["code"] == "not_found"


def test_a_refusal_says_why_and_leads_to_its_explanation(nora: Client) -> None:
    answer = nora.get("/servers")
    page = answer.content.decode()
    assert answer.status_code == 403
    assert "IBMid-NORA is not authorized to perform is.bare-metal-server.bare-metal-server.list" in page
    assert 'href="/explain?subject=IBMid-NORA' in page


def test_a_violation_that_a_browser_reports_is_logged(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    report = {"csp-report": {"violated-directive": "style-src", "blocked-uri": "inline", "other": "x" * 999}}
    answer = client.post("/_baremint/csp-reports", json.dumps(report), content_type="application/csp-report")
    assert answer.status_code == 204
    assert "content security policy violated" in caplog.text
    assert "x" * 99 not in caplog.text


@pytest.mark.parametrize("body", ["", "[]", "{", '{"csp-report": 1}', "[" * 9000])
def test_what_is_no_report_is_dropped(client: Client, caplog: pytest.LogCaptureFixture, body: str) -> None:
    assert client.post("/_baremint/csp-reports", body, content_type="application/csp-report").status_code == 204
    assert "violated" not in caplog.text
