"""The format of the messages that are accepted: Celery's protocol 2 as JSON, for registered tasks, and nothing else."""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

QUESTIONS = frozenset({"ping", "active", "active_queues", "registered", "reserved", "scheduled", "stats"})
"""Commands that workers answer. All others of Celery change something, or store their arguments."""
TEXTS = ("lang", "shadow", "root_id", "parent_id", "group", "argsrepr", "kwargsrepr", "origin", "baremint_request_id")
LONGEST_TEXT = 4096
SURROGATES = re.compile("[\ud800-\udfff]")
TIMES = ("eta", "expires")
FLAGS = ("ignore_result", "redelivered", "celery_beat_task")
EMPTY = ("stamps", "stamped_headers", "replaced_task_nesting", "group_index")
"""Headers that are empty in the messages of this product."""
KNOWN = frozenset({"task", "id", "retries", "timelimit", *FLAGS, *TEXTS, *TIMES, *EMPTY})
"""All headers that are sent. Celery follows instructions in others, such as which task to send next."""
EMBEDDED = frozenset({"callbacks", "errbacks", "chain", "chord"})
YEARS = range(1970, 9000)
LARGEST_CLOCK = 2**63


class MalformedMessage(Exception):
    """The message says what is wrong, without quoting the contents."""


def check_delivery(raw: Any) -> None:
    """Check the parts that every message has. Raises MalformedMessage."""
    _require(isinstance(raw, dict), "it is no JSON object")
    properties = raw.get("properties")
    _require(isinstance(properties, dict), "it has no properties")
    _require(_is_text(properties.get("delivery_tag")) and properties["delivery_tag"] != "", "it has no delivery tag")
    _require(properties.get("body_encoding") == "base64", "its body is in no encoding that is known")
    _require(properties.get("priority") in range(10), "its priority is none")
    delivery = properties.get("delivery_info")
    _require(isinstance(delivery, dict), "it does not say where it was sent")
    for name in ("exchange", "routing_key"):
        _require(_is_text(delivery.get(name)), "it does not say where it was sent")
    headers = raw.get("headers")
    _require(isinstance(headers, dict), "it has no headers")
    clock = headers.get("clock") or 0
    _require(type(clock) is int and 0 <= clock < LARGEST_CLOCK, "its clock is none")
    _require(raw.get("content-type") == "application/json", "its body is no JSON")
    _require(raw.get("content-encoding") == "utf-8", "its body is in no encoding that is known")


def check_task(raw: dict[str, Any], tasks: Mapping[str, Any]) -> None:
    """Check a call of one of these tasks. Raises MalformedMessage."""
    headers = raw["headers"]
    _require(_is_text(headers.get("task")), "it names no task")
    _require(headers["task"] in tasks, "there is no such task")
    _require(_is_text(headers.get("id")) and headers["id"] != "", "its task has no id")
    for name in TEXTS:
        _require(headers.get(name) is None or _is_text(headers[name]), f"its header {name} is no text")
    for name in TIMES:
        _require(headers.get(name) is None or _is_time(headers[name]), f"its header {name} is no time")
    for name in EMPTY:
        _require(not headers.get(name), f"it has a header {name}")
    _require(headers.keys() <= KNOWN, "it has headers that are not sent")
    for name in FLAGS:
        _require(headers.get(name) in (None, True, False), f"its header {name} is no truth value")
    _require(type(headers.get("retries") or 0) is int, "its count of retries is no number")
    limits = headers.get("timelimit") or [None, None]
    _require(
        isinstance(limits, list) and len(limits) == 2 and all(each is None or _is_number(each) for each in limits),
        "its limits of time are none",
    )
    body = _body(raw)
    _require(isinstance(body, list) and len(body) == 3, "it is no call of its task")
    arguments, options, embedded = body
    _require(isinstance(arguments, list) and isinstance(options, dict), "it is no call of its task")
    _require(isinstance(embedded, dict) and embedded.keys() == EMBEDDED, "it is no call of its task")
    _require(not any(embedded.values()), "it sends for more than its task")
    try:
        tasks[headers["task"]].__header__(*arguments, **options)
    except TypeError:
        raise MalformedMessage("it is no call of its task") from None


def check_question(raw: dict[str, Any]) -> None:
    """Check a command to all workers, which must change nothing. Raises MalformedMessage."""
    body = _body(raw)
    _require(isinstance(body, dict) and body.get("method") in QUESTIONS, "it is no question that workers answer")
    _require(not body.get("arguments"), "it is no question that workers answer")
    workers = body.get("destination")
    _require(workers is None or (isinstance(workers, list) and all(map(_is_text, workers))), "it is for no worker")
    _require(not body.get("pattern") and not body.get("matcher"), "it is for no worker")
    answer_to = body.get("reply_to")
    _require(
        answer_to is None
        or (isinstance(answer_to, dict) and all(_is_text(answer_to.get(name)) for name in ("exchange", "routing_key"))),
        "it has no queue for answers",
    )


def _body(raw: dict[str, Any]) -> Any:
    try:
        return json.loads(base64.b64decode(raw["body"], validate=True))
    except (KeyError, TypeError, ValueError, binascii.Error, RecursionError):
        raise MalformedMessage("its body cannot be read") from None


def _require(condition: bool, otherwise: str) -> None:
    if not condition:
        raise MalformedMessage(otherwise)


def _is_text(value: Any) -> bool:
    """Return whether it is text that can be encoded: without lone surrogates."""
    return isinstance(value, str) and len(value) <= LONGEST_TEXT and not SURROGATES.search(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_time(value: Any) -> bool:
    try:
        return datetime.fromisoformat(value).year in YEARS
    except (TypeError, ValueError):
        return False
