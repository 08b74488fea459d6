"""Switches and forms, used as people use them; what they do is verified by real calls of the metadata service."""

import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.visitor import Visitor, ask_metadata_service
from tests.live.product import Product

pytestmark = [pytest.mark.live, pytest.mark.e2e, pytest.mark.browser]
Visit = Callable[..., Visitor]
SECONDS = 20_000
"""How long a page may take to show a change; in truth a moment."""


@pytest.fixture
def web(product: Product) -> Iterator[dict[str, Any]]:
    """web-2, switched on and http, also afterwards."""
    server = product.server("web-2")
    yield server
    product.run("is", "bare-metal-server-update", "web-2", "--metadata-service", "true")
    product.run("is", "bare-metal-server-update", "web-2", "--metadata-service-protocol", "http")


def switch(visitor: Visitor, name: str) -> Any:
    return visitor.page.get_by_role("switch", name=name)


def becomes(visitor: Visitor, name: str, state: str) -> None:
    visitor.page.wait_for_selector(f'[role="switch"][aria-label="{name}"][aria-checked="{state}"]', timeout=SECONDS)


def test_switching_off_asks_says_what_will_happen_and_happens_at_once(visit: Visit, web: dict[str, Any]) -> None:
    assert ask_metadata_service(web["metadata_url"]) == 200
    visitor = visit()
    visitor.go("/servers")
    name = "Metadata service of web-2"
    switch(visitor, name).press("Space")
    dialog = visitor.page.get_by_role("dialog")
    dialog.wait_for(timeout=SECONDS)
    assert "new tokens and certificates are refused, at once" in dialog.inner_text()
    assert re.search(r"This ends \d+ identity tokens? ", dialog.inner_text())
    assert visitor.audit() == []
    assert ask_metadata_service(web["metadata_url"]) == 200
    dialog.get_by_role("button", name="Switch off").press("Enter")
    becomes(visitor, name, "false")
    assert ask_metadata_service(web["metadata_url"]) == 403
    assert re.match(r"Switched off: web-2\. Ended: \d+ identity token", visitor.page.inner_text("#announcements"))
    assert visitor.page.evaluate("document.activeElement.ariaLabel") == name
    switch(visitor, name).press("Space")
    becomes(visitor, name, "true")
    assert ask_metadata_service(web["metadata_url"]) == 200


def posted(visitor: Visitor) -> list[str]:
    """Paths that the window sends forms to from now on."""
    paths: list[str] = []
    visitor.page.on("request", lambda sent: paths.append(sent.url) if sent.method == "POST" else None)
    return paths


def test_enter_on_a_box_of_a_row_switches_nothing(visit: Visit, web: dict[str, Any]) -> None:
    visitor = visit()
    visitor.go("/servers")
    paths = posted(visitor)
    visitor.page.locator(f"#choose-{web['id']}").press("Space")
    visitor.page.locator(f"#choose-{web['id']}").press("Enter")
    visitor.page.locator("#choose-all").press("Enter")
    visitor.page.wait_for_event("response", lambda answer: "/servers/table" in answer.url, timeout=SECONDS)
    assert (paths, visitor.page.url) == ([], f"{visitor.origin}/servers")
    assert switch(visitor, "Metadata service of web-2").get_attribute("aria-checked") == "true"


def test_enter_in_the_list_of_the_admin_saves_it_and_does_no_action(visit: Visit, web: dict[str, Any]) -> None:
    visitor = visit()
    visitor.go("/admin/servers/baremetalserver/")
    page = visitor.page
    row = page.locator("tr", has_text="web-2")
    row.locator(".action-select").check()
    page.select_option("select[name=action]", "disable_metadata_service")
    with page.expect_navigation():
        row.locator(".action-select").press("Enter")
    assert page.locator("tr", has_text="web-2").locator("[name$=-metadata_enabled]").is_checked()
    assert "Are you sure" not in page.inner_text("main")
    assert ask_metadata_service(web["metadata_url"]) == 200


def test_the_second_of_two_tabs_is_told_what_the_first_did(visit: Visit, web: dict[str, Any]) -> None:
    first, second = visit(), visit()
    for visitor in (first, second):
        visitor.go("/admin/servers/baremetalserver/")
    first.page.locator("tr", has_text="web-2").locator("[name$=-metadata_protocol]").select_option("https")
    second.page.locator("tr", has_text="web-1").locator("[name$=-metadata_protocol]").select_option("https")
    for visitor in (first, second):
        visitor.follow(visitor.page.locator("[name=_save]:visible"))
    assert "web-2 (metadata service: on, protocol: https" in second.page.inner_text(".messagelist")
    selects = {
        name: second.page.locator("tr", has_text=name).locator("[name$=-metadata_protocol]")
        for name in ("web-1", "web-2")
    }
    assert {name: field.input_value() for name, field in selects.items()} == {"web-1": "http", "web-2": "https"}


def test_the_switch_of_the_account_is_where_the_servers_are(visit: Visit, web: dict[str, Any]) -> None:
    visitor = visit()
    visitor.go(f"/servers/{web['id']}")
    name = "Metadata service of the account"
    ask_metadata_service(web["metadata_url"])
    switch(visitor, name).click()
    dialog = visitor.page.get_by_role("dialog")
    dialog.wait_for(timeout=SECONDS)
    assert visitor.audit() == []
    dialog.get_by_role("button", name="Switch off").click()
    becomes(visitor, name, "false")
    assert ask_metadata_service(web["metadata_url"]) == 403
    assert "off for the account" in visitor.page.inner_text("#state-live")
    assert visitor.audit() == []
    visitor.go("/servers")
    assert visitor.audit() == []
    switch(visitor, name).click()
    becomes(visitor, name, "true")
    assert ask_metadata_service(web["metadata_url"]) == 200


def test_escape_leaves_everything_as_it_is(visit: Visit, web: dict[str, Any]) -> None:
    ask_metadata_service(web["metadata_url"])
    visitor = visit()
    visitor.go("/servers")
    switch(visitor, "Metadata service of web-2").click()
    visitor.page.get_by_role("dialog").wait_for(timeout=SECONDS)
    visitor.page.keyboard.press("Escape")
    assert not visitor.page.get_by_role("dialog").is_visible()
    assert ask_metadata_service(web["metadata_url"]) == 200


def test_secure_access_refuses_plain_http_at_once(visit: Visit, web: dict[str, Any]) -> None:
    visitor = visit()
    visitor.go(f"/servers/{web['id']}")
    name = "Secure access (https) of web-2"
    switch(visitor, name).click()
    becomes(visitor, name, "true")
    assert ask_metadata_service(web["metadata_url"]) == 403
    switch(visitor, name).click()
    becomes(visitor, name, "false")
    assert ask_metadata_service(web["metadata_url"]) == 200


def test_switching_off_works_without_scripts(visit: Visit, web: dict[str, Any]) -> None:
    ask_metadata_service(web["metadata_url"])
    visitor = visit(java_script_enabled=False)
    visitor.go("/servers")
    switch(visitor, "Metadata service of web-2").click()
    visitor.page.get_by_role("button", name="Switch off").click()
    assert "Switched off: web-2." in visitor.page.inner_text("main")
    assert ask_metadata_service(web["metadata_url"]) == 403


def test_the_change_of_another_person_shows_by_itself(visit: Visit, web: dict[str, Any]) -> None:
    visitor = visit()
    visitor.go("/servers")
    visitor.page.check("#choose-" + web["id"])
    visitor.product.run("is", "bare-metal-server-update", "web-2", "--metadata-service", "false")
    becomes(visitor, "Metadata service of web-2", "false")
    assert visitor.page.is_checked("#choose-" + web["id"])


def test_an_unchanged_table_costs_a_304(visit: Visit) -> None:
    visitor = visit()
    visitor.go("/servers")
    visitor.page.wait_for_event("response", lambda answer: answer.status == 304, timeout=SECONDS)


def test_a_hidden_page_asks_much_less_often(visit: Visit) -> None:
    visitor = visit()
    visitor.go("/servers")
    visitor.page.evaluate("Object.defineProperty(document, 'hidden', { get: () => true })")
    visitor.page.wait_for_load_state("networkidle")  # whatever was asked for before has come
    visitor.requests.clear()
    visitor.page.wait_for_timeout(7000)
    assert visitor.requests == []


def test_the_three_calls_are_really_made(visit: Visit, product: Product) -> None:
    visitor = visit()
    server = product.server("web-1")
    visitor.go(f"/servers/{server['id']}")
    visitor.page.get_by_role("button", name="Run the three calls").click()
    visitor.page.locator("#call-3").wait_for(timeout=SECONDS)
    statuses = visitor.page.locator(".call h3 .status").all_inner_texts()
    assert [status.split()[-2:] for status in statuses] == [["200", "OK"]] * 3
    claims = json.loads(visitor.page.get_by_label("Claims of token 1").inner_text())
    assert claims["iaas"]["instanceID"] == server["id"]
    assert visitor.audit() == []
    visitor.page.wait_for_selector("tr[id^=certificate-]", timeout=SECONDS)


PROGRAMS = [
    ("shell", "bash", "certificates"),
    ("python", "python3", "IAM token until"),
    ("node", "node", "IAM token until"),
    ("go", "go", "IAM token until"),
    ("java", "java", "IAM token until"),
]


@pytest.mark.parametrize("protocol", ["http", "https"])
def test_what_is_offered_to_paste_runs_as_it_is(visit: Visit, product: Product, tmp_path: Path, protocol: str) -> None:
    product.run("is", "bare-metal-server-update", "web-1", "--metadata-service-protocol", protocol)
    visitor = visit()
    visitor.go(f"/servers/{product.server('web-1')['id']}")
    notices = {}
    for key, tool, expected in PROGRAMS:
        if not shutil.which(tool):
            continue
        panel = visitor.page.locator(f"#panel-{key}")
        file, run = (panel.locator(".hint code").nth(place).text_content() for place in (0, 1))
        (tmp_path / str(file)).write_text(panel.locator("pre code").text_content() or "")
        process = subprocess.run(
            ["bash", "-c", str(run)], cwd=tmp_path, capture_output=True, text=True, timeout=180, check=False
        )
        if expected not in process.stdout:
            notices[key] = process.stdout + process.stderr
    product.run("is", "bare-metal-server-update", "web-1", "--metadata-service-protocol", "http")
    assert notices == {}


def test_a_profile_named_like_a_script_is_just_named_so(visit: Visit, product: Product) -> None:
    name = "<script>alert(1)</script>"
    code = f"create_profile(Account.objects.get(), name={name!r}, by=Party())"
    product.run(
        "shell",
        "-c",
        "from trustedprofiles.models import Account; from controlplane.activity.record import Party;"
        f"from trustedprofiles.services.profiles import create_profile; {code}",
    )
    visitor = visit()
    alerts: list[str] = []
    visitor.page.on("dialog", lambda dialog: (alerts.append(dialog.message), dialog.dismiss()))
    for path in ("/profiles", "/servers/new", "/activity", "/explain?profile=" + name):
        visitor.go(path)
    visitor.go("/profiles")
    visitor.follow(visitor.page.get_by_role("link", name=name))
    assert visitor.page.inner_text("h1") == name
    assert alerts == []


def test_a_token_is_inspected(visit: Visit, product: Product) -> None:
    visitor = visit()
    visitor.go("/inspector")
    visitor.page.fill("#token", product.run("token").strip())
    visitor.follow(visitor.page.get_by_role("button", name="Inspect"))
    assert visitor.page.locator(".checks .tag").all_inner_texts() == ["pass"] * 10
    assert visitor.audit() == []
    assert visitor.page.input_value("#token") == ""


def test_a_server_is_made_watched_and_deleted(visit: Visit) -> None:
    visitor = visit()
    visitor.go("/servers/new")
    page = visitor.page
    page.fill("#name", "made-here")
    page.check("#metadata")
    page.get_by_role("button", name="Create server").click()
    page.locator(".status", has_text="running").first.wait_for(timeout=SECONDS)
    page.get_by_role("button", name="Stop").click()
    page.locator(".status", has_text="stopped").first.wait_for(timeout=SECONDS)
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    page.locator("#announcements", has_text="Deleting").wait_for(state="attached", timeout=SECONDS)
    visitor.go("/servers?q=made-here")
    page.locator("text=No server matches").wait_for(timeout=SECONDS)


def test_a_key_is_handed_over_from_its_page(visit: Visit) -> None:
    visitor = visit()
    visitor.go("/keys")
    retiring = visitor.page.locator("#section-tls-us-south .status", has_text="retiring")
    before = retiring.count()
    visitor.page.locator("#rotate-tls-us-south").click()
    retiring.nth(before).wait_for(timeout=SECONDS)


def test_a_rotation_that_waits_says_until_when(visit: Visit) -> None:
    visitor = visit()
    visitor.go("/keys")
    button = visitor.page.locator("#rotate-root-us-south")
    if "Rotate at" in button.inner_text():
        button.click()
    visitor.page.locator("#section-root-us-south .hint", has_text="As requested").wait_for(timeout=SECONDS)
    assert "Rotates at" in button.inner_text()
    assert visitor.audit() == []


def test_a_frozen_clock_stands_still_in_every_window(visit: Visit) -> None:
    windows = visit(), visit()
    for window in windows:
        window.go("/keys")
    for (mover, other), movement, state in (
        (windows, "Freeze", "visible"),
        (windows[::-1], "Real time", "hidden"),  # by the window that was told
    ):
        mover.page.locator("#clock summary").click()
        mover.follow(mover.page.get_by_role("button", name=movement))
        other.page.locator("[data-clock-note]").wait_for(state=state, timeout=SECONDS)
