"""Odd text in requests to the object store, on PostgreSQL."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from django.test import Client

from controlplane.cloudservice.iam import Answer
from tests.objectstore.conftest import alice, bucket, iam, no_keys_of_other_tests
from tests.objectstore.test_odd_text import *  # noqa: F403

__all__ = ["alice", "bucket", "iam", "no_keys_of_other_tests"]


@pytest.fixture
def control_plane(db: None, monkeypatch: pytest.MonkeyPatch) -> str:
    """IAM in this thread, for the test's connection is this thread's."""

    def call(method: str, path: str, *, token: str = "", body: Mapping[str, Any] | None = None) -> Answer:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        answer = Client().generic(method, path, json.dumps(body or {}), "application/json", headers=headers)
        return Answer(answer.status_code, answer.headers, answer.content)

    monkeypatch.setattr("controlplane.cloudservice.iam.call", call)
    return ""
