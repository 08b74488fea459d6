"""The parts of the lab that need no kernel: what is written into a server, what is said when it cannot be made."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import pkcs12
from django.core.management import call_command
from django.core.management.base import CommandError

from controlplane.deployment import process_lock
from controlplane.deployment.home import Home
from controlplane.lab import capabilities, cloud_init, enter, host_names, lab_servers, state, trust_store, veth
from controlplane.lab.server_namespace import ServerNamespace
from identity.selectors import trusted_roots
from servers.models import BareMetalServer
from servers.services.metadata_service import switch_account, switch_metadata_service
from tests.inside.program import BY
from tests.world import World, make_server

ENTRY = state.Entry(7, "0717-a", "crn:v1:a", "web-1", "10.240.0.4", inner=os.getpid(), started="1")
STATE = state.State(1, rootless=True, user_namespace=True, left_out=0, troubles=[], servers=[ENTRY])

# --- what a server finds -------------------------------------------------------------------------------------------


def test_every_name_of_ibms_that_a_program_may_call_is_in_the_hosts_file() -> None:
    text = host_names.hosts_file(
        hostname="web-1", address="10.240.0.4", control_plane=host_names.control_plane_hosts(["us-south", "eu-de"])
    )
    assert text.splitlines() == [
        "127.0.0.1 localhost",
        "::1 localhost",
        "10.240.0.4 web-1",
        "169.254.169.254 api.metadata.cloud.ibm.com",
        "166.9.0.1 iam.cloud.ibm.com",
        "166.9.0.1 resource-controller.cloud.ibm.com",
        "166.9.0.1 globalcatalog.cloud.ibm.com",
        "166.9.0.1 user-management.cloud.ibm.com",
        "166.9.0.1 tags.global-search-tagging.cloud.ibm.com",
        "166.9.0.1 api.global-search-tagging.cloud.ibm.com",
        "166.9.0.1 eu-de.iaas.cloud.ibm.com",
        "166.9.0.1 us-south.iaas.cloud.ibm.com",
        "166.9.0.1 eu-de.kms.cloud.ibm.com",
        "166.9.0.1 us-south.kms.cloud.ibm.com",
        "166.9.0.1 private.eu-de.kms.cloud.ibm.com",
        "166.9.0.1 private.us-south.kms.cloud.ibm.com",
    ]


def test_the_control_plane_accepts_every_host_that_leads_to_it(settings: object) -> None:
    from django.http.request import validate_host

    hosts = host_names.control_plane_hosts(["us-south"])
    assert [host for host in hosts if not validate_host(host, settings.ALLOWED_HOSTS)] == []  # type: ignore[attr-defined]


def test_a_name_that_looks_like_yaml_stays_text() -> None:
    text = cloud_init.meta_data(instance_id="0717-1", hostname="no", public_keys=["ssh-rsa AAAA: #x"])
    assert text == 'instance-id: "0717-1"\nlocal-hostname: "no"\npublic-keys:\n  - "ssh-rsa AAAA: #x"\n'


@pytest.mark.usefixtures("keys")
def test_javas_trust_store_needs_no_password_and_holds_every_root() -> None:
    trust_files = trust_store.files(trusted_roots().encode())
    store = pkcs12.load_pkcs12(bytes.fromhex(trust_files["java/cacerts"]), None)
    roots = x509.load_pem_x509_certificates(trusted_roots().encode())
    assert [each.certificate for each in store.additional_certs] == roots


@pytest.mark.usefixtures("keys")
def test_openssl_finds_every_root_by_its_hash() -> None:
    trust_files = trust_store.files(trusted_roots().encode())
    roots = x509.load_pem_x509_certificates(trusted_roots().encode())
    assert len([name for name in trust_files if name.endswith(".0")]) == len(roots)


# --- which servers -------------------------------------------------------------------------------------------------


@pytest.fixture
def server(world: World) -> BareMetalServer:
    new_server = make_server(world.account, name="web-1", metadata_enabled=True)
    BareMetalServer.objects.filter(number=new_server.number).update(status="running")
    return new_server


def test_a_server_is_there_with_its_primary_address(server: BareMetalServer) -> None:
    [lab_server] = lab_servers.listed_servers()
    primary = server.network_interfaces.get(is_primary=True)
    assert (lab_server.number, lab_server.name, lab_server.address) == (
        server.number,
        "web-1",
        primary.primary_ip.address,
    )


@pytest.mark.parametrize(("status", "there"), [("pending", 0), ("failed", 0), ("stopped", 1), ("deleting", 1)])
def test_a_server_is_there_from_its_first_run_to_its_deletion(server: BareMetalServer, status: str, there: int) -> None:
    # D-92
    BareMetalServer.objects.filter(number=server.number).update(status=status)
    assert len(lab_servers.listed_servers()) == there


def test_servers_beyond_the_most_are_left_out_and_counted(
    world: World, server: BareMetalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_server(world.account, name="web-2")
    BareMetalServer.objects.update(status="running")
    monkeypatch.setattr(lab_servers, "MAX_SERVERS", 1)
    assert [lab_server.number for lab_server in lab_servers.listed_servers()] == [server.number]
    assert lab_servers.left_out() == 1


def change_name(server: BareMetalServer, world: World) -> None:
    BareMetalServer.objects.filter(number=server.number).update(name="renamed")


def switch_off(server: BareMetalServer, world: World) -> None:
    switch_metadata_service(server, enabled=False, by=BY)


def switch_account_off(server: BareMetalServer, world: World) -> None:
    switch_account(world.account, enabled=False, by=BY)


def delete(server: BareMetalServer, world: World) -> None:
    BareMetalServer.objects.filter(number=server.number).delete()


CHANGES = (change_name, switch_off, switch_account_off, delete)


@pytest.mark.parametrize("change", CHANGES)
def test_what_the_lab_must_follow_changes_the_fingerprint(
    server: BareMetalServer, world: World, change: object
) -> None:
    before = lab_servers.fingerprint()
    change(server, world)  # type: ignore[operator]
    assert lab_servers.fingerprint() != before


@pytest.mark.parametrize("off", [switch_off, switch_account_off])
@pytest.mark.parametrize("setting", ["forbid", "drop"])
def test_the_address_of_a_service_that_is_off_goes_only_when_asked_for(
    server: BareMetalServer, world: World, settings: object, off: object, setting: str
) -> None:
    settings.BAREMINT_METADATA_DISABLED = setting  # type: ignore[attr-defined]
    assert lab_servers.listed_servers()[0].metadata_reachable
    off(server, world)  # type: ignore[operator]
    assert lab_servers.listed_servers()[0].metadata_reachable is (setting == "forbid")


def test_a_server_with_another_address_needs_a_new_namespace(server: BareMetalServer) -> None:
    [lab_server] = lab_servers.listed_servers()
    namespace = ServerNamespace.__new__(ServerNamespace)
    namespace.server = lab_server
    assert namespace.update(replace(lab_server, address="10.0.0.9"), None) is False  # type: ignore[arg-type]


def test_the_far_end_has_a_way_to_the_servers_own_address_alone(server: BareMetalServer) -> None:
    [lab_server] = lab_servers.listed_servers()
    routes = [line for line in veth.host_side(lab_server, 1).splitlines() if line.startswith("route")]
    assert routes == [f"route add {lab_server.address}/32 dev server0"]


# --- what is said --------------------------------------------------------------------------------------------------


def test_a_kernel_that_forbids_it_is_explained_with_the_setting_to_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, bad, _, _ in capabilities.SYSCTL_RESTRICTIONS:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(f"{bad}\n")
    monkeypatch.setattr(capabilities, "SYSCTL", tmp_path)
    monkeypatch.setattr(capabilities, "_try", lambda *_, **__: "unshare: Operation not permitted")
    with pytest.raises(capabilities.CannotIsolate) as error:
        capabilities.detect()
    for name, _, good, _ in capabilities.SYSCTL_RESTRICTIONS:
        assert f"sudo sysctl -w {name.replace('/', '.')}={good}" in str(error.value)


def test_a_missing_tool_is_named_with_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capabilities.shutil, "which", lambda tool: None if tool == "ip" else f"/usr/bin/{tool}")
    with pytest.raises(capabilities.CannotIsolate, match=r"ip \(package iproute2\).*apt-get install iproute2$"):
        capabilities.detect()


def test_what_a_killed_lab_left_behind_counts_for_nothing(tmp_path: Path) -> None:
    home = Home(tmp_path)
    state.save(home, STATE)
    assert state.running(home) is None
    with process_lock.lock(home, state.LOCK):
        assert state.running(home) is None, "the keeper is another process than the one that wrote it"
        state.save(home, replace(STATE, keeper=os.getpid()))
        state_before = state.running(home)
    assert state_before is not None
    assert state_before.servers == [ENTRY]


@pytest.mark.parametrize("word", ["web-1", "0717-a", "crn:v1:a"])
def test_a_server_is_known_by_name_id_and_crn(word: str) -> None:
    assert enter.find(STATE, word) == ENTRY


def test_a_name_of_two_servers_asks_which(tmp_path: Path) -> None:
    twins = replace(STATE, servers=[ENTRY, replace(ENTRY, id="0717-b", crn="crn:v1:b")])
    with pytest.raises(enter.CannotEnter, match="by id: 0717-a, 0717-b"):
        enter.find(twins, "web-1")


def test_who_names_no_server_is_asked_for_one_and_not_for_a_command() -> None:
    with pytest.raises(CommandError, match=r"required: SERVER$"):
        call_command("enter")


def test_a_process_that_only_has_the_number_of_a_servers_init_is_not_entered() -> None:
    with pytest.raises(enter.CannotEnter, match="has just left the lab"):
        enter.enter(ENTRY, ["true"], user_namespace=True)


def test_a_process_that_has_ended_has_no_start() -> None:
    with subprocess.Popen(["true"]) as process:
        pass
    with pytest.raises(ProcessLookupError):
        state.started(process.pid)


def test_what_runs_beside_servers_needs_nothing_but_the_standard_library() -> None:
    """It runs with an empty environment and no site-packages, so nothing of the product is in its memory."""
    for module in ("launcher", "update_files"):
        script = f"import controlplane.lab.{module}, sys, json; print(json.dumps(sorted(sys.modules)))"
        process = subprocess.run([sys.executable, "-S", "-c", script], capture_output=True, text=True, check=True)
        loaded = {name.partition(".")[0] for name in json.loads(process.stdout)}
        assert "controlplane" in loaded
        assert "django" not in loaded
        assert "cryptography" not in loaded
