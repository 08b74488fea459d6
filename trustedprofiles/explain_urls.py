"""The URLs that explain decisions (``/_baremint/explain``)."""

from collections.abc import Mapping
from urllib.parse import urlencode

from django.conf import settings

PATH = "/_baremint/explain"


def access_url(subject: str, action: str, resource: Mapping[str, str]) -> str:
    """Return the URL that explains whether the subject, an IAM id, may do this to the resource."""
    attributes = {f"resource[{name}]": value for name, value in resource.items()}
    return _url({"subject": subject, "action": action, **attributes})


def trust_url(server: str, profile: str) -> str:
    """Return the URL that explains whether a trusted profile, by id, trusts a server, by CRN."""
    return _url({"server": server, "profile": profile})


def assumption_url(subject: str, profile: str) -> str:
    """Return the URL that explains whether the subject, an IAM id, may assume the trusted profile, by id."""
    return _url({"subject": subject, "profile": profile})


def server_url(server: str) -> str:
    """Return the URL that explains whether the server may use its metadata service."""
    return _url({"server": server})


def _url(query: Mapping[str, str]) -> str:
    return f"{settings.BAREMINT_PUBLIC_URL}{PATH}?{urlencode(query)}"
