"""Whatever is done to a key, in any order, by a clock that goes forth and back: its state is that of the table, what it
ever wrapped is unwrapped as long as its state allows it, and where its policy says so, two people delete it."""

from datetime import datetime, timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from controlplane.activity.record import Party
from controlplane.kernel import clock
from controlplane.kernel.errors import ApiError
from controlplane.keyprotect.models import Key
from controlplane.keyprotect.policies import DUAL_AUTH_DELETE, KeyPolicySetting
from controlplane.keyprotect.selectors import find_key
from controlplane.keyprotect.services.data_keys import rewrap, unwrap, wrap
from controlplane.keyprotect.services.dual_authorization import set_for_deletion, unset_for_deletion
from controlplane.keyprotect.services.due_changes import run_due
from controlplane.keyprotect.services.key_rotation import rotate_key
from controlplane.keyprotect.services.key_states import delete_key, disable_key, enable_key, purge_key, restore_key
from identity import key_encryption
from tests.instances import store_instance
from tests.keyprotect.made import ALICE, BOB, TurnedClock, make_key

pytestmark = pytest.mark.thorough

PEOPLE = st.sampled_from([ALICE, BOB])
ACTIVE, SUSPENDED, DEACTIVATED, DESTROYED = 1, 2, 3, 5
WAIT = {"enable": timedelta(seconds=30), "restore": timedelta(seconds=30), "purge": timedelta(hours=4)}
STEPS = {
    "disable": disable_key,
    "enable": enable_key,
    "delete": delete_key,
    "restore": restore_key,
    "purge": purge_key,
}
FROM = {
    "disable": {ACTIVE},
    "enable": {SUSPENDED},
    "delete": {ACTIVE, SUSPENDED, DEACTIVATED},
    "restore": {DESTROYED},
    "purge": {DESTROYED},
}
TO = {"disable": SUSPENDED, "enable": ACTIVE, "delete": DESTROYED, "restore": ACTIVE, "purge": 0}


class KeyLife(RuleBasedStateMachine):
    """One key. ``state`` is 0 when it is purged."""

    @initialize(expires_in=st.sampled_from([None, 60, 100_000]), needs_two=st.booleans())
    def begin(self, expires_in: int | None, needs_two: bool) -> None:
        self.transaction = transaction.atomic()
        self.transaction.__enter__()
        self.clock = TurnedClock()
        key_encryption.ensure_kek()
        key_encryption.register_kek(now=clock.now())
        self.instance = store_instance(guid="00000000-0000-4000-8000-000000000001", service="kms")
        self.expires_at = self.clock.now + timedelta(seconds=expires_in) if expires_in else None
        self.needs_two = needs_two
        policies = [KeyPolicySetting(DUAL_AUTH_DELETE, enabled=needs_two)]
        self.key = make_key(self.instance, expires_at=self.expires_at, policies=policies)
        self.authorized_at: datetime | None = None
        self.authorized_by = ""
        self.state = ACTIVE
        self.since: datetime | None = None
        self.rotated_at: datetime | None = None
        self.wrapped: dict[str, bytes] = {}

    def teardown(self) -> None:
        if hasattr(self, "transaction"):
            transaction.set_rollback(True)
            self.transaction.__exit__(None, None, None)

    def state_now(self) -> int:
        expired = self.expires_at is not None and self.expires_at <= self.clock.now
        return DEACTIVATED if self.state == ACTIVE and expired else self.state

    def read(self) -> Key:
        key = find_key(self.instance, self.key.identifier, now=self.clock.now)
        assert key is not None
        return key

    @rule(seconds=st.sampled_from([1, 29, 30, 3_600, 14_400, 86_400, 604_800, -1, -3_600, -86_400]))
    def turn(self, seconds: int) -> None:
        self.clock.turn(seconds=seconds)

    @rule()
    def let_the_job_run(self) -> None:
        run_due(self.clock.now)
        self.state = self.state_now()

    @precondition(lambda self: self.state)
    @rule(step=st.sampled_from(sorted(STEPS)), by=PEOPLE)
    def take(self, step: str, by: Party) -> None:
        state = self.state_now()
        age = max(timedelta(), self.clock.now - self.since) if self.since else timedelta()
        is_possible = state in FROM[step] and age >= WAIT.get(step, timedelta())
        if step == "restore":
            has_expired = self.expires_at is not None and self.expires_at <= self.clock.now
            is_possible = is_possible and age < timedelta(days=30) and not has_expired
        if step == "delete":
            is_possible = is_possible and self.may_delete(by)
        try:
            STEPS[step](self.key, by=by)
        except ApiError:
            assert not is_possible
            return
        assert is_possible
        self.state = TO[step]
        self.since = self.clock.now if step in ("disable", "delete") else None
        if step == "delete":
            self.authorized_at = None

    def may_delete(self, by: Party) -> bool:
        if not self.needs_two:
            return True
        holds = self.authorized_at is not None and self.clock.now < self.authorized_at + timedelta(days=7)
        return holds and by.id != self.authorized_by

    @precondition(lambda self: self.state)
    @rule(change=st.sampled_from(["authorize", "take back"]), by=PEOPLE)
    def authorize(self, change: str, by: Party) -> None:
        is_possible = self.state_now() == ACTIVE and self.needs_two
        try:
            if change == "authorize":
                set_for_deletion(self.key, by=by, person=by.id)
            else:
                unset_for_deletion(self.key, by=by)
        except ApiError:
            assert not is_possible
            return
        assert is_possible
        self.authorized_at = self.clock.now if change == "authorize" else None
        self.authorized_by = by.id

    @precondition(lambda self: self.state)
    @rule()
    def rotate(self) -> None:
        age = max(timedelta(), self.clock.now - self.rotated_at) if self.rotated_at else timedelta(hours=1)
        is_possible = self.state_now() in (ACTIVE, DEACTIVATED) and age >= timedelta(hours=1)
        try:
            rotate_key(self.key, material=None, by=ALICE)
        except ApiError:
            assert not is_possible
            return
        assert is_possible
        self.rotated_at = self.clock.now

    @precondition(lambda self: self.state)
    @rule(plaintext=st.binary(min_size=1, max_size=8))
    def wrap(self, plaintext: bytes) -> None:
        try:
            self.wrapped[wrap(self.read(), plaintext=plaintext, aad=()).ciphertext] = plaintext
        except ApiError:
            assert self.state_now() != ACTIVE
        else:
            assert self.state_now() == ACTIVE

    @precondition(lambda self: self.state_now() in (ACTIVE, DEACTIVATED))
    @rule()
    def rewrap_all(self) -> None:
        again = {
            rewrap(self.read(), ciphertext=text, aad=())[1].ciphertext: each for text, each in self.wrapped.items()
        }
        self.wrapped = dict(list({**self.wrapped, **again}.items())[:6])

    @invariant()
    def the_state_is_that_of_the_table(self) -> None:
        if not hasattr(self, "state"):
            return
        key = find_key(self.instance, self.key.identifier, now=self.clock.now)
        assert (key.state_at(self.clock.now) if key else 0) == self.state_now()

    @invariant()
    def all_that_was_wrapped_is_unwrapped(self) -> None:
        if hasattr(self, "state") and self.state_now() in (ACTIVE, DEACTIVATED):
            key = self.read()
            for ciphertext, plaintext in self.wrapped.items():
                assert unwrap(key, ciphertext=ciphertext, aad=()).plaintext == plaintext


KeyLife.TestCase.settings = settings(
    max_examples=25,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TestKeyLife = pytest.mark.django_db(KeyLife.TestCase)
