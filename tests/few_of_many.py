"""Callers who each see a few of many servers."""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Model

from controlplane.bench import population as bench
from controlplane.kernel import clock, ids
from controlplane.kernel.caller import Caller
from identity.models import ApiKey
from servers.models import BareMetalServer, VirtualNetworkInterface
from tests.api.calling import caller_of
from tests.policies import attribute, make_content
from tests.selecting import BY
from tests.world import ACCOUNT, ALICE, World, make_server
from trustedprofiles.models import (
    Account,
    GroupMember,
    Policy,
    ResourceGroup,
    ServiceId,
    Tag,
    TagAttachment,
    TrustedProfile,
)
from trustedprofiles.services.access_groups import create_group
from trustedprofiles.services.policies import create_policy

PATH = "/v1/bare_metal_servers?version=2025-08-26&generation=2"


def selections(world: World) -> dict[str, dict[str, Any]]:
    """Policies of callers who each see a few of the servers, by the name of the caller."""
    server = make_server(world.account, name="web-1")
    group = ResourceGroup.objects.create(id=ids.hex_id(), account=world.account, name="g", created_at=clock.now())
    template = BareMetalServer.objects.filter(pk=server.pk)
    template.update(resource_group=group)
    bench.populate(6)
    template.update(resource_group=server.resource_group)
    tag = Tag.objects.create(account=world.account, type="access", name="env:dev", created_at=clock.now())
    servers = list(BareMetalServer.objects.order_by("number")[1:4])
    for each in servers:
        TagAttachment.objects.create(tag=tag, crn=each.crn, created_at=clock.now())
    one, another = (each.id for each in servers[:2])
    attributes_by_name = {
        "nothing": [attribute("resourceGroupId", "none")],
        "group": [attribute("resourceGroupId", group.id)],
        "server": [attribute("bareMetalServerId", one)],
        "servers": [attribute("bareMetalServerId", [one, another], "stringEqualsAnyOf")],
        "wildcard": [attribute("bareMetalServerId", f"{one[:-1]}?", "stringMatch")],
    }
    rule = attribute("{{resource.attributes.bareMetalServerId}}", f"{one[:-1]}*", "stringMatch")
    pattern = "attribute-based-condition:resource:literal-and-wildcard"
    return {name: {"more": tuple(more)} for name, more in attributes_by_name.items()} | {
        "tag": {"resource_tags": [attribute("env", "dev")]},
        "rule": {"rule": rule, "pattern": pattern},
    }


IDENTITY = "iam-identity"
INTERFACES = "/v1/virtual_network_interfaces?version=2025-08-26&generation=2"
OWNERS_PAGES = {
    "first page": PATH,
    "by name": f"{PATH}&name=none",
    "by reservation": f"{PATH}&reservation.id=none",
    "by name of reservation": f"{PATH}&reservation.name=none",
    "addresses": "/_baremint/bare_metal_servers",
    "addresses by name": "/_baremint/bare_metal_servers?name=none",
}
IAM_LISTS = {
    "profiles": f"/v1/profiles?account_id={ACCOUNT}",
    "service IDs": f"/v1/serviceids?account_id={ACCOUNT}",
    "service IDs by name": f"/v1/serviceids?account_id={ACCOUNT}&name=none",
    "API keys": f"/v1/apikeys?account_id={ACCOUNT}&scope=account",
    "policies": f"/v2/policies?account_id={ACCOUNT}&limit=20",
}


def fill_interfaces(interface: VirtualNetworkInterface, count: int) -> None:
    """So many virtual network interfaces, each with an address of its own."""
    copies = count - VirtualNetworkInterface.objects.count()
    number = f"{bench.FIRST + VirtualNetworkInterface.objects.count()} + i"
    address = f"'12.0.' || (({number}) / 256 %% 256) || '.' || (({number}) %% 256)"
    if connection.vendor == "postgresql":
        address = f"CAST({address} AS inet)"
    own = {"number": number, "id": f"'0717-many-' || ({number})", "name": f"'many-' || ({number})"}
    with transaction.atomic():
        addressed = own | {"address": address, "virtual_network_interface_id": number}
        bench.copy_rows(interface.primary_ip, copies, addressed)
        bench.copy_rows(interface, copies, own | {"primary_ip_id": number})
    bench.tell_the_planner()


def fill_iam(account: Account, count: int) -> None:
    """So many rows of each list in all, beyond any quota."""
    now = clock.now()
    own = {"account": account}
    timed = own | {"modified_at": now}
    policy = own | {"created_by_id": "x", "last_modified_at": now, "last_modified_by_id": "x", "subject": []}

    def key(id: str) -> dict[str, Any]:
        return timed | {"id": f"ApiKey-{id}", "iam_id": f"iam-ServiceId-{id}", "sha256": id, "created_by": "x"}

    makers: dict[type[Model], Callable[[str], dict[str, Any]]] = {
        TrustedProfile: lambda id: timed | {"id": f"Profile-{id}", "name": id},
        ServiceId: lambda id: timed | {"id": f"ServiceId-{id}", "name": id},
        ApiKey: key,
        Policy: lambda id: policy | {"id": id, "subject_iam_id": f"iam-profile-{id}", "resource": [], "roles": []},
    }
    for model, values in makers.items():
        have = model._default_manager.count()
        model._default_manager.bulk_create(
            model(**values(str(uuid.uuid4())), created_at=now + timedelta(seconds=place))
            for place in range(have, count)
        )
    bench.tell_the_planner()


def named(name: str) -> Caller:
    return caller_of(f"iam-Profile-{name}")


def iam_callers(world: World) -> dict[str, Caller]:
    """The owner, who sees all; a member of a group who does; and who sees one profile, service ID or key."""
    profile, service_id = (model.objects.order_by("created_at")[0] for model in (TrustedProfile, ServiceId))
    tag = Tag.objects.create(account_id=ACCOUNT, type="access", name="iam:few", created_at=clock.now())
    TagAttachment.objects.create(tag=tag, crn=profile.crn, created_at=clock.now())
    group = create_group(world.account, name="g", by=BY)
    GroupMember.objects.create(group=group, iam_id="iam-Profile-member", type="profile", created_at=clock.now())
    start = attribute("resource", f"{service_id.id[:-1]}*", "stringMatch")
    contents = {
        "profile": make_content("iam-Profile-profile", service=IDENTITY, more=(attribute("resource", profile.id),)),
        "service ID": make_content("iam-Profile-id", service=IDENTITY, more=(attribute("resource", service_id.id),)),
        "start": make_content("iam-Profile-start", service=IDENTITY, more=(start,)),
        "tag": make_content("iam-Profile-tag", service=IDENTITY, resource_tags=[attribute("iam", "few")]),
        "person": make_content("IBMid-PERSON", service=IDENTITY, more=(attribute("resource", "none"),)),
        "member": make_content(service=IDENTITY, subject=[attribute("access_group_id", group.id)]),
        "policies": make_content("iam-Profile-member", service="iam-access-management"),
    }
    for content in contents.values():
        create_policy(world.account, content=content, api_version="v2", by=BY)
    programs = {"profile": "profile", "service ID": "id", "start": "start", "tag": "tag", "member": "member"}
    people = {"owner": ALICE, "person": replace(ALICE, iam_id="IBMid-PERSON")}
    return people | {name: named(each) for name, each in programs.items()}


def asked_of_iam(callers: Mapping[str, Caller]) -> list[tuple[str, str]]:
    """Each list with each caller who may ask for it."""
    return [(path, name) for path in IAM_LISTS for name in callers if path != "policies" or name in ("owner", "member")]
