"""What is handed out once is found nowhere afterwards: not in the database, not in the log."""

from pathlib import Path

import pytest
import requests
from ibm_cloud_sdk_core.authenticators import IAMAuthenticator

from tests.live.operator import NEW
from tests.live.product import Product

pytestmark = pytest.mark.live


def test_tokens_api_keys_and_private_keys_leave_no_trace(product: Product) -> None:
    url = product.info["servers"][0]["metadata_url"]
    flavor = {"Metadata-Flavor": "ibm"}
    identity = requests.put(f"{url}/identity/v1/token?version={NEW}", headers=flavor, timeout=10).json()["access_token"]
    exchange = {"Authorization": f"Bearer {identity}"}
    iam = requests.post(f"{url}/identity/v1/iam_tokens?version={NEW}", headers=exchange, timeout=10).json()
    person = IAMAuthenticator(product.info["api_key"], url=product.info["iam_url"]).token_manager.get_token()
    operator = {"Authorization": f"Bearer {person}"}
    robot = {"name": "robot", "account_id": product.info["account_id"], "apikey": {"name": "first"}}
    service_id = requests.post(
        f"{product.info['iam_url']}/v1/serviceids", json=robot, headers=operator, timeout=10
    ).json()
    value = service_id["apikey"]["apikey"]
    other_headers = {**operator, "IAM-ApiKey": value}
    details = requests.get(f"{product.info['iam_url']}/v1/apikeys/details", headers=other_headers, timeout=10).json()
    assert details["id"] == service_id["apikey"]["id"]
    secrets = [identity, iam["access_token"], person, product.info["api_key"], value, "PRIVATE KEY"]
    home = Path(product.home)
    log_files = [path for path in home.iterdir() if path.name.startswith("baremint.")]
    assert log_files
    for path in log_files:
        content = path.read_bytes()
        assert not [secret[:12] for secret in secrets if secret.encode() in content], path.name
