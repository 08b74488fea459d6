"""What children say, as the common log shows it."""

from datetime import UTC, datetime

import pytest

from controlplane.operations.supervisor.logline import render

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
        '{"event": "Task controlplane.operations.tasks.tick[1] received", "level": "info"}',
    ],
    ids=["advice-for-other-servers", "a-tick-that-went-well"],
)
def test_what_helps_nobody_is_not_shown(line: str) -> None:
    assert render("x", line, now=NOW) is None


def test_a_tick_that_failed_is_shown() -> None:
    line = '{"event": "Task controlplane.operations.tasks.tick[1] raised", "level": "error"}'

    assert render("worker", line, now=NOW) is not None


def test_a_line_of_deeply_nested_json_is_shown_as_it_is() -> None:
    line = '{"event":' + "[" * 2000

    assert render("worker", line, now=NOW) == f"08:26:07 worker              {line}"
