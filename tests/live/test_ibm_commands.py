"""The words of IBM's command line against a running product: what each sends, and how names are found."""

import json
import subprocess
import uuid
from pathlib import Path
from typing import Any

import pytest

from tests.live.operator import Operator, eventually
from tests.live.product import Product

pytestmark = [pytest.mark.live, pytest.mark.e2e]

PROFILE = ["--profile", "bx2-metal-96x384"]
DEBIAN = ["--image", "ibm-debian-11-11-minimal-amd64-2", "--keys", "demo"]
UBUNTU = ["--image", "ibm-ubuntu-22-04-5-minimal-amd64-5", "--keys", "demo"]
SUBNET = "demo-us-south-1"


def said(product: Product, *words: str) -> Any:
    return json.loads(product.run("is", *words, "--output", "JSON", "-q"))


def new_name(prefix: str) -> str:
    return f"{prefix}-{uuid.uuid4().hex[:8]}"


def await_status(product: Product, name: str, status: str) -> None:
    assert eventually(lambda: said(product, "bm", name)["status"] == status)


def stop(product: Product, name: str) -> None:
    await_status(product, name, "running")
    product.run("is", "bm-stop", name, "--type", "hard", "-f")
    await_status(product, name, "stopped")


def delete(product: Product, *names: str) -> None:
    product.run("is", "bare-metal-server-delete", *names, "--force")
    assert eventually(lambda: not {each["name"] for each in said(product, "bms")} & {*names})


def test_network_interfaces_are_made_changed_and_deleted(product: Product, operator: Operator) -> None:
    name, ip = new_name("nic"), new_name("ip")
    primary = ["--pnic-subnet", SUBNET, "--pnic-name", "front", "--pnic-allowed-vlans", "10,20-22", "--pnic-ais=false"]
    address = ["--pnic-rip-name", ip, "--pnic-rip-auto-delete", "true"]
    server = said(product, "bmc", "--name", name, *PROFILE, *DEBIAN, *primary, *address)
    assert said(product, "bm-nic", name, "front")["allowed_vlans"] == [10, 20, 21, 22]
    assert said(product, "bare-metal-server-network-interface-reserved-ip", name, "front", ip)["auto_delete"]
    vlan = ["--interface-type", "vlan", "--vlan", "20", "-allow-interface-to-float", "true", "--name", "back"]
    back = said(product, "bm-nicc", name, "--subnet", SUBNET, *vlan)
    assert (back["vlan"], back["allow_interface_to_float"]) == (20, True)
    assert {nic["name"] for nic in said(product, "bm-nics", name)} == {"front", "back"}
    update = said(product, "bm-nicu", name, "back", "--name", "rear", "--enable-infrastructure-nat", "false")
    assert (update["name"], update["enable_infrastructure_nat"]) == ("rear", False)

    zone = {"zone": {"name": server["zone"]["name"]}, "name": ip}
    operator.vpc.create_floating_ip(zone)
    words = "bare-metal-server-network-interface-floating-ip"
    added = said(product, f"{words}-add", name, "front", ip)
    assert said(product, f"{words}s", name, "front") == [added] == [said(product, words, name, "front", ip)]
    product.run("is", f"{words}-remove", name, "front", ip, "-f")
    assert said(product, f"{words}s", name, "front") == []

    stop(product, name)
    product.run("is", "bm-nicd", "-f", name, "rear")
    assert eventually(lambda: [nic["name"] for nic in said(product, "bm-nics", name)] == ["front"])
    delete(product, name)


def test_network_attachments_are_made_changed_and_deleted(product: Product) -> None:
    name, interface = new_name("nac"), new_name("vni")
    primary = ["--pnac-name", "front", "--pnac-allowed-vlans", "30", "--pnac-vni-subnet", SUBNET]
    primary += ["--pnac-vni-name", interface, "--pnac-vni-auto-delete", "true", "--pnac-vni-psfm", "auto"]
    said(product, "bmc", "--name", name, *PROFILE, *DEBIAN, *primary)
    assert (
        said(product, "bare-metal-server-network-attachment", name, "front")["virtual_network_interface"]["name"]
        == interface
    )
    vlan = ["--interface-type", "vlan", "--vlan", "30", "--vni-subnet", SUBNET, "--allow-to-float", "true"]
    back = said(product, "bare-metal-server-network-attachment-create", name, *vlan, "--name", "back")
    assert (back["vlan"], back["allow_to_float"]) == (30, True)
    assert said(product, "bm-nacu", name, "front", "--name", "face", "--allowed-vlans", "30-31")["allowed_vlans"] == [
        30,
        31,
    ]
    stop(product, name)
    product.run("is", "bare-metal-server-network-attachment-delete", name, "back", "-f")
    prefix = "bare-metal-server-network-attachments"
    assert eventually(lambda: [nac["name"] for nac in said(product, prefix, name)] == ["face"])
    delete(product, name)


def test_a_server_is_updated_opened_and_initialized_again(product: Product) -> None:
    name = new_name("life")
    said(product, "bmc", "--name", name, *PROFILE, *DEBIAN, "--pnic-subnet", SUBNET, "--resource-group-name", "Default")
    assert name in {each["name"] for each in said(product, "bms", "--resource-group-name", "Default", "--vpc", "demo")}
    disk = said(product, "bare-metal-server-disks", name)[0]["name"]
    said(product, "bare-metal-server-disk-update", name, disk, "--name", "system")
    assert said(product, "bare-metal-server-disk", name, "system")["name"] == "system"
    stop(product, name)
    product.run("is", "bare-metal-server-firmware-update", name, "--auto-start", "false", "-f")
    await_status(product, name, "stopped")
    console = said(product, "bare-metal-server-console", name, "--vnc")
    assert (console["console_type"], console["href"].startswith("wss://")) == ("vnc", True)
    said(product, "bare-metal-server-initialization-replace", name, *UBUNTU)
    assert said(product, "bm-init", name)["image"]["name"] == UBUNTU[1]
    stop(product, name)
    delete(product, name)


def test_several_servers_are_deleted_at_once_and_none_if_one_is_unknown(product: Product) -> None:
    first, second = new_name("many"), new_name("many")
    for name in (first, second):
        said(product, "bmc", "--name", name, *PROFILE, *DEBIAN, "--pnic-subnet", SUBNET)
    for name in (first, second):
        stop(product, name)
    process = product.attempt("is", "bare-metal-server-delete", first, "unknown", "-f")
    assert (process.returncode, said(product, "bm", first)["status"]) == (1, "stopped")
    delete(product, first, second)


def test_the_password_of_a_windows_server_is_read_with_the_private_key(
    product: Product, operator: Operator, tmp_path: Path
) -> None:
    name = new_name("windows")
    for key in ("right", "wrong"):
        subprocess.run(["ssh-keygen", "-q", "-t", "rsa", "-b", "2048", "-N", "", "-f", tmp_path / key], check=True)
    operator.vpc.create_key((tmp_path / "right.pub").read_text().strip(), name=name)
    windows = ["--image", "ibm-windows-server-2022-full-standard-amd64-22", "--keys", name]
    said(product, "bmc", "--name", name, *PROFILE, *windows, "--pnic-subnet", SUBNET)
    [account] = said(product, "bm-init", name, "--private-key", f"@{tmp_path / 'right'}")["user_accounts"]
    assert (account["username"], len(account["password"])) == ("Administrator", 24)
    assert "password" not in said(product, "bm-init", name)["user_accounts"][0]
    wrong = product.attempt("is", "bm-init", name, "--private-key", f"@{tmp_path / 'wrong'}")
    assert (wrong.returncode, f"encrypted for the key {name}" in wrong.stderr) == (1, True)
    stop(product, name)
    delete(product, name)


def test_profiles_and_capacities_are_shown(product: Product) -> None:
    assert said(product, "bare-metal-server-profile", PROFILE[1])["name"] == PROFILE[1]
    capacities = said(product, "bare-metal-server-capacities", "--profile", PROFILE[1], "--zone", "us-south-1")
    assert [each["zone"]["name"] for each in capacities] == ["us-south-1"]
    assert "Known by name:" in product.attempt("is", "bare-metal-server-profile", "nothing").stderr
