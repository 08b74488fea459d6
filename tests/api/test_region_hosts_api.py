"""13 regions, each a world of its own under its own host name."""

from typing import Any

import pytest

from controlplane.kernel import clock
from servers import catalog
from servers.models import BareMetalServer
from servers.services.catalog import seed_images
from tests.api.calling import call
from tests.api.vpc import QUERY, settle
from tests.world import World

EU_DE = "eu-de.iaas.cloud.ibm.com"


def there(method: str, path: str, body: Any = None, *, host: str = EU_DE) -> Any:
    return call(method, f"{path}?{QUERY}", body, Host=host)


@pytest.fixture
def server(world: World) -> dict[str, Any]:
    """Made in eu-de, with all that it needs."""
    seed_images("eu-de", clock.now())
    vpc = there("POST", "/v1/vpcs", {"name": "net"}).json()
    zone = {"name": "eu-de-1"}
    subnet = there("POST", "/v1/subnets", {"vpc": {"id": vpc["id"]}, "zone": zone, "total_ipv4_address_count": 16})
    body = {
        "name": "web-1",
        "profile": {"name": "bx2-metal-96x384"},
        "zone": zone,
        "initialization": {"image": {"id": there("GET", "/v1/images").json()["images"][0]["id"]}, "keys": []},
        "primary_network_interface": {"subnet": {"id": subnet.json()["id"]}},
    }
    answer = there("POST", "/v1/bare_metal_servers", body)
    assert answer.status_code == 201, answer.content
    server_body: dict[str, Any] = answer.json()
    settle(server_body["id"])
    return server_body


def test_a_server_lives_in_the_region_whose_host_was_called(server: dict[str, Any]) -> None:
    assert server["zone"]["name"] == "eu-de-1"
    assert server["href"].startswith(f"https://{EU_DE}/v1/")
    assert ":eu-de-1:" in server["crn"]
    assert BareMetalServer.objects.get().region == "eu-de"


def test_a_host_in_upper_case_is_the_same_region_and_links_say_https_and_its_name_in_lower_case(
    server: dict[str, Any],
) -> None:
    answer = there("GET", "/v1/bare_metal_servers", host="EU-DE.IAAS.Cloud.IBM.com:443")
    [actual_server] = answer.json()["bare_metal_servers"]
    assert actual_server["href"] == server["href"].replace(EU_DE, f"{EU_DE}:443")
    assert answer.json()["first"]["href"].startswith(f"https://{EU_DE}:443/v1/")


def test_a_server_is_invisible_in_other_regions(server: dict[str, Any]) -> None:
    for region in catalog.regions().keys() - {"eu-de"}:
        host = f"{region}.iaas.cloud.ibm.com"
        assert there("GET", "/v1/bare_metal_servers", host=host).json()["total_count"] == 0
        assert there("GET", f"/v1/bare_metal_servers/{server['id']}", host=host).status_code == 404


@pytest.mark.parametrize("host", ["eu-de.localhost", "eu-de.private.iaas.cloud.ibm.com"])
def test_any_host_name_that_begins_with_the_region_is_its_host(server: dict[str, Any], host: str) -> None:
    assert there("GET", f"/v1/bare_metal_servers/{server['id']}", host=host).status_code == 200


def test_a_host_that_names_no_region_is_the_configured_one(server: dict[str, Any], settings: Any) -> None:
    path = f"/v1/bare_metal_servers/{server['id']}"
    assert there("GET", path, host="127.0.0.1").status_code == 404
    settings.BAREMINT_REGION = "eu-de"
    assert there("GET", path, host="127.0.0.1").status_code == 200


def test_a_name_may_be_used_again_in_another_region(server: dict[str, Any]) -> None:
    assert there("POST", "/v1/vpcs", {"name": "net"}, host="us-south.iaas.cloud.ibm.com").status_code == 201


def test_links_on_a_host_of_ibms_are_https_as_there_is_no_other_way_to_it(server: dict[str, Any]) -> None:
    # D-94
    body = there("GET", "/v1/bare_metal_servers").json()
    assert body["first"]["href"].startswith(f"https://{EU_DE}/v1/bare_metal_servers?")
    assert body["bare_metal_servers"][0]["href"].startswith(f"https://{EU_DE}/v1/bare_metal_servers/")
