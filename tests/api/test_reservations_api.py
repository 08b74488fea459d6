"""``/v1/reservations``: made, activated, used by bare metal servers, and over some day."""

from datetime import timedelta
from typing import Any

import pytest
from ibm_vpc import vpc_v1

from controlplane.activity.models import ActivityEvent
from controlplane.activity.record import Party
from controlplane.kernel import clock
from servers.models import BareMetalServer, Reservation
from servers.services import reservation_terms, transitions
from tests.api.calling import caller_of
from tests.api.vpc import QUERY, SERVERS, Api, errors, fits, settle
from tests.policies import VICTOR, attribute, make_content
from tests.tables import alone, check_each
from tests.world import MALLORY, World, make_server
from trustedprofiles.services.policies import create_policy

BY = Party("IBMid-ALICE00001", "Alice", "User")
PATH = "/v1/reservations"
PROFILE = "bx2-metal-96x384"
POOL = "reservation_affinity.pool"
WANTED: dict[str, Any] = {
    "capacity": {"total": 1},
    "committed_use": {"term": "one_year"},
    "profile": {"name": PROFILE, "resource_type": "bare_metal_server_profile"},
    "zone": {"name": "us-south-1"},
    "name": "reserved",
    "affinity_policy": "restricted",
}
AUTOMATIC = {"affinity_policy": "automatic", "name": "automatic"}
VIRTUAL = {"profile": {"name": "cx2-2x4", "resource_type": "instance_profile"}, "name": "virtual"}


@pytest.fixture
def server(world: World) -> BareMetalServer:
    return make_server(world.account, name="web-1")


def make(api: Api, **change: Any) -> dict[str, Any]:
    answer = api.call("POST", PATH, WANTED | change)
    assert answer.status_code == 201, answer.content
    body: dict[str, Any] = answer.json()
    return body


def pass_time(days: float = 1) -> None:
    """Let everything happen that is due by then."""
    while reservation_terms.run_due(clock.now() + timedelta(days=days)):
        pass


def active(api: Api, **change: Any) -> dict[str, Any]:
    reservation = make(api, **change)
    assert api.call("POST", f"{PATH}/{reservation['id']}/activate").status_code == 202
    pass_time()
    return shown(api, reservation)


def shown(api: Api, one: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = api.get(f"{PATH}/{one['id']}").json()
    return answer


def use(api: Api, server: BareMetalServer, **affinity: Any) -> Any:
    return api.call("PATCH", f"{SERVERS}/{server.id}", {"reservation_affinity": affinity})


def another(api: Api, server: BareMetalServer, **change: Any) -> Any:
    """An answer to a request for a server like this one."""
    subnet = server.network_interfaces.get().subnet
    body = {
        "profile": {"name": server.profile},
        "zone": {"name": server.zone},
        "initialization": {"image": {"id": server.initialization.image["id"]}, "keys": []},
        "primary_network_interface": {"subnet": {"id": subnet.id}},
    }
    return api.call("POST", SERVERS, body | change)


def test_a_reservation_is_made_read_changed_and_deleted(api: Api) -> None:
    reservation = make(api)
    actual_reservation = fits(vpc_v1.Reservation, reservation)
    assert (actual_reservation.status, actual_reservation.lifecycle_state, actual_reservation.status_reasons) == (
        "inactive",
        "stable",
        [],
    )
    assert reservation["capacity"] == {"allocated": 0, "available": 0, "status": "unallocated", "total": 1, "used": 0}
    assert reservation["committed_use"] == {"expiration_policy": "release", "term": "one_year"}
    assert actual_reservation.crn.split(":")[5::3] == ["us-south-1", "reservation"]
    change = {
        "name": "changed",
        "affinity_policy": "automatic",
        "capacity": {"total": 2},
        "committed_use": {"term": "three_year", "expiration_policy": "renew"},
        "profile": {"name": "cx2-metal-96x192"},
    }
    body = api.call("PATCH", f"{PATH}/{actual_reservation.id}", change).json()
    assert (body["name"], body["affinity_policy"], body["capacity"]["total"]) == ("changed", "automatic", 2)
    assert body["committed_use"] == {"expiration_policy": "renew", "term": "three_year"}
    assert body["profile"]["name"] == "cx2-metal-96x192"
    assert [each["name"] for each in api.get(PATH).json()["reservations"]] == ["changed"]
    deleted = api.call("DELETE", f"{PATH}/{actual_reservation.id}")
    assert (deleted.status_code, fits(vpc_v1.Reservation, deleted.json()).lifecycle_state) == (202, "deleting")
    assert api.get(f"{PATH}/{actual_reservation.id}").status_code == 404


def test_a_reservation_has_capacity_from_its_activation_to_the_end_of_its_term(api: Api) -> None:
    reservation = make(api)
    path = f"{PATH}/{reservation['id']}"
    assert api.call("POST", f"{path}/activate").status_code == 202
    pages = [shown(api, reservation)]
    for days in (1, 366, 367):
        reservation_terms.run_due(clock.now() + timedelta(days=days))
        pages.append(shown(api, reservation))
    assert [each["status"] for each in pages] == ["activating", "active", "deactivating", "expired"]
    assert [each["capacity"]["status"] for each in pages] == ["allocating", "allocated", "allocated", "unallocated"]
    assert [each["capacity"]["available"] for each in pages] == [0, 1, 1, 0]
    assert all(each["committed_use"]["expiration_at"] > each["created_at"] for each in pages)
    actions = ActivityEvent.objects.filter(action__startswith="is.reservation.", target_id=reservation["crn"])
    verbs = [each.rpartition(".")[2] for each in actions.order_by("pk").values_list("action", flat=True)]
    assert [each for each in verbs if each != "read"] == ["create", "activate", "activate", "expire", "expire"]


def test_a_reservation_is_renewed_for_another_term(api: Api) -> None:
    one = active(api, committed_use={"term": "one_year", "expiration_policy": "renew"})
    pass_time(800)
    later = shown(api, one)
    assert later["status"] == "active"
    assert int(later["committed_use"]["expiration_at"][:4]) - int(one["committed_use"]["expiration_at"][:4]) == 2


FAILURES = {
    "fail-cannot-activate-no-capacity-available": (1, "failed", "failed"),
    "fail-cannot-renew-unsupported-profile-term-2": (800, "expired", "stable"),
}


@pytest.mark.parametrize(("name", "ending"), FAILURES.items(), ids=FAILURES.keys())
def test_the_name_of_a_reservation_makes_it_fail(api: Api, name: str, ending: tuple[int, str, str]) -> None:
    days, status, lifecycle = ending
    one = active(api, name=name, committed_use={"term": "one_year", "expiration_policy": "renew"})
    pass_time(days)
    pass_time(days + 1)
    actual = fits(vpc_v1.Reservation, shown(api, one))
    assert (actual.status, actual.lifecycle_state) == (status, lifecycle)
    assert [each.code.replace("_", "-") for each in actual.status_reasons] == [name[5:].removesuffix("-2")]
    assert api.call("DELETE", f"{PATH}/{one['id']}").status_code == 202


@pytest.mark.parametrize(
    ("method", "suffix", "body", "target"),
    [
        ("DELETE", "", None, ""),
        ("POST", "/activate", None, ""),
        ("PATCH", "", {"capacity": {"total": 3}}, "capacity.total"),
        ("PATCH", "", {"committed_use": {"term": "three_year"}}, "committed_use.term"),
        ("PATCH", "", {"affinity_policy": "automatic"}, "affinity_policy"),
        ("PATCH", "", {"profile": {"name": "cx2-metal-96x192"}}, "profile.name"),
    ],
)
def test_an_active_reservation_stays_as_it_is(api: Api, method: str, suffix: str, body: Any, target: str) -> None:
    one = active(api)
    answer = api.call(method, f"{PATH}/{one['id']}{suffix}", body)
    assert (answer.status_code, errors(answer)) == (409, [("reservation_status_conflict", target)])
    assert shown(api, one) == one


def test_an_active_reservation_is_renamed_and_may_be_renewed(api: Api) -> None:
    path = f"{PATH}/{active(api)['id']}"
    same = {"capacity": {"total": 1}, "affinity_policy": "restricted"}
    body = api.call("PATCH", path, same | {"name": "new", "committed_use": {"expiration_policy": "renew"}}).json()
    assert (body["name"], body["committed_use"]["expiration_policy"]) == ("new", "renew")


REFUSED: dict[str, tuple[dict[str, Any], int, list[tuple[str, str]]]] = {
    "zone": ({"zone": {"name": "eu-de-1"}}, 400, [("bad_field", "zone")]),
    "profile": ({"profile": WANTED["profile"] | {"name": "none"}}, 400, [("bad_field", "profile.name")]),
    "bare-metal-as-virtual": (
        {"profile": {"name": PROFILE, "resource_type": "instance_profile"}},
        400,
        [("bad_field", "profile.name")],
    ),
    "type": ({"profile": {"name": PROFILE, "resource_type": "x"}}, 400, [("invalid_value", "profile.resource_type")]),
    "none": ({"capacity": {"total": 0}}, 400, [("invalid_value", "capacity.total")]),
    "many": ({"capacity": {"total": 26}}, 400, [("over_quota", "capacity.total")]),
    "vcpus": (VIRTUAL | {"capacity": {"total": 101}}, 400, [("over_quota", "capacity.total")]),
    "term": ({"committed_use": {"term": "two_year"}}, 400, [("invalid_value", "committed_use.term")]),
    "group": ({"resource_group": {"id": "0" * 32}}, 400, [("bad_field", "resource_group")]),
    "name": ({"name": "reserved-9", "zone": {"name": "us-south-2"}}, 400, [("validation_unique_failed", "name")]),
}


def test_a_reservation_is_refused(api: Api) -> None:
    # D-32
    def check(name: str) -> None:
        change, status, problems = REFUSED[name]
        make(api, name="reserved-9", capacity={"total": 1}, profile=VIRTUAL["profile"])
        answer = api.call("POST", PATH, WANTED | change)
        assert (answer.status_code, errors(answer)) == (status, problems)
        assert Reservation.objects.count() == 1

    check_each(REFUSED, alone(check))


def test_filters_of_the_list(api: Api) -> None:
    make(api)
    make(api, **VIRTUAL, zone={"name": "us-south-2"}, affinity_policy="automatic")
    for query in (
        "name=virtual",
        "profile.resource_type=instance_profile",
        "affinity_policy=automatic",
        "zone.name=us-south-2",
    ):
        assert [each["name"] for each in api.get(PATH, query).json()["reservations"]] == ["virtual"]
    assert api.get(PATH, "resource_group.id=none").json()["total_count"] == 0


@pytest.mark.parametrize(("day", "policy"), [("2024-11-18", "restricted"), ("2024-11-19", "automatic")])
def test_the_default_reservation_policy_depends_on_the_version(api: Api, day: str, policy: str) -> None:
    body = {name: value for name, value in WANTED.items() if name != "affinity_policy"}
    reservation = api.call("POST", PATH, body, query=f"version={day}&generation=2").json()
    assert reservation["affinity_policy"] == policy


@pytest.mark.parametrize("form", ["id", "crn", "href"])
def test_a_server_is_made_in_a_reservation_that_it_names(api: Api, server: BareMetalServer, form: str) -> None:
    one = active(api)
    answer = another(api, server, name="db-1", reservation_affinity={"pool": [{form: one[form]}]})
    actual_server = fits(vpc_v1.BareMetalServer, answer.json())
    assert (actual_server.reservation_affinity.policy, actual_server.reservation.id) == ("manual", one["id"])
    assert [each.crn for each in actual_server.reservation_affinity.pool] == [one["crn"]]
    assert (actual_server.health_state, actual_server.health_reasons) == ("ok", [])
    assert shown(api, one)["capacity"]["used"] == 1
    for query in (f"reservation.id={one['id']}", f"reservation.crn={one['crn']}", "reservation.name=reserved"):
        body = api.get(SERVERS, query).json()
        assert ([each["name"] for each in body["bare_metal_servers"]], body["total_count"]) == (["db-1"], 1)
    assert api.get(SERVERS, "reservation.crn=crn:v1:none").json()["total_count"] == 0


def test_a_pool_is_refused_when_it_does_not_suit(api: Api, server: BareMetalServer) -> None:
    cases: dict[str, tuple[dict[str, Any], int, list[tuple[str, str]]]] = {
        make(api, name="inactive")["id"]: ({}, 400, [("invalid_value", f"{POOL}[0]")]),
        active(api, **AUTOMATIC, zone={"name": "us-south-2"})["id"]: (
            {},
            400,
            [("invalid_value", f"{POOL}[0]")] * 2,
        ),
        active(api, name="other", profile=WANTED["profile"] | {"name": "cx2-metal-96x192"})["id"]: (
            {},
            400,
            [("invalid_value", f"{POOL}[0]")],
        ),
        "none": ({}, 400, [("bad_field", f"{POOL}[0]")]),
        active(api, name="good")["id"]: ({"policy": "automatic"}, 400, [("invalid_value", POOL)]),
    }
    for id, (change, status, problems) in cases.items():
        affinity = {"pool": [{"id": id}]} | change
        answers = (another(api, server, reservation_affinity=affinity), use(api, server, **affinity))
        for answer in answers:
            assert (answer.status_code, errors(answer)) == (status, problems), id
    assert not BareMetalServer.objects.filter(reservation__isnull=False).exists()


def test_a_pool_without_capacity_is_refused(api: Api, server: BareMetalServer) -> None:
    pool = [{"id": active(api)["id"]}]
    assert use(api, server, pool=pool).status_code == 200
    assert use(api, server, policy="manual", pool=pool).status_code == 200
    answer = another(api, server, reservation_affinity={"pool": pool})
    assert (answer.status_code, errors(answer)) == (409, [("reservation_capacity_unavailable", f"{POOL}[0]")])


def test_a_server_leaves_its_reservation(api: Api, server: BareMetalServer) -> None:
    one = active(api)
    use(api, server, pool=[{"id": one["id"]}])
    answer = use(api, server, policy="disabled", pool=None).json()
    assert "reservation" not in answer
    assert answer["reservation_affinity"] == {"policy": "disabled", "pool": []}
    assert shown(api, one)["capacity"]["available"] == 1
    verbs = ("attach", "detach")
    events = [ActivityEvent.objects.get(action=f"is.reservation.reservation.{verb}") for verb in verbs]
    assert [each.data["bare_metal_server"]["id"] for each in events] == [server.id] * 2


def test_automatic_servers_fill_automatic_reservations(api: Api, server: BareMetalServer) -> None:
    second = another(api, server, name="web-2").json()["id"]
    one = active(api, **AUTOMATIC)
    assert api.get(f"{SERVERS}/{server.id}").json()["reservation"]["id"] == one["id"]
    assert "reservation" not in api.get(f"{SERVERS}/{second}").json()
    settle(second)
    api.call("POST", f"{SERVERS}/{server.id}/stop", {"type": "hard"})
    settle(server.id)
    assert shown(api, one)["capacity"]["used"] == 1
    api.call("DELETE", f"{SERVERS}/{server.id}")
    BareMetalServer.objects.filter(id=server.id).update(transition_due_at=clock.now())
    transitions.run_due(clock.now())
    assert api.get(f"{SERVERS}/{second}").json()["reservation"]["id"] == one["id"]


def test_servers_stay_when_their_reservation_expires_and_is_deleted(api: Api, server: BareMetalServer) -> None:
    one = active(api)
    use(api, server, pool=[{"id": one["id"]}])
    health = []
    for step in range(3):
        if step == 2:
            assert api.call("DELETE", f"{PATH}/{one['id']}").status_code == 202
        if step == 1:
            pass_time(366)
            pass_time(367)
        actual_server = fits(vpc_v1.BareMetalServer, api.get(f"{SERVERS}/{server.id}").json())
        health.append(
            (
                actual_server.health_state,
                [each.code for each in actual_server.health_reasons],
                bool(actual_server.reservation),
            )
        )
    assert health == [
        ("ok", [], True),
        ("degraded", ["reservation_expired"], False),
        ("degraded", ["reservation_deleted"], False),
    ]
    [pooled] = actual_server.reservation_affinity.pool
    assert (pooled.id, pooled.name, pooled.deleted is not None) == (one["id"], "reserved", True)
    same = use(api, server, policy="manual", pool=[{"id": one["id"]}])
    assert (same.status_code, same.json()["health_state"]) == (200, "degraded")
    assert use(api, server, policy="automatic").json()["health_state"] == "ok"


def test_what_is_reserved_counts_like_servers(api: Api, server: BareMetalServer, settings: Any) -> None:
    settings.BAREMINT_QUOTAS = {"bare_metal_servers": 2}
    one = active(api)
    answer = another(api, server)
    assert errors(answer) == [("over_quota", "")]
    assert another(api, server, reservation_affinity={"pool": [{"id": one["id"]}]}).status_code == 201
    assert errors(api.call("POST", PATH, WANTED | {"name": "more"})) == [("over_quota", "capacity.total")]
    assert api.call("POST", PATH, WANTED | AUTOMATIC).status_code == 201  # the first server will be in it


def test_a_list_shows_what_the_caller_may_see(api: Api, world: World) -> None:
    reservation = make(api)
    make(api, name="hidden")
    content = make_content(VICTOR, more=(attribute("reservationId", reservation["id"]),))
    create_policy(world.account, content=content, api_version="v1", by=BY)
    victor = Api(caller_of(VICTOR))
    body = victor.get(PATH).json()
    assert ([each["name"] for each in body["reservations"]], body["total_count"]) == (["reserved"], 1)
    assert victor.call("POST", f"{PATH}/{reservation['id']}/activate").status_code == 403


def test_a_foreign_reservation_reads_like_none(api: Api, server: BareMetalServer) -> None:
    path = f"{PATH}/{active(api)['id']}"
    mallory = Api(MALLORY)
    calls = (("GET", path), ("PATCH", path), ("DELETE", path), ("POST", f"{path}/activate"))
    assert {mallory.call(method, each, {} if method == "PATCH" else None).status_code for method, each in calls} == {
        404
    }
    assert mallory.get(PATH).json()["reservations"] == []
    assert api.call("GET", path, query=QUERY).status_code == 200
