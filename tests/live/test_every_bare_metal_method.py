"""Every bare metal method of the unmodified ``ibm-vpc`` client, called once in a life that makes sense of it."""

import base64
import inspect
import uuid
from collections import defaultdict
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from ibm_vpc import VpcV1, vpc_v1

from tests.live.operator import Operator

pytestmark = pytest.mark.live

METHODS = sorted(
    name
    for name, _ in inspect.getmembers(VpcV1, inspect.isfunction)
    if "bare_metal_server" in name and not name.startswith("_")
)


class Attachment:
    """The client's model of an attachment is one class for each type."""

    MODELS = {
        "pci": vpc_v1.BareMetalServerNetworkAttachmentByPCI,
        "vlan": vpc_v1.BareMetalServerNetworkAttachmentByVLAN,
    }

    @classmethod
    def from_dict(cls, body: dict[str, Any]) -> Any:
        return cls.MODELS[body["interface_type"]].from_dict(body)


# What IBM documents, or the SDKs' own mocks answer: status, and the model of the answer.
ANSWERS: dict[str, tuple[int, Any]] = {
    "add_bare_metal_server_network_interface_floating_ip": (201, vpc_v1.FloatingIP),
    "create_bare_metal_server": (201, vpc_v1.BareMetalServer),
    "create_bare_metal_server_console_access_token": (200, vpc_v1.BareMetalServerConsoleAccessToken),
    "create_bare_metal_server_network_attachment": (201, Attachment),
    "create_bare_metal_server_network_interface": (201, vpc_v1.BareMetalServerNetworkInterface),
    "delete_bare_metal_server": (202, None),
    "delete_bare_metal_server_network_attachment": (202, None),
    "delete_bare_metal_server_network_interface": (202, None),
    "get_bare_metal_server": (200, vpc_v1.BareMetalServer),
    "get_bare_metal_server_disk": (200, vpc_v1.BareMetalServerDisk),
    "get_bare_metal_server_initialization": (200, vpc_v1.BareMetalServerInitialization),
    "get_bare_metal_server_network_attachment": (200, Attachment),
    "get_bare_metal_server_network_interface": (200, vpc_v1.BareMetalServerNetworkInterface),
    "get_bare_metal_server_network_interface_floating_ip": (200, vpc_v1.FloatingIP),
    "get_bare_metal_server_network_interface_ip": (200, vpc_v1.ReservedIP),
    "get_bare_metal_server_profile": (200, vpc_v1.BareMetalServerProfile),
    "list_bare_metal_server_capacities": (200, vpc_v1.BareMetalServerCapacityCollection),
    "list_bare_metal_server_disks": (200, vpc_v1.BareMetalServerDiskCollection),
    "list_bare_metal_server_network_attachments": (200, vpc_v1.BareMetalServerNetworkAttachmentCollection),
    "list_bare_metal_server_network_interface_floating_ips": (200, vpc_v1.FloatingIPUnpaginatedCollection),
    "list_bare_metal_server_network_interface_ips": (
        200,
        vpc_v1.ReservedIPCollectionBareMetalServerNetworkInterfaceContext,
    ),
    "list_bare_metal_server_network_interfaces": (200, vpc_v1.BareMetalServerNetworkInterfaceCollection),
    "list_bare_metal_server_profiles": (200, vpc_v1.BareMetalServerProfileCollection),
    "list_bare_metal_servers": (200, vpc_v1.BareMetalServerCollection),
    "list_image_bare_metal_server_profiles": (200, vpc_v1.ImageBareMetalServerProfileCollection),
    "remove_bare_metal_server_network_interface_floating_ip": (202, None),
    "replace_bare_metal_server_initialization": (200, vpc_v1.BareMetalServerInitialization),
    "restart_bare_metal_server": (204, None),
    "start_bare_metal_server": (204, None),
    "stop_bare_metal_server": (204, None),
    "update_bare_metal_server": (200, vpc_v1.BareMetalServer),
    "update_bare_metal_server_disk": (200, vpc_v1.BareMetalServerDisk),
    "update_bare_metal_server_network_attachment": (200, Attachment),
    "update_bare_metal_server_network_interface": (200, vpc_v1.BareMetalServerNetworkInterface),
    "update_firmware_for_bare_metal_server": (204, None),
}


class Recorder:
    """The client, remembering every answer."""

    def __init__(self, client: VpcV1) -> None:
        self.client = client
        self.answers: dict[str, list[tuple[int, Any]]] = defaultdict(list)

    def __getattr__(self, name: str) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            answer = getattr(self.client, name)(*args, **kwargs)
            self.answers[name].append((answer.get_status_code(), answer.get_result()))
            return answer.get_result()

        return call


@pytest.fixture(scope="module")
def answers(operator: Operator) -> dict[str, list[tuple[int, Any]]]:
    """All methods, on a server of each kind of network."""
    vpc = Recorder(operator.vpc)
    _look_around(vpc)
    _live_with_interfaces(vpc, operator)
    _live_with_attachments(vpc, operator)
    return vpc.answers


def _look_around(vpc: Any) -> None:
    vpc.list_bare_metal_server_profiles()
    vpc.get_bare_metal_server_profile("bx2-metal-96x384")
    vpc.list_bare_metal_server_capacities()
    vpc.list_image_bare_metal_server_profiles(vpc.list_images()["images"][0]["id"])


def _live_with_interfaces(vpc: Any, operator: Operator) -> None:
    prototype = operator.prototype()
    prototype["primary_network_interface"] |= {"interface_type": "pci", "allowed_vlans": [7]}
    server = vpc.create_bare_metal_server(prototype)["id"]
    operator.await_status(server, "running")
    vpc.list_bare_metal_servers(limit=1)
    vpc.get_bare_metal_server(server)
    vpc.update_bare_metal_server(server, {"metadata_service": {"enabled": True, "protocol": "https"}})
    vpc.get_bare_metal_server_initialization(server)
    disk = vpc.list_bare_metal_server_disks(server)["disks"][0]["id"]
    vpc.get_bare_metal_server_disk(server, disk)
    vpc.update_bare_metal_server_disk(server, disk, {"name": "boot"})
    vpc.create_bare_metal_server_console_access_token(server, console_type="serial")
    subnet = prototype["primary_network_interface"]["subnet"]
    interface = vpc.create_bare_metal_server_network_interface(
        server, {"interface_type": "vlan", "vlan": 7, "subnet": subnet, "allow_interface_to_float": True}
    )["id"]
    vpc.list_bare_metal_server_network_interfaces(server)
    vpc.get_bare_metal_server_network_interface(server, interface)
    vpc.update_bare_metal_server_network_interface(server, interface, {"name": "vlan-7"})
    [ip] = vpc.list_bare_metal_server_network_interface_ips(server, interface)["ips"]
    vpc.get_bare_metal_server_network_interface_ip(server, interface, ip["id"])
    floating = vpc.create_floating_ip({"zone": prototype["zone"]})["id"]
    vpc.add_bare_metal_server_network_interface_floating_ip(server, interface, floating)
    vpc.list_bare_metal_server_network_interface_floating_ips(server, interface)
    vpc.get_bare_metal_server_network_interface_floating_ip(server, interface, floating)
    vpc.remove_bare_metal_server_network_interface_floating_ip(server, interface, floating)
    vpc.delete_floating_ip(floating)
    vpc.delete_bare_metal_server_network_interface(server, interface)
    vpc.restart_bare_metal_server(server)
    operator.await_status(server, "running")
    vpc.stop_bare_metal_server(server, type="hard")
    operator.await_status(server, "stopped")
    vpc.update_firmware_for_bare_metal_server(server, auto_start=False)
    operator.await_status(server, "stopped")
    vpc.start_bare_metal_server(server)
    operator.await_status(server, "running")
    vpc.stop_bare_metal_server(server, type="soft")
    operator.await_status(server, "stopped")
    vpc.replace_bare_metal_server_initialization(server, prototype["initialization"]["image"], [])
    operator.await_status(server, "running")


def _live_with_attachments(vpc: Any, operator: Operator) -> None:
    prototype = operator.prototype()
    subnet = prototype.pop("primary_network_interface")["subnet"]
    prototype["primary_network_attachment"] = {
        "virtual_network_interface": {"subnet": subnet},
        "allowed_vlans": [8],
    }
    server = vpc.create_bare_metal_server(prototype)["id"]
    operator.await_status(server, "running")
    vpc.get_bare_metal_server(server)
    virtual = vpc.create_virtual_network_interface(subnet=subnet, name=f"vni-{uuid.uuid4().hex[:6]}")["id"]
    attachment = vpc.create_bare_metal_server_network_attachment(
        server, {"interface_type": "vlan", "vlan": 8, "virtual_network_interface": {"id": virtual}}
    )["id"]
    vpc.list_bare_metal_server_network_attachments(server)
    vpc.get_bare_metal_server_network_attachment(server, attachment)
    vpc.update_bare_metal_server_network_attachment(server, attachment, {"name": "vlan-8"})
    vpc.list_bare_metal_server_network_interfaces(server)
    vpc.get_bare_metal_server_network_interface(server, attachment)
    vpc.delete_bare_metal_server_network_attachment(server, attachment)
    vpc.delete_virtual_network_interfaces(virtual)
    vpc.stop_bare_metal_server(server, type="hard")
    operator.await_status(server, "stopped")
    vpc.delete_bare_metal_server(server)


def test_the_table_names_every_bare_metal_method_of_the_client() -> None:
    assert sorted(ANSWERS) == METHODS


@pytest.mark.parametrize("method", METHODS)
def test_a_method_answers_with_its_status_and_its_model(answers: dict[str, Any], method: str) -> None:
    status, model = ANSWERS[method]
    assert {each[0] for each in answers[method]} == {status}
    for _, result in answers[method]:
        assert_complete(result)
        if model is not None:
            assert model.from_dict(result)


def assert_complete(body: Any) -> None:
    """No property anywhere is null: the SDKs and Terraform dereference them."""
    for value in body.values() if isinstance(body, dict) else body if isinstance(body, list) else []:
        assert value is not None
        assert_complete(value)


def test_the_password_of_a_windows_server_is_for_the_holder_of_the_key(operator: Operator) -> None:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = private.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    key = operator.vpc.create_key(public_key=public.decode(), name=f"key-{uuid.uuid4().hex[:6]}").get_result()
    images = operator.vpc.list_images(limit=100).get_result()["images"]
    windows = next(image for image in images if "windows-2022" in image["operating_system"]["name"])
    server = operator.create_server(image={"id": windows["id"]}, keys=[{"id": key["id"]}])
    initialization = operator.vpc.get_bare_metal_server_initialization(server["id"]).get_result()
    [account] = initialization["user_accounts"]
    assert (account["username"], account["encryption_key"]["crn"]) == ("Administrator", key["crn"])
    password = private.decrypt(base64.b64decode(account["encrypted_password"]), padding.PKCS1v15())
    assert len(password.decode()) >= 12
