"""The policy that an explanation offers: a request that would allow what was refused."""

from collections.abc import Mapping
from typing import Any

from controlplane.cloudservice.registry import services
from trustedprofiles.access import EVERY
from trustedprofiles.roles import Role

NOT_OFFERED = frozenset({"serviceType", "prefix", "delimiter", "path"})
"""Attributes that a proposed policy leaves out: a service has a fixed type, and the last three need a rule."""


def offered_policy(subject: str, role: Role, resource: Mapping[str, str]) -> dict[str, Any]:
    """Return the body of ``POST /v1/policies`` that grants the role on the resource; on one service where the resource
    stands for all of them."""
    if resource.get("serviceName") == EVERY:
        resource = {**resource, "serviceName": next(iter(services()))}
    attributes = [{"name": name, "value": value} for name, value in resource.items() if name not in NOT_OFFERED]
    return {
        "type": "access",
        "subjects": [{"attributes": [{"name": "iam_id", "value": subject}]}],
        "roles": [{"role_id": role.crn}],
        "resources": [{"attributes": attributes}],
    }
