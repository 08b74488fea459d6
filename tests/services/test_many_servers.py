"""The switches and the claims of many servers at once are what they are one by one, in a constant number of queries."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from controlplane.activity.models import ActivityEvent
from controlplane.activity.record import Party
from controlplane.bench.population import populate
from controlplane.kernel import clock
from controlplane.kernel.errors import ApiError
from identity.models import CertificateRotation
from identity.services import certificate_renewal_switch
from servers.claim_columns import ClaimTable, claim_rows
from servers.events import SERVER
from servers.facts import facts_of
from servers.models import BareMetalServer, FloatingIP, NetworkAttachment, NetworkInterface, Subnet
from servers.selectors import servers_for_facts
from servers.services import metadata_service
from tests.world import World, make_server, make_virtual_interface
from trustedprofiles.claim_conditions import CLAIMS, OPERATORS, ClaimCondition, claims_of, hold_for_each, holds
from trustedprofiles.models import ResourceGroup

BY = Party("IBMid-ALICE00001", "Alice", "User")
GONE = 10**9
Switch = Callable[[Sequence[int]], dict[int, ApiError]]
SWITCHES: dict[str, Switch] = {
    "on": lambda numbers: metadata_service.switch_each(numbers, enabled=True, by=BY),
    "off": lambda numbers: metadata_service.switch_each(numbers, enabled=False, by=BY),
    "https": lambda numbers: metadata_service.switch_each(numbers, protocol="https", by=BY),
    "renewed": lambda numbers: certificate_renewal_switch.switch_each(numbers, enabled=True, by=BY, now=clock.now()),
    "left": lambda numbers: certificate_renewal_switch.switch_each(numbers, enabled=False, by=BY, now=clock.now()),
}
ONE: dict[str, Callable[[BareMetalServer], Any]] = {
    "on": lambda server: metadata_service.switch_metadata_service(server, enabled=True, by=BY),
    "off": lambda server: metadata_service.switch_metadata_service(server, enabled=False, by=BY),
    "https": lambda server: metadata_service.switch_metadata_service(server, protocol="https", by=BY),
    "renewed": lambda server: certificate_renewal_switch.switch_certificate_rotation(
        server, enabled=True, by=BY, now=clock.now()
    ),
    "left": lambda server: certificate_renewal_switch.switch_certificate_rotation(
        server, enabled=False, by=BY, now=clock.now()
    ),
}


@pytest.fixture
def server(world: World) -> BareMetalServer:
    return make_server(world.account, name="web-1", metadata_enabled=True)


def left(server: BareMetalServer) -> tuple[Any, ...]:
    """What a switch leaves of a server, and its last event."""
    server.refresh_from_db()
    event = ActivityEvent.objects.filter(target_id=server.crn).order_by("-id").values().first() or {}
    fields = {name: value for name, value in event.items() if name not in ("id", "time", "target_id", "target_name")}
    columns = ("metadata_enabled", "metadata_protocol", "metadata_epoch", "revision")
    rotates = CertificateRotation.objects.filter(server=server).exists()
    return tuple(getattr(server, name) for name in columns), rotates, fields


@pytest.mark.parametrize("switch", SWITCHES)
def test_each_of_many_servers_is_switched_as_if_alone(server: BareMetalServer, world: World, switch: str) -> None:
    other = make_server(world.account, name="web-2", metadata_enabled=True)
    ONE[switch](server)
    assert SWITCHES[switch]([other.number]) == {}
    assert left(other) == left(server)


def test_servers_that_cannot_be_switched_keep_no_other_from_it(server: BareMetalServer, world: World) -> None:
    leaving = make_server(world.account, name="web-2")
    BareMetalServer.objects.filter(pk=leaving.pk).update(status="deleting")
    for switch in SWITCHES.values():
        refusals = switch([GONE, leaving.number, server.number])
        assert {number: type(each).__name__ for number, each in refusals.items()} == {
            GONE: "NotFound",
            leaving.number: "ServerStatusConflict",
        }
    assert ActivityEvent.objects.filter(target_id=server.crn, data__has_key="certificate_rotation").count() == 2
    assert not ActivityEvent.objects.filter(target_id=leaving.crn, action=f"{SERVER}.update").exists()


@pytest.mark.parametrize("switch", SWITCHES)
def test_forty_servers_are_switched_in_the_queries_of_one(server: BareMetalServer, switch: str) -> None:
    populate(40)
    numbers = list(BareMetalServer.objects.values_list("number", flat=True))
    SWITCHES["renewed"](numbers)
    with CaptureQueriesContext(connection) as one:
        SWITCHES[switch]([server.number])
    SWITCHES["renewed"](numbers)
    with CaptureQueriesContext(connection) as forty:
        SWITCHES[switch](numbers)
    assert len(forty) == len(one)


@pytest.fixture
def world_of_claims(world: World, server: BareMetalServer) -> None:
    """Servers of every kind: with interfaces, with virtual ones, with floating IPs, in two regions and groups."""
    make_server(world.account, name="db-1", region="eu-de")
    virtual = make_server(world.account, name="virtual-1")
    locked_interface = make_virtual_interface(Subnet.objects.filter(region="us-south")[0])
    [interface] = virtual.network_interfaces.all()
    NetworkAttachment.objects.create(
        id="a", name="a", created_at=clock.now(), server=virtual, virtual_network_interface=locked_interface
    )
    group = ResourceGroup.objects.create(id="g", account=world.account, name="Straße", created_at=clock.now())
    BareMetalServer.objects.filter(pk=virtual.pk).update(resource_group=group)
    common = {"account": world.account, "region": "us-south", "zone": "us-south-1", "created_at": clock.now()}
    common |= {"resource_group": ResourceGroup.objects.get(account=world.account, is_default=True)}
    FloatingIP.objects.create(
        id="f1", name="f1", address="192.0.2.1", virtual_network_interface=locked_interface, **common
    )
    FloatingIP.objects.create(id="f2", name="f2", address="192.0.2.2", network_interface=interface, **common)
    assert NetworkInterface.objects.count() == 3


@pytest.mark.usefixtures("world_of_claims")
def test_the_columns_have_the_claims_of_each_server(world: World) -> None:
    lines = claim_rows(world.account.id, most=10)
    columns = ClaimTable(lines).columns([*CLAIMS, "no.such.claim"])
    rows_by_line = [{name: column[place] for name, column in columns.items()} for place in range(len(lines))]
    rows = servers_for_facts().filter(account=world.account).order_by("-number")
    assert rows_by_line == [claims_of(facts_of(row), resource_group_name=row.resource_group.name) for row in rows]


@pytest.mark.usefixtures("world_of_claims")
def test_a_line_is_selected_by_policies_as_its_server_is(world: World) -> None:
    rows = BareMetalServer.objects.order_by("-number")
    assert [line.policy_attributes for line in claim_rows(world.account.id, most=10)] == [
        row.policy_attributes for row in rows
    ]


@pytest.mark.usefixtures("world_of_claims")
@pytest.mark.parametrize("operator", [*OPERATORS, "NONE_SUCH"])
def test_conditions_hold_for_columns_as_for_each_server(world: World, operator: str) -> None:
    lines = claim_rows(world.account.id, most=10)
    table = ClaimTable(lines)
    columns = table.columns(CLAIMS)
    for claim in (*CLAIMS, "no.such.claim"):
        for value in ("web-1", "WEB", "us-south", "STRASSE", "192.0.2.1", '["web-1", "db-1"]', '{"a": 1}', lines[0].id):
            claim_conditions = [ClaimCondition(claim, operator, value), ClaimCondition("region", "NOT_EQUALS", "eu-de")]
            expected = [
                all(holds(each, {name: column[place] for name, column in columns.items()}) for each in claim_conditions)
                for place in range(len(lines))
            ]
            assert (
                hold_for_each(
                    claim_conditions, table.columns([each.claim for each in claim_conditions]), count=len(lines)
                )
                == expected
            )
    assert hold_for_each([], {}, count=2) == [False, False]
