"""Whatever is done to reservations and servers, in any order: no capacity is used twice, no active one is lost."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import override_settings
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from controlplane.activity.record import Party
from controlplane.kernel import clock
from controlplane.kernel.errors import ApiError
from servers import reserved_capacity as rules
from servers.models import BareMetalServer, Image, Reservation, Subnet
from servers.selectors import account_tally
from servers.services import reservation_terms, reservations, transitions
from servers.services.actions import act, update_server
from servers.services.initialization import InitializationPrototype
from servers.services.network_interfaces import InterfacePrototype
from servers.services.provisioning import ServerPrototype, create_server
from servers.services.reservation_affinity import ReservationAffinity, servers_in_quota
from tests.world import REGION, make_server, make_world

pytestmark = pytest.mark.thorough

BY = Party("IBMid-ALICE00001", "Alice", "User")
PROFILE = "bx2-metal-96x384"
QUOTA = 6
POSITION = st.integers(min_value=0, max_value=4)
AFFINITY = st.sampled_from([rules.MANUAL, rules.AUTOMATIC, rules.DISABLED, ""])


class Reservations(RuleBasedStateMachine):
    @initialize()
    def begin(self) -> None:
        self.transaction = transaction.atomic()
        self.transaction.__enter__()
        self.quotas = override_settings(BAREMINT_QUOTAS={"bare_metal_servers": QUOTA})
        self.quotas.enable()
        self.account = make_world().account
        make_server(self.account, name="first")
        self.subnet = Subnet.objects.get()
        self.image = Image.objects.order_by("number")[0].id
        self.now = clock.now()
        self.held: set[int] = set()

    def teardown(self) -> None:
        if hasattr(self, "transaction"):
            transaction.set_rollback(True)
            self.transaction.__exit__(None, None, None)
            self.quotas.disable()

    @rule(
        total=st.integers(min_value=1, max_value=2),
        affinity=st.sampled_from([rules.RESTRICTED, rules.AUTOMATIC]),
        renew=st.booleans(),
        active=st.booleans(),
    )
    def reserve(self, total: int, affinity: str, renew: bool, active: bool) -> None:
        new_reservation = self.attempt(
            lambda: reservations.create_reservation(
                self.account,
                region=REGION,
                zone=self.subnet.zone,
                profile=PROFILE,
                profile_type=rules.BARE_METAL,
                total=total,
                term="one_year",
                affinity_policy=affinity,
                expiration_policy=rules.RENEW if renew else rules.RELEASE,
                by=BY,
            )
        )
        if new_reservation and active:
            reservations.activate_reservation(new_reservation, by=BY)
            self.wait(0)

    @rule(position=POSITION)
    def activate(self, position: int) -> None:
        if one := self.reservation(position):
            self.attempt(lambda: reservations.activate_reservation(one, by=BY))

    @rule(position=POSITION, change=st.sampled_from([{"total": 2}, {"affinity_policy": rules.AUTOMATIC}]))
    def change(self, position: int, change: dict[str, Any]) -> None:
        if one := self.reservation(position):
            self.attempt(lambda: reservations.update_reservation(one, change, by=BY))

    @rule(position=POSITION)
    def give_up(self, position: int) -> None:
        if (one := self.reservation(position)) and self.attempt(
            lambda: reservations.delete_reservation(one, by=BY) or True
        ):
            assert one.status in rules.DELETABLE

    @rule(policy=AFFINITY, position=POSITION)
    def provide(self, policy: str, position: int) -> None:
        prototype = ServerPrototype(
            profile=PROFILE,
            zone=self.subnet.zone,
            initialization=InitializationPrototype(image=self.image),
            interfaces=(InterfacePrototype(subnet=self.subnet.id),),
            reservation_affinity=self.affinity(policy, position),
        )
        self.attempt(lambda: create_server(self.account, prototype=prototype, at_once=True, by=BY))

    @rule(server=POSITION, policy=AFFINITY, position=POSITION)
    def choose(self, server: int, policy: str, position: int) -> None:
        if one := self.server(server):
            reservation_affinity = self.affinity(policy, position)
            self.attempt(lambda: update_server(one, reservation_affinity=reservation_affinity, by=BY))

    @rule(server=POSITION, action=st.sampled_from(["start", "stop", "delete"]))
    def act(self, server: int, action: str) -> None:
        if one := self.server(server):
            self.attempt(lambda: act(one, action=action, by=BY))

    @rule(days=st.sampled_from([1, 200, 400]))
    def let_time_pass(self, days: int) -> None:
        self.wait(days)

    def wait(self, days: int) -> None:
        self.now += timedelta(days=days, seconds=1)
        for moving in BareMetalServer.objects.exclude(transition=""):
            transitions.advance(moving.id, now=max(self.now, moving.transition_due_at or self.now))
        reservation_terms.run_due(self.now)

    @invariant()
    def no_capacity_is_used_twice_or_while_it_is_not_there(self) -> None:
        for one in Reservation.objects.all():
            usage = one.servers.count()
            assert usage <= (one.total if one.status in (rules.ACTIVE, rules.DEACTIVATING) else 0)

    @invariant()
    def none_that_is_active_is_lost(self) -> None:
        rows = Reservation.objects.filter(status__in=(rules.ACTIVE, rules.DEACTIVATING))
        active = set(rows.values_list("pk", flat=True))
        primary_keys = Reservation.objects.filter(status=rules.EXPIRED).values_list("pk", flat=True)
        assert getattr(self, "held", set()) <= active | set(primary_keys)
        self.held = active

    @invariant()
    def servers_use_only_what_their_policy_allows(self) -> None:
        for server in BareMetalServer.objects.filter(reservation__isnull=False):
            assert server.reservation
            assert (server.reservation.profile, server.reservation.zone) == (server.profile, server.zone)
            expectation = {rules.AUTOMATIC: rules.AUTOMATIC, rules.MANUAL: rules.RESTRICTED}
            assert expectation[server.reservation_affinity_policy] == server.reservation.affinity_policy
            assert server.reservation_pool in (None, server.reservation)

    @invariant()
    def no_place_is_free_while_a_server_waits_for_one(self) -> None:
        waiting = BareMetalServer.objects.filter(reservation_affinity_policy=rules.AUTOMATIC, reservation=None)
        if waiting.exclude(status="deleting").exists():
            rows = Reservation.objects.filter(status=rules.ACTIVE, affinity_policy=rules.AUTOMATIC)
            assert all(one.servers.count() == one.total for one in rows)

    @invariant()
    def the_quota_holds(self) -> None:
        if hasattr(self, "account"):
            assert account_tally(self.account.id) == BareMetalServer.objects.count()
            leaving = BareMetalServer.objects.filter(status="deleting").count()
            assert servers_in_quota(self.account.id) - leaving <= QUOTA

    def affinity(self, policy: str, position: int) -> ReservationAffinity:
        """A policy; ``manual`` mostly with a reservation that may be named, sometimes with any."""
        rows = Reservation.objects.filter(status=rules.ACTIVE, affinity_policy=rules.RESTRICTED)
        one = (rows.first() if position else None) or self.reservation(position)
        return ReservationAffinity(policy or None, (one.id,) if one and policy == rules.MANUAL else None)

    def reservation(self, position: int) -> Reservation | None:
        """One of those that there are."""
        rows = Reservation.objects.order_by("number")
        return rows[position % count] if (count := rows.count()) else None

    def server(self, position: int) -> BareMetalServer | None:
        rows = BareMetalServer.objects.order_by("number")
        return rows[position % count] if (count := rows.count()) else None

    @staticmethod
    def attempt(what: Any) -> Any:
        """What it returns; None when it was refused, of which nothing may be left."""
        try:
            with transaction.atomic():
                return what()
        except ApiError:
            return None


Reservations.TestCase.settings = settings(
    max_examples=25,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TestReservations = pytest.mark.django_db(Reservations.TestCase)
