"""Identifiers in IBM's formats (VPC API: zonal ids have the zone's prefix, regional ids the region's)."""

import uuid

# Prefixes from public samples; other regions have prefixes of the same pattern.
REGION_PREFIXES = {
    "us-south": "r006",
    "us-east": "r014",
    "eu-gb": "r018",
    "eu-de": "r010",
    "jp-tok": "r022",
    "au-syd": "r026",
    "jp-osa": "r034",
    "ca-tor": "r038",
    "br-sao": "r042",
    "eu-es": "r050",
    "ca-mon": "r058",
    "in-che": "r062",
    "in-mum": "r066",
}


def region_prefix(region: str) -> str:
    return REGION_PREFIXES[region]


def zone_prefix(zone: str) -> str:
    """Return ``0717`` for ``us-south-1``, ``0727`` for ``us-south-2``; other regions use their own number plus one."""
    region, _, number = zone.rpartition("-")
    return f"{int(REGION_PREFIXES[region][1:]) + 1:02d}{number}7"


def zonal_id(zone: str) -> str:
    return f"{zone_prefix(zone)}-{uuid.uuid4()}"


def regional_id(region: str) -> str:
    return f"{region_prefix(region)}-{uuid.uuid4()}"


def prefixed_id(prefix: str) -> str:
    """Return an id such as ``Profile-<uuid>``, ``ApiKey-<uuid>``, ``link-<uuid>``."""
    return f"{prefix}-{uuid.uuid4()}"


def hex_id() -> str:
    """Return 32 hexadecimal digits, for accounts, resource groups and entity tags."""
    return uuid.uuid4().hex
