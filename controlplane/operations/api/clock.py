"""``/_baremint/clock``: the domain's time. With several accounts, the deployment administrator moves it."""

from datetime import timedelta
from typing import Any, TypedDict

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.activity.record import Party
from controlplane.jobs.clock_change import move_clock, when_all_know
from controlplane.kernel import timestamps
from controlplane.kernel.errors import InvalidValue, MissingField, Target
from controlplane.kernel.fields import StrictBooleanField, StrictIntegerField, StrictSerializer
from controlplane.kernel.operation import Operation
from controlplane.timekeeping.events import CLOCK_READ, CLOCK_SET
from controlplane.timekeeping.movement import Movement
from controlplane.timekeeping.services import CLOCK, ClockState, read_clock
from trustedprofiles.api_view import GuardedView

MOST_SECONDS = 100 * 366 * 24 * 3600
INSTANTS = ("offset_seconds", "advance_seconds", "now")


class ClockMovement(StrictSerializer):
    """At most one of `offset_seconds`, `advance_seconds` and `now`, and `frozen`; at least one of the four. What is not
    given stays as it is."""

    offset_seconds = StrictIntegerField(
        required=False, min_value=-MOST_SECONDS, max_value=MOST_SECONDS, help_text="Ahead of the machine's clock."
    )
    advance_seconds = StrictIntegerField(
        required=False, min_value=-MOST_SECONDS, max_value=MOST_SECONDS, help_text="On from what it shows."
    )
    now = serializers.DateTimeField(required=False, help_text="The time to set.")
    frozen = StrictBooleanField(required=False, help_text="Whether the clock stands still.")


class ClockReading(TypedDict):
    """What the clock shows. `machine_time` is what it would show unmoved."""

    now: str
    machine_time: str
    offset_seconds: float
    frozen: bool
    revision: int


class Clock(GuardedView):
    service_name = "baremint"
    operations = {
        "GET": Operation("get_clock", "baremint.clock.read", CLOCK_READ, answer=ClockReading, etag=True),
        "PUT": Operation(
            "set_clock",
            "baremint.clock.administer",
            CLOCK_SET,
            recorded_by_service=True,
            body=ClockMovement,
            answer=ClockReading,
            etag=True,
            if_match="optional",
        ),
    }

    def target(self) -> Party:
        return CLOCK

    def get(self, request: Request) -> Response:
        return self._answer(read_clock())

    def put(self, request: Request) -> Response:
        movement = _movement(self.body)
        reading = move_clock(movement, if_match=request.headers.get("If-Match"), by=Party.of(self.caller))
        return when_all_know(self._answer(reading))

    def _answer(self, state: ClockState) -> Response:
        reading: ClockReading = {
            "now": timestamps.milliseconds(state.now),
            "machine_time": timestamps.milliseconds(state.wall),
            "offset_seconds": round((state.now - state.wall).total_seconds(), 3),
            "frozen": state.setting.frozen_at is not None,
            "revision": state.revision,
        }
        return self.answer(reading, etag=str(state.revision))


def _movement(body: dict[str, Any]) -> Movement:
    names = [name for name in INSTANTS if name in body]
    if len(names) > 1:
        raise InvalidValue(f"{' and '.join(names)} contradict each other. Give one of them.", target=Target(names[1]))
    if not body:
        raise MissingField(f"Give one of {', '.join(INSTANTS)}, or frozen, or both.", target=Target("now"))
    return Movement(
        offset=_seconds(body.get("offset_seconds")),
        advance=_seconds(body.get("advance_seconds")),
        now=body.get("now"),
        frozen=body.get("frozen"),
    )


def _seconds(value: int | None) -> timedelta | None:
    return None if value is None else timedelta(seconds=value)
