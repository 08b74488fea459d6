"""Requests that need further actions besides that of their operation.

These create links, refer to other VPCs, set risky network options, or attach public gateways.
"""

from collections.abc import Mapping
from typing import Any

from controlplane.kernel.caller import Caller
from controlplane.kernel.errors import NotAuthorized, Target
from servers.events import PUBLIC_GATEWAY, SERVER, VIRTUAL_INTERFACE
from servers.models import PublicGateway
from servers.services.initialization import InitializationPrototype
from trustedprofiles.selectors import authorize, find_profile, may_link

OF_INTERFACES = (f"{SERVER}.ip-spoofing", f"{SERVER}.infrastructure-nat")
"""The actions that IP spoofing and disabling infrastructure NAT need on a network interface of a server."""
OF_VIRTUAL_INTERFACES = (f"{VIRTUAL_INTERFACE}.manage-ip-spoofing", f"{VIRTUAL_INTERFACE}.manage-infrastructure-nat")
OPERATE_GATEWAY = f"{PUBLIC_GATEWAY}.operate"
CONNECTIONS = (
    ("primary_network_interface", "network_interfaces", OF_INTERFACES),
    ("primary_network_attachment", "network_attachments", OF_VIRTUAL_INTERFACES),
)


def require_linking(caller: Caller, prototype: InitializationPrototype, *, path: str) -> None:
    """Require that the caller may create the link that ``auto_link`` creates. Raises NotAuthorized."""
    if prototype.trusted_profile is None or not prototype.auto_link:
        return
    profile = find_profile(account_id=caller.account_id, **prototype.trusted_profile)
    if profile and not (verdict := may_link(caller, profile)):
        raise NotAuthorized(verdict.because, more_info=verdict.explanation, target=Target(path))


def require_on(caller: Caller, action: str, resource: Mapping[str, str], *, path: str = "") -> None:
    """Require an action on another resource than that of the operation, at ``path`` of the body.

    Raises NotAuthorized.
    """
    attributes = {"accountId": caller.account_id, "serviceName": "is", **resource}
    if not (verdict := authorize(caller, action=action, resource=attributes)):
        target = Target(path) if path else None
        raise NotAuthorized(verdict.because, more_info=verdict.explanation, target=target)


def require_operating_gateway(caller: Caller, region: str, id: str | None, *, path: str) -> None:
    """Require that a caller who attaches a public gateway to a subnet may operate it.

    A gateway that does not exist is not refused here. Raises NotAuthorized. Source: IBM's guide on creating subnets,
    before you begin.
    """
    gateway = PublicGateway.objects.filter(account_id=caller.account_id, region=region, id=id or "").first()
    if gateway:
        require_on(caller, OPERATE_GATEWAY, gateway.policy_attributes, path=path)


def require_advanced(
    caller: Caller,
    interface: Mapping[str, Any],
    resource: Mapping[str, str],
    *,
    needed: tuple[str, str],
    path: str = "",
) -> None:
    """Require the actions in ``needed`` to allow IP spoofing and to disable infrastructure NAT.

    Raises NotAuthorized.
    """
    daring = {
        "allow_ip_spoofing": interface.get("allow_ip_spoofing") is True,
        "enable_infrastructure_nat": interface.get("enable_infrastructure_nat") is False,
    }
    actions = dict(zip(daring, needed, strict=True))
    for name in (name for name, is_daring in daring.items() if is_daring):
        require_on(caller, actions[name], resource, path=f"{path}.{name}" if path else name)


def require_advanced_network(caller: Caller, body: Mapping[str, Any], resource: Mapping[str, str]) -> None:
    """Check every connection in the body of a new server as ``require_advanced`` does."""
    for primary, others, actions in CONNECTIONS:
        connections = [(primary, body[primary])] if primary in body else []
        connections += [(f"{others}[{number}]", each) for number, each in enumerate(body.get(others, ()))]
        for path, connection in connections:
            interface = connection.get("virtual_network_interface", connection)
            if isinstance(interface, Mapping):
                require_advanced(caller, interface, resource, needed=actions, path=path)
            elif not isinstance(interface, str):
                within = f"{path}.virtual_network_interface"
                require_advanced(caller, vars(interface), resource, needed=actions, path=within)
