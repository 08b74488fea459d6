"""Addresses and ranges: of servers on the loopback network, free ones of a subnet and of a prefix."""

import ipaddress
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servers.addressing import (
    RESERVED_RANGES,
    contains,
    first_free_range,
    first_overlap,
    is_within,
    loopback_address,
    next_free,
    range_problem,
    server_number,
    size_of,
)
from tests.tables import check_each

PREFIX = ipaddress.IPv4Network("10.240.0.0/18")
SMALL_PREFIX = ipaddress.IPv4Network("10.240.0.0/25")


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
    networks = {str(network[offset]) for offset in offsets}
    address = next_free(str(network), networks)
    if address is None:
        assert {str(network[offset]) for offset in range(4, 31)} <= networks
    else:
        assert address not in networks
        assert 4 <= int(ipaddress.IPv4Address(address)) - int(network.network_address) < 31


@pytest.mark.parametrize(
    ("address", "held"),
    [("10.0.0.0", True), ("10.0.0.31", True), ("10.0.0.32", False), ("9.255.255.255", False), ("192.168.0.1", False)],
)
def test_a_subnet_has_the_addresses_of_its_block(address: str, held: bool) -> None:
    assert contains("10.0.0.0/27", address) == held


# --- ranges of prefixes and subnets ------------------------------------------------------------------------------


def ranges(within: ipaddress.IPv4Network) -> st.SearchStrategy[str]:
    """Aligned ranges of at least 8 addresses."""

    def place(length: int) -> st.SearchStrategy[str]:
        size = 2 ** (32 - length)
        last = within.num_addresses // size - 1
        return st.integers(0, last).map(lambda n: f"{within.network_address + n * size}/{length}")

    return st.integers(within.prefixlen, 29).flatmap(place)


@pytest.mark.parametrize("cidr", ["10.0.0.0/9", "10.0.0.0/29", "0.0.0.0/9", "192.168.1.0/24"])
def test_a_range_is_taken(cidr: str) -> None:
    assert range_problem(cidr) is None


WRONG_RANGES = [
    ("", "CIDR format"),
    ("10.0.0.0", "prefix length"),
    ("10.0.0.0/8", "from /9 to /29"),
    ("10.0.0.0/30", "from /9 to /29"),
    ("10.0.0.0/33", "CIDR format"),
    ("10.0.0.0/-1", "CIDR format"),
    ("10.0.0.1/24", "10.0.0.0/24"),
    ("10.0.0.0/255.255.255.0", "10.0.0.0/24"),
    ("10.0.0.0/024", "10.0.0.0/24"),
    ("10.0.0/24", "CIDR format"),
    ("010.0.0.0/24", "CIDR format"),
    ("10.0.0.0/24 ", "CIDR format"),
    ("10.0.0.0/٢٤", "CIDR format"),
    ("2001:db8::/64", "CIDR format"),
    ("net", "CIDR format"),
]


def test_what_is_wrong_with_a_range_is_said() -> None:
    def check(case: tuple[str, str]) -> None:
        cidr, words = case
        assert words in str(range_problem(cidr))

    check_each(WRONG_RANGES, check)


@given(ranges(PREFIX))
def test_every_aligned_range_of_the_right_size_is_taken(cidr: str) -> None:
    assert range_problem(cidr) is None
    assert is_within(cidr, str(PREFIX))


@given(ranges(SMALL_PREFIX), ranges(SMALL_PREFIX))
def test_ranges_overlap_when_they_have_an_address_in_common(one: str, other: str) -> None:
    common = set(ipaddress.IPv4Network(one)) & set(ipaddress.IPv4Network(other))
    assert first_overlap(one, [other]) == (other if common else None)


@pytest.mark.parametrize("cidr", RESERVED_RANGES)
def test_a_reserved_range_is_found_from_within(cidr: str) -> None:
    inside = f"{ipaddress.IPv4Network(cidr)[256]}/29"
    assert first_overlap(inside, RESERVED_RANGES) == cidr


def test_private_ranges_are_not_reserved() -> None:
    assert not any(first_overlap(each, RESERVED_RANGES) for each in ("10.0.0.0/9", "172.16.0.0/12", "192.168.0.0/16"))


@given(st.lists(ranges(SMALL_PREFIX), max_size=12), st.sampled_from([8, 16, 64, 128]))
def test_the_first_free_range_is_the_lowest_aligned_one_that_touches_nothing(taken: list[str], size: int) -> None:
    places = [str(each) for each in SMALL_PREFIX.subnets(new_prefix=33 - size.bit_length())]
    expected = next((place for place in places if first_overlap(place, taken) is None), None)
    assert first_free_range(str(SMALL_PREFIX), size=size, taken=taken) == expected


@given(st.integers(3, 14))
def test_a_prefix_is_cut_up_without_a_gap(bits: int) -> None:
    places = [str(each) for each in islice(PREFIX.subnets(new_prefix=32 - bits), 64)]
    networks_in_use: list[str] = []
    for place in places:
        assert first_free_range(str(PREFIX), size=2**bits, taken=networks_in_use) == place
        networks_in_use.append(place)


def test_a_full_prefix_has_no_free_range() -> None:
    halves = [str(each) for each in PREFIX.subnets()]
    assert first_free_range(str(PREFIX), size=8, taken=halves) is None


@pytest.mark.parametrize(("cidr", "size"), [("10.0.0.0/29", 8), ("10.0.0.0/24", 256), ("10.0.0.0/9", 2**23)])
def test_a_range_has_so_many_addresses(cidr: str, size: int) -> None:
    assert size_of(cidr) == size


def test_what_is_taken_outside_of_the_prefix_is_no_matter() -> None:
    networks_in_use = ["10.0.0.0/16", "10.240.64.0/18"]
    assert first_free_range(str(PREFIX), size=256, taken=networks_in_use) == "10.240.0.0/24"


def test_a_range_larger_than_the_prefix_is_not_found() -> None:
    assert first_free_range(str(PREFIX), size=2**15, taken=[]) is None
    assert first_free_range("0.0.0.0/9", size=2**23, taken=["0.0.0.0/29"]) is None
