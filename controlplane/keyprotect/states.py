"""The states of a key, and what each operation needs of them (Key Protect contract, section 2.7; NIST SP 800-57;
D-182)."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import IntEnum

from controlplane.keyprotect.errors import InvalidState, TooEarly


class State(IntEnum):
    """Pre-active, 0, is never seen: a key is active as soon as it is created."""

    ACTIVE = 1
    SUSPENDED = 2
    DEACTIVATED = 3
    DESTROYED = 5

    @property
    def word(self) -> str:
        return self.name.lower()


ALIVE = frozenset({State.ACTIVE, State.SUSPENDED, State.DEACTIVATED})
PERMITTED: Mapping[str, frozenset[State]] = {
    "wrap": frozenset({State.ACTIVE}),
    "unwrap": frozenset({State.ACTIVE, State.DEACTIVATED}),
    "rewrap": frozenset({State.ACTIVE, State.DEACTIVATED}),
    "rotate": frozenset({State.ACTIVE, State.DEACTIVATED}),
    "disable": frozenset({State.ACTIVE}),
    "enable": frozenset({State.SUSPENDED}),
    "restore": frozenset({State.DESTROYED}),
    "purge": frozenset({State.DESTROYED}),
    "authorize the deletion of": frozenset({State.ACTIVE}),
    "list versions of": frozenset({State.ACTIVE}),
    "change": ALIVE,
}
"""The states in which each operation is possible. Operations that only read are possible in every state."""

NEXT_STEPS = {State.SUSPENDED: " Enable it first.", State.DESTROYED: " Restore it first."}
"""For operations that are possible while the key is active."""

ENABLE_AFTER = timedelta(seconds=30)
RESTORE_AFTER = timedelta(seconds=30)
RESTORE_WITHIN = timedelta(days=30)
PURGE_AFTER = timedelta(hours=4)
PURGED_AFTER = timedelta(days=90)
ROTATE_AFTER = timedelta(hours=1)
SYNCHRONIZE_AFTER = timedelta(hours=1)
NOTHING = timedelta()


def state_at(state: State, expires_at: datetime | None, now: datetime) -> State:
    """Return the state of a key with this stored state: it is deactivated from its expiration date on."""
    if state == State.ACTIVE and expires_at is not None and expires_at <= now:
        return State.DEACTIVATED
    return state


def require_state(operation: str, state: State) -> None:
    """Raise InvalidState unless the operation, one of PERMITTED, is possible in this state."""
    permitted = PERMITTED[operation]
    if state not in permitted:
        names = " or ".join(f"{each.value} ({each.word})" for each in sorted(permitted))
        raise InvalidState(
            f"Key is not in a valid state: its state is {state.value} ({state.word}). To {operation} it, "
            f"its state must be {names}.{NEXT_STEPS.get(state, '') if State.ACTIVE in permitted else ''}"
        )


def elapsed(since: datetime, now: datetime) -> timedelta:
    """Return the time that has passed, which is never negative: a clock that was moved back shortens no waiting
    time."""
    return max(NOTHING, now - since)


def require_elapsed(least: timedelta, *, since: datetime | None, now: datetime, refusal: str) -> None:
    """Raise TooEarly unless so much time has passed since an instant. ``refusal`` says what is allowed after it."""
    if since is not None and elapsed(since, now) < least:
        raise TooEarly(f"The key was updated recently: Please wait and try again: {refusal}")
