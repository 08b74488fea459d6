"""Background work on real processes: seen from outside, traced to the request that caused it, surviving its worker."""

import json
import os
import re
import signal
import uuid
from typing import Any

import pytest
import requests

from tests.live.operator import NEW, Operator, eventually
from tests.live.product import Product

pytestmark = [pytest.mark.live, pytest.mark.e2e]

QUERY = {"version": NEW, "generation": "2"}


def jobs(product: Product) -> dict[str, Any]:
    job_list: dict[str, Any] = json.loads(product.run("jobs", "--json"))
    return job_list


def log_of(product: Product) -> str:
    return (product.home / "baremint.log").read_text()


def test_the_id_of_a_request_is_in_the_log_of_the_worker_and_on_the_run(product: Product) -> None:
    operator = Operator(product.info)
    server = operator.create_server()
    request_id = f"trace-{uuid.uuid4().hex[:12]}"
    token = operator.vpc.authenticator.token_manager.get_token()
    answer = requests.post(
        f"{product.info['vpc_url']}/bare_metal_servers/{server['id']}/restart",
        params=QUERY,
        headers={"Authorization": f"Bearer {token}", "X-Request-Id": request_id},
        timeout=10,
    )
    assert answer.status_code == 204, answer.text
    ran = eventually(lambda: [run for run in jobs(product)["runs"] if run["request_id"] == request_id])
    assert {run["job"] for run in ran} == {"server-step"}
    line = re.compile(rf"^\S+ worker +INFO +task ended task=baremint\.server-step .*request_id={request_id}", re.M)
    assert eventually(lambda: line.search(log_of(product)))


def test_the_command_says_what_is_due_and_how_the_last_runs_went(product: Product) -> None:
    output = product.run("jobs")
    assert re.match(r"Last tick \d+ s ago\.", output)
    assert re.search(r"key-rotation +in \d+ s ", output)


def test_a_worker_that_is_killed_is_replaced_and_goes_on_ticking(product: Product) -> None:
    [before] = product.named("worker")
    os.kill(before, signal.SIGKILL)
    eventually(lambda: set(product.named("worker")) - {before}, seconds=30)
    ticked = jobs(product)["last_tick_at"]
    eventually(lambda: jobs(product)["last_tick_at"] > ticked, seconds=60)
