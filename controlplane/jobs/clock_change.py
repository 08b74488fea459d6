"""Move the clock, and do at once what the new time requires."""

from typing import TypeVar

from django.http.response import HttpResponseBase

from controlplane.activity.job_lock import job_lock
from controlplane.activity.record import Party
from controlplane.jobs.registry import KEY_ROTATION
from controlplane.kernel import clock
from controlplane.kernel.enqueue import enqueue
from controlplane.kernel.errors import Conflict
from controlplane.kernel.task_names import TICK
from controlplane.timekeeping import services as timekeeping
from controlplane.timekeeping.movement import Movement
from controlplane.timekeeping.services import ClockState
from identity.selectors import first_root_activated_at
from identity.services.key_rotation import run_due_steps

Response = TypeVar("Response", bound=HttpResponseBase)

PATIENCE = 20.0
"""Seconds. Making keys takes a few at the most."""


def move_clock(movement: Movement, *, if_match: str | None = None, by: Party) -> ClockState:
    """Move the clock, rotate the keys that the new time requires, and start the jobs that are due.

    The response must be passed through ``when_all_know``, so that each later request is answered by the new time.
    A running rotation ends first. Otherwise it would go on by the earlier time, and activate or withdraw keys that are
    needed now. Raises InvalidValue, PreconditionFailed; Conflict when a rotation does not end.
    """
    with job_lock(KEY_ROTATION, patience=PATIENCE) as is_mine:
        if not is_mine:
            raise Conflict("Keys are being rotated at this very moment, and that must end first. Retry in a minute.")
        state = timekeeping.move(movement, earliest=first_root_activated_at(), if_match=if_match, by=by)
        # Nothing is signed before its key was activated, or by an expired authority: this does not wait for a tick.
        run_due_steps(now=state.now)
    enqueue(TICK, after_seconds=clock.FRESH_SECONDS)
    return state


def when_all_know(response: Response) -> Response:
    """Delay the response until every process has noticed that the clock was moved."""
    response.answered_after = clock.FRESH_SECONDS  # type: ignore[attr-defined]
    return response
