"""Buckets of an older version named service instances that did not exist; from now on they do."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from controlplane.instances.models import ResourceInstance
from controlplane.instances.selectors import default_instance, find_instance
from controlplane.objectstore.models import Bucket
from tests.databases import default_database

pytestmark = pytest.mark.thorough

BEFORE = [("objectstore", "0002_files_and_uploads"), ("trustedprofiles", "0008_lists_oldest_first")]
NOW = datetime(2026, 1, 1, tzinfo=UTC)
OBJECT_STORE = "cloud-object-storage"
BUCKETS = {("a", "plain"): "a", ("a", "one"): "one", ("a", "two"): "one", ("b", "one"): "one"}


@pytest.fixture(params=["sqlite", "postgresql"])
def upgraded(request: pytest.FixtureRequest, tmp_path: Any, django_db_blocker: Any) -> Iterator[None]:
    url = (
        f"sqlite:///{tmp_path / 'old.sqlite3'}"
        if request.param == "sqlite"
        else request.getfixturevalue("new_postgresql_database")()
    )
    with django_db_blocker.unblock(), default_database(url):
        executor = MigrationExecutor(connection)
        executor.migrate(BEFORE)
        apps = executor.loader.project_state(BEFORE).apps
        for account_id in "abc":
            apps.get_model("trustedprofiles", "Account").objects.create(
                id=account_id, name=account_id, owner_iam_id=f"IBMid-{account_id}", created_at=NOW
            )
        for (account_id, name), guid in BUCKETS.items():
            apps.get_model("objectstore", "Bucket").objects.create(
                account_id=account_id, name=name, service_instance=guid, created_at=NOW
            )
        call_command("migrate", "objectstore", verbosity=0)
        yield


def test_buckets_stay_in_their_service_instances_which_are_active_now(upgraded: None) -> None:
    assert {(each.account_id, each.name): each.service_instance for each in Bucket.objects.all()} == BUCKETS
    for (account_id, _), guid in BUCKETS.items():
        assert find_instance(account_id, OBJECT_STORE, guid)


def test_each_account_has_a_default_instance_of_the_id_that_buckets_without_one_were_in(upgraded: None) -> None:
    for account_id in "abc":
        instance = default_instance(account_id, OBJECT_STORE)
        assert instance
        assert instance.guid == account_id


def test_no_other_instances_are_made(upgraded: None) -> None:
    guids = ResourceInstance.objects.values_list("account_id", "guid")
    assert sorted(guids) == [("a", "a"), ("a", "one"), ("b", "b"), ("b", "one"), ("c", "c")]
