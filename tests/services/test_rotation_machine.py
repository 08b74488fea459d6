"""Whatever happens, in whatever order: keys in the database, real tokens, real chains, crashes in the middle."""

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

import pytest
from cryptography import x509
from django.conf import settings
from django.db import transaction
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from controlplane.kernel import clock, failpoints
from identity import claims, key_cache, signing
from identity.key_periods import configured_key_times
from identity.models import KeyPair
from identity.selectors import trusted_roots
from identity.services import key_rotation
from identity.services.endpoint_certificates import endpoint_chain
from identity.services.iam_tokens import verify_iam_token
from identity.services.identity_tokens import verify_identity_token
from tests.build import make_facts

pytestmark = [pytest.mark.usefixtures("keys"), pytest.mark.thorough]

FACTS = make_facts()
POINTS = ["after_generate", "after_insert", "after_publish", "after_demote", "before_commit", "after_commit"]
PURPOSES = ["root", "intermediate", "tls", "iam", "identity"]
ORDER = ["prepared", "active", "retiring", "retired"]


class Killed(BaseException):
    """As if the process were gone: nothing catches it, and the open transaction is lost."""


class Rotation(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.undone = transaction.atomic()
        self.undone.__enter__()
        key_cache.forget()
        self.now = clock.now()
        self.alive: list[tuple[datetime, Callable[[], object]]] = []
        """What was signed: when it expires, and how a verifier checks it."""
        self.seen: dict[str, str] = {}
        self.at_once: set[str] = set()
        """kids of those that may have taken over whether or not verifiers could know them."""

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.undone.__exit__(None, None, None)
        key_cache.forget()

    # --- What may happen

    @rule(seconds=st.integers(1, 200_000))
    def tick(self, seconds: int) -> None:
        """However many periods have passed, a tick hands over once at the most; another one finds nothing to do."""
        self.now += timedelta(seconds=seconds)
        due = {purpose: self.is_due(purpose) for purpose in ("iam", "identity", "tls")}
        before = self.generations()
        key_rotation.run_due_steps(now=self.now)
        after = self.generations()
        for purpose, is_due in due.items():
            assert after[purpose] == before[purpose] + is_due
        for _ in range(3):
            key_rotation.run_due_steps(now=self.now)
        assert self.generations() == after

    @rule(days=st.integers(20, 200))
    def long_silence(self, days: int) -> None:
        self.tick(days * 86_400)

    @rule(purpose=st.sampled_from(PURPOSES))
    def rotate_at_once(self, purpose: str) -> None:
        try:
            key_rotation.rotate_now(purpose, now=self.now)
        finally:  # killed or not
            self.at_once.add(KeyPair.objects.get(purpose=purpose, state="active").kid)

    @rule(purpose=st.sampled_from(PURPOSES))
    def ask_for_a_rotation(self, purpose: str) -> None:
        """Twice in a row: the second finds what the first one made wait, or makes the next successor wait."""
        keys = KeyPair.objects.filter(purpose=purpose).exclude(activated_at=None)
        before = keys.count()
        for _ in range(2):
            rotation = key_rotation.rotate(purpose, now=self.now, by=key_rotation.SYSTEM)
            waits = KeyPair.objects.get(kid=rotation.kid).state == "prepared"
            assert waits == rotation.waits == (rotation.signs_from > self.now)
        assert keys.count() <= before + (2 if purpose == "tls" else 1)

    @rule(point=st.sampled_from(POINTS), purpose=st.sampled_from(PURPOSES), at_once=st.booleans())
    def crash(self, point: str, purpose: str, at_once: bool) -> None:
        """A rotation is killed at a point. The next process finds all in order, and a tick does what is left."""

        def die(reached: str, subject: str = "") -> None:
            if (reached, subject) == (point, purpose):
                raise Killed

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(failpoints, "reach", die)
            with suppress(Killed):  # a point that this rotation does not come to is none
                if at_once:
                    self.rotate_at_once(purpose)
                else:
                    self.ask_for_a_rotation(purpose)
        key_cache.forget()
        self.one_key_of_each_purpose_signs()
        key_rotation.run_due_steps(now=self.now)

    @rule(purpose=st.sampled_from(["iam", "identity"]), lifetime=st.integers(5, 3600))
    def sign_a_token(self, purpose: str, lifetime: int) -> None:
        span = {"now": self.now, "lifetime": timedelta(seconds=lifetime)}
        if purpose == "iam":
            subject = claims.Subject("IBMid-ALICE00001", "IBMid-ALICE00001", "Alice", "a" * 32)
            token_claims = claims.iam_claims(subject, issuer=settings.BAREMINT_ISSUER, grant_type="x", authn={}, **span)
            token, _ = signing.sign(token_claims, purpose="iam")
            check = lambda: verify_iam_token(token, now=self.now)  # noqa: E731
        else:
            token_claims = claims.identity_claims(FACTS, issuer="BMS-CR_us-south", nonce=None, **span)
            token, _ = signing.sign(token_claims, purpose="identity")
            check = lambda: verify_identity_token(token, facts=FACTS, now=self.now)  # type: ignore[assignment]  # noqa: E731
        self.alive.append((datetime.fromtimestamp(token_claims["exp"], tz=self.now.tzinfo), check))

    @rule()
    def sign_a_certificate(self) -> None:
        """As long-lived as any that the intermediate signs."""
        chain = x509.load_pem_x509_certificates(endpoint_chain(["localhost"], [], self.now).certificates.encode())
        end = min(self.now + timedelta(hours=24), chain[1].not_valid_after_utc)
        self.alive.append((end, lambda: self.check_chain(chain)))

    # --- What always holds

    @invariant()
    def one_key_of_each_purpose_signs(self) -> None:
        active = Counter(KeyPair.objects.filter(state="active").values_list("purpose", flat=True))
        assert active == Counter(PURPOSES)

    @invariant()
    def everything_alive_verifies(self) -> None:
        key_cache.forget()
        self.alive = [(end, check) for end, check in self.alive if end > self.now]
        for _, check in self.alive:
            check()

    @invariant()
    def keys_move_forward(self) -> None:
        states = dict(KeyPair.objects.values_list("kid", "state"))
        for kid, state in self.seen.items():
            assert ORDER.index(states[kid]) >= ORDER.index(state)
        self.seen = states

    @invariant()
    def what_is_over_has_no_private_key(self) -> None:
        for row in KeyPair.objects.all():
            has_private_key = row.state != "retired" and (
                row.state != "retiring" or row.purpose in ("root", "intermediate")
            )
            assert bool(row.ciphertext) == has_private_key

    @invariant()
    def no_key_signs_before_every_verifier_can_know_it(self) -> None:
        """Unless that was asked for, or the certificate of the key before it ended."""
        for row in KeyPair.objects.exclude(activated_at=None).exclude(kid__in=self.at_once):
            before = KeyPair.objects.filter(purpose=row.purpose, demoted_at=row.activated_at).first()
            assert row.activated_at is not None
            if before and not (before.expires_at and before.expires_at <= row.activated_at):
                assert row.activated_at >= row.published_at + configured_key_times()[row.purpose].publish_before

    def generations(self) -> dict[str, int]:
        return dict(KeyPair.objects.filter(state="active").values_list("purpose", "generation"))

    def is_due(self, purpose: str) -> bool:
        active = KeyPair.objects.get(purpose=purpose, state="active")
        successor = KeyPair.objects.get(purpose=purpose, state="prepared")
        times = configured_key_times()[purpose]
        assert active.activated_at is not None
        ready = successor.published_at + times.publish_before
        due = ready if active.rotation_asked_at else active.activated_at + times.period
        return bool(self.now >= max(due, ready))

    def check_chain(self, chain: list[x509.Certificate]) -> None:
        """As a verifier does that trusts the bundle as it is now and goes by the domain's clock."""
        leaf, intermediate = chain
        roots = x509.load_pem_x509_certificates(trusted_roots().encode())
        [root] = [root for root in roots if root.subject == intermediate.issuer]
        leaf.verify_directly_issued_by(intermediate)
        intermediate.verify_directly_issued_by(root)
        for certificate in (leaf, intermediate, root):
            assert certificate.not_valid_before_utc <= self.now <= certificate.not_valid_after_utc


def test_one_key_signs_at_every_instant_and_nothing_alive_ever_fails_to_verify() -> None:
    run_state_machine_as_test(
        Rotation,
        settings=hypothesis_settings(
            max_examples=10, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
