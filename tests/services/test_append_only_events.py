"""Activity events are append-only: a trigger of the database refuses every other statement."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.db.models import QuerySet

from controlplane.activity.models import ActivityEvent
from controlplane.activity.record import SYSTEM, record

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda events: events.update(outcome="failure"), id="update"),
        pytest.param(lambda events: events.delete(), id="delete"),
    ],
)
def test_the_database_refuses_to_change_or_delete_an_event(change: Callable[[QuerySet[ActivityEvent]], Any]) -> None:
    record("is.vpc.vpc.read", initiator=SYSTEM, target=SYSTEM)
    before = list(ActivityEvent.objects.values())
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        change(ActivityEvent.objects.all())
    assert list(ActivityEvent.objects.values()) == before
