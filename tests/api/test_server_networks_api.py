"""Both kinds of network: interfaces of a server's own, and attachments of virtual ones."""

from typing import Any

import pytest
from ibm_vpc import vpc_v1

from servers.models import (
    BareMetalServer,
    NetworkAttachment,
    ReservedIP,
    Subnet,
    VirtualNetworkInterface,
)
from tests.api.vpc import SERVERS, Api, errors, fits, settle
from tests.tables import alone, check_each

VLAN = {"interface_type": "vlan", "vlan": 7}


@pytest.fixture
def subnet(server: BareMetalServer) -> dict[str, str]:
    return {"id": Subnet.objects.get().id}


@pytest.fixture
def attached(api: Api, prototype: dict[str, Any], subnet: dict[str, str]) -> str:
    """Path of a running server with network attachments, whose primary one allows VLAN 7."""
    del prototype["primary_network_interface"]
    prototype["primary_network_attachment"] = {
        "allowed_vlans": [7],
        "virtual_network_interface": {"subnet": subnet},
    }
    answer = api.call("POST", SERVERS, prototype)
    assert answer.status_code == 201, answer.content
    settle(answer.json()["id"])
    return f"{SERVERS}/{answer.json()['id']}"


@pytest.fixture
def connected(api: Api, prototype: dict[str, Any]) -> str:
    """Path of a running server with network interfaces of its own, whose primary one allows VLAN 7."""
    prototype["primary_network_interface"]["allowed_vlans"] = [7]
    server = api.call("POST", SERVERS, prototype).json()
    settle(server["id"])
    return f"{SERVERS}/{server['id']}"


def stop(path: str) -> None:
    BareMetalServer.objects.filter(id=path.rpartition("/")[2]).update(status="stopped")


# --- attachments -----------------------------------------------------------------------------------------------


def test_an_attached_server_shows_each_attachment_as_an_interface(api: Api, attached: str) -> None:
    server = vpc_v1.BareMetalServer.from_dict(api.get(attached).json())
    assert server.primary_network_attachment.id == server.primary_network_interface.id
    assert [each.name for each in server.network_attachments] == [each.name for each in server.network_interfaces]


def test_a_server_with_interfaces_shows_no_attachments(api: Api, connected: str) -> None:
    assert not {"network_attachments", "primary_network_attachment"} & api.get(connected).json().keys()


def test_the_address_of_an_attachment_is_its_virtual_interfaces(api: Api, attached: str) -> None:
    [attachment] = api.get(f"{attached}/network_attachments").json()["network_attachments"]
    virtual = VirtualNetworkInterface.objects.get(id=attachment["virtual_network_interface"]["id"])
    assert attachment["primary_ip"]["address"] == virtual.primary_ip.address


def test_an_existing_virtual_interface_is_attached_and_survives_its_server(
    api: Api, prototype: dict[str, Any], subnet: dict[str, str]
) -> None:
    virtual = api.call("POST", "/v1/virtual_network_interfaces", {"subnet": subnet}).json()
    del prototype["primary_network_interface"]
    prototype["primary_network_attachment"] = {"virtual_network_interface": {"id": virtual["id"]}}
    path = f"{SERVERS}/{api.call('POST', SERVERS, prototype).json()['id']}"
    settle(path.rpartition("/")[2])
    stop(path)
    api.call("DELETE", path)
    with pytest.raises(BareMetalServer.DoesNotExist):
        settle(path.rpartition("/")[2])
    vnis = api.get(f"/v1/virtual_network_interfaces/{virtual['id']}").json()
    assert "target" not in vnis


def test_a_virtual_interface_made_along_goes_along(api: Api, attached: str) -> None:
    stop(attached)
    api.call("DELETE", attached)
    with pytest.raises(BareMetalServer.DoesNotExist):
        settle(attached.rpartition("/")[2])
    assert not VirtualNetworkInterface.objects.exists()


def test_a_virtual_interface_is_attached_once(api: Api, attached: str) -> None:
    vni_id = VirtualNetworkInterface.objects.get().id
    answer = api.call("POST", f"{attached}/network_attachments", VLAN | {"virtual_network_interface": {"id": vni_id}})
    assert (answer.status_code, errors(answer)) == (
        409,
        [("virtual_network_interface_in_use", "virtual_network_interface")],
    )


def test_a_vlan_attachment_comes_and_goes_while_the_server_runs(
    api: Api, attached: str, subnet: dict[str, str]
) -> None:
    body = VLAN | {"virtual_network_interface": {"subnet": subnet}, "allow_to_float": True}
    answer = api.call("POST", f"{attached}/network_attachments", body)
    assert answer.status_code == 201
    attachment = vpc_v1.BareMetalServerNetworkAttachmentByVLAN.from_dict(answer.json())
    assert (attachment.vlan, attachment.allow_to_float, attachment.type) == (7, True, "secondary")
    assert api.call("DELETE", f"{attached}/network_attachments/{attachment.id}").status_code == 202
    assert NetworkAttachment.objects.count() == 1


ATTACHMENT_REFUSALS: dict[str, tuple[dict[str, Any], int, tuple[str, str]]] = {
    "pci-while-running": ({"interface_type": "pci"}, 409, ("server_status_conflict", "")),
    "vlan-not-allowed": ({"interface_type": "vlan", "vlan": 8}, 400, ("invalid_value", "vlan")),
    "vlan-missing": ({"interface_type": "vlan"}, 400, ("invalid_value", "vlan")),
    "vlan-on-pci": ({"interface_type": "pci", "vlan": 7}, 400, ("invalid_value", "vlan")),
    "vlan-out-of-range": ({"interface_type": "vlan", "vlan": 4095}, 400, ("invalid_value", "vlan")),
    "type-unknown": ({"interface_type": "wifi"}, 400, ("invalid_value", "interface_type")),
}


@pytest.mark.parametrize("case", ATTACHMENT_REFUSALS.values(), ids=ATTACHMENT_REFUSALS.keys())
def test_an_attachment_is_refused(api: Api, attached: str, subnet: dict[str, str], case: Any) -> None:
    changes, status, error = case
    body = changes | {"virtual_network_interface": {"subnet": subnet}}
    answer = api.call("POST", f"{attached}/network_attachments", body)
    assert (answer.status_code, errors(answer)) == (status, [error])


def test_the_primary_attachment_stays(api: Api, attached: str) -> None:
    primary = api.get(attached).json()["primary_network_attachment"]["id"]
    stop(attached)
    answer = api.call("DELETE", f"{attached}/network_attachments/{primary}")
    assert (answer.status_code, errors(answer)) == (409, [("primary_network_attachment", "")])


def test_a_vlan_in_use_stays_allowed(api: Api, attached: str, subnet: dict[str, str]) -> None:
    api.call("POST", f"{attached}/network_attachments", VLAN | {"virtual_network_interface": {"subnet": subnet}})
    primary = api.get(attached).json()["primary_network_attachment"]["id"]
    path = f"{attached}/network_attachments/{primary}"
    assert api.call("PATCH", path, {"allowed_vlans": [8]}).status_code == 409
    assert api.call("PATCH", path, {"allowed_vlans": [7, 8]}).json()["allowed_vlans"] == [7, 8]


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_the_projection_of_an_attachment_is_read_only(api: Api, attached: str, method: str) -> None:
    network_interface = api.get(f"{attached}/network_interfaces").json()["network_interfaces"][0]
    assert fits(vpc_v1.BareMetalServerNetworkInterface, network_interface).id == network_interface["id"]
    answer = api.call(method, f"{attached}/network_interfaces/{network_interface['id']}", {"name": "other"})
    assert (answer.status_code, errors(answer)[0][0]) == (409, "conflict")


def test_an_attached_server_takes_no_interface_of_its_own(api: Api, attached: str, subnet: dict[str, str]) -> None:
    assert api.call("POST", f"{attached}/network_interfaces", VLAN | {"subnet": subnet}).status_code == 409


def test_a_server_with_interfaces_takes_no_attachment(api: Api, connected: str, subnet: dict[str, str]) -> None:
    body = VLAN | {"virtual_network_interface": {"subnet": subnet}}
    assert api.call("POST", f"{connected}/network_attachments", body).status_code == 409


# --- interfaces ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("named", ["primary_network_interface", "network_interfaces[0]"])
def test_an_interface_of_an_s390x_server_is_refused_by_name(api: Api, prototype: dict[str, Any], named: str) -> None:
    # D-37
    hipersocket = prototype["primary_network_interface"] | {"interface_type": "hipersocket"}
    name, several, _ = named.partition("[")
    answer = api.call("POST", SERVERS, prototype | {name: [hipersocket] if several else hipersocket})
    assert (answer.status_code, errors(answer)) == (400, [("not_supported", f"{named}.interface_type")])


def test_a_pci_interface_comes_and_goes_while_the_server_is_stopped(
    api: Api, connected: str, subnet: dict[str, str]
) -> None:
    body = {"interface_type": "pci", "subnet": subnet, "name": "eth1"}
    assert api.call("POST", f"{connected}/network_interfaces", body).status_code == 409
    stop(connected)
    answer = api.call("POST", f"{connected}/network_interfaces", body)
    assert answer.status_code == 201
    before = ReservedIP.objects.count()
    assert api.call("DELETE", f"{connected}/network_interfaces/{answer.json()['id']}").status_code == 202
    assert ReservedIP.objects.count() == before - 1


def test_a_kept_address_outlives_its_interface(api: Api, connected: str, subnet: dict[str, str]) -> None:
    body = VLAN | {"subnet": subnet, "primary_ip": {"address": "10.240.0.77", "auto_delete": False}}
    network_interface = api.call("POST", f"{connected}/network_interfaces", body).json()
    api.call("DELETE", f"{connected}/network_interfaces/{network_interface['id']}")
    assert ReservedIP.objects.filter(address="10.240.0.77", network_interface=None).exists()


def test_an_interface_is_changed(api: Api, connected: str) -> None:
    primary = api.get(connected).json()["primary_network_interface"]["id"]
    path = f"{connected}/network_interfaces/{primary}"
    body = api.call("PATCH", path, {"name": "eth0", "enable_infrastructure_nat": False, "allowed_vlans": []}).json()
    assert (body["name"], body["enable_infrastructure_nat"], body["allowed_vlans"]) == ("eth0", False, [])
    assert api.get(path).json() == body


INTERFACE_REFUSALS: dict[str, tuple[dict[str, Any], int, tuple[str, str]]] = {
    "subnet-unknown": ({"subnet": {"id": "none"}}, 400, ("bad_field", "subnet")),
    "group-unknown": ({"security_groups": [{"id": "none"}]}, 400, ("bad_field", "security_groups[0]")),
    "address-outside": ({"primary_ip": {"address": "10.0.0.1"}}, 400, ("invalid_value", "primary_ip.address")),
    "address-taken": ({"primary_ip": {"address": "10.240.0.0"}}, 409, ("address_in_use", "primary_ip")),
    "provider-name": ({"primary_ip": {"name": "ibm-x"}}, 400, ("invalid_value", "primary_ip.name")),
    "spoofing": (
        {"allow_ip_spoofing": True, "enable_infrastructure_nat": False},
        400,
        ("invalid_value", "allow_ip_spoofing"),
    ),
    "vlan-not-allowed": ({"vlan": 8}, 400, ("invalid_value", "vlan")),
}


def test_an_interface_is_refused(api: Api, connected: str, subnet: dict[str, str]) -> None:
    def check(name: str) -> None:
        case = INTERFACE_REFUSALS[name]
        changes, status, error = case
        answer = api.call("POST", f"{connected}/network_interfaces", VLAN | {"subnet": subnet} | changes)
        assert (answer.status_code, errors(answer)) == (status, [error])

    check_each(INTERFACE_REFUSALS, alone(check))


def test_a_ninth_pci_interface_is_over_the_quota(api: Api, connected: str, subnet: dict[str, str]) -> None:
    stop(connected)
    body = {"interface_type": "pci", "subnet": subnet}
    statuses = [api.call("POST", f"{connected}/network_interfaces", body).status_code for _ in range(8)]
    assert statuses == [201] * 7 + [400]


def test_interfaces_and_attachments_at_once_are_refused(
    api: Api, prototype: dict[str, Any], subnet: dict[str, str]
) -> None:
    prototype["primary_network_attachment"] = {"virtual_network_interface": {"subnet": subnet}}
    answer = api.call("POST", SERVERS, prototype)
    assert (answer.status_code, errors(answer)) == (400, [("invalid_value", "primary_network_attachment")])


def test_a_server_without_interfaces_and_attachments_is_refused(api: Api, prototype: dict[str, Any]) -> None:
    del prototype["primary_network_interface"]
    assert errors(api.call("POST", SERVERS, prototype)) == [("missing_field", "primary_network_attachment")]


def test_several_interfaces_are_made_along(api: Api, prototype: dict[str, Any], subnet: dict[str, str]) -> None:
    prototype["primary_network_interface"]["allowed_vlans"] = [7]
    prototype["network_interfaces"] = [VLAN | {"subnet": subnet}, {"interface_type": "pci", "subnet": subnet}]
    server = api.call("POST", SERVERS, prototype).json()
    assert len(server["network_interfaces"]) == 3
    assert server["network_interfaces"][0] == server["primary_network_interface"]
