"""A class: the teacher sees how far a learner is, as it happens, and lets every learner begin again."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.browser.test_lessons import SECONDS, begin, turned_green
from tests.browser.visitor import Visitor
from tests.live.product import Product
from tests.live.shell import Shell

pytestmark = [pytest.mark.live, pytest.mark.e2e, pytest.mark.browser]
Visit = Callable[..., Visitor]


@pytest.fixture(scope="module")
def password(product: Product) -> str:
    """Of a learner who operates servers and no more."""
    return product.run("person", "ada", "--role", "operator").split("Password: ")[1].strip()


def test_a_teacher_watches_a_learner_and_resets_the_class(visit: Visit, tmp_path: Path, password: str) -> None:
    teacher, learner = visit(), visit()
    learner.page.context.clear_cookies()
    learner.sign_in("ada", password)
    teacher.go("/learn/class")
    row = teacher.page.get_by_role("row", name="ada")
    assert "0 of" in row.inner_text()
    learner.go("/learn/identity-token")
    begin(learner)
    with Shell(tmp_path) as shell:
        for number in (1, 2):
            shell.paste(learner.page.locator(f"#command-{number}").text_content() or "")
    row.get_by_text("1 of 5 checks").wait_for(timeout=SECONDS)
    turned_green(learner, "refused")
    assert "1 of 5 checks are done." in learner.page.inner_text("#lesson-progress")

    teacher.page.get_by_role("button", name="Reset the class").press("Enter")
    dialog = teacher.page.get_by_role("dialog")
    dialog.wait_for(timeout=SECONDS)
    assert teacher.audit() == []
    dialog.get_by_role("button", name="Reset").press("Enter")
    notice = teacher.page.locator("#announcements", has_text="The class is reset")
    notice.wait_for(state="attached", timeout=SECONDS)
    row.get_by_text("0 of").wait_for(timeout=SECONDS)
    learner.page.get_by_role("link", name="Begin again").wait_for(timeout=SECONDS)


def test_the_class_is_not_a_learner_s(visit: Visit, password: str) -> None:
    learner = visit()
    learner.page.context.clear_cookies()
    learner.sign_in("ada", password)
    learner.go("/learn/")
    assert learner.page.get_by_role("link", name="The class").count() == 0
    learner.go("/learn/class")
    assert learner.page.inner_text("h1") == "Refused"


def test_progress_survives_a_restart(visit: Visit, product: Product, tmp_path: Path) -> None:
    visitor = visit()
    visitor.go("/learn/identity-token")
    begin(visitor)
    with Shell(tmp_path) as shell:
        for number in (1, 2):
            shell.paste(visitor.page.locator(f"#command-{number}").text_content() or "")
    turned_green(visitor, "refused")
    visitor.page.goto("about:blank")
    product.stop()
    product.start()
    visitor.go("/learn/identity-token")
    turned_green(visitor, "refused")


def test_a_lesson_that_is_begun_is_readable_on_a_narrow_screen(visit: Visit) -> None:
    visitor = visit(viewport={"width": 390, "height": 900}, color_scheme="dark")
    visitor.go("/learn/identity-token")
    begin(visitor)
    assert visitor.audit() == []
    assert visitor.page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_command_is_copied_with_the_keyboard(visit: Visit) -> None:
    visitor = visit(permissions=["clipboard-read", "clipboard-write"])
    visitor.go("/learn/identity-token")
    begin(visitor)
    visitor.page.get_by_role("button", name="Copy command 2").press("Enter")
    visitor.page.locator("#announcements", has_text="Copied.").wait_for(state="attached", timeout=SECONDS)
    copied = visitor.page.evaluate("navigator.clipboard.readText()")
    assert copied == visitor.page.locator("#command-2").text_content()
