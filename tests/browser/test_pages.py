"""Every page, light and dark, wide and narrow: nothing the browser complains of, nothing that keeps a user out."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.visitor import Visitor

pytestmark = [pytest.mark.live, pytest.mark.e2e, pytest.mark.browser]
Visit = Callable[..., Visitor]

PAGES = [
    *("/", "/servers", "/servers/new", "/servers/{server}", "/servers/{server}/initialization", "/profiles"),
    *("/profiles/{profile}", "/explain", "/explain?server=web-2&profile=demo-viewer", "/inspector", "/keys"),
    *("/activity", "/activity/{event}", "/learn/", "/learn/identity-token", "/learn/class", "/nowhere"),
]
ADMIN = [
    *("/admin/", "/admin/servers/baremetalserver/", "/admin/servers/baremetalserver/1/change/"),
    *("/admin/trustedprofiles/user/", "/admin/trustedprofiles/user/add/", "/admin/trustedprofiles/user/1/change/"),
    *("/admin/trustedprofiles/trustedprofile/", "/admin/activity/activityevent/", "/admin/identity/keypair/"),
    *("/admin/servers/accountsettings/add/", "/admin/password_change/", "/admin/auth/group/add/"),
]
MOST_BYTES = 150_000
MOST_REQUESTS = 4


@pytest.fixture(scope="session")
def names(product: Any) -> dict[str, str]:
    """What the paths' places stand for: web-1, its profile, the newest event."""
    lines = product.run(
        "shell",
        "-c",
        "from trustedprofiles.models import TrustedProfile; from controlplane.activity.models import ActivityEvent;"
        "print('FOUND', TrustedProfile.objects.first().id, ActivityEvent.objects.latest('id').pk)",
    ).splitlines()
    _, profile, event = next(line.split() for line in lines if line.startswith("FOUND"))
    return {"server": product.server("web-1")["id"], "profile": profile, "event": event}


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_is_accessible_and_makes_no_browser_complain(
    visit: Visit, names: dict[str, str], scheme: str, width: int
) -> None:
    visitor = visit(color_scheme=scheme, viewport={"width": width, "height": 900}, reduced_motion="reduce")
    make_the_three_calls(visitor, names["server"])
    faults = []
    for path in PAGES:
        visitor.go(path.format(**names))
        faults += [f"{path}: {fault}" for fault in visitor.audit()]
        if (wide := visitor.page.evaluate("document.documentElement.scrollWidth")) > width:
            faults.append(f"{path} is {wide} px wide")
    assert faults == []


def make_the_three_calls(visitor: Visitor, server: str) -> None:
    """So that its page has tokens, certificates and events to show."""
    visitor.go(f"/servers/{server}")
    visitor.page.get_by_role("button", name="Run the three calls").click()
    visitor.page.get_by_text("The chain").wait_for(timeout=20_000)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_login_is_accessible_and_makes_no_browser_complain(visit: Visit, scheme: str) -> None:
    visitor = visit(color_scheme=scheme)
    visitor.page.context.clear_cookies()
    visitor.go("/login")
    assert visitor.audit() == []
    visitor.page.fill("#username", "admin")
    visitor.page.fill("#password", "wrong")
    visitor.page.click("main button")
    assert "is wrong" in visitor.page.inner_text("main")
    assert visitor.audit() == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_stock_admin_is_clean_under_the_same_policy(visit: Visit, scheme: str) -> None:
    visitor = visit(color_scheme=scheme)
    for path in ADMIN:
        visitor.go(path)
        assert visitor.page.locator("#container").count() == 1, path


LOADED = """() => {
  const end = performance.getEntriesByType("navigation")[0].loadEventStart;
  const parts = performance.getEntriesByType("resource").filter((entry) => entry.startTime <= end);
  return [location.href, ...parts.map((entry) => entry.name)];
}"""


@pytest.mark.parametrize("path", ["/", "/learn/", "/learn/identity-token"])
def test_a_first_page_is_light(visit: Visit, path: str) -> None:
    """Uncompressed, and everything it loads along; what its live part asks for later is another thing."""
    visitor = visit()
    visitor.go(path)
    urls = [url for url in visitor.page.evaluate(LOADED) if not url.startswith("data:")]
    ask = visitor.page.context.request
    weights = {url: len(ask.get(url, headers={"Accept": "text/html"}).body()) for url in urls}
    assert len(urls) <= MOST_REQUESTS
    assert MOST_BYTES / 10 < sum(weights.values()) < MOST_BYTES


def test_the_first_tab_leads_to_the_content(visit: Visit) -> None:
    page = visit().page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_the_menu_opens_on_a_narrow_screen(visit: Visit) -> None:
    visitor = visit(viewport={"width": 390, "height": 800})
    menu = visitor.page.get_by_role("button", name="Menu")
    assert not visitor.page.get_by_role("link", name="Trusted profiles").is_visible()
    menu.press("Enter")
    assert menu.get_attribute("aria-expanded") == "true"
    visitor.page.get_by_role("link", name="Trusted profiles").click()
    visitor.page.wait_for_url("**/profiles")
    assert visitor.page.title() == "Trusted profiles - Baremint"


def test_a_chosen_theme_wins_over_the_system_s_and_stays(visit: Visit) -> None:
    visitor = visit(color_scheme="light")
    with visitor.page.expect_navigation():
        visitor.page.select_option("#theme", "dark")
    visitor.go("/servers")
    background = visitor.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert background == "rgb(22, 22, 22)"
    assert visitor.audit() == []


def test_every_page_works_without_scripts(visit: Visit, names: dict[str, str]) -> None:
    visitor = visit(java_script_enabled=False)
    for path in PAGES:
        visitor.page.goto(f"{visitor.origin}{path.format(**names)}")
        assert visitor.page.locator("h1").count() == 1, path
    assert visitor.page.locator("#theme + button").is_visible()
