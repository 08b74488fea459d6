"""Policies of instances: what they are, and what they do (contract, section 2.5)."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from controlplane.activity.models import ActivityEvent
from controlplane.instances.models import ResourceInstance
from controlplane.keyprotect.instance_rules import remove_content
from controlplane.keyprotect.models import InstancePolicy
from controlplane.keyprotect.policies import ACCESS_DEFAULTS
from tests.keyprotect.calls import KeyProtect, answered, instance_policy, new_key, policies, reason_of, refused
from tests.keyprotect.made import make_key

MATERIAL = "A" * 43 + "="
POLICIES: dict[str, dict[str, Any]] = {
    "dualAuthDelete": {},
    "rotation": {"interval_month": 2},
    "keyCreateImportAccess": {**ACCESS_DEFAULTS, "create_root_key": False},
    "allowedNetwork": {"allowed_network": "public-and-private"},
    "allowedIP": {"allowed_ip": ["127.0.0.0/8"]},
    "metrics": {},
}


def set_policy(client: KeyProtect, kind: str, *, enabled: bool = True, **attributes: Any) -> None:
    answered(client("PUT", "/instance/policies", policies(instance_policy(kind, enabled=enabled, **attributes))), 204)


def stored(client: KeyProtect, query: str = "") -> dict[str, Any]:
    """What is read back, by the kinds of policies."""
    resources = client.get(f"/instance/policies{query}").get("resources", [])
    return {each["policy_type"]: each for each in resources}


def test_a_new_instance_has_no_policy(alice: KeyProtect) -> None:
    metadata = {"collectionType": "application/vnd.ibm.kms.policy+json", "collectionTotal": 0}
    assert alice.get("/instance/policies") == {"metadata": metadata}


def test_every_kind_is_read_back_as_it_was_set(alice: KeyProtect) -> None:
    body = policies(*(instance_policy(kind, **attributes) for kind, attributes in POLICIES.items()))
    answered(alice("PUT", "/instance/policies", body), 204)
    result = stored(alice)
    assert {kind: each["policy_data"].get("attributes", {}) for kind, each in result.items()} == POLICIES
    for each in result.values():
        assert each["policy_data"]["enabled"] is True
        assert {"createdBy", "creationDate", "updatedBy", "lastUpdated"} <= set(each)


def test_a_disabled_policy_of_access_still_has_its_attributes(alice: KeyProtect) -> None:
    """Terraform reads them unseen."""
    set_policy(alice, "keyCreateImportAccess", enabled=False)
    assert stored(alice)["keyCreateImportAccess"]["policy_data"] == {"enabled": False, "attributes": ACCESS_DEFAULTS}


def test_the_query_limits_what_is_read_and_what_is_set(alice: KeyProtect) -> None:
    set_policy(alice, "metrics")
    answered(alice("PUT", "/instance/policies?policy=dualAuthDelete", policies(instance_policy("dualAuthDelete"))), 204)
    assert set(stored(alice, "?policy=metrics")) == {"metrics"}
    answer = alice(
        "PUT", "/instance/policies?policy=metrics", policies(instance_policy("dualAuthDelete", enabled=False))
    )
    assert refused(answer) == (400, "BODY_QUERY_PARAM_MISMATCH_ERR")
    assert stored(alice)["dualAuthDelete"]["policy_data"]["enabled"] is True


def test_a_policy_that_is_set_again_keeps_who_created_it(alice: KeyProtect) -> None:
    set_policy(alice, "rotation", interval_month=2)
    created = InstancePolicy.objects.get()
    set_policy(alice, "rotation", enabled=False)
    current = InstancePolicy.objects.get()
    assert (current.created_at, current.enabled, current.attributes) == (created.created_at, False, {})


def test_the_event_tells_what_was_set(alice: KeyProtect, instance: ResourceInstance) -> None:
    set_policy(alice, "rotation", interval_month=2)
    event = ActivityEvent.objects.get(action="kms.instance-policies.write")
    assert event.data["policies"] == {"rotation": {"enabled": True, "attributes": {"interval_month": 2}}}
    assert event.target_id == instance.crn


WRONG: dict[str, tuple[Any, str]] = {
    "no metadata": ({"resources": [instance_policy("metrics")]}, "BAD_BODY_ERR"),
    "an unknown member": (policies({**instance_policy("metrics"), "more": 1}), "BAD_BODY_ERR"),
    "an unknown attribute": (policies(instance_policy("metrics", more=1)), "BAD_BODY_ERR"),
    "no switch": (policies({"policy_type": "metrics", "policy_data": {}}), "INVALID_FIELD_ERR"),
    "a switch that is none": (
        policies({"policy_type": "metrics", "policy_data": {"enabled": "true"}}),
        "BAD_BODY_ERR",
    ),
    "an array": ([instance_policy("metrics")], "BAD_BODY_ERR"),
    "nothing": (None, "BAD_BODY_ERR"),
}


def test_the_event_of_a_long_list_has_its_first_addresses(alice: KeyProtect) -> None:
    set_policy(alice, "allowedIP", allowed_ip=["127.0.0.1"] * 30)
    event = ActivityEvent.objects.get(action="kms.instance-policies.write")
    assert len(event.data["policies"]["allowedIP"]["attributes"]["allowed_ip"]) == 20


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_body_sets_nothing(alice: KeyProtect, case: str) -> None:
    body, code = WRONG[case]
    assert refused(alice("PUT", "/instance/policies", body)) == (400, code)
    assert not InstancePolicy.objects.exists()


# --- new keys ---------------------------------------------------------------------------------------------------


def test_new_keys_have_the_policies_of_their_instance(alice: KeyProtect, instance: ResourceInstance) -> None:
    old = make_key(instance).identifier
    set_policy(alice, "dualAuthDelete")
    set_policy(alice, "rotation", interval_month=2)
    root, imported, standard = alice.create(), alice.create(payload=MATERIAL), alice.create(extractable=True)
    assert root["rotation"] == {"enabled": True, "interval_month": 2}
    assert "rotation" not in imported
    assert "rotation" not in standard
    assert all(each["dualAuthDelete"]["enabled"] for each in (root, imported, standard))
    assert not alice.get(f"/keys/{old}")["resources"][0]["dualAuthDelete"]["enabled"]


def test_a_disabled_policy_gives_new_keys_nothing(alice: KeyProtect) -> None:
    set_policy(alice, "rotation", interval_month=2)
    set_policy(alice, "rotation", enabled=False)
    assert "rotation" not in alice.create()


ACCESS: dict[str, dict[str, Any]] = {
    "create_root_key": {},
    "create_standard_key": {"extractable": True},
    "import_root_key": {"payload": MATERIAL},
    "import_standard_key": {"payload": MATERIAL, "extractable": True},
}


@pytest.mark.parametrize("attribute", ACCESS)
def test_a_policy_of_access_forbids_to_create_or_import_such_keys(alice: KeyProtect, attribute: str) -> None:
    set_policy(alice, "keyCreateImportAccess", **{attribute: False})
    codes = {name: refused_code(alice("POST", "/keys", new_key(**members))) for name, members in ACCESS.items()}
    assert codes == {**dict.fromkeys(ACCESS, ""), attribute: "KEY_CREATE_IMPORT_ACCESS_ERR"}
    set_policy(alice, "keyCreateImportAccess", enabled=False)
    alice.create(**ACCESS[attribute])


def refused_code(answer: Any) -> str:
    return "" if answer.status_code == 201 else refused(answer)[1]


def test_material_without_an_import_token_is_refused_where_one_is_demanded(
    alice: KeyProtect, instance: ResourceInstance
) -> None:
    imported = alice.create(payload=MATERIAL)["id"]
    set_policy(alice, "keyCreateImportAccess", enforce_token=True)
    denied = (409, "KEY_CREATE_IMPORT_ACCESS_ERR")
    assert refused(alice("POST", "/keys", new_key(payload=MATERIAL))) == denied
    assert refused(alice.act(imported, "rotate", {"payload": MATERIAL})) == denied
    alice.create()


def test_a_restoration_with_material_is_refused_where_an_import_token_is_demanded(
    alice: KeyProtect, turned: Any
) -> None:
    key = alice.create(payload=MATERIAL)["id"]
    set_policy(alice, "keyCreateImportAccess", enforce_token=True)
    answered(alice("DELETE", f"/keys/{key}"), 204)
    turned.turn(seconds=31)
    body = {"resources": [{"payload": MATERIAL}]}
    assert refused(alice("POST", f"/keys/{key}/restore", body)) == (409, "KEY_CREATE_IMPORT_ACCESS_ERR")
    answered(alice("POST", f"/keys/{key}/restore"), 201)


# --- who is admitted --------------------------------------------------------------------------------------------

PRIVATE = "private.us-south.kms.cloud.ibm.com"


@pytest.fixture
def every_host(settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["*"]


@pytest.mark.usefixtures("every_host")
def test_a_private_instance_is_called_at_its_private_endpoint_alone(alice: KeyProtect) -> None:
    key = alice.create()["id"]
    set_policy(alice, "allowedNetwork", allowed_network="private-only")
    for path in ("/keys", f"/keys/{key}/metadata", "/instance/policies", "/key_rings"):
        for host in ("testserver", "us-south.kms.cloud.ibm.com"):
            answer = alice("GET", path, Host=host)
            assert refused(answer) == (401, "UNAUTHORIZED_ERR")
            assert PRIVATE in reason_of(answer)["message"]
        assert alice("GET", path, Host=PRIVATE).status_code == 200


@pytest.mark.usefixtures("every_host")
def test_the_policy_is_changed_at_the_private_endpoint(alice: KeyProtect) -> None:
    set_policy(alice, "allowedNetwork", allowed_network="private-only")
    body = policies(instance_policy("allowedNetwork", enabled=False))
    assert alice("PUT", "/instance/policies", body).status_code == 401
    answered(alice("PUT", "/instance/policies", body, Host=PRIVATE), 204)
    alice.get("/keys")


def test_only_addresses_in_the_policy_are_admitted(alice: KeyProtect) -> None:
    set_policy(alice, "allowedIP", allowed_ip=["198.51.100.0/24"])
    answer = alice("GET", "/keys")
    assert refused(answer) == (401, "UNAUTHORIZED_ERR")
    assert "127.0.0.1" in reason_of(answer)["message"]
    admitted = alice.client.get("/api/v2/keys", headers=alice.headers, REMOTE_ADDR="198.51.100.9")
    assert admitted.status_code == 200


@pytest.mark.parametrize(
    ("kind", "attributes"),
    [("allowedIP", {"allowed_ip": ["198.51.100.0/24"]}), ("allowedNetwork", {"allowed_network": "private-only"})],
)
def test_an_operator_of_the_deployment_admits_everyone_again(
    alice: KeyProtect, instance: ResourceInstance, kind: str, attributes: Any
) -> None:
    set_policy(alice, kind, **attributes)
    assert f"baremint admit {instance.guid}" in reason_of(alice("GET", "/keys"))["message"]
    output = StringIO()
    call_command("admit", instance.guid.upper(), stdout=output)
    assert output.getvalue() == f"Disabled: {kind}.\n"
    assert stored(alice)[kind]["policy_data"]["enabled"] is False
    assert ActivityEvent.objects.filter(action="kms.instance-policies.write", initiator_id="baremint").count() == 1


def test_an_instance_that_admits_everyone_is_left_as_it_is(alice: KeyProtect, instance: ResourceInstance) -> None:
    output = StringIO()
    call_command("admit", instance.guid, stdout=output)
    assert output.getvalue() == "Every address is admitted already.\n"
    with pytest.raises(CommandError, match="baremint info shows them"):
        call_command("admit", "none")


def test_there_is_no_port_for_allowed_addresses(alice: KeyProtect) -> None:
    assert "resources" not in alice.get("/instance/allowed_ip_port")


def test_policies_are_deleted_with_their_instance(alice: KeyProtect, instance: ResourceInstance) -> None:
    set_policy(alice, "metrics")
    remove_content(instance)
    assert not InstancePolicy.objects.exists()
