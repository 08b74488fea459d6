"""The environment that points SDKs and Terraform here: an operator's, or that of a program on a server."""

import json
import shlex
from collections.abc import Callable, Mapping
from typing import Any

from controlplane.deployment.api_version import API_VERSION
from controlplane.operations.ibm_services import SERVICES

SDKS = {name: service.place for service in SERVICES for name in service.sdks}
"""Where each service is under the control plane, by the name that the SDKs' configuration knows it by."""
TRUST = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
"""Where Go and OpenSSL, Python's requests, and Node look for authorities to trust. Java knows no such variable."""
TERRAFORM = {name: service.place for service in SERVICES for name in service.terraform}


def of_operator(info: Mapping[str, Any]) -> dict[str, str]:
    """Variables for SDKs and ``baremint is``, with the API key. ``info`` is as ``baremint info --json`` tells it."""
    origin, key = info["control_plane_url"], info["api_key"]
    found = {"BAREMINT_URL": origin, "BAREMINT_API_KEY": key}
    for service, path in SDKS.items():
        found |= {
            f"{service}_URL": f"{origin}{path}",
            f"{service}_AUTH_TYPE": "iam",
            f"{service}_AUTH_URL": info["iam_url"],
            f"{service}_APIKEY": key,
        }
    return found


def of_terraform(info: Mapping[str, Any], *, region: str, by_operator: bool) -> dict[str, str]:
    """Variables for IBM's Terraform provider; the API key is for the operator alone."""
    endpoints = {name: f"{info['control_plane_url']}{path}" for name, path in TERRAFORM.items()}
    return endpoints | {"IC_REGION": region} | ({"IC_API_KEY": info["api_key"]} if by_operator else {})


def of_program(info: Mapping[str, Any], server: Mapping[str, Any]) -> dict[str, str]:
    """Variables for SDKs of a program on a server: its own metadata service, and no API key."""
    found = {"BAREMINT_METADATA_URL": server["metadata_url"]}
    if server["metadata_protocol"] == "https":
        found |= dict.fromkeys(TRUST, info["ca_bundle"])
    for service, path in SDKS.items():
        found |= {
            f"{service}_URL": f"{info['control_plane_url']}{path}",
            f"{service}_AUTH_TYPE": "vpc",
            f"{service}_AUTH_URL": server["metadata_url"],
            f"{service}_VPC_IMS_VERSION": API_VERSION,
        }
    return found


def as_shell(variables: Mapping[str, str]) -> str:
    """For ``eval "$(...)"``."""
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
