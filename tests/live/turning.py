"""Turning the clock of a running product, as its owner."""

from datetime import datetime
from typing import Any

import requests

from tests.live.product import Product

SECONDS = 20


def token_of_the_owner(product: Product) -> str:
    form = {"grant_type": "urn:ibm:params:oauth:grant-type:apikey", "apikey": product.info["api_key"]}
    answer = requests.post(f"{product.info['iam_url']}/identity/token", form, timeout=SECONDS)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["access_token"])


def turn_clock(product: Product, **movement: Any) -> dict[str, Any]:
    """``PUT /_baremint/clock``; each time with a token of the time that is, for the last one may have expired."""
    answer = requests.put(
        f"{product.info['iam_url']}/_baremint/clock",
        json=movement,
        headers={"Authorization": f"Bearer {token_of_the_owner(product)}"},
        timeout=SECONDS,
    )
    assert answer.status_code == 200, answer.text
    reading: dict[str, Any] = answer.json()
    return reading


def shown(reading: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(reading["now"])
