"""Environment variables that configure SDKs and Terraform for this deployment, for operators or servers."""

import json
import shlex
from collections.abc import Callable, Mapping
from typing import Any

from controlplane.deployment.api_version import API_VERSION
from controlplane.operations.ibm_services import SERVICES

SDKS = {name: service.url_path for service in SERVICES for name in service.sdks}
"""Path of each service on the control plane, by its name in the configuration of the SDKs."""
TRUST = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
"""Variables from which Go and OpenSSL, Python's requests, and Node read trusted authorities. Java has none."""
TERRAFORM = {name: service.provider_path for service in SERVICES for name in service.terraform}


def of_operator(info: Mapping[str, Any]) -> dict[str, str]:
    """Return variables for SDKs and ``baremint is``, with the API key. ``info`` is that of ``baremint info --json``."""
    origin, key = info["control_plane_url"], info["api_key"]
    variables = {"BAREMINT_URL": origin, "BAREMINT_API_KEY": key}
    return variables | _of_services(origin, AUTH_TYPE="iam", AUTH_URL=info["iam_url"], APIKEY=key)


def of_terraform(info: Mapping[str, Any], *, region: str, by_operator: bool) -> dict[str, str]:
    """Return variables for IBM's Terraform provider, with the API key for the operator only."""
    endpoints = {name: f"{info['control_plane_url']}{path}" for name, path in TERRAFORM.items()}
    return endpoints | {"IC_REGION": region} | ({"IC_API_KEY": info["api_key"]} if by_operator else {})


def of_program(info: Mapping[str, Any], server: Mapping[str, Any]) -> dict[str, str]:
    """Return variables for SDKs of a program on a server: its metadata service, and no API key."""
    variables = {"BAREMINT_METADATA_URL": server["metadata_url"]}
    if server["metadata_protocol"] == "https":
        variables |= dict.fromkeys(TRUST, info["ca_bundle"])
    return variables | _of_services(
        info["control_plane_url"], AUTH_TYPE="vpc", AUTH_URL=server["metadata_url"], VPC_IMS_VERSION=API_VERSION
    )


def _of_services(origin: str, **properties: str) -> dict[str, str]:
    """Return the URL and these properties of every service that the SDKs know, as they name them."""
    return {
        f"{service}_{name}": value
        for service, path in SDKS.items()
        for name, value in {"URL": f"{origin}{path}", **properties}.items()
    }


def as_shell(variables: Mapping[str, str]) -> str:
    """Return shell commands for ``eval "$(...)"``."""
    return "\n".join(f"export {name}={shlex.quote(value)}" for name, value in variables.items())


def as_dotenv(variables: Mapping[str, str]) -> str:
    return "\n".join(f"{name}={value}" for name, value in variables.items())


def as_json(variables: Mapping[str, str]) -> str:
    return json.dumps(variables, indent=2)


FORMATS: dict[str, Callable[[Mapping[str, str]], str]] = {
    "shell": as_shell,
    "dotenv": as_dotenv,
    "terraform": as_shell,
    "json": as_json,
}
