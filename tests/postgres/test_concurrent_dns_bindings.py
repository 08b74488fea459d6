"""VPCs bound, unbound and deleted at the same moment: each has one hub, and none waits for another."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from controlplane.activity.record import Party
from controlplane.kernel.errors import ApiError
from servers.models import VPC, DnsResolutionBinding
from servers.services.dns_resolution_bindings import create_binding, delete_binding
from servers.services.vpcs import create_vpc, delete_vpc, update_vpc
from tests.world import REGION, World, make_world

BY = Party("IBMid-ALICE00001", "Alice", "User")
ROUNDS = 3
HUB = {"enable_hub": True}

Together = Callable[[list[Callable[[], Any]]], list[Any]]


@pytest.fixture
def here(on_postgresql: None, settings: Any) -> World:
    settings.BAREMINT_QUOTAS = {"vpcs": 100}
    return make_world()


def make(here: World, **dns: Any) -> VPC:
    return create_vpc(here.account, region=REGION, dns=dns, by=BY)


def only_refusals(results: list[Any]) -> list[ApiError]:
    raised = [each for each in results if isinstance(each, Exception)]
    assert [each for each in raised if not isinstance(each, ApiError)] == []
    return raised


def test_a_vpc_is_bound_to_one_of_many_hubs(here: World, together: Together) -> None:
    vpc = make(here)
    hubs = [make(here, **HUB) for _ in range(4)]
    results = together([partial(create_binding, vpc, hub=hub, by=BY) for hub in hubs])
    assert len(only_refusals(results)) == 3
    assert DnsResolutionBinding.objects.count() == 2


def test_both_sides_of_a_binding_go_once(here: World, together: Together) -> None:
    for _ in range(ROUNDS):
        hub, vpc = make(here, **HUB), make(here)
        mine = create_binding(vpc, hub=hub, by=BY)
        theirs = hub.dns_resolution_bindings.get()
        calls = [
            partial(delete_binding, mine, by=BY),
            partial(delete_binding, theirs, by=BY),
            partial(delete_vpc, vpc, by=BY),
            partial(delete_vpc, hub, by=BY),
        ]
        only_refusals(together(calls))
        assert not DnsResolutionBinding.objects.exists()


def test_a_vpc_does_not_delegate_to_a_hub_that_is_gone(here: World, together: Together) -> None:
    for _ in range(ROUNDS):
        hub, vpc = make(here, **HUB), make(here)
        create_binding(vpc, hub=hub, by=BY)
        theirs = hub.dns_resolution_bindings.get()
        delegated = {"resolver": {"type": "delegated", "vpc": hub.id}}

        def leave(theirs: Any = theirs, hub: Any = hub) -> None:
            delete_binding(theirs, by=BY)
            delete_vpc(hub, by=BY)

        only_refusals(together([partial(update_vpc, vpc, dns=delegated, by=BY), leave]))
        vpc.refresh_from_db()
        assert vpc.dns_resolver_vpc is None or VPC.objects.filter(pk=hub.pk).exists()
