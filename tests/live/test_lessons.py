"""Lessons, done as a learner does them, and without a browser: what they say that is answered is what is answered."""

import html
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from controlplane.console.lessons.catalog import LESSONS
from controlplane.console.lessons.lesson import Lesson, LessonRun, LessonServer
from tests.live.conftest import ROOM
from tests.live.lesson_steps import STEPS
from tests.live.operator import eventually
from tests.live.product import ROOT, Product, clean_environment
from tests.live.shell import Shell, statuses
from tests.live.signed_in import form_token, signed_in

pytestmark = [pytest.mark.live, pytest.mark.e2e]

COMMAND = re.compile(r'<code id="command-\d+" data-command>(.*?)</code>', re.DOTALL)
CHECK = re.compile(r'<li id="check-(\w+)" data-check="done">(.*?)</li>', re.DOTALL)
CLAIM = re.compile(r"(?<![\w.,:/-])[2-5]\d\d(?![\w,/%-])")
"""A number of three digits, which in a lesson is the status of an answer."""
SHELLS = ("sh", "bash", "dash", "zsh", "fish", "ksh", "tcsh")


@pytest.fixture(scope="module")
def product(new_product: Callable[..., Product]) -> Product:
    instance = new_product(settings=ROOM)
    instance.start()
    return instance


@pytest.fixture
def shell(product: Product, tmp_path: Path) -> Iterator[Shell]:
    with Shell(tmp_path) as opened:
        yield opened
    product.run("clock", "reset")
    eventually(lambda: product.attempt("token").returncode == 0, seconds=30)


class Learner:
    """At one lesson."""

    def __init__(self, product: Product, lesson: Lesson) -> None:
        self.session: requests.Session = signed_in(product)
        self.page = f"{product.info['control_plane_url']}{lesson.path}"
        server = product.server("web-1")["id"]
        form = {"server": server, "csrfmiddlewaretoken": form_token(self.session.get(self.page, timeout=10).text)}
        assert self.session.post(f"{self.page}/begin", form, timeout=10).status_code == 200

    @property
    def commands(self) -> list[str]:
        return [html.unescape(text) for text in COMMAND.findall(self._state())]

    @property
    def green(self) -> dict[str, str]:
        """The checks that are done, and what each says was seen."""
        return {key: html.unescape(text) for key, text in CHECK.findall(self._state())}

    def _state(self) -> str:
        return self.session.get(f"{self.page}/state", timeout=10).text


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.slug)
def test_every_status_that_a_lesson_names_is_the_one_that_is_answered(
    product: Product, shell: Shell, lesson: Lesson
) -> None:
    learner, answered, untrue = Learner(product, lesson), set[int](), []
    assert len(learner.commands) == len(STEPS[lesson.slug])
    for number, checks in enumerate(STEPS[lesson.slug]):
        printed = shell.paste(learner.commands[number])
        assert "Traceback" not in printed
        _await_green(learner, checks, printed)
        here = statuses(printed)
        answered |= here
        lesson_text = " ".join(
            [*_said_of_step(lesson, number), *_said_of(lesson, checks), *map(learner.green.get, checks)]
        )
        untrue += [(number, status) for status in _claims(lesson_text) - here]
    assert untrue == []
    assert _claims(" ".join([*lesson.why, lesson.goal, lesson.lab, lesson.warning])) <= answered
    assert set(learner.green) == {check.key for check in lesson.checks}


def _await_green(learner: Learner, checks: list[str], printed: str) -> None:
    try:
        eventually(lambda: set(checks) <= set(learner.green), seconds=30)
    except AssertionError as error:
        error.add_note(f"{checks} stay open; the shell printed:\n{printed}")
        raise


def _claims(text: str) -> set[int]:
    return {int(status) for status in CLAIM.findall(text)}


def _said_of_step(lesson: Lesson, number: int) -> list[str]:
    """Of a command, as all learners read it; the first one is the same in all lessons."""
    if number == 0:
        return []
    command = lesson.commands(A_PLACE)[number - 1]
    return [command.title, command.note]


def _said_of(lesson: Lesson, checks: list[str]) -> list[str]:
    message_texts = [each.text for each in lesson.messages if each.check in checks]
    return message_texts + [f"{check.title} {check.todo}" for check in lesson.checks if check.key in checks]


A_SERVER = LessonServer("0717-1", "web-1", "crn:of:web-1", "http://127.64.0.1:8169", "us-south")
A_PLACE = LessonRun(A_SERVER, "a" * 32, "http://127.0.0.1:8000", "/ca.pem", "lesson-1", "learner-1", A_SERVER)


@pytest.mark.parametrize("name", SHELLS)
def test_the_shell_of_a_lesson_can_be_opened_from_every_shell(product: Product, tmp_path: Path, name: str) -> None:
    if not shutil.which(name):
        pytest.skip(f"There is no {name} here.")
    open_shell = Learner(product, LESSONS[0]).commands[0]
    command = f"{open_shell} -c 'baremint address web-1 --url; echo $BAREMINT_AGENT'"
    process = subprocess.run(
        [name, "-c", command],
        env={**clean_environment(), "PATH": "/usr/bin:/bin"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    address, mark = process.stdout.split()
    assert (address, mark[:10]) == (product.server("web-1")["metadata_url"], "learner-1-")


@pytest.mark.parametrize("name", ["dash", "bash", "zsh", "ksh"])
@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.slug)
def test_the_commands_of_a_lesson_are_read_by_every_posix_shell(lesson: Lesson, name: str) -> None:
    if not shutil.which(name):
        pytest.skip(f"There is no {name} here.")
    text = "\n".join(command.text for command in lesson.commands(A_PLACE))
    process = subprocess.run(
        [name, "-n"], input=text, capture_output=True, text=True, timeout=30, check=False, cwd=ROOT
    )
    assert (process.returncode, process.stderr) == (0, "")
