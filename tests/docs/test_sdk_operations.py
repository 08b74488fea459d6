"""docs/compatibility.md counts the operations of IBM's SDKs, and the live suites' lists name what is not served."""

from tests.conformance.not_served import ANSWERED_OTHERWISE, EVERY_LIST, RECORDED
from tests.docs import live_suites
from tests.docs.sdk_operations import CLIENTS, PAGE, called, kind, renewed, sdk_operations
from tests.tables import assert_none, check_each

CALLS = sorted(
    {call for suites in EVERY_LIST for calls in suites.values() for call in calls if call != ANSWERED_OTHERWISE}
)
OF_THE_SDKS = {each.call for client, base in CLIENTS.items() for each in sdk_operations(client, base)}


def test_the_page_counts_the_operations_as_they_are() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == renewed(page), "Run: make docs"


def test_the_page_of_the_live_suites_is_made_of_their_lists() -> None:
    assert live_suites.PAGE.read_text(encoding="utf-8") == live_suites.page(), "Run: make docs"


def test_the_same_suites_ran_in_each_language_and_each_passed_in_part() -> None:
    assert all(each.ran.keys() == RECORDED[0].ran.keys() >= each.failed.keys() for each in RECORDED)
    assert all(0 < each.passed(suite) <= each.ran[suite] for each in RECORDED for suite in each.ran)


def test_every_request_of_a_client_is_counted() -> None:
    """Each method of a client makes one request, except the few that only help."""

    def check(client: type) -> None:
        methods = [name for name, each in vars(client).items() if callable(each) and not name.startswith("_")]
        names = [each.name for each in sdk_operations(client, CLIENTS[client])]
        assert set(methods) - set(names) <= {"new_instance"}

    check_each(CLIENTS, check)


def test_what_live_suites_do_not_find_served_is_a_call_of_the_sdk() -> None:
    assert_none([call for call in CALLS if called(*call.split()) not in OF_THE_SDKS], among=CALLS)


def test_what_is_listed_as_not_served_is_not_served() -> None:
    """A call that comes to be served leaves ``tests/conformance/not_served*.toml`` with its tests."""
    assert_none([call for call in CALLS if kind(called(*call.split())) == "served"], among=CALLS)
