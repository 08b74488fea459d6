"""Whatever is done to servers and addresses, in whatever order: no address twice, nothing stuck, nothing half done."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, rule

from controlplane.activity.record import Party
from controlplane.kernel import clock
from controlplane.kernel.errors import ApiError
from servers import lifecycle
from servers.models import BareMetalServer, Image, ReservedIP, ServerTally, Subnet
from servers.services import transitions
from servers.services.actions import act, update_firmware, update_server
from servers.services.addresses import reserve_address
from servers.services.attachments import AttachmentPrototype, create_attachment, delete_attachment
from servers.services.initialization import InitializationPrototype, reinitialize
from servers.services.network_interfaces import InterfacePrototype, create_interface, delete_interface
from servers.services.provisioning import ServerPrototype, create_server
from servers.services.virtual_interface_prototypes import IpPrototype, VirtualInterfacePrototype
from tests.world import make_server, make_world

pytestmark = pytest.mark.thorough

BY = Party("IBMid-ALICE00001", "Alice", "User")
# A small subnet, so that it runs full: 16 addresses, of which the provider keeps five.
CIDR = "10.240.0.0/28"
ADDRESSES = [f"10.240.0.{last}" for last in range(16)]
NAMES = ["", "web-1", "web-2", "fail-cannot-start", "fail-cannot-reinitialize", "fail-cannot-update-firmware"]


class Servers(RuleBasedStateMachine):
    servers: Bundle[str] = Bundle("servers")

    @initialize()
    def begin(self) -> None:
        self.transaction = transaction.atomic()
        self.transaction.__enter__()
        self.world = make_world()
        first = make_server(self.world.account, name="first")
        self.subnet = Subnet.objects.get()
        Subnet.objects.update(ipv4_cidr_block=CIDR)
        ReservedIP.objects.filter(name="ibm-broadcast-address").update(address=ADDRESSES[-1])
        self.subnet.refresh_from_db()
        self.image = Image.objects.order_by("number")[0].id
        self.first = first.id

    def teardown(self) -> None:
        if hasattr(self, "transaction"):
            transaction.set_rollback(True)
            self.transaction.__exit__(None, None, None)

    @rule(
        target=servers,
        name=st.sampled_from(NAMES),
        address=st.sampled_from(["", *ADDRESSES]),
        auto_delete=st.booleans(),
        attached=st.booleans(),
    )
    def create(self, name: str, address: str, auto_delete: bool, attached: bool) -> Any:
        ip = IpPrototype(address=address, auto_delete=auto_delete)
        virtual = VirtualInterfacePrototype(subnet=self.subnet.id, primary_ip=ip)
        connection: dict[str, Any] = (
            {"attachments": (AttachmentPrototype(interface=virtual),)}
            if attached
            else {"interfaces": (InterfacePrototype(subnet=self.subnet.id, primary_ip=ip),)}
        )
        prototype = ServerPrototype(
            profile="bx2-metal-96x384",
            zone=self.subnet.zone,
            name=name,
            initialization=InitializationPrototype(image=self.image),
            **connection,
        )
        new_server = self.attempt(lambda: create_server(self.world.account, prototype=prototype, by=BY))
        return new_server.id if new_server else multiple()

    @rule(id=servers, action=st.sampled_from(["start", "stop", "restart", "delete"]))
    def act(self, id: str, action: str) -> None:
        if server := self.find(id):
            self.attempt(lambda: act(server, action=action, by=BY))

    @rule(id=servers)
    def reinitialize(self, id: str) -> None:
        if server := self.find(id):
            self.attempt(lambda: reinitialize(server, InitializationPrototype(image=self.image), by=BY))

    @rule(id=servers, auto_start=st.booleans())
    def update_firmware(self, id: str, auto_start: bool) -> None:
        if server := self.find(id):
            self.attempt(lambda: update_firmware(server, auto_start=auto_start))

    @rule(id=servers, enabled=st.booleans())
    def switch(self, id: str, enabled: bool) -> None:
        if server := self.find(id):
            self.attempt(lambda: update_server(server, metadata_enabled=enabled, by=BY))

    @rule(id=servers)
    def connect(self, id: str) -> None:
        if (server := self.find(id)) is None:
            return
        if server.network_attachments.exists():
            virtual = VirtualInterfacePrototype(subnet=self.subnet.id)
            self.attempt(lambda: create_attachment(server, AttachmentPrototype(interface=virtual), by=BY))
        else:
            self.attempt(lambda: create_interface(server, InterfacePrototype(subnet=self.subnet.id), by=BY))

    @rule(id=servers)
    def disconnect(self, id: str) -> None:
        if (server := self.find(id)) is None:
            return
        if interface := server.network_interfaces.order_by("-number").first():
            self.attempt(lambda: delete_interface(server, interface, by=BY))
        if attachment := server.network_attachments.order_by("-number").first():
            self.attempt(lambda: delete_attachment(server, attachment, by=BY))

    @rule(address=st.sampled_from(["", *ADDRESSES]))
    def reserve(self, address: str) -> None:
        self.attempt(lambda: reserve_address(self.subnet, address=address, auto_delete=False))

    @rule()
    def take_one_step(self) -> None:
        transitions.run_due(clock.now() + timedelta(days=1))

    @rule()
    def let_everything_come_to_rest(self) -> None:
        for _ in range(4):
            transitions.run_due(clock.now() + timedelta(days=1))
        assert not BareMetalServer.objects.exclude(transition="", transition_due_at=None).exists()

    def attempt(self, call: Any) -> Any:
        """The outcome, or None when it is refused. A refusal is a client's fault and changes nothing."""
        before = self.everything()
        try:
            with transaction.atomic():
                return call()
        except ApiError as error:
            refusal = error
        assert 400 <= refusal.status < 500
        assert self.everything() == before
        return None

    def find(self, id: str) -> BareMetalServer | None:
        return BareMetalServer.objects.filter(id=id).first()

    @staticmethod
    def everything() -> list[Any]:
        return [
            sorted(BareMetalServer.objects.values_list("id", "status", "transition", "revision")),
            sorted(ReservedIP.objects.values_list("address", "auto_delete")),
        ]

    @invariant()
    def no_address_is_given_twice(self) -> None:
        times = Counter(ReservedIP.objects.values_list("address", flat=True))
        assert not [address for address, count in times.items() if count > 1]

    @invariant()
    def the_provider_keeps_its_five(self) -> None:
        if hasattr(self, "subnet"):
            assert ReservedIP.objects.filter(owner="provider").count() == 5

    @invariant()
    def every_server_has_one_primary_connection(self) -> None:
        for server in BareMetalServer.objects.all():
            primaries = [
                rows.filter(is_primary=True).count() for rows in (server.network_interfaces, server.network_attachments)
            ]
            assert sorted(primaries) == [0, 1]

    @invariant()
    def a_status_fits_its_transition(self) -> None:
        for server in BareMetalServer.objects.exclude(transition=""):
            action = lifecycle.ACTIONS[server.transition]
            assert server.status in (action.first, *action.then[:-1])

    @invariant()
    def only_failed_servers_say_why(self) -> None:
        for server in BareMetalServer.objects.all():
            assert bool(server.status_reasons) == (server.status == "failed")

    @invariant()
    def the_tally_counts_right(self) -> None:
        assert sum(ServerTally.objects.values_list("count", flat=True)) == BareMetalServer.objects.count()


Servers.TestCase.settings = settings(
    max_examples=25,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TestServers = pytest.mark.django_db(Servers.TestCase)
