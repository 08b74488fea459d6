"""``/_baremint/keys``: every key that is not retired, and its next state."""

from typing import TypedDict

from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.kernel import clock, timestamps
from controlplane.kernel.operation import Operation
from identity.events import KEY_LIST
from identity.selectors import scheduled_keys
from trustedprofiles.api_view import GuardedView

LIST = "baremint.key.list"


class KeyOutlook(TypedDict):
    """`in_seconds` is how long until `next`: below zero when it is overdue, null when there is no date yet."""

    purpose: str
    region: str
    kid: str
    state: str
    since: str
    next: str | None
    in_seconds: int | None


class KeySchedule(TypedDict):
    keys: list[KeyOutlook]


class Keys(GuardedView):
    service_name = "baremint"
    operations = {"GET": Operation("list_keys_of_deployment", LIST, KEY_LIST, answer=KeySchedule)}

    def get(self, request: Request) -> Response:
        answer: KeySchedule = {"keys": schedule()}
        return self.answer(answer)


def schedule() -> list[KeyOutlook]:
    return [
        {
            "purpose": key.purpose,
            "region": key.region,
            "kid": key.kid,
            "state": key.state,
            "since": timestamps.seconds(key.since),
            "next": key.next_state,
            "in_seconds": None if key.seconds is None else round(key.seconds),
        }
        for key in scheduled_keys(clock.now())
    ]
