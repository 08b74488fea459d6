"""The first account of an older version keeps its place, whose owner administers the deployment from now on."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from tests.databases import default_database
from trustedprofiles.models import Account

pytestmark = pytest.mark.thorough

BEFORE = [("trustedprofiles", "0003_rules_identities_service_ids_and_roles")]


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_the_oldest_account_is_the_first(
    kind: str, request: pytest.FixtureRequest, tmp_path: Any, django_db_blocker: Any
) -> None:
    file = tmp_path / "old.sqlite3"
    url = f"sqlite:///{file}" if kind == "sqlite" else request.getfixturevalue("new_postgresql_database")()
    with django_db_blocker.unblock(), default_database(url):
        executor = MigrationExecutor(connection)
        executor.migrate(BEFORE)
        accounts = executor.loader.project_state(BEFORE).apps.get_model("trustedprofiles", "Account").objects
        for number, id in enumerate(("c" * 32, "a" * 32, "b" * 32)):
            creation = datetime(2026, 1, 1 + number, tzinfo=UTC)
            accounts.create(id=id, name=id[0], owner_iam_id=f"IBMid-{id[0]}", created_at=creation)
        call_command("migrate", verbosity=0)
        assert [account.id for account in Account.objects.filter(is_first=True)] == ["c" * 32]
