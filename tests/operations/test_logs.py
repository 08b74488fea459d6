"""Log lines: one JSON object each, with the id of the request, and no secret whatever was logged."""

import io
import json
import logging
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog
from celery.worker.request import Request
from django.db import OperationalError

from controlplane.celery import app
from controlplane.kernel import context
from controlplane.kernel.enqueue import enqueue
from controlplane.kernel.logs import RateLimit
from tests.broker import broker_in_memory, taken
from tests.rules.test_redaction import API_KEY, DATA_KEY, PEM, TOKEN, short_hash


@pytest.fixture
def stream(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What the product's own handler writes."""
    [handler] = [each for each in logging.getLogger().handlers if type(each) is logging.StreamHandler]
    log_stream = io.StringIO()
    before = handler.setStream(log_stream)
    yield log_stream
    if before:
        handler.setStream(before)


@pytest.fixture
def request_id() -> Iterator[str]:
    token = context.current.set(context.RequestContext(request_id="req-1"))
    yield "req-1"
    context.current.reset(token)


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_a_json_object_with_time_level_logger_and_request(stream: io.StringIO, request_id: str) -> None:
    structlog.get_logger("servers.x").info("moved on", server_id="0717-x")
    [line] = lines(stream)
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "moved on",
        "server_id": "0717-x",
        "level": "info",
        "logger": "servers.x",
        "request_id": request_id,
    }


def test_lines_of_libraries_have_the_same_form(stream: io.StringIO, request_id: str) -> None:
    logging.getLogger("some.library").warning("slow: %s s", 3)
    [line] = lines(stream)
    assert (line["event"], line["level"], line["request_id"]) == ("slow: 3 s", "warning", request_id)


@pytest.mark.parametrize("secret", [TOKEN, f"apikey={API_KEY}", PEM], ids=["token", "api-key", "private-key"])
def test_no_secret_is_written_wherever_it_stands(stream: io.StringIO, secret: str) -> None:
    log = structlog.get_logger("x")
    log.info(f"asked with {secret}")
    log.info("asked", body={"nested": [secret]}, token=secret)
    logging.getLogger("y").error("asked with %s", secret)
    try:
        raise ValueError(f"cannot parse {secret}")
    except ValueError:
        log.exception("failed")
    assert len(lines(stream)) == 4
    bare = secret.removeprefix("apikey=")
    assert json.dumps(bare)[1:-1] not in stream.getvalue()
    assert bare not in stream.getvalue()


def test_key_material_is_not_written_in_whatever_form_a_body_is_logged(stream: io.StringIO) -> None:
    body = {"plaintext": DATA_KEY, "aad": [DATA_KEY, "x"], "iv": DATA_KEY}
    log = structlog.get_logger("x")
    log.info("sent", body=body, payload=DATA_KEY)
    log.info(f"sent {body}")
    log.info(f"sent {json.dumps(body, indent=1)}")
    log.info("sent", body=json.dumps(body).encode())
    assert len(lines(stream)) == 4
    assert DATA_KEY not in stream.getvalue()


def test_a_token_can_still_be_found_by_who_has_it(stream: io.StringIO) -> None:
    logging.getLogger("y").error("refused: %s", TOKEN)
    assert lines(stream)[0]["event"] == f"refused: {short_hash(TOKEN)}"


# --- through Celery -----------------------------------------------------------------------------------------------


NAME = "tests.logging"


@pytest.fixture
def working() -> Iterator[Callable[[], None]]:
    """Sends for a task that writes a line."""

    @app.task(name=NAME, shared=False)
    def write() -> None:
        structlog.get_logger("x").info("working")

    with broker_in_memory():
        yield lambda: enqueue(NAME)
    del app.tasks[NAME]


def work() -> str:
    """Does the task that was sent for, as a worker does with a message. Returns the id of the task."""
    request = Request(taken(), app=app, task=app.tasks[NAME], hostname="w1")
    request.execute()
    return str(request.id)


def test_a_task_logs_with_the_id_of_the_request_that_sent_for_it(
    stream: io.StringIO, working: Callable[[], None]
) -> None:
    token = context.current.set(context.RequestContext(request_id="req-9"))
    working()
    context.current.reset(token)
    work()
    line, end_line = lines(stream)
    assert (line["event"], line["request_id"], end_line["request_id"]) == ("working", "req-9", "req-9")
    assert (end_line["event"], end_line["task"], end_line["state"]) == ("task ended", NAME, "SUCCESS")
    assert context.current.get() is None


def test_a_task_without_a_request_logs_with_its_own_id(stream: io.StringIO, working: Callable[[], None]) -> None:
    working()
    task_id = work()
    assert [line["request_id"] for line in lines(stream)] == [task_id, task_id]


# --- How much


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> RateLimit:
    filter = RateLimit()
    [handler] = [each for each in logging.getLogger().handlers if type(each) is logging.StreamHandler]
    monkeypatch.setattr(handler, "filters", [filter])
    return filter


@pytest.mark.parametrize("level", ["warning", "error"])
def test_warnings_that_unauthenticated_callers_cause_fill_no_disk(
    stream: io.StringIO, few: RateLimit, level: str
) -> None:
    for number in range(few.MOST * 3):
        getattr(structlog.get_logger("endpoint"), level)("token refused", reason=str(number))
    assert len(lines(stream)) == few.MOST


def test_what_was_left_out_is_told_a_minute_later(
    stream: io.StringIO, few: RateLimit, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(few.MOST + 7):
        structlog.get_logger("endpoint").warning("token refused")
    later = time.monotonic() + few.SECONDS
    monkeypatch.setattr("time.monotonic", lambda: later)
    structlog.get_logger("endpoint").warning("token refused")
    structlog.get_logger("endpoint").warning("token refused")
    assert [line.get("left_out") for line in lines(stream)[-2:]] == [7, None]


def test_one_kind_leaves_room_for_another(stream: io.StringIO, few: RateLimit) -> None:
    for _ in range(few.MOST * 2):
        structlog.get_logger("endpoint").warning("token refused")
    structlog.get_logger("endpoint").error("unhandled")
    logging.getLogger("a.library").warning("slow: %s", 3)
    assert [line["event"] for line in lines(stream)[-2:]] == ["unhandled", "slow: 3"]


def test_what_is_no_warning_is_never_left_out(stream: io.StringIO, few: RateLimit) -> None:
    for number in range(few.MOST * 2):
        structlog.get_logger("worker").info("job done", number=number)
    assert len(lines(stream)) == few.MOST * 2


def test_kinds_do_not_grow_without_end(few: RateLimit) -> None:
    for number in range(few.MOST_KINDS * 2):
        few.filter(logging.LogRecord("a", logging.WARNING, "", 0, f"text {number}", (), None))
    assert len(few._kinds) <= few.MOST_KINDS + 1


def test_a_failure_of_the_database_is_one_short_line(stream: io.StringIO) -> None:
    """While it is away there are many, and where each was noticed says nothing of it."""
    for log in (structlog.get_logger("servers.x"), logging.getLogger("celery.app.trace")):
        try:
            raise OperationalError("connection refused\n\tIs the server running?")
        except OperationalError:
            log.exception("it failed")
    for line in lines(stream):
        assert line["reason"] == "connection refused Is the server running?"
        assert "exception" not in line


def test_any_other_failure_is_told_with_where_it_was_noticed(stream: io.StringIO) -> None:
    try:
        raise ValueError("x")
    except ValueError:
        structlog.get_logger("servers.x").exception("it failed")
    [line] = lines(stream)
    assert "Traceback" in line["exception"]
