"""``history``: what was done to an entity, read from the activity events of it."""

from collections.abc import Collection, Mapping
from typing import TypedDict

from controlplane.activity.models import ActivityEvent
from controlplane.kernel import timestamps
from trustedprofiles.permissions import BOOLEAN, Parameter

INCLUDE_HISTORY = Parameter("include_history", "Whether to tell what was done to it.", BOOLEAN)


class EnityHistoryRecord(TypedDict):
    """One change. ``action`` is that of its activity event; ``params`` are the properties that it changed. The name is
    IBM's."""

    timestamp: str
    iam_id: str
    iam_id_account: str
    action: str
    params: list[str]
    message: str


def histories(targets: Mapping[str, str], actions: Collection[str]) -> dict[str, list[EnityHistoryRecord]]:
    """What succeeded of these actions, by entity, oldest first. ``targets``: what events call an entity, to its id."""
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
