"""Buckets made at the same moment: an account has as many as it may, and their service instance stays."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from controlplane.activity.record import Party
from controlplane.deployment.home import Home
from controlplane.instances.models import ResourceInstance
from controlplane.kernel.errors import Conflict
from controlplane.objectstore.errors import InvalidArgument, TooManyBuckets
from controlplane.objectstore.models import Bucket
from controlplane.objectstore.services import create_bucket
from controlplane.resourcecontroller.services.changes import delete_instance
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


def test_an_instance_is_deleted_or_has_a_bucket_but_not_both(together: Together, settings: Any, tmp_path: Any) -> None:
    settings.HOME = Home(tmp_path / "home")
    for number in range(6):
        instance = store_instance(guid=f"instance-{number}")
        placed = ASKED | {"service_instance": instance.guid}
        delete = partial(delete_instance, instance, by=BY)
        results = together([partial(create_bucket, ACCOUNT, name=f"bucket-{number}", **placed), delete])
        assert [type(each) for each in results] in ([Bucket, Conflict], [InvalidArgument, ResourceInstance])
