"""What the VPC API says at the date of each change, and at the day before (VPC API change log)."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from controlplane.kernel import clock
from servers import catalog
from servers.models import BareMetalServer, SecurityGroup
from tests.api.vpc import SERVERS, Api, errors, settle

DAY = timedelta(days=1)
VLAN = {"interface_type": "vlan", "vlan": 7}


class Dated:
    """The VPC API, as a version of it."""

    def __init__(self, api: Api, prototype: dict[str, Any], version: date) -> None:
        self.api, self.version = api, version
        self.prototype = prototype | {"name": f"dated-{version}"}

    def call(self, method: str, path: str, body: Any = None, query: str = "") -> Any:
        return self.api.call(method, path, body, query=f"version={self.version}&generation=2&{query}")

    def made(self, **changes: Any) -> dict[str, Any]:
        answer = self.call("POST", SERVERS, self.prototype | changes)
        assert answer.status_code == 201, answer.content
        return dict(answer.json())

    def connected(self, **changes: Any) -> dict[str, Any]:
        """The answer to a server whose primary network interface is asked for with these changes."""
        return self.made(primary_network_interface=self.prototype["primary_network_interface"] | changes)


def words_for_an_address(shown: dict[str, Any]) -> set[str]:
    return {"primary_ip", "primary_ipv4_address"} & shown.keys()


def address_shown(at: Dated) -> Any:
    """By what name each place shows the address of a network interface."""
    server = at.made()
    one = f"{SERVERS}/{server['id']}/network_interfaces/{server['primary_network_interface']['id']}"
    target = {"target": {"id": server["primary_network_interface"]["id"]}}
    places = [
        server["primary_network_interface"],
        server["network_interfaces"][0],
        at.call("GET", f"{SERVERS}/{server['id']}").json()["primary_network_interface"],
        at.call("GET", one).json(),
        at.call("GET", one.rpartition("/")[0]).json()["network_interfaces"][0],
        at.call("POST", "/v1/floating_ips", target).json()["target"],
    ]
    assert all(words == words_for_an_address(places[0]) for words in map(words_for_an_address, places))
    return words_for_an_address(places[0])


def address_asked_for(at: Dated) -> Any:
    """The addresses given to a server and to a further interface that ask by the word of the earlier versions."""
    body = at.prototype["primary_network_interface"] | {"allowed_vlans": [7], "primary_ipv4_address": "10.240.0.77"}
    answer = at.call("POST", SERVERS, at.prototype | {"primary_network_interface": body})
    if answer.status_code != 201:
        return errors(answer)
    server = answer.json()
    settle(server["id"])
    further = VLAN | {"subnet": body["subnet"], "primary_ipv4_address": "10.240.0.78"}
    network_interface = at.call("POST", f"{SERVERS}/{server['id']}/network_interfaces", further).json()
    return server["primary_network_interface"]["primary_ipv4_address"], network_interface["primary_ipv4_address"]


def newer_address_asked_for(at: Dated) -> Any:
    body = at.prototype["primary_network_interface"] | {"primary_ip": {"address": "10.240.0.77"}}
    answer = at.call("POST", SERVERS, at.prototype | {"primary_network_interface": body})
    return errors(answer) if answer.status_code != 201 else "given"


def address_refused(at: Dated) -> Any:
    """What is to blame for an address outside of the subnet."""
    word = "primary_ipv4_address" if at.version < date(2022, 3, 29) else "primary_ip"
    address: Any = {"primary_ipv4_address": "10.0.0.1", "primary_ip": {"address": "10.0.0.1"}}[word]
    body = at.prototype["primary_network_interface"] | {word: address}
    return errors(at.call("POST", SERVERS, at.prototype | {"primary_network_interface": body}))


def reservation_policy(at: Dated) -> Any:
    return at.made()["reservation_affinity"]["policy"]


def reservation_policy_asked_for(at: Dated) -> Any:
    """The policy given to those that ask for each."""
    policies = ("automatic", "disabled")
    bodies = [at.made(name=f"with-{policy}", reservation_affinity={"policy": policy}) for policy in policies]
    return [each["reservation_affinity"]["policy"] for each in bodies]


def image_owner(at: Dated) -> Any:
    image = at.call("GET", "/v1/images", query="limit=1").json()["images"][0]
    return {"owner_type", "remote"} & image.keys()


def owner_of_the_image_of_a_server(at: Dated) -> Any:
    """Whether the initialization says whose the image is: IBM's, and an own one."""
    file = {"href": "cos://us-south/bucket/own.qcow2"}
    own = at.call("POST", "/v1/images", {"file": file, "operating_system": {"name": "ubuntu-22-04-amd64"}}).json()
    initialization = at.prototype["initialization"]
    images = [initialization["image"], {"id": own["id"]}]
    bodies = [
        at.made(name=f"of-{n}", initialization=initialization | {"image": image}) for n, image in enumerate(images)
    ]
    actual_images = [at.call("GET", f"{SERVERS}/{each['id']}/initialization").json()["image"] for each in bodies]
    return [each.get("remote", {}).get("account", {}).get("id") for each in actual_images]


def image_filters(at: Dated) -> Any:
    """How many stock images a filter for the account's own images leaves, of all that there are."""
    queries = ("owner_type=user", "remote.account.id=null")
    counts = [at.call("GET", "/v1/images", query=query).json()["total_count"] for query in queries]
    return ["all" if count == len(catalog.stock_images()) else count for count in counts]


def protocol(at: Dated) -> Any:
    group = SecurityGroup.objects.all()[0]
    rules = at.call("GET", f"/v1/security_groups/{group.id}/rules").json()["rules"]
    return {rule["protocol"] for rule in rules}


def protocol_asked_for(at: Dated) -> Any:
    path = f"/v1/security_groups/{SecurityGroup.objects.all()[0].id}/rules"
    words = ("all", "icmp_tcp_udp")
    return [at.call("POST", path, {"direction": "inbound", "protocol": word}).status_code for word in words]


UNKNOWN = "unknown_field"
CHANGES: dict[str, tuple[date, Callable[[Dated], Any], Any, Any]] = {
    "address-shown": (date(2022, 3, 29), address_shown, {"primary_ipv4_address"}, {"primary_ip"}),
    "address-asked-for": (
        date(2022, 3, 29),
        address_asked_for,
        ("10.240.0.77", "10.240.0.78"),
        [(UNKNOWN, "primary_network_interface.primary_ipv4_address")],
    ),
    "newer-address-asked-for": (
        date(2022, 3, 29),
        newer_address_asked_for,
        [(UNKNOWN, "primary_network_interface.primary_ip")],
        "given",
    ),
    "address-refused": (
        date(2022, 3, 29),
        address_refused,
        [("invalid_value", "primary_network_interface.primary_ipv4_address")],
        [("invalid_value", "primary_network_interface.primary_ip.address")],
    ),
    "reservation-policy": (date(2024, 11, 19), reservation_policy, "disabled", "automatic"),
    "reservation-policy-asked-for": (
        date(2024, 11, 19),
        reservation_policy_asked_for,
        ["automatic", "disabled"],
        ["automatic", "disabled"],
    ),
    "image-owner": (date(2025, 6, 30), image_owner, {"owner_type"}, {"remote"}),
    "owner-of-the-image-of-a-server": (
        date(2025, 6, 30),
        owner_of_the_image_of_a_server,
        [None, None],
        [catalog.PROVIDER_ACCOUNT, None],
    ),
    "image-filters": (date(2025, 6, 30), image_filters, [0, "all"], ["all", 0]),
    "protocol": (date(2025, 12, 9), protocol, {"all"}, {"icmp_tcp_udp"}),
    "protocol-asked-for": (date(2025, 12, 9), protocol_asked_for, [201, 400], [400, 201]),
}


@pytest.mark.parametrize("case", CHANGES.values(), ids=CHANGES.keys())
@pytest.mark.parametrize("when", ["before", "since"])
def test_a_change_has_its_date(
    api: Api,
    prototype: dict[str, Any],
    case: tuple[date, Callable[[Dated], Any], Any, Any],
    when: str,
) -> None:
    change_name, behaviour, before, since = case
    version, expected = (change_name - DAY, before) if when == "before" else (change_name, since)
    assert behaviour(Dated(api, prototype, version)) == expected


@pytest.mark.parametrize("version", [date(2019, 1, 1), date(2023, 1, 16), date(2026, 8, 4)])
def test_what_came_without_a_version_is_the_same_at_all_dates(
    api: Api, prototype: dict[str, Any], version: date
) -> None:
    """Accepted deletions, the metadata service, firmware, zones of profiles, capacities."""
    at = Dated(api, prototype, version)
    bodies = at.made(metadata_service={"enabled": True})
    assert bodies["metadata_service"]["enabled"] is True
    assert "update" in bodies["firmware"]
    profile = at.call("GET", f"/v1/bare_metal_server/profiles/{bodies['profile']['name']}").json()
    assert profile["zones"]
    assert at.call("GET", "/v1/bare_metal_server/capacities").json()["capacities"]
    BareMetalServer.objects.filter(id=bodies["id"]).update(status="stopped", transition="", transition_due_at=None)
    path = f"{SERVERS}/{bodies['id']}"
    assert at.call("POST", f"{path}/firmware/update", {"auto_start": False}).status_code == 204
    settle(bodies["id"])
    assert at.call("DELETE", path).status_code == 202


# --- the last version ------------------------------------------------------------------------------------------------

NOON = datetime(2026, 5, 5, 12, tzinfo=UTC)
CLOCKS = {
    "unmoved": timedelta(0),
    "domain-ahead": timedelta(days=400),
    "domain-behind": timedelta(days=-400),
}


@pytest.fixture(params=CLOCKS.values(), ids=CLOCKS.keys())
def today(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[date]:
    """The later date of the two clocks, of which the machine's shows noon."""
    monkeypatch.setattr(clock, "wall_clock", lambda: NOON)
    clock.follow(lambda last: clock.Setting(offset=request.param))
    yield max(NOON, NOON + request.param).date()
    clock.follow(lambda last: clock.UNMOVED)


def test_tomorrows_version_is_the_last_one(api: Api, today: date) -> None:
    def answered(version: date) -> Any:
        return api.call("GET", SERVERS, query=f"version={version}&generation=2")

    assert [answered(today + days * DAY).status_code for days in (0, 1, 2)] == [200, 200, 400]
    assert errors(answered(today + 2 * DAY)) == [("invalid_version_range", "version")]
    assert (today + DAY).isoformat() in answered(today + 2 * DAY).json()["errors"][0]["message"]
