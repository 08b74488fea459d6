"""Start, stop, restart, delete and patch: in which status, with which body, and what is left on record."""

from typing import Any

import pytest

from controlplane.activity.models import ActivityEvent
from controlplane.activity.record import Party
from servers.models import BareMetalServer
from servers.services.floating_ips import create_floating_ip
from tests.api.calling import call
from tests.api.vpc import QUERY, SERVERS, Api, errors
from tests.world import World, make_server

EVENT = "is.bare-metal-server.bare-metal-server"
HARD = {"type": "hard"}


def at_rest(server: BareMetalServer, status: str) -> str:
    """Put the server at rest in a status. Returns its path."""
    BareMetalServer.objects.filter(pk=server.pk).update(status=status)
    return f"{SERVERS}/{server.id}"


def act(api: Api, path: str, action: str, body: Any) -> Any:
    return api.call("DELETE", path) if action == "delete" else api.call("POST", f"{path}/{action}", body)


def event_of(answer: Any) -> ActivityEvent:
    return ActivityEvent.objects.get(request_id=answer["X-Request-Id"])


ACTIONS: dict[str, tuple[str, Any, str, str]] = {
    "start": ("start", None, "stopped", "starting"),
    "stop-soft": ("stop", {"type": "soft"}, "running", "running"),
    "stop-hard": ("stop", HARD, "running", "running"),
    "restart": ("restart", None, "running", "restarting"),
    "delete": ("delete", None, "stopped", "deleting"),
    "delete-failed": ("delete", None, "failed", "deleting"),
}


@pytest.mark.parametrize("case", ACTIONS.values(), ids=ACTIONS.keys())
def test_an_action_is_taken_and_leaves_one_event(
    api: Api, server: BareMetalServer, case: tuple[str, Any, str, str]
) -> None:
    # D-33
    action, body, status, after = case
    expected = 202 if action == "delete" else 204
    answer = act(api, at_rest(server, status), action, body)
    assert (answer.status_code, answer.content) == (expected, b"")
    server.refresh_from_db()
    assert (server.status, server.transition) == (after, action)
    event = event_of(answer)
    assert (event.action, event.outcome, event.reason_code) == (f"{EVENT}.{action}", "success", expected)
    assert (event.initiator_name, event.target_id) == ("Alice", server.crn)


WRONG_STATES = {
    "start-running": ("start", None, "running"),
    "start-failed": ("start", None, "failed"),
    "stop-stopped": ("stop", HARD, "stopped"),
    "restart-stopped": ("restart", None, "stopped"),
    "delete-running": ("delete", None, "running"),
    "delete-deleting": ("delete", None, "deleting"),
}


@pytest.mark.parametrize(("action", "body", "status"), WRONG_STATES.values(), ids=WRONG_STATES.keys())
def test_an_action_in_the_wrong_state_conflicts_and_changes_nothing(
    api: Api, server: BareMetalServer, action: str, body: Any, status: str
) -> None:
    # D-30
    path = at_rest(server, status)
    before = BareMetalServer.objects.values().get()
    answer = act(api, path, action, body)
    assert (answer.status_code, errors(answer)) == (409, [("server_status_conflict", "")])
    assert BareMetalServer.objects.values().get() == before
    event = event_of(answer)
    assert (event.action, event.outcome, event.reason_code) == (f"{EVENT}.{action}", "failure", 409)


@pytest.mark.parametrize("action", ["restart", "stop", "start", "delete"])
def test_a_server_that_is_being_stopped_takes_no_other_action(api: Api, server: BareMetalServer, action: str) -> None:
    path = at_rest(server, "running")
    assert act(api, path, "stop", HARD).status_code == 204
    assert act(api, path, action, HARD if action == "stop" else None).status_code == 409


STOPS: dict[str, tuple[Any, tuple[str, str]]] = {
    "no-body": (None, ("missing_field", "type")),
    "gently": ({"type": "gentle"}, ("invalid_value", "type")),
    "number": ({"type": 1}, ("invalid_value", "type")),
    "more": ({"type": "soft", "force": True}, ("unknown_field", "force")),
}


@pytest.mark.parametrize(("body", "expected"), STOPS.values(), ids=STOPS.keys())
def test_stopping_is_refused(api: Api, server: BareMetalServer, body: Any, expected: tuple[str, str]) -> None:
    answer = act(api, at_rest(server, "running"), "stop", body)
    assert (answer.status_code, errors(answer)) == (400, [expected])
    server.refresh_from_db()
    assert server.transition == ""


PATCHES: dict[str, tuple[Any, dict[str, Any]]] = {
    "name": ({"name": "db"}, {"name": "db"}),
    "same-name": ({"name": "web-1"}, {}),
    "metadata-on": (
        {"metadata_service": {"enabled": True}},
        {"metadata_service": {"enabled": True, "protocol": "http"}},
    ),
    "affinity": (
        {"reservation_affinity": {"policy": "disabled", "pool": None}},
        {"reservation_affinity": {"policy": "disabled", "pool": []}},
    ),
    "secure-boot": ({"enable_secure_boot": True}, {"enable_secure_boot": True}),
    "tpm": (
        {"trusted_platform_module": {"mode": "tpm_2"}},
        {"trusted_platform_module": {"enabled": True, "mode": "tpm_2", "supported_modes": ["disabled", "tpm_2"]}},
    ),
}


@pytest.mark.parametrize(("patch", "changed"), PATCHES.values(), ids=PATCHES.keys())
def test_a_patch_of_a_stopped_server_changes_that_and_nothing_else(
    api: Api, server: BareMetalServer, patch: Any, changed: dict[str, Any]
) -> None:
    path = at_rest(server, "stopped")
    before = api.get(path).json()
    assert api.call("PATCH", path, patch).json() == before | changed == api.get(path).json()


REFUSED: dict[str, tuple[Any, tuple[str, str]]] = {
    "name-null": ({"name": None}, ("invalid_value", "name")),
    "metadata-null": ({"metadata_service": None}, ("invalid_value", "metadata_service")),
    "name-taken": ({"name": "web-2"}, ("validation_unique_failed", "name")),
    "one-good-one-bad": ({"name": "db", "bandwidth": 7}, ("invalid_value", "bandwidth")),
    "id": ({"name": "db", "id": "x"}, ("unknown_field", "id")),
    "crn": ({"crn": "x"}, ("unknown_field", "crn")),
    "status": ({"status": "failed"}, ("unknown_field", "status")),
    "created-at": ({"created_at": "2020-01-01T00:00:00Z"}, ("unknown_field", "created_at")),
    "epoch": ({"metadata_epoch": 1}, ("unknown_field", "metadata_epoch")),
}


@pytest.mark.parametrize(("patch", "expected"), REFUSED.values(), ids=REFUSED.keys())
def test_a_refused_patch_changes_nothing(
    api: Api, server: BareMetalServer, world: World, patch: Any, expected: tuple[str, str]
) -> None:
    make_server(world.account, name="web-2")
    before = list(BareMetalServer.objects.values())
    answer = api.call("PATCH", f"{SERVERS}/{server.id}", patch)
    assert (answer.status_code, errors(answer)) == (400, [expected])
    assert list(BareMetalServer.objects.values()) == before


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
def test_an_empty_form_is_an_empty_patch_and_no_switch_in_it_is_off(
    api: Api, server: BareMetalServer, content_type: str
) -> None:
    path = at_rest(server, "stopped")
    BareMetalServer.objects.update(enable_secure_boot=True)
    answer = api.client.generic("PATCH", f"{path}?{QUERY}", b"", content_type=content_type)
    assert answer.status_code == 200
    server.refresh_from_db()
    assert server.enable_secure_boot


def test_a_disk_is_not_found_under_another_server(api: Api, server: BareMetalServer, world: World) -> None:
    other = make_server(world.account, name="web-2")
    for kind, row in (("disks", other.disks.all()[0]), ("network_interfaces", other.network_interfaces.all()[0])):
        assert api.get(f"{SERVERS}/{other.id}/{kind}/{row.id}").json()["id"] == row.id
        assert api.get(f"{SERVERS}/{server.id}/{kind}/{row.id}").status_code == 404


def test_a_filter_by_crn_compares_the_whole_crn(api: Api, server: BareMetalServer) -> None:
    elsewhere = server.vpc.crn.replace("us-south", "eu-de")
    assert api.get(SERVERS, f"vpc.crn={elsewhere}").json()["total_count"] == 0


def test_nothing_happens_without_a_version(server: BareMetalServer) -> None:
    path = at_rest(server, "stopped")
    assert call("POST", f"{path}/start?generation=2").status_code == 400
    server.refresh_from_db()
    assert server.status == "stopped"


OWNER = Party("IBMid-ALICE00001", "Alice", "User")

STATUS_CONFLICTS: dict[str, tuple[str, str, Any, str]] = {
    "firmware-while-running": ("POST", "/firmware/update", {}, "running"),
    "firmware-while-pending": ("POST", "/firmware/update", {}, "pending"),
    "reinitialize-while-running": ("PUT", "/initialization", ..., "running"),
    "console-while-pending": ("POST", "/console_access_token", {"console_type": "serial"}, "pending"),
    "console-while-failed": ("POST", "/console_access_token", {"console_type": "serial"}, "failed"),
    "rename-while-deleting": ("PATCH", "", {"name": "other"}, "deleting"),
    "metadata-while-deleting": ("PATCH", "", {"metadata_service": {"enabled": True}}, "deleting"),
    "secure-boot-while-running": ("PATCH", "", {"enable_secure_boot": True}, "running"),
    "interface-while-deleting": ("POST", "/network_interfaces", {"interface_type": "vlan", "vlan": 4}, "deleting"),
    "interface-renamed-while-deleting": ("PATCH", "/network_interfaces/{interface}", {"name": "other"}, "deleting"),
    "interface-deleted-while-deleting": ("DELETE", "/network_interfaces/{interface}", None, "deleting"),
    "disk-renamed-while-deleting": ("PATCH", "/disks/{disk}", {"name": "other"}, "deleting"),
    "address-bound-while-deleting": ("PUT", "/network_interfaces/{interface}/floating_ips/{ip}", None, "deleting"),
    "interface-while-running": ("POST", "/network_interfaces", {"interface_type": "pci"}, "running"),
}


@pytest.mark.parametrize("case", STATUS_CONFLICTS.values(), ids=STATUS_CONFLICTS.keys())
def test_every_refusal_because_of_the_status_has_one_code(
    api: Api, server: BareMetalServer, case: tuple[str, str, Any, str]
) -> None:
    # D-31
    method, suffix, body, status = case
    if body is ...:
        body = {"image": {"id": server.initialization.image["id"]}, "keys": []}
    if suffix == "/network_interfaces":
        body |= {"subnet": {"id": server.network_interfaces.get().subnet.id}}
    ip = (
        create_floating_ip(server.account, region=server.region, zone=server.zone, by=OWNER)
        if "{ip}" in suffix
        else None
    )
    disk, interface = server.disks.earliest("pk"), server.network_interfaces.get()
    path = suffix.format(disk=disk.id, interface=interface.id, ip=ip.id if ip else "")
    answer = api.call(method, at_rest(server, status) + path, body)
    assert (answer.status_code, errors(answer)) == (409, [("server_status_conflict", "")])
