"""Addresses: of servers on the loopback network, and free ones of a subnet."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servers.addressing import contains, loopback_address, next_free, server_number


@given(st.integers(min_value=1, max_value=2**22 - 2))
def test_each_server_number_has_an_address_that_leads_back_to_it(number: int) -> None:
    assert server_number(loopback_address(number)) == number


@pytest.mark.parametrize("number", [0, -1, 2**22 - 1, 2**22])
def test_a_number_beyond_the_network_has_no_address(number: int) -> None:
    with pytest.raises(ValueError, match="no address"):
        loopback_address(number)


@pytest.mark.parametrize(
    "text", ["127.0.0.1", "127.63.255.255", "127.128.0.0", "127.64.0.0", "10.0.0.1", "127.64.1", "", "::1", "x"]
)
def test_other_addresses_are_no_servers(text: str) -> None:
    assert server_number(text) is None


def test_the_first_four_and_the_last_address_are_never_handed_out() -> None:
    assert next_free("10.0.0.0/29", set()) == "10.0.0.4"
    assert next_free("10.0.0.0/29", {"10.0.0.4", "10.0.0.5", "10.0.0.6"}) is None


@given(st.sets(st.integers(min_value=0, max_value=31)))
def test_the_next_free_address_is_usable_and_was_not_taken(offsets: set[int]) -> None:
    network = ipaddress.IPv4Network("10.0.0.0/27")
    taken = {str(network[offset]) for offset in offsets}
    found = next_free(str(network), taken)
    if found is None:
        assert {str(network[offset]) for offset in range(4, 31)} <= taken
    else:
        assert found not in taken
        assert 4 <= int(ipaddress.IPv4Address(found)) - int(network.network_address) < 31


@pytest.mark.parametrize(
    ("address", "held"),
    [("10.0.0.0", True), ("10.0.0.31", True), ("10.0.0.32", False), ("9.255.255.255", False), ("192.168.0.1", False)],
)
def test_a_subnet_has_the_addresses_of_its_block(address: str, held: bool) -> None:
    assert contains("10.0.0.0/27", address) == held
