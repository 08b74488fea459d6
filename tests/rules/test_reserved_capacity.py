"""Reservations as data: terms, policies that go together, what may change when."""

from datetime import UTC, datetime
from typing import Any

import pytest

from controlplane.kernel.errors import Conflict, InvalidValue
from servers import reserved_capacity as rules
from tests.tables import check_each

TERMS = {
    "one-year": (datetime(2026, 11, 30, 8, tzinfo=UTC), "one_year", datetime(2027, 11, 30, 8, tzinfo=UTC)),
    "three-years": (datetime(2026, 11, 30, 8, tzinfo=UTC), "three_year", datetime(2029, 11, 30, 8, tzinfo=UTC)),
    "leap-day": (datetime(2028, 2, 29, tzinfo=UTC), "one_year", datetime(2029, 2, 28, tzinfo=UTC)),
}
AFFINITIES: dict[str, tuple[tuple[str | None, list[str] | None, str, list[str]], Any]] = {
    "nothing-said": ((None, None, "automatic", []), ("automatic", [])),
    "nothing-said-early": ((None, None, "disabled", []), ("disabled", [])),
    "pool-makes-manual": ((None, ["r"], "automatic", []), ("manual", ["r"])),
    "manual": (("manual", ["r"], "automatic", []), ("manual", ["r"])),
    "manual-keeps-its-pool": (("manual", None, "manual", ["r"]), ("manual", ["r"])),
    "disabled-empties-the-pool": (("disabled", None, "manual", ["r"]), ("disabled", [])),
    "manual-without-pool": (("manual", None, "automatic", []), InvalidValue),
    "manual-with-empty-pool": ((None, [], "manual", ["r"]), InvalidValue),
    "automatic-with-pool": (("automatic", ["r"], "automatic", []), InvalidValue),
    "disabled-with-pool": (("disabled", ["r"], "manual", ["r"]), InvalidValue),
}


@pytest.mark.parametrize(("start", "term", "end"), TERMS.values(), ids=TERMS.keys())
def test_a_term_ends_on_the_same_day_years_later(start: datetime, term: str, end: datetime) -> None:
    assert rules.end_of_term(start, term) == end


def test_policy_and_pool_go_together() -> None:
    def check(name: str) -> None:
        affinity, result = AFFINITIES[name]
        policy, pool, default, present = affinity
        if result is InvalidValue:
            with pytest.raises(InvalidValue):
                rules.affinity(policy, pool, default=default, present=present)
            return
        resulting_policy, members = rules.affinity(policy, pool, default=default, present=present)
        assert (resulting_policy, list(members)) == result

    check_each(AFFINITIES, check)


@pytest.mark.parametrize(("change", "named"), [("total", "capacity.total"), ("term", "committed_use.term")])
def test_a_refused_change_is_named_as_the_request_names_it(change: str, named: str) -> None:
    with pytest.raises(Conflict, match=f"^{named} cannot be changed while the reservation is active"):
        rules.require_changeable(rules.ACTIVE, [change])


@pytest.mark.parametrize("status", [*rules.CAPACITY])
def test_what_a_reservation_may_change_depends_on_its_status(status: str) -> None:
    def allowed(change: str) -> bool:
        try:
            rules.require_changeable(status, [change])
        except Conflict:
            return False
        return True

    changes = ("name", "expiration_policy", "total", "term", "profile", "affinity_policy")
    renewable = status in ("inactive", "activating", "active")
    inactive = status == "inactive"
    assert [allowed(each) for each in changes] == [True, renewable, inactive, inactive, inactive, inactive]


@pytest.mark.parametrize(
    ("name", "count"),
    [("cx2-2x4", 2), ("bx3d-128x640", 128), ("gx3d-160x1792x8h100", 160), ("bx2-2x8-sriov", 2), ("ba2-2x8", 2)],
)
def test_the_name_of_a_virtual_servers_profile_says_its_vcpus(name: str, count: int) -> None:
    assert rules.vcpus(name) == count


@pytest.mark.parametrize("name", ["bx2-metal-96x384", "nothing", "cx2-0x4", "cx2-2x4 "])
def test_other_names_are_no_profiles_of_virtual_servers(name: str) -> None:
    assert rules.vcpus(name) is None
