"""Buckets made at the same moment: an account has as many as it may, and no more."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from controlplane.activity.record import Party
from controlplane.deployment.home import Home
from controlplane.objectstore.errors import TooManyBuckets
from controlplane.objectstore.models import Bucket
from controlplane.objectstore.services import create_bucket
from tests.instances import store_instance
from tests.world import ACCOUNT

BY = Party("IBMid-ALICE00001", "Alice", "User")
ASKED = {"service_instance": "one", "location": "us-south-smart", "event": "create", "by": BY}

Together = Callable[[list[Callable[[], Any]]], list[Any]]


def test_an_account_has_so_many_buckets(
    together: Together, monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Any
) -> None:
    settings.HOME = Home(tmp_path / "home")
    monkeypatch.setattr("controlplane.objectstore.services.MOST_BUCKETS", 2)
    store_instance(guid="one")
    results = together([partial(create_bucket, ACCOUNT, name=f"bucket-{number}", **ASKED) for number in range(8)])
    assert sum(isinstance(each, TooManyBuckets) for each in results) == 6
    assert Bucket.objects.count() == 2
