"""Format instants as the services print them."""

from datetime import datetime


def milliseconds(instant: datetime) -> str:
    """Return ``2025-06-10T11:08:39.363Z``, for VPC resources and the metadata service."""
    return f"{instant.replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"


def seconds(instant: datetime) -> str:
    """Return ``2024-10-18T09:13:44Z``, for VPCs and their subresources."""
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")


def with_zone(instant: datetime) -> str:
    """Return ``26.12.2024 17:23:26:340 UTC``, for the context of a refusal by the IAM token service (observed)."""
    return f"{instant:%d.%m.%Y %H:%M:%S}:{instant.microsecond // 1000:03} UTC"


def minutes(instant: datetime) -> str:
    """Return ``2024-04-12T19:00+0000``, for IAM identity resources."""
    return instant.strftime("%Y-%m-%dT%H:%M+0000")
