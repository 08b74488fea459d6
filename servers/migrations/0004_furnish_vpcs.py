"""Give VPCs from before what a VPC is made with: address prefixes, and rules in its default ACL and security group."""

import json
import uuid
from pathlib import Path

from django.db import migrations

REGIONS = Path(__file__).parent.parent / "catalog" / "regions.json"
ANYWHERE = "0.0.0.0/0"


def furnish(apps, schema_editor):
    octets = {row["name"]: row["default_prefix_octet"] for row in json.loads(REGIONS.read_text())["regions"]}
    prefixes, acl_rules, group_rules = (
        apps.get_model("servers", name) for name in ("AddressPrefix", "NetworkACLRule", "SecurityGroupRule")
    )
    for vpc in apps.get_model("servers", "VPC").objects.filter(address_prefixes=None):
        regional, at = vpc.id.partition("-")[0], vpc.created_at
        for number in range(3):
            zone = f"{vpc.region}-{number + 1}"
            cidr = f"10.{octets[vpc.region]}.{number * 64}.0/18"
            prefixes.objects.create(
                id=_id(regional), name=f"default-{zone}", created_at=at, vpc=vpc, zone=zone, cidr=cidr, is_default=True
            )
        for position, direction in enumerate(("inbound", "outbound"), start=1):
            acl_rules.objects.create(
                id=_id(regional),
                name=f"allow-{direction}",
                created_at=at,
                network_acl_id=vpc.default_network_acl_id,
                position=position,
                action="allow",
                direction=direction,
                protocol="icmp_tcp_udp",
                source=ANYWHERE,
                destination=ANYWHERE,
            )
        own = {"security_group_id": vpc.default_security_group_id, "created_at": at, "protocol": "icmp_tcp_udp"}
        group_rules.objects.create(
            id=_id(regional),
            name="inbound-icmp-tcp-udp-from-this-security-group",
            direction="inbound",
            remote_group_id=vpc.default_security_group_id,
            **own,
        )
        group_rules.objects.create(
            id=_id(regional), name="outbound-icmp-tcp-udp", direction="outbound", remote=ANYWHERE, **own
        )


def _id(prefix):
    return f"{prefix}-{uuid.uuid4()}"


class Migration(migrations.Migration):
    dependencies = [("servers", "0003_server_tally")]

    operations = [migrations.RunPython(furnish, migrations.RunPython.noop)]
