"""Lessons, done from start to finish as a learner does them: what the page shows is pasted into a shell, as it is."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.browser.visitor import Visitor
from tests.live.lesson_steps import STEPS
from tests.live.operator import eventually
from tests.live.product import Product
from tests.live.shell import Shell

pytestmark = [pytest.mark.live, pytest.mark.e2e, pytest.mark.browser]
Visit = Callable[..., Visitor]
SECONDS = 30_000


@pytest.fixture
def shell(product: Product, tmp_path: Path) -> Iterator[Shell]:
    with Shell(tmp_path) as opened:
        yield opened
    product.run("clock", "reset")
    eventually(lambda: product.attempt("token").returncode == 0, seconds=SECONDS / 1000)


def turned_green(visitor: Visitor, check: str, printed: str = "") -> None:
    try:
        visitor.page.wait_for_selector(f'#check-{check}[data-check="done"]', timeout=SECONDS)
    except Exception as error:
        raise AssertionError(f"{check} stays open; the shell printed:\n{printed}") from error


@pytest.mark.parametrize("lesson", STEPS)
def test_a_lesson_is_done_by_pasting_what_it_shows(visit: Visit, shell: Shell, lesson: str) -> None:
    visitor = visit()
    visitor.go(f"/learn/{lesson}")
    faults = audit_in_both_schemes(visitor)
    begin(visitor)
    assert visitor.page.locator("[data-command]").count() == len(STEPS[lesson])
    assert visitor.page.locator("[data-check=done]").count() == 0
    printed = ""
    for number, checks in enumerate(STEPS[lesson], start=1):
        printed += shell.paste(visitor.page.locator(f"#command-{number}").text_content() or "")
        for check in checks:
            turned_green(visitor, check, printed)
    assert "Traceback" not in printed
    assert "the lesson is finished" in visitor.page.inner_text("#lesson-progress")
    assert visitor.page.locator(".message.waiting").count() == 0
    assert faults + audit_in_both_schemes(visitor) == []


def audit_in_both_schemes(visitor: Visitor) -> list[str]:
    faults = []
    for scheme in ("light", "dark"):
        visitor.page.emulate_media(color_scheme=scheme)
        faults += visitor.audit()
    return faults


def begin(visitor: Visitor) -> None:
    """With the server that is proposed, and from the start when it was begun before."""
    if (again := visitor.page.locator("details.card summary")).count():
        again.click()
    visitor.follow(visitor.page.locator("main form button", has_text="Begin"))


def test_an_event_leads_to_what_finished_a_check(visit: Visit, shell: Shell) -> None:
    visitor = visit()
    visitor.go("/learn/identity-token")
    begin(visitor)
    for number in (1, 2):
        shell.paste(visitor.page.locator(f"#command-{number}").text_content() or "")
    turned_green(visitor, "refused")
    visitor.follow(visitor.page.locator("#check-refused a"))
    assert visitor.page.inner_text("h1") == "Identity token not issued"
