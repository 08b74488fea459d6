"""Image export jobs whose worker is killed, in each step: the job goes on, and writes its object once and whole."""

from typing import Any

import pytest
import requests

from controlplane.objectstore.files import NAME
from tests.live.operator import eventually
from tests.live.product import Product
from tests.live.ready_made import NewProduct
from tests.live.test_object_store import api_token

pytestmark = [pytest.mark.live, pytest.mark.thorough]

QUERY = {"version": "2026-01-01", "generation": "2"}
IMAGE = {"file": {"href": "cos://us-south/b/i.qcow2"}, "operating_system": {"name": "debian-12-amd64"}, "name": "mine"}
JOB = {"storage_bucket": {"name": "kept-bucket"}, "name": "job"}
QCOW2 = b"QFI\xfb"


def call(product: Product, method: str, path: str, body: Any = None) -> dict[str, Any]:
    url = product.info["control_plane_url"] + path
    answer = requests.request(method, url, params=QUERY, json=body, headers=api_token(product), timeout=10)
    assert answer.ok, answer.text
    document: dict[str, Any] = answer.json()
    return document


def files_of(product: Product) -> list[str]:
    return [path.name for path in (product.home / "objects").rglob("*") if path.is_file() and NAME.fullmatch(path.name)]


@pytest.mark.parametrize("point", ["", "object_file:partial", "object_file:whole", "before_commit:object"])
def test_whenever_a_worker_is_killed_the_job_goes_on(new_product: NewProduct, point: str) -> None:
    product = new_product(settings={"BAREMINT_WORKERS": "1"})
    if point:
        product.environment["BAREMINT_FAILPOINT"] = point
    product.start()
    requests.put(f"{product.info['control_plane_url']}/cos/kept-bucket", headers=api_token(product), timeout=10)
    jobs = f"/v1/images/{call(product, 'POST', '/v1/images', IMAGE)['id']}/export_jobs"
    job = f"{jobs}/{call(product, 'POST', jobs, JOB)['id']}"
    workers = set(product.named("worker"))
    if point:
        eventually(lambda: call(product, "GET", job)["status"] == "running")
        eventually(lambda: set(product.named("worker")) - workers, seconds=30)  # another one in place of the first
    product.kill_everything()
    product.environment.pop("BAREMINT_FAILPOINT", None)
    product.start()
    job_state = eventually(lambda: (answer := call(product, "GET", job))["status"] == "succeeded" and answer)
    url = f"{product.info['control_plane_url']}/cos/kept-bucket/{job_state['storage_object']['name']}"
    content = requests.get(url, headers=api_token(product), timeout=10).content
    assert (content[:4], len(files_of(product)), job_state["status_reasons"]) == (QCOW2, 1, [])
