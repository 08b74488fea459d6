"""The text that ``baremint up`` prints when it is ready: addresses, and three commands to paste."""

import shutil
from typing import Any

from controlplane.deployment.api_version import API_VERSION
from controlplane.deployment.command_line import command_hint


def block(info: dict[str, Any], *, in_lab: bool = False) -> str:
    """Return the whole text. ``in_lab``: whether the servers are in the lab."""
    return "\n".join([addresses(info), "", *_commands(info, in_lab=in_lab)])


def addresses(info: dict[str, Any]) -> str:
    admin = info["admin"]
    width = max([len(server["name"]) for server in info["servers"]], default=0)
    servers = [
        f"    {server['name']:<{width}}  {server['metadata_url']}  "
        f"{'metadata service on' if server['metadata_enabled'] else 'metadata service off'}"
        for server in info["servers"]
    ]
    return "\n".join(
        [
            f"  Control plane   {info['control_plane_url']}  (VPC API: {info['vpc_url']}, IAM: {info['iam_url']})",
            f"  Console         {info['control_plane_url']}/  {_sign_in(admin)}",
            f"  Account         {info['account_id']}",
            f"  API key         {info['api_key']}",
            f"  CA bundle       {info['ca_bundle']}",
            "  Servers, each with its own address of the metadata service:",
            *(servers or ["    none"]),
            *_instances(info["service_instances"]),
        ]
    )


def _instances(instances: list[dict[str, str]]) -> list[str]:
    width = max([len(instance["service"]) for instance in instances], default=0)
    lines = [f"    {instance['service']:<{width}}  {instance['guid']}  {instance['name']}" for instance in instances]
    return ["  Service instances, each with its GUID:", *lines] if lines else []


def _sign_in(admin: dict[str, str]) -> str:
    if admin["password"]:
        return f"{admin['username']} / {admin['password']}"
    return f"{admin['username']} (set a password: {command_hint('changepassword ' + admin['username'])})"


def _commands(info: dict[str, Any], *, in_lab: bool) -> list[str]:
    iam_token = (
        f"curl -s {info['iam_url']}/identity/token "
        f"-d grant_type=urn:ibm:params:oauth:grant-type:apikey -d apikey={info['api_key']}"
    )
    bearer = """sed 's/.*"access_token": *"\\([^"]*\\)".*/\\1/'"""
    steps = [
        ("An IAM token for the API key", iam_token),
        (
            "The bare metal servers, as the VPC API lists them",
            f"curl -s '{info['vpc_url']}/bare_metal_servers?version={API_VERSION}&generation=2' "
            f'-H "Authorization: Bearer $({iam_token} | {bearer})"',
        ),
    ]
    inside = next((server for server in info["servers"] if server["metadata_enabled"]), None)
    if inside:
        trust = f"--cacert {info['ca_bundle']} " if inside["metadata_protocol"] == "https" else ""
        steps.insert(
            0,
            (
                f"An identity token, as a program on {inside['name']} gets it",
                f"curl -s {trust}-X PUT '{inside['metadata_url']}/identity/v1/token?version={API_VERSION}' "
                "-H 'Metadata-Flavor: ibm'",
            ),
        )
    if in_lab and info["servers"]:
        name = info["servers"][0]["name"]
        steps.append((f"A shell on {name} in the lab, with the addresses of the cloud", command_hint(f"enter {name}")))
    hint = [] if shutil.which("curl") else ["  (They need curl, which is not installed: apt install curl)"]
    lines = ["  Paste one of these into another shell:", *hint]
    for title, command in steps:
        lines += ["", f"  # {title}", f"  {command}"]
    return lines
