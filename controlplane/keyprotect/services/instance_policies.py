"""Policies of instances (Key Protect contract, section 2.5; D-186). They never change keys that are there already."""

from collections.abc import Mapping, Sequence
from typing import Any

from controlplane.activity.record import Party
from controlplane.instances.models import ResourceInstance
from controlplane.kernel import clock
from controlplane.keyprotect import events
from controlplane.keyprotect.errors import CreationDenied, NotAdmitted
from controlplane.keyprotect.models import InstancePolicy
from controlplane.keyprotect.policies import (
    ALLOWED_IP,
    ALLOWED_NETWORK,
    CREATE_IMPORT_ACCESS,
    PRIVATE_ONLY,
    InstancePolicySetting,
    is_in_networks,
    is_permitted,
)
from controlplane.keyprotect.services.changes import changing

MOST_IN_EVENT = 20
"""Addresses of a policy."""
ADMIT = "To disable the policy on the machine of the control plane: baremint admit"
"""What stands before the GUID of the instance in a refusal."""


def set_instance_policies(instance: ResourceInstance, settings: Sequence[InstancePolicySetting], *, by: Party) -> None:
    """Set policies of an instance. What a request leaves out of a policy is not kept from the one before."""
    with changing(instance):
        now = clock.now()
        for setting in settings:
            content = {
                "enabled": setting.enabled,
                "attributes": dict(setting.attributes),
                "updated_at": now,
                "updated_by": by.id,
            }
            InstancePolicy.objects.update_or_create(
                instance=instance,
                kind=setting.kind,
                defaults=content,
                create_defaults={**content, "created_at": now, "created_by": by.id},
            )
        kinds = {each.kind: {"enabled": each.enabled, "attributes": _summary(each.attributes)} for each in settings}
        events.record_instance_change(
            events.WRITE_INSTANCE_POLICIES, instance, by=by, status=204, data={"policies": kinds}
        )


def _summary(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the attributes for an event, with the first addresses of a long list."""
    return {name: each[:MOST_IN_EVENT] if isinstance(each, list) else each for name, each in attributes.items()}


def require_admission(instance: ResourceInstance, *, address: str, is_private: bool) -> None:
    """Check that the policies of an instance admit a call from an IP address, over its private endpoint or the other.

    Raises NotAdmitted.
    """
    policies = InstancePolicy.objects.filter(instance=instance, enabled=True, kind__in=(ALLOWED_NETWORK, ALLOWED_IP))
    for policy in policies:
        if policy.kind == ALLOWED_NETWORK and not is_private and policy.attributes["allowed_network"] == PRIVATE_ONLY:
            raise NotAdmitted(
                "The policy allowedNetwork of the instance is private-only. Send the request with the host of its "
                f"private endpoint: Host: private.{instance.region}.kms.cloud.ibm.com. {ADMIT} {instance.guid}"
            )
        if policy.kind == ALLOWED_IP and not is_in_networks(address, policy.attributes["allowed_ip"]):
            raise NotAdmitted(
                f"The policy allowedIP of the instance does not have {address} in it. Call from an address that it "
                f"has. {ADMIT} {instance.guid}"
            )


def admit_everyone(instance: ResourceInstance, *, by: Party) -> list[str]:
    """Disable the policies that do not admit every call. Returns their kinds."""
    with changing(instance):
        policies = InstancePolicy.objects.filter(
            instance=instance, enabled=True, kind__in=(ALLOWED_NETWORK, ALLOWED_IP)
        )
        kinds = sorted(policy.kind for policy in policies)
        policies.update(enabled=False, updated_at=clock.now(), updated_by=by.id)
        if kinds:
            data = {"policies": {kind: {"enabled": False} for kind in kinds}}
            events.record_instance_change(events.WRITE_INSTANCE_POLICIES, instance, by=by, status=200, data=data)
    return kinds


def require_creation(policies: Sequence[InstancePolicy], *, standard: bool, imported: bool, with_token: bool) -> None:
    """Check that the policies of an instance permit to create or import such a key. Raises CreationDenied."""
    access = _create_import_access(policies)
    if access is not None and not is_permitted(access, standard=standard, imported=imported):
        what = f"{'importing' if imported else 'creating'} {'standard' if standard else 'root'} keys"
        raise CreationDenied(
            f"The policy {CREATE_IMPORT_ACCESS} of the instance does not permit {what}. Change it with "
            "PUT /api/v2/instance/policies."
        )
    if imported and not with_token:
        require_no_token(policies, standard=standard)


def require_no_token(policies: Sequence[InstancePolicy], *, standard: bool = False) -> None:
    """Check that material can be imported without an import token. Raises CreationDenied."""
    access = _create_import_access(policies)
    if access is not None and access["enforce_token"]:
        advice = (
            "Standard keys cannot be imported with one; generate the key, or change the policy."
            if standard
            else "Create one with POST /api/v2/import_token, and encrypt the material for it."
        )
        raise CreationDenied(f"The policy {CREATE_IMPORT_ACCESS} of the instance demands an import token. {advice}")


def _create_import_access(policies: Sequence[InstancePolicy]) -> Mapping[str, bool] | None:
    """Return the attributes of the policy keyCreateImportAccess; None while it is not there or disabled."""
    return next((each.attributes for each in policies if each.kind == CREATE_IMPORT_ACCESS and each.enabled), None)


def policies_of(instance: ResourceInstance) -> Sequence[InstancePolicy]:
    """Return the policies of an instance, in the order of their kinds."""
    return list(InstancePolicy.objects.filter(instance=instance).order_by("kind"))
