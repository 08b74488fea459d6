"""VPCs, subnets, reserved IPs, keys: to read, each in its account."""

import pytest

from controlplane.activity.models import ActivityEvent
from controlplane.activity.record import Party
from servers.models import VPC, BareMetalServer, Subnet
from servers.services.keys import create_key
from tests.api.vpc import Api, errors
from tests.world import MALLORY, REGION, World

BY = Party("IBMid-ALICE00001", "Alice", "User")
ED25519 = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKjG3kpn6sbSLUyT8fKwIhLlzZzkmN0cYVmUG1Yb0YwG"


@pytest.fixture
def paths(world: World, server: BareMetalServer) -> dict[str, str]:
    """One path of each kind that belongs to an account."""
    key = create_key(world.account, region=REGION, public_key=ED25519, name="laptop", by=BY)
    subnet = Subnet.objects.get()
    address = subnet.reserved_ips.filter(owner="user")[0]
    return {
        "vpc": f"/v1/vpcs/{VPC.objects.get().id}",
        "subnet": f"/v1/subnets/{subnet.id}",
        "reserved-ips": f"/v1/subnets/{subnet.id}/reserved_ips",
        "reserved-ip": f"/v1/subnets/{subnet.id}/reserved_ips/{address.id}",
        "key": f"/v1/keys/{key.id}",
    }


KINDS = ["vpc", "subnet", "reserved-ips", "reserved-ip", "key"]


@pytest.mark.parametrize("kind", KINDS)
def test_what_another_account_has_looks_exactly_like_none(paths: dict[str, str], api: Api, kind: str) -> None:
    path = paths[kind]
    assert api.get(path).status_code == 200
    made_up = path.replace(path.split("/")[3], "r006-11111111-1111-4111-8111-111111111111")
    bodies = [Api(MALLORY).get(each).json() for each in (path, made_up)]
    assert [body["status_code"] for body in bodies] == [404, 404]
    assert bodies[0]["errors"] == bodies[1]["errors"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_reading_leaves_one_event(paths: dict[str, str], api: Api, kind: str) -> None:
    answer = api.get(paths[kind])
    event = ActivityEvent.objects.get(request_id=answer["X-Request-Id"])
    assert (event.outcome, event.reason_code, event.initiator_name) == ("success", 200, "Alice")


def test_what_is_not_there_is_not_found(api: Api) -> None:
    answer = api.get("/v1/subnets/0717-none/reserved_ips/0717-none")
    assert (answer.status_code, errors(answer)) == (404, [("not_found", "")])
