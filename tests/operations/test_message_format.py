"""The worker accepts every message that the product sends."""

import base64
import json
from typing import Any

from controlplane.celery import app
from controlplane.jobs.broker_transport import is_accepted

TICK = "baremint.tick"


def sent_by(name: str, *arguments: Any, **options: Any) -> dict[str, Any]:
    """The message of a task, as the broker has it."""
    message = app.amqp.as_task_v2("an-id", name, list(arguments), {}, **options)
    return {
        "body": base64.b64encode(json.dumps(message.body).encode()).decode(),
        "content-encoding": "utf-8",
        "content-type": "application/json",
        "headers": message.headers,
        "properties": {
            **message.properties,
            "delivery_mode": 2,
            "delivery_info": {"exchange": "", "routing_key": "celery"},
            "priority": 0,
            "body_encoding": "base64",
            "delivery_tag": "a-tag",
        },
    }


def test_a_call_of_every_task_is_accepted() -> None:
    app.loader.import_default_modules()
    names = sorted(name for name in app.tasks if not name.startswith("celery."))
    assert len(names) >= 4
    for name in names:
        arguments = ["x"] * least(app.tasks[name])
        assert is_accepted(sent_by(name, *arguments), "celery"), name
        assert is_accepted(sent_by(name, *arguments, countdown=3, expires=10, retries=2, time_limit=5), "celery"), name


def least(task: Any) -> int:
    """How many arguments it takes at least."""
    for count in range(6):
        try:
            task.__header__(*["x"] * count)
        except TypeError:
            continue
        return count
    raise AssertionError(task)


def test_what_beat_sends_is_accepted() -> None:
    raw = sent_by(TICK)
    raw["headers"]["celery_beat_task"] = True
    assert is_accepted(raw, "celery")


def test_what_was_taken_and_is_delivered_again_is_accepted() -> None:
    raw = sent_by(TICK)
    raw["headers"]["redelivered"] = raw["properties"]["delivery_info"]["redelivered"] = True
    assert is_accepted(raw, "celery")


def test_a_message_with_a_header_that_is_never_sent_is_refused() -> None:
    raw = sent_by(TICK)
    raw["headers"]["chain"] = ["x"]
    assert not is_accepted(raw, "celery")
