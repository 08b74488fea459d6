"""Initializing a server again, firmware, consoles, disks; failures that a name asks for."""

import hashlib
from datetime import datetime, timedelta
from typing import Any

import pytest

from controlplane.activity.models import ActivityEvent
from servers.models import BareMetalServer, ConsoleAccessToken, Image
from tests.api.vpc import SERVERS, Api, errors, settle
from tests.world import World, make_profile
from trustedprofiles.models import ProfileLink

pytestmark = pytest.mark.thorough


@pytest.fixture
def path(server: BareMetalServer) -> str:
    """Of a stopped server."""
    BareMetalServer.objects.filter(pk=server.pk).update(status="stopped")
    return f"{SERVERS}/{server.id}"


@pytest.fixture
def body() -> dict[str, Any]:
    debian = Image.objects.filter(operating_system__startswith="debian")[0]
    return {"image": {"id": debian.id}, "keys": [], "user_data": ""}


# --- reinitialization ------------------------------------------------------------------------------------------


def test_a_stopped_server_is_initialized_again_and_runs(
    api: Api, path: str, server: BareMetalServer, body: dict[str, Any]
) -> None:
    answer = api.call("PUT", f"{path}/initialization", body)
    assert (answer.status_code, answer.json()["image"]["id"]) == (200, body["image"]["id"])
    assert api.get(path).json()["status"] == "reinitializing"
    assert settle(server.id).status == "running"
    assert api.get(f"{path}/initialization").json() == answer.json()


def test_what_identifies_a_server_survives_its_reinitialization(
    api: Api, path: str, server: BareMetalServer, body: dict[str, Any]
) -> None:
    stable_fields = ("id", "crn", "network_interfaces", "primary_network_interface")
    before = api.get(path).json()
    api.call("PUT", f"{path}/initialization", body)
    settle(server.id)
    after = api.get(path).json()
    assert [after[name] for name in stable_fields] == [before[name] for name in stable_fields]
    assert [disk["id"] for disk in after["disks"]] == [disk["id"] for disk in before["disks"]]


def test_a_default_profile_comes_and_goes_with_reinitialization_and_its_link_stays(
    api: Api, world: World, path: str, server: BareMetalServer, body: dict[str, Any]
) -> None:
    profile = make_profile(world.account)
    api.call("PUT", f"{path}/initialization", body | {"default_trusted_profile": {"target": {"id": profile.id}}})
    settle(server.id)
    BareMetalServer.objects.update(status="stopped")
    assert "default_trusted_profile" not in api.call("PUT", f"{path}/initialization", body).json()
    assert ProfileLink.objects.filter(crn=server.crn).count() == 1


def test_a_running_server_is_not_reinitialized(api: Api, path: str, body: dict[str, Any]) -> None:
    BareMetalServer.objects.update(status="running")
    answer = api.call("PUT", f"{path}/initialization", body)
    assert (answer.status_code, errors(answer)[0][0]) == (409, "server_status_conflict")


def test_all_that_is_wrong_with_a_reinitialization_is_named_and_nothing_changes(api: Api, path: str) -> None:
    before = api.get(f"{path}/initialization").json()
    body = {
        "image": {"id": "none"},
        "keys": [{"id": "none"}, {"fingerprint": "SHA256:none"}],
        "default_trusted_profile": {"target": {"id": "Profile-none"}},
    }
    answer = api.call("PUT", f"{path}/initialization", body)
    assert answer.status_code == 400
    names = sorted(name for _, name in errors(answer))
    assert names == ["default_trusted_profile.target", "image", "keys[0]", "keys[1]"]
    assert api.get(f"{path}/initialization").json() == before


def test_a_deleted_image_and_key_are_remembered_as_deleted(
    api: Api, world: World, path: str, body: dict[str, Any]
) -> None:
    from tests.api.test_server_references_api import ED25519

    key = api.call("POST", "/v1/keys", {"public_key": ED25519, "name": "laptop"}).json()
    api.call("PUT", f"{path}/initialization", body | {"keys": [{"id": key["id"]}]})
    assert api.call("DELETE", f"/v1/keys/{key['id']}").status_code == 204
    [actual_key] = api.get(f"{path}/initialization").json()["keys"]
    assert (actual_key["fingerprint"], "deleted" in actual_key) == (key["fingerprint"], True)


# --- failures that a name asks for -----------------------------------------------------------------------------


def test_a_name_makes_provisioning_fail_with_its_reason(api: Api, prototype: dict[str, Any]) -> None:
    server = api.call("POST", SERVERS, prototype | {"name": "fail-cannot-start-capacity-1"}).json()
    settle(server["id"])
    failed = api.get(f"{SERVERS}/{server['id']}").json()
    assert (failed["status"], failed["lifecycle_state"]) == ("failed", "failed")
    assert failed["status_reasons"][0]["code"] == "cannot_start_capacity"
    assert ActivityEvent.objects.filter(target_id=server["crn"], outcome="failure").exists()


def test_a_failed_server_can_be_deleted(api: Api, prototype: dict[str, Any]) -> None:
    server = api.call("POST", SERVERS, prototype | {"name": "fail-cannot-start"}).json()
    settle(server["id"])
    assert api.call("DELETE", f"{SERVERS}/{server['id']}").status_code == 202


def test_a_server_that_failed_to_be_reinitialized_is_reinitialized_again(
    api: Api, path: str, server: BareMetalServer, body: dict[str, Any]
) -> None:
    api.call("PATCH", path, {"name": "fail-cannot-reinitialize"})
    api.call("PUT", f"{path}/initialization", body)
    assert settle(server.id).status == "failed"
    api.call("PATCH", path, {"name": "well"})
    assert api.call("PUT", f"{path}/initialization", body).status_code == 200
    assert settle(server.id).status == "running"
    assert api.get(path).json()["status_reasons"] == []


# --- firmware --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("auto_start", "status"), [(True, "running"), (False, "stopped")])
def test_new_firmware_is_brought_in_once(api: Api, prototype: dict[str, Any], auto_start: bool, status: str) -> None:
    # D-34, D-54
    server = api.call("POST", SERVERS, prototype).json()
    settle(server["id"])
    path = f"{SERVERS}/{server['id']}"
    BareMetalServer.objects.filter(id=server["id"]).update(status="stopped")
    answer = api.call("POST", f"{path}/firmware/update", {"auto_start": auto_start})
    assert (answer.status_code, answer.content) == (204, b"")
    assert api.get(path).json()["status"] == "maintenance"
    assert settle(server["id"]).status == status
    assert api.get(path).json()["firmware"] == {"update": "none"}
    BareMetalServer.objects.filter(id=server["id"]).update(status="stopped")
    assert api.call("POST", f"{path}/firmware/update", {}).status_code == 409


def test_firmware_waits_for_a_stopped_server(api: Api, server: BareMetalServer) -> None:
    assert api.call("POST", f"{SERVERS}/{server.id}/firmware/update", {}).status_code == 409


# --- consoles and disks ----------------------------------------------------------------------------------------


def test_a_console_token_is_shown_once_and_replaces_the_one_before(api: Api, path: str) -> None:
    # D-36
    first, second = (api.call("POST", f"{path}/console_access_token", {"console_type": "vnc"}).json() for _ in range(2))
    assert first["access_token"] != second["access_token"]
    [row] = ConsoleAccessToken.objects.values()
    assert row["sha256"] == hashlib.sha256(second["access_token"].encode()).hexdigest()
    assert second["access_token"] not in row.values()
    assert second["href"].startswith("wss://")
    assert second["force"] is False


def test_a_console_token_lives_for_three_minutes(api: Api, path: str) -> None:
    console_access_token = api.call("POST", f"{path}/console_access_token", {"console_type": "serial"}).json()
    lifetime = datetime.fromisoformat(console_access_token["expires_at"]) - datetime.fromisoformat(
        console_access_token["created_at"]
    )
    assert lifetime == timedelta(minutes=3)


@pytest.mark.parametrize("status", ["pending", "failed", "deleting", "reinitializing"])
def test_a_server_without_power_has_no_console(api: Api, path: str, status: str) -> None:
    BareMetalServer.objects.update(status=status)
    answer = api.call("POST", f"{path}/console_access_token", {"console_type": "serial"})
    assert answer.status_code == 409


def test_a_disk_is_renamed_and_its_name_is_the_only_one(api: Api, prototype: dict[str, Any]) -> None:
    server = api.call("POST", SERVERS, prototype | {"profile": {"name": "bx2d-metal-96x384"}}).json()
    first, second, *_ = server["disks"]
    path = f"{SERVERS}/{server['id']}/disks"
    assert api.call("PATCH", f"{path}/{first['id']}", {"name": "boot"}).json()["name"] == "boot"
    answer = api.call("PATCH", f"{path}/{second['id']}", {"name": "boot"})
    assert (answer.status_code, errors(answer)) == (400, [("validation_unique_failed", "name")])
