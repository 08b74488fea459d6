"""``history``: the changes of an entity, read from its activity events."""

from collections.abc import Collection, Mapping
from typing import TypedDict

from controlplane.activity.models import ActivityEvent
from controlplane.kernel import timestamps
from controlplane.kernel.operation import BOOLEAN, Parameter

INCLUDE_HISTORY = Parameter("include_history", "Whether to include what was done to it.", BOOLEAN)


class EnityHistoryRecord(TypedDict):
    """One change: ``action`` is the action of its activity event, ``params`` are the properties that it changed. The
    name is IBM's."""

    timestamp: str
    iam_id: str
    iam_id_account: str
    action: str
    params: list[str]
    message: str


def histories(targets: Mapping[str, str], actions: Collection[str]) -> dict[str, list[EnityHistoryRecord]]:
    """Return the successful events of these actions by entity id, oldest first. ``targets`` maps the target id of
    events to the id of the entity."""
    records: dict[str, list[EnityHistoryRecord]] = {id: [] for id in targets.values()}
    events = ActivityEvent.objects.filter(
        target_id__in=list(targets), action__in=actions, outcome=ActivityEvent.Outcome.SUCCESS
    )
    for event in events.order_by("id"):
        records[targets[event.target_id]].append(_record(event))
    return records


def _record(event: ActivityEvent) -> EnityHistoryRecord:
    params = list(event.data.get("changed", []))
    what = f" ({', '.join(params)})" if params else ""
    return {
        "timestamp": timestamps.minutes(event.time),
        "iam_id": event.initiator_id,
        "iam_id_account": event.account_id,
        "action": event.action,
        "params": params,
        "message": f"{event.action.rpartition('.')[2]} by {event.initiator_name or event.initiator_id}{what}",
    }
