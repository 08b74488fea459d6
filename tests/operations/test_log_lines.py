"""What children say, as the common log shows it."""

import json
from datetime import UTC, datetime
from itertools import product

import pytest

from controlplane.runtime.supervisor.log_line import render
from tests.tables import check_each

NOW = datetime(2026, 5, 11, 8, 26, 7, tzinfo=UTC)


def test_a_json_record_becomes_time_child_level_and_text() -> None:
    line = '{"event": "steps taken", "level": "info", "timestamp": "2026-05-11T08:26:01.5Z", "logger": "x", "taken": 2}'

    assert render("worker", line, now=NOW) == "08:26:01 worker        INFO  steps taken taken=2"


def test_an_exception_stands_indented_below_its_record() -> None:
    line = '{"event": "failed", "level": "error", "exception": "Traceback:\\n  boom"}'

    assert render("worker", line, now=NOW) == "08:26:07 worker        ERROR failed\n    Traceback:\n      boom"


@pytest.mark.parametrize("line", ["plain words", "{not json", "[1, 2]", "{}x"])
def test_what_is_no_json_object_is_shown_as_it_is(line: str) -> None:
    assert render("beat", line, now=NOW) == f"08:26:07 beat                {line}"


def test_valkeys_own_format_is_understood() -> None:
    line = "4903:M 23 Nov 2026 12:11:01.763 # Can't save in background"

    assert render("valkey", line, now=NOW) == "08:26:07 valkey        WARN  Can't save in background"


@pytest.mark.parametrize(
    "line",
    [
        "4903:M 23 Nov 2026 12:10:58.720 # WARNING Memory overcommit must be enabled! Without it ...",
        '{"event": "Task baremint.tick[1] received", "level": "info"}',
        '{"event": "Task controlplane.operations.tasks.tick[1] received", "level": "info"}',
    ],
    ids=["advice-for-other-servers", "a-tick-that-went-well", "a-tick-of-an-earlier-build"],
)
def test_lines_without_use_are_not_shown(line: str) -> None:
    assert render("x", line, now=NOW) is None


def test_a_tick_that_failed_is_shown() -> None:
    line = '{"event": "Task baremint.tick[1] raised", "level": "error"}'

    assert render("worker", line, now=NOW) is not None


def test_a_line_of_deeply_nested_json_is_shown_as_it_is() -> None:
    line = '{"event":' + "[" * 2000

    assert render("worker", line, now=NOW) == f"08:26:07 worker              {line}"


HOSTILE = {
    "a line of its own": (
        "a\n08:26:08 worker        INFO  all is well",
        "a\\n08:26:08 worker        INFO  all is well",
    ),
    "a cursor": ("a\x1b[2J\x1b[1;1Hb", "a\\x1b[2J\\x1b[1;1Hb"),
    "a return": ("a\rb", "a\\rb"),
    "a C1 control": ("a\x9b2Jb", "a\\x9b2Jb"),
    "another order": ("a\u202eb\u2066c", "a\\u202eb\\u2066c"),
    "a line separator": ("a\u2028b\u2029c\x85d", "a\\u2028b\\u2029c\\x85d"),
    "nothing to be seen": ("a\u200bb\ufeffc\u3164d", "a\\u200bb\\ufeffc\\u3164d"),
    "letters that only machines read": ("a\U000e0041b\u0600c", "a\\U000e0041b\\u0600c"),
}


MEMBERS = ["event", "agent", "exception"]


def test_what_a_client_has_sent_is_text_and_nothing_else() -> None:
    def check(case: tuple[str, str]) -> None:
        where, name = case
        hostile_text, visible_text = HOSTILE[name]
        line = render("worker", json.dumps({"event": "e", "level": "info", where: hostile_text}), now=NOW)
        assert line is not None
        expected = (
            hostile_text.replace("\n", "\n    ") if where == "exception" and "\n" in hostile_text else visible_text
        )
        assert expected in line
        assert len(line.split("\n")) == (1 if where != "exception" else 3 if "\n" in hostile_text else 2)

    check_each(list(product(MEMBERS, HOSTILE)), check)


@pytest.mark.parametrize(("said", "shown"), [pair for name, pair in HOSTILE.items() if "line of" not in name])
def test_hostile_text_that_a_child_prints_is_text_and_nothing_else(said: str, shown: str) -> None:
    assert render("beat", said, now=NOW) == f"08:26:07 beat                {shown}"


def test_letters_of_every_language_stay_as_they_are() -> None:
    line = render("worker", json.dumps({"event": "Grüße 你好 שלום 👋"}), now=NOW)
    assert line == "08:26:07 worker              Grüße 你好 שלום 👋"
