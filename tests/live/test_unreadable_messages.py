"""Messages that no worker can read: each is dropped, counted and told, without its body, and the worker goes on."""

import base64
import json
import os
import signal
import time
from collections.abc import Iterator
from typing import Any

import pytest
import redis
import requests

from tests.live.product import Product
from tests.live.ready_made import NewProduct

pytestmark = [pytest.mark.live, pytest.mark.e2e]

TICK = "controlplane.operations.tasks.tick"
RUN_JOB = "controlplane.operations.tasks.run_job"
SECRET = "what-is-in-a-body"
BODY = [[], {SECRET: 1}, {}]


def encoded(body: Any) -> str:
    return base64.b64encode(json.dumps(body).encode() if not isinstance(body, bytes) else body).decode()


def message(*, properties: Any = None, headers: Any = None, **changes: Any) -> bytes:
    """A tick, as Celery sends it, but for what is changed."""
    whole = {
        "body": encoded([[], {}, {}]),
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
    "another job": message(body=encoded([["no such job"], {}, {}]), headers={"task": RUN_JOB}),
}


@pytest.fixture(scope="module")
def product(new_product: NewProduct) -> Iterator[Product]:
    made = new_product()
    made.start()
    yield made
    made.end()


@pytest.fixture(scope="module")
def broker(product: Product) -> redis.Redis:
    return redis.Redis(unix_socket_path=str(product.home / "valkey.sock"))


def log(product: Product) -> str:
    return (product.home / "baremint.log").read_text()


def dropped(product: Product) -> int:
    return log(product).count("a message was dropped")


def eventually(condition: Any, seconds: float = 20) -> bool:
    give_up_at = time.monotonic() + seconds
    while time.monotonic() < give_up_at:
        if condition():
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize("sent", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_a_worker_goes_on(product: Product, broker: redis.Redis, sent: bytes) -> None:
    worker, before = product.named("worker"), dropped(product)
    broker.lpush("celery", sent)
    assert eventually(lambda: dropped(product) == before + 1)
    assert product.named("worker") == worker
    assert eventually(lambda: broker.llen("celery") == broker.hlen("unacked") == 0)
    assert SECRET not in log(product)


def test_many_at_once_are_dropped_one_after_the_other(product: Product, broker: redis.Redis) -> None:
    worker = product.named("worker")
    broker.lpush("celery", *[sent for name, sent in UNREADABLE.items() if name != "five megabytes"] * 20)
    assert eventually(lambda: broker.llen("celery") == 0)
    assert product.named("worker") == worker


def test_what_was_taken_and_cannot_be_taken_up_again_is_dropped(product: Product, broker: redis.Redis) -> None:
    broker.hset("unacked", "t9", SECRET)
    broker.zadd("unacked_index", {"t9": 1})
    broker.publish("/0.celery.pidbox", SECRET)
    [worker] = product.named("worker")
    os.kill(worker, signal.SIGKILL)  # the next one takes up what this one had taken
    assert eventually(lambda: broker.hlen("unacked") == 0, seconds=40)
    assert SECRET not in log(product)


def test_a_worker_that_dies_again_and_again_is_there_again(product: Product) -> None:
    for _ in range(6):
        [worker] = product.named("worker")
        os.kill(worker, signal.SIGKILL)
        assert eventually(lambda ended=worker: product.named("worker") not in ([], [ended]))


def test_readiness_tells_of_them_and_stays_what_it_was(product: Product) -> None:
    def told() -> bool:
        answer = requests.get(f"http://127.0.0.1:{product.port}/readyz", timeout=10)
        return answer.status_code == 200 and "could not read" in answer.json().get("notes", {}).get("messages", "")

    assert eventually(told)


def test_ticks_are_taken_after_all_that(product: Product) -> None:
    def age() -> float:
        text = requests.get(f"http://127.0.0.1:{product.port}/metrics", timeout=10).text
        return next(
            float(line.split()[1]) for line in text.splitlines() if line.startswith("baremint_tick_age_seconds ")
        )

    assert eventually(lambda: age() < 3)
