"""A user at a browser: goes to pages, and notes whatever the browser complains of."""

import json
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from tests.live.product import Product

AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text(encoding="utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
REFUSED_ON_PURPOSE = "Failed to load resource"
"""What the console says of an answer of 4xx, which a test may well ask for."""


class Visitor:
    def __init__(self, page: Any, product: Product) -> None:
        self.page, self.product = page, product
        self.origin = product.info["control_plane_url"]
        self.complaints: list[str] = []
        self.requests: list[str] = []
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.complaints.append(f"script error: {error}"))
        page.on("request", self._see)
        page.add_init_script(
            "document.addEventListener('securitypolicyviolation',"
            " event => console.error('policy violated: ' + event.violatedDirective + ' ' + event.blockedURI))"
        )

    def sign_in(self, username: str = "", password: str = "") -> None:
        admin = self.product.info["admin"]
        self.go("/login")
        self.page.fill("#username", username or admin["username"])
        self.page.fill("#password", password or admin["password"])
        self.follow(self.page.locator("main button"))

    def go(self, path: str) -> None:
        self.requests.clear()
        self.page.goto(f"{self.origin}{path}")
        self.page.wait_for_load_state("load")

    def follow(self, leading: Any) -> None:
        """Click what leads to another page, and wait for that page."""
        with self.page.expect_navigation():
            leading.click()

    def audit(self) -> list[str]:
        """What axe finds wrong with the page as it is."""
        self.page.evaluate(AXE)
        violations = self.page.evaluate(f"axe.run({{runOnly: {json.dumps(RULES)}}})")["violations"]
        return [f"{each['id']}: {node['html'][:160]}" for each in violations for node in each["nodes"]]

    def _hear(self, message: Any) -> None:
        if message.type in ("error", "warning") and not message.text.startswith(REFUSED_ON_PURPOSE):
            self.complaints.append(f"{message.type}: {message.text}")

    def _see(self, request: Any) -> None:
        self.requests.append(request.url)
        if "csp-reports" in request.url:
            self.complaints.append(f"reported: {request.post_data}")
        if not request.url.startswith((self.origin, "data:")):
            self.complaints.append(f"asked elsewhere: {request.url}")


def ask_metadata_service(url: str) -> int:
    """Status of a token call, as a program on the server makes it. 0: nothing answers."""
    request = urllib.request.Request(
        f"{url}/identity/v1/token?version=2025-08-26", method="PUT", headers={"Metadata-Flavor": "ibm"}
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refusal:
        return refusal.code
