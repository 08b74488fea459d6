"""Record events in the caller's transaction, so that a change and its event are committed together."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NotRequired, TypedDict, Unpack

from controlplane.activity.models import ActivityEvent
from controlplane.kernel import clock, context
from controlplane.kernel.caller import Caller
from controlplane.kernel.errors import ApiError
from controlplane.kernel.redaction import conceal_values
from controlplane.kernel.text import storable, storable_json

LONGEST = {column.name: column.max_length for column in ActivityEvent._meta.concrete_fields}
"""The longest text of each column; the rest of a text is cut off."""
LONGEST_PATH = 512


@dataclass(frozen=True)
class Party:
    """An initiator or a target: id (CRN or IAM id), name, kind."""

    id: str = ""
    name: str = ""
    type: str = ""

    @classmethod
    def of(cls, caller: Caller | None) -> "Party":
        return cls(caller.iam_id, caller.name, caller.sub_type) if caller else cls()


SYSTEM = Party("baremint", "Baremint", "System")


class Facts(TypedDict):
    """The contents of an event beside its action.

    ``error`` makes it a failure and gives its reason; ``status`` is a success's HTTP status, 200 without it. ``time``
    is given only when the clock is changed: that event has the time from before the change.
    """

    initiator: Party
    target: Party
    account_id: NotRequired[str]
    error: NotRequired[ApiError | None]
    status: NotRequired[int]
    data: NotRequired[dict[str, Any] | None]
    time: NotRequired[datetime | None]


def record(action: str, **facts: Unpack[Facts]) -> ActivityEvent:
    """Write one event."""
    event = compose(action, **facts)
    event.save(force_insert=True)
    return event


def record_all(events: Iterable[ActivityEvent]) -> None:
    """Write many events that were composed."""
    ActivityEvent.objects.bulk_create(events)


def compose(action: str, **facts: Unpack[Facts]) -> ActivityEvent:
    """Return an event that is not written yet."""
    return ActivityEvent(**columns(action, **facts))


def columns(action: str, **facts: Unpack[Facts]) -> dict[str, Any]:
    """Return the values of an event by their columns, without the primary key."""
    request = context.current.get()
    initiator, target, error = facts["initiator"], facts["target"], facts.get("error")
    # Each of these may quote the request: a refusal names a missing resource by the text in the path.
    texts = {
        "action": action,
        "reason_type": error.code if error else "",
        "message": error.message if error else "",
        "account_id": facts.get("account_id", ""),
        "initiator_id": initiator.id,
        "initiator_name": initiator.name,
        "initiator_type": initiator.type,
        "initiator_address": request.address if request else "",
        "initiator_agent": request.agent if request else "",
        "target_id": conceal_values(target.id),
        "target_name": conceal_values(target.name),
        "request_id": request.request_id if request else "",
    }
    return {
        "time": facts.get("time") or clock.now(),
        "outcome": (ActivityEvent.Outcome.FAILURE if error else ActivityEvent.Outcome.SUCCESS).value,
        "reason_code": error.status if error else facts.get("status", 200),
        "data": storable_json({**(facts.get("data") or {}), **_explanation(error), **_lineage(request)}),
        **{column: storable(text)[: LONGEST[column]] for column, text in texts.items()},
    }


def _explanation(error: ApiError | None) -> dict[str, str]:
    """Return the URL of the explanation of a refusal; empty for an event without one."""
    return {"explanation": error.more_info} if error and error.more_info else {}


def _lineage(request: context.RequestContext | None) -> dict[str, Any]:
    """The token, server and policy that allowed the request, and what it requested; empty when it had no token."""
    lineage = context.lineage.get()
    if not lineage or not request:
        return {}
    return {"lineage": {**lineage, "method": request.method, "path": conceal_values(request.path[:LONGEST_PATH])}}
