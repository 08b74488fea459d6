"""What the VPC API answers satisfies the SDK's models."""

from typing import Any

from ibm_vpc import vpc_v1

from servers.models import BareMetalServer, Subnet
from tests.api.vpc import SERVERS, Api, fits
from tests.tables import check_each

# --- answers that the SDK's models accept --------------------------------------------------------------------------


def assert_complete(body: Any) -> None:
    """No property anywhere is null: the SDKs and Terraform dereference them."""
    values = body.values() if isinstance(body, dict) else body if isinstance(body, list) else []
    for value in values:
        assert value is not None
        assert_complete(value)


def test_a_server_satisfies_the_sdk_model(api: Api, server: BareMetalServer) -> None:
    body = api.get(f"{SERVERS}/{server.id}").json()
    assert_complete(body)
    assert vpc_v1.BareMetalServer.from_dict(body).status == "running"


MODELS: dict[str, tuple[str, type[Any]]] = {
    "profile": ("/v1/bare_metal_server/profiles/bx3d-metal-48x256", vpc_v1.BareMetalServerProfile),
    "profiles": ("/v1/bare_metal_server/profiles", vpc_v1.BareMetalServerProfileCollection),
    "servers": (SERVERS, vpc_v1.BareMetalServerCollection),
    "images": ("/v1/images", vpc_v1.ImageCollection),
    "operating-systems": ("/v1/operating_systems", vpc_v1.OperatingSystemCollection),
    "vpcs": ("/v1/vpcs", vpc_v1.VPCCollection),
    "subnets": ("/v1/subnets", vpc_v1.SubnetCollection),
    "keys": ("/v1/keys", vpc_v1.KeyCollection),
    "regions": ("/v1/regions", vpc_v1.RegionCollection),
    "zone": ("/v1/regions/us-south/zones/us-south-1", vpc_v1.Zone),
    "initialization": (SERVERS + "/{server}/initialization", vpc_v1.BareMetalServerInitialization),
    "disks": (SERVERS + "/{server}/disks", vpc_v1.BareMetalServerDiskCollection),
    "interfaces": (SERVERS + "/{server}/network_interfaces", vpc_v1.BareMetalServerNetworkInterfaceCollection),
    "reserved-ips": ("/v1/subnets/{subnet}/reserved_ips", vpc_v1.ReservedIPCollection),
}


def test_an_answer_satisfies_the_sdk_model(api: Api, server: BareMetalServer) -> None:
    def check(name: str) -> None:
        path, model = MODELS[name]
        body = api.get(path.format(server=server.id, subnet=Subnet.objects.all()[0].id)).json()
        assert_complete(body)
        fits(model, body)

    check_each(MODELS, check)
