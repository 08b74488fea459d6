"""Callers who each see a few of many servers."""

from typing import Any

from controlplane.kernel import clock, ids
from controlplane.operations.bench import population as bench
from servers.models import BareMetalServer
from tests.policies import attribute
from tests.world import World, make_server
from trustedprofiles.models import ResourceGroup, Tag, TagAttachment

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
    seen = list(BareMetalServer.objects.order_by("number")[1:4])
    for each in seen:
        TagAttachment.objects.create(tag=tag, crn=each.crn, created_at=clock.now())
    one, another = (each.id for each in seen[:2])
    named = {
        "nothing": [attribute("resourceGroupId", "none")],
        "group": [attribute("resourceGroupId", group.id)],
        "server": [attribute("bareMetalServerId", one)],
        "servers": [attribute("bareMetalServerId", [one, another], "stringEqualsAnyOf")],
        "wildcard": [attribute("bareMetalServerId", f"{one[:-1]}?", "stringMatch")],
    }
    rule = attribute("{{resource.attributes.bareMetalServerId}}", f"{one[:-1]}*", "stringMatch")
    pattern = "attribute-based-condition:resource:literal-and-wildcard"
    return {name: {"more": tuple(more)} for name, more in named.items()} | {
        "tag": {"resource_tags": [attribute("env", "dev")]},
        "rule": {"rule": rule, "pattern": pattern},
    }
