"""What a person or a script learns from ``up`` and ``info``."""

import json
import os
import re
import stat
import subprocess
from pathlib import Path

import pytest

from controlplane.cli.client import Client
from controlplane.operations.commands import rest_source
from tests.live.product import ROOT, Product, clean_environment
from tests.tables import assert_none

pytestmark = pytest.mark.live

MEMBERS = {
    "control_plane_url",
    "vpc_url",
    "iam_url",
    "metadata_port",
    "metadata_tls_port",
    "account_id",
    "api_key",
    "ca_bundle",
    "admin",
    "servers",
    "service_instances",
}


def test_info_has_every_member_and_no_other(product: Product) -> None:
    info = product.read_info()

    assert set(info) == MEMBERS
    assert set(info["admin"]) == {"url", "username", "password"}
    for server in info["servers"]:
        assert set(server) == {"id", "name", "crn", "metadata_url", "metadata_enabled", "metadata_protocol"}


def test_there_is_an_instance_of_each_service(product: Product) -> None:
    instances = {instance["service"]: instance for instance in product.info["service_instances"]}

    assert instances.keys() >= {"kms", "cloud-object-storage"}
    for instance in instances.values():
        assert set(instance) == {"service", "name", "guid", "crn"}
        assert instance["guid"] in product.run("info")


def test_the_instances_are_read_page_by_page(product: Product, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rest_source, "LARGEST_PAGE", "1")
    client = Client(product.info["control_plane_url"], product.info["api_key"], seconds=10, direct=True)

    guids = [instance["guid"] for instance in rest_source._instances(client)]
    assert set(guids) >= {instance["guid"] for instance in product.info["service_instances"]}
    assert len(set(guids)) == len(guids)


def test_there_are_three_demo_servers(product: Product) -> None:
    switches = {server["name"]: server["metadata_enabled"] for server in product.info["servers"]}

    assert switches.items() >= {"web-1": True, "web-2": True, "db-1": False}.items()


def test_each_server_has_an_address_of_its_own(product: Product) -> None:
    urls = [server["metadata_url"] for server in product.info["servers"]]

    assert len(set(urls)) == len(urls)
    http, https = product.metadata_port, product.info["metadata_tls_port"]
    pattern = re.compile(rf"http://127\.\d+\.\d+\.\d+:{http}|https://127\.\d+\.\d+\.\d+:{https}")
    assert_none([url for url in urls if not pattern.fullmatch(url)], among=urls)


def test_the_ca_bundle_holds_a_certificate(product: Product) -> None:
    assert Path(product.info["ca_bundle"]).read_text().startswith("-----BEGIN CERTIFICATE-----")


def test_the_commands_to_paste_work_in_a_fresh_shell(product: Product) -> None:
    lines = [line.strip() for line in product.run("info").splitlines()]
    answers = [
        subprocess.run(
            ["bash", "-c", line], env=clean_environment(), cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout
        for line in lines
        if line.startswith("curl")
    ]

    assert len(answers) == 3
    identity, iam, servers = map(json.loads, answers)
    assert identity["access_token"]
    assert iam["access_token"]
    assert {server["name"] for server in servers["bare_metal_servers"]} >= {"web-1", "web-2", "db-1"}


def test_a_second_supervisor_on_the_same_data_is_refused(product: Product) -> None:
    process = product.attempt("up")

    assert process.returncode == 1
    assert f"already runs in {product.home}" in process.stderr
    assert "Traceback" not in process.stderr


def test_secrets_are_readable_by_their_owner_alone(product: Product) -> None:
    assert stat.S_IMODE(os.stat(product.home).st_mode) == 0o700
    for name in ("credentials.json", "kek", "secret-key"):
        assert stat.S_IMODE(os.stat(product.home / name).st_mode) == 0o600
