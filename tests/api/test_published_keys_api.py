"""``GET /identity/keys``: verifiers may keep it, and ask cheaply whether it changed."""

import re

import pytest
from django.test import Client

from controlplane.kernel import clock
from identity.key_schedule import JWKS_MAX_AGE
from identity.services import key_rotation

pytestmark = pytest.mark.usefixtures("keys")

KEYS = "/identity/keys"


def test_the_keys_may_be_kept_for_no_longer_than_a_successor_is_published_before_it_signs(client: Client) -> None:
    match = re.fullmatch(r"public, max-age=(\d+)", client.get(KEYS)["Cache-Control"])
    assert match is not None
    assert JWKS_MAX_AGE.total_seconds() - 60 < int(match[1]) <= JWKS_MAX_AGE.total_seconds()


def test_a_client_that_has_the_current_keys_is_answered_304(client: Client) -> None:
    first = client.get(KEYS)
    again = client.get(KEYS, headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again["Cache-Control"].startswith("public, max-age=")


def test_after_a_rotation_the_keys_are_sent_again(client: Client) -> None:
    first = client.get(KEYS)
    key_rotation.rotate_now("iam", now=clock.now())
    again = client.get(KEYS, headers={"If-None-Match": first["ETag"]})
    assert again.status_code == 200
    assert len(again.json()["keys"]) == 3
