"""Keys that service functions made, and a clock that tests turn."""

from datetime import UTC, datetime, timedelta
from typing import Any

from controlplane.activity.models import ActivityEvent
from controlplane.activity.record import Party
from controlplane.instances.models import ResourceInstance
from controlplane.kernel import clock
from controlplane.kernel.clock import Setting
from controlplane.keyprotect.models import Key
from controlplane.keyprotect.services.key_creation import KeyPrototype, create_key

ALICE = Party("IBMid-ALICE00001", "Alice", "User")
BOB = Party("IBMid-BOB0000001", "Bob", "User")
START = datetime(2026, 12, 1, 12, tzinfo=UTC)


class TurnedClock:
    """The deployment's clock: it stands still until a test turns it."""

    def __init__(self) -> None:
        self.now = START
        clock.follow(lambda last: Setting(frozen_at=self.now))

    def turn(self, **time: float) -> datetime:
        self.now += timedelta(**time)
        clock.forget()
        return self.now


def make_key(instance: ResourceInstance, **prototype: Any) -> Key:
    """A key as ``create_key`` makes it: a generated root key unless the prototype says otherwise."""
    content = {"name": "a key", "extractable": False, **prototype}
    return create_key(instance, prototype=KeyPrototype(**content), by=ALICE)


def read(key: Key) -> Key:
    """The key as it is stored now."""
    return Key.objects.select_related("instance", "ring").get(pk=key.pk)


def actions() -> list[str]:
    """The names of the events so far, the first one first."""
    return list(ActivityEvent.objects.order_by("pk").values_list("action", flat=True))
