"""Messages that no worker can read: each is dropped, counted and told, without its body, and the worker goes on."""

import base64
import json
import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest
import redis
import requests

from tests.live.operator import eventually
from tests.live.product import Product
from tests.live.ready_made import NewProduct

pytestmark = [pytest.mark.live, pytest.mark.e2e]

TICK = "baremint.tick"
RUN_JOB = "controlplane.operations.tasks.run_job"
SECRET = "what-is-in-a-body"
NOTHING_MORE = dict.fromkeys(("callbacks", "errbacks", "chain", "chord"))
BODY = [[], {SECRET: 1}, NOTHING_MORE]


def encoded(body: Any) -> str:
    return base64.b64encode(json.dumps(body).encode() if not isinstance(body, bytes) else body).decode()


def message(*, properties: Any = None, headers: Any = None, **changes: Any) -> bytes:
    """A tick, as Celery sends it, but for what is changed."""
    whole = {
        "body": encoded([[], {}, NOTHING_MORE]),
        "content-encoding": "utf-8",
        "content-type": "application/json",
        "headers": {"lang": "py", "task": TICK, "id": "x", "root_id": "x"} | (headers or {}),
        "properties": {
            "correlation_id": "x",
            "delivery_mode": 2,
            "delivery_info": {"exchange": "", "routing_key": "celery"},
            "priority": 0,
            "body_encoding": "base64",
            "delivery_tag": "t1",
        }
        | (properties or {}),
    } | changes
    return json.dumps({name: value for name, value in whole.items() if value != "LEFT OUT"}).encode()


UNREADABLE: dict[str, bytes] = {
    "no JSON": SECRET.encode(),
    "no text": b"\xff\xfe\x00" + SECRET.encode(),
    "a list": json.dumps([SECRET]).encode(),
    "a number": b"1",
    "nothing in it": b"{}",
    "no properties": message(body=encoded(BODY)).replace(b'"properties"', b'"others"'),
    "no tag": message(body=encoded(BODY)).replace(b'"delivery_tag"', b'"other"'),
    "a body that is no base64": message(body=f"%%%{SECRET}"),
    "a body that is no JSON": message(body=encoded(b"{{{" + SECRET.encode())),
    "a body of another kind": message(body=encoded(BODY), **{"content-type": "application/x-python-serialize"}),
    "a body that is too deep": message(body=encoded(b"[" * 100_000)),
    "a body that is no call": message(body=encoded({SECRET: 1})),
    "half a call": message(body=encoded([[SECRET]])),
    "five megabytes": message(body="A" * 5_000_000),
    "another encoding": message(body=encoded(BODY), **{"content-encoding": "klingon"}),
    "another encoding of the body": message(body=encoded(BODY), properties={"body_encoding": "rot13"}),
    "a compression": message(body=encoded(BODY), headers={"compression": "zlib"}),
    "another task": message(body=encoded(BODY), headers={"task": "os.system"}),
    "a task that is a list": message(body=encoded(BODY), headers={"task": [SECRET]}),
    "headers that are a list": message(body=encoded(BODY)).replace(b'"headers": {', b'"others": {'),
    "an odd time": message(body=encoded(BODY), headers={"eta": "soon"}),
    "an odd end": message(body=encoded(BODY), headers={"expires": "never"}),
    "an odd count": message(body=encoded(BODY), headers={"timelimit": SECRET}),
    "an id that is a list": message(body=encoded(BODY), headers={"id": [1]}),
    "a chain of its body": message(body=encoded([[], {}, NOTHING_MORE | {"chain": [SECRET]}])),
    "nothing of what comes after": message(body=encoded([[], {}, {}])),
    "a chain of its head": message(headers={"chain": [SECRET]}),
    "a callback of its head": message(headers={"callbacks": [{"task": SECRET, "options": {"queue": SECRET}}]}),
    "a header that is not sent": message(headers={"get": SECRET}),
    "half a letter": message(headers={"id": f"{SECRET}\ud800"}),
    "a time before all times": message(headers={"eta": "0001-01-01T00:00:00+23:59", "argsrepr": SECRET}),
    "a time after all times": message(headers={"eta": "9999-12-31T23:59:59-23:59", "argsrepr": SECRET}),
    "a clock without end": message(headers={"clock": 10**4000}),
    "a clock that is a text": message(headers={"clock": SECRET}),
    "a number for what comes after": message(body=encoded([[], {}, 1])),
    "a text for what comes after": message(body=encoded([[], {}, SECRET])),
    "a shadow that is a list": message(headers={"shadow": [SECRET]}),
    "a stamp": message(headers={"stamped_headers": [SECRET]}),
    "arguments that it does not take": message(body=encoded([[SECRET * 1000], {}, NOTHING_MORE])),
    "an id of a request that is an object": message(headers={"baremint_request_id": {SECRET: 1}}),
    "an id of a request without end": message(headers={"baremint_request_id": SECRET * 10_000}),
    "a tag that is true": message(properties={"delivery_tag": True}),
    "a tag that is an object": message(properties={"delivery_tag": {}}),
    "a tag that is a list": message(properties={"delivery_tag": [1]}),
    "a queue that is a list": message(properties={"delivery_info": {"exchange": "", "routing_key": [SECRET]}}),
    "no queue": message(properties={"delivery_info": {}}),
    "a priority that is a text": message(properties={"priority": SECRET}),
    "another job": message(body=encoded([["no such job"], {}, NOTHING_MORE]), headers={"task": RUN_JOB}),
}


@pytest.fixture(scope="module")
def product(new_product: NewProduct) -> Iterator[Product]:
    instance = new_product(settings={"BAREMINT_TICK_SECONDS": "0.2"})
    instance.start()
    yield instance
    instance.end()


@pytest.fixture(scope="module")
def broker(product: Product) -> redis.Redis:
    return redis.Redis(unix_socket_path=str(product.home / "valkey.sock"))


def log(product: Product) -> str:
    return (product.home / "baremint.log").read_text()


def metric(product: Product, name: str) -> float:
    text = requests.get(f"http://127.0.0.1:{product.port}/metrics", timeout=10).text
    return next(float(line.split()[1]) for line in text.splitlines() if line.startswith(f"{name} "))


def dropped(product: Product) -> float:
    """As told with the last tick."""
    return metric(product, "baremint_dropped_messages_total")


def age_of_the_last_tick(product: Product) -> float:
    return metric(product, "baremint_tick_age_seconds")


@pytest.mark.parametrize("sent", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_a_worker_goes_on_after_an_unreadable_message(product: Product, broker: redis.Redis, sent: bytes) -> None:
    worker, before = product.named("worker"), dropped(product)
    broker.lpush("celery", sent)
    assert eventually(lambda: dropped(product) == before + 1)
    assert product.named("worker") == worker
    assert eventually(lambda: broker.llen("celery") == broker.hlen("unacked") == 0)
    assert SECRET not in log(product)


def test_many_unreadable_messages_are_dropped_one_after_the_other(product: Product, broker: redis.Redis) -> None:
    worker, before = product.named("worker"), dropped(product)
    messages = [messages for name, messages in UNREADABLE.items() if name != "five megabytes"] * 20
    broker.lpush("celery", *messages)
    assert eventually(lambda: dropped(product) == before + len(messages))
    assert product.named("worker") == worker


QUESTIONS = [
    {"method": "revoke_by_stamped_headers", "arguments": {"headers": 5}},
    {"method": "revoke", "arguments": {"task_id": SECRET, "terminate": True}},
    {"method": "shutdown"},
    {"method": "pool_shrink", "arguments": {"n": 100}},
    {"method": "hello", "arguments": {"from_node": "x", "revoked": [[SECRET]]}},
    {"method": [SECRET]},
    {"method": "ping", "destination": SECRET},
    {"method": "ping", "reply_to": SECRET},
    {"method": "registered", "arguments": {"taskinfoitems": ["__class__"]}},
]


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: str(question)[:60])
def test_what_is_asked_of_workers_changes_nothing(
    product: Product, broker: redis.Redis, question: dict[str, Any]
) -> None:
    worker, before = product.named("worker"), dropped(product)
    broker.publish("/0.celery.pidbox", message(body=encoded(question)))
    assert eventually(lambda: dropped(product) == before + 1)
    assert product.named("worker") == worker
    assert SECRET not in log(product)


UNFINISHED: dict[str, Any] = {
    "a text": SECRET,
    "no message": json.dumps([SECRET, "", "celery"]),
    "no queue": json.dumps([json.loads(message()), None, None]),
    "a queue that is an object": json.dumps([json.loads(message()), "", {"a": 1}]),
    "a message of another program": json.dumps([{"properties": {}, "headers": SECRET}, "", "celery"]),
    "two parts": json.dumps([1, 2]),
    "a list of headers": json.dumps([{**json.loads(message()), "headers": [SECRET]}, "", "celery"]),
}


def test_what_was_taken_and_cannot_be_taken_up_again_is_dropped(product: Product, broker: redis.Redis) -> None:
    for tag, content in UNFINISHED.items():
        broker.hset("unacked", tag, content)
        broker.zadd("unacked_index", {tag: 1})
    [worker] = product.named("worker")
    os.kill(worker, signal.SIGKILL)  # the next one takes up what this one had taken
    assert eventually(lambda: broker.hlen("unacked") == 0, seconds=40)
    assert product.named("worker") != [worker]
    assert SECRET not in log(product)


KEYS = ["celery", "celery\x06\x163", "unacked", "unacked_index", "unacked_mutex", "_kombu.binding.celery"]


@pytest.mark.parametrize("key", KEYS)
def test_a_key_of_another_kind_is_removed_by_the_next_worker(product: Product, broker: redis.Redis, key: str) -> None:
    broker.delete(key)
    if key == "unacked_mutex":
        broker.lpush(key, "x")
    else:
        broker.set(key, "x")
    kind = broker.type(key)
    [worker] = product.named("worker")
    os.kill(worker, signal.SIGKILL)
    assert eventually(lambda: broker.type(key) != kind, seconds=40)
    assert eventually(lambda: age_of_the_last_tick(product) < 3, seconds=40)


def test_a_worker_that_dies_repeatedly_is_started_again(new_product: NewProduct) -> None:
    product = new_product()
    product.start()
    for _ in range(6):
        [worker] = product.named("worker")
        os.kill(worker, signal.SIGKILL)
        assert eventually(lambda ended=worker: product.named("worker") not in ([], [ended]))
    product.end()


def test_readiness_tells_of_dropped_messages_and_stays_what_it_was(product: Product) -> None:
    def told() -> bool:
        answer = requests.get(f"http://127.0.0.1:{product.port}/readyz", timeout=10)
        return answer.status_code == 200 and "could not read" in answer.json().get("notes", {}).get("messages", "")

    assert eventually(told)


def test_ticks_are_taken_after_unreadable_messages(product: Product) -> None:
    assert eventually(lambda: age_of_the_last_tick(product) < 3)


def test_a_start_removes_all_unreadable_messages(product: Product, broker: redis.Redis) -> None:
    product.stop()
    product.start()
    assert eventually(lambda: age_of_the_last_tick(product) < 3)
