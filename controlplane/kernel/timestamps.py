"""Instants in the forms the services print."""

from datetime import datetime


def milliseconds(instant: datetime) -> str:
    """``2025-06-10T11:08:39.363Z``: VPC resources and the metadata service."""
    return f"{instant.replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"


def seconds(instant: datetime) -> str:
    """``2024-10-18T09:13:44Z``: VPCs and what hangs under them."""
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")


def with_zone(instant: datetime) -> str:
    """``26.12.2024 17:23:26:340 UTC``: the context of a refusal by the IAM token service (seen)."""
    return f"{instant:%d.%m.%Y %H:%M:%S}:{instant.microsecond // 1000:03} UTC"


def minutes(instant: datetime) -> str:
    """``2024-04-12T19:00+0000``: IAM identity resources."""
    return instant.strftime("%Y-%m-%dT%H:%M+0000")
