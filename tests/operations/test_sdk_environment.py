"""``baremint env``: who gets which variables, in which form."""

import json
import shlex

import pytest

from controlplane.operations import sdk_environment

INFO = {
    "control_plane_url": "http://127.0.0.1:8000",
    "iam_url": "http://127.0.0.1:8000",
    "api_key": "it's a key",
    "ca_bundle": "/home/you/.baremint/ca-bundle.pem",
}
SERVER = {"metadata_url": "http://127.64.0.1:8169", "metadata_protocol": "http"}


def test_an_operator_gets_the_api_key_for_each_service() -> None:
    variables = sdk_environment.of_operator(INFO)
    assert (variables["VPC_URL"], variables["VPC_AUTH_TYPE"]) == ("http://127.0.0.1:8000/v1", "iam")
    assert {name for name, value in variables.items() if value == INFO["api_key"]} >= {
        "VPC_APIKEY",
        "IAM_IDENTITY_APIKEY",
    }


def test_a_program_gets_its_own_metadata_service_and_no_api_key() -> None:
    variables = sdk_environment.of_program(INFO, SERVER)
    assert (variables["VPC_AUTH_TYPE"], variables["VPC_AUTH_URL"]) == ("vpc", SERVER["metadata_url"])
    assert INFO["api_key"] not in variables.values()


def test_a_program_on_a_server_that_speaks_https_is_told_whom_to_trust() -> None:
    trusted = {"SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"}
    secure = {"metadata_url": "https://127.64.0.1:8170", "metadata_protocol": "https"}
    plain, variables = sdk_environment.of_program(INFO, SERVER), sdk_environment.of_program(INFO, secure)
    assert variables.keys() - plain.keys() == trusted
    assert {variables[name] for name in trusted} == {INFO["ca_bundle"]}


def test_terraform_finds_every_endpoint_here() -> None:
    endpoints = sdk_environment.of_terraform(INFO, region="us-south", by_operator=True)
    assert endpoints["IBMCLOUD_IS_NG_API_ENDPOINT"] == "http://127.0.0.1:8000/v1"
    assert {value for name, value in endpoints.items() if not value.startswith("http://127.0.0.1:8000")} == {
        INFO["api_key"],
        "us-south",
    }
    assert (endpoints["IC_API_KEY"], endpoints["IC_REGION"]) == (INFO["api_key"], "us-south")


def test_terraform_on_a_server_finds_the_same_and_no_api_key() -> None:
    operators = sdk_environment.of_terraform(INFO, region="us-south", by_operator=True)
    endpoints = sdk_environment.of_terraform(INFO, region="us-south", by_operator=False)
    assert operators.items() - endpoints.items() == {("IC_API_KEY", INFO["api_key"])}


def test_the_shell_reads_back_what_was_meant() -> None:
    [line] = sdk_environment.as_shell({"IC_API_KEY": INFO["api_key"]}).splitlines()
    assert shlex.split(line) == ["export", f"IC_API_KEY={INFO['api_key']}"]


@pytest.mark.parametrize("form", ["dotenv", "json"])
def test_other_forms_name_the_same_variables(form: str) -> None:
    text = sdk_environment.FORMATS[form]({"A": "1", "B": "2"})
    pairs = json.loads(text) if form == "json" else dict(line.split("=") for line in text.splitlines())
    assert pairs == {"A": "1", "B": "2"}
