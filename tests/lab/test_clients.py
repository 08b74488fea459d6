"""Programs inside, in five languages and with no configuration: names resolve, TLS verifies, answers are parsed."""

import glob
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.lab.stepping import TOKEN, Lab, require
from tests.live.operator import NEW, Operator

pytestmark = [pytest.mark.live, pytest.mark.e2e, pytest.mark.lab]

PROGRAMS = Path(__file__).with_name("programs")
SERVICE = f"api.metadata.cloud.ibm.com/identity/v1/token?version={NEW}"
# The control plane refuses a PUT there, and to be told so takes TLS that verifies.
CONTROL_PLANE = [
    "https://iam.cloud.ibm.com/identity/keys",
    f"https://us-south.iaas.cloud.ibm.com/v1/regions?version={NEW}&generation=2",
    "https://eu-de.iaas.cloud.ibm.com/healthz",
]


@pytest.fixture(scope="session")
def secure(operator: Operator, lab: Lab) -> str:
    """Name of a server whose metadata service speaks https."""
    server = operator.create_server()
    operator.switch(server["id"], enabled=True, protocol="https")
    lab.await_server(server["id"])
    return str(server["name"])


def curl(folder: Path) -> list[list[str]]:
    require("curl")
    each = (
        'for url in "$@"; do curl -sS -o /dev/null -w "%{http_code}\\n" -X PUT -H "Metadata-Flavor: ibm" "$url"; done'
    )
    return [["sh", "-c", each, "sh"]]


def node(folder: Path) -> list[list[str]]:
    require("node")
    return [["node", str(PROGRAMS / "probe.mjs")]]


def go(folder: Path) -> list[list[str]]:
    require("go")
    environment = {**os.environ, "CGO_ENABLED": "0", "GO111MODULE": "off"}
    built = folder / "probe"
    subprocess.run(["go", "build", "-o", built, PROGRAMS / "probe.go"], env=environment, check=True)
    return [[str(built)]]


def java(folder: Path) -> list[list[str]]:
    """Every Java that is installed: each has a trust store of its own."""
    require("java", "javac")
    subprocess.run(["javac", "--release", "17", "-d", folder, PROGRAMS / "Probe.java"], check=True)
    installed = glob.glob("/usr/lib/jvm/*/bin/java") or ["java"]
    return [[each, "-cp", str(folder), "Probe"] for each in sorted({os.path.realpath(each) for each in installed})]


CLIENTS: dict[str, Callable[[Path], list[list[str]]]] = {
    "curl": curl,
    "requests": lambda folder: [[sys.executable, str(PROGRAMS / "probe.py")]],
    "urllib": lambda folder: [[sys.executable, str(PROGRAMS / "urllib_probe.py")]],
    "node": node,
    "go": go,
    "java": java,
}


@pytest.fixture(scope="module", params=CLIENTS)
def client(request: pytest.FixtureRequest, open_folder: Path) -> list[list[str]]:
    folder = open_folder / request.param
    folder.mkdir(exist_ok=True)
    return CLIENTS[request.param](folder)


def test_every_client_reaches_its_metadata_service_by_address_and_by_name(lab: Lab, client: list[list[str]]) -> None:
    for command in client:
        assert lab.run("web-1", *command, TOKEN, f"http://{SERVICE}").split() == ["200", "200"], command


def test_every_client_verifies_the_metadata_service_and_the_control_plane(
    lab: Lab, secure: str, client: list[list[str]]
) -> None:
    for command in client:
        urls = [f"https://{SERVICE}", TOKEN.replace("http:", "https:"), *CONTROL_PLANE]
        by_name, by_address, *refusals = lab.run(secure, *command, *urls).splitlines()
        assert (by_name, by_address) == ("200", "200"), command
        assert set(refusals) <= {"403", "405"}, command
        assert len(refusals) == len(CONTROL_PLANE)


def test_openssl_verifies_by_the_directory_of_certificates(lab: Lab) -> None:
    require("openssl")
    connect = (
        "openssl s_client -connect iam.cloud.ibm.com:443 -servername iam.cloud.ibm.com -brief -verify_return_error"
    )
    verify = f"env -i /bin/sh -c '{connect} -verify_hostname iam.cloud.ibm.com' </dev/null 2>&1"
    assert "Verification: OK" in lab.run("web-1", "sh", "-c", verify)


# --- IBM's documented examples -------------------------------------------------------------------------------------

# Endpoint and token as the shell variables that the documentation of bare metal metadata uses, jq to parse.
EXAMPLES = r"""
set -euo pipefail
cd "$(mktemp -d)"
metadata_endpoint=%s
identity_token=`curl -sS -X PUT "$metadata_endpoint/identity/v1/token?version=2025-08-26" \
  -H "Metadata-Flavor: ibm" \
  -d '{
        "expires_in": 3600
      }' | jq -r '(.access_token)'`
test "${#identity_token}" -gt 500

curl -sS -X PUT "$metadata_endpoint/identity/v1/token?version=2025-08-26" -H "Metadata-Flavor: ibm" \
  | jq -e '.expires_in == 300'

iam_token=`curl -sS -X POST "$metadata_endpoint/identity/v1/iam_tokens?version=2025-08-26" \
  -H "Authorization: Bearer $identity_token" | jq -r '(.access_token)'`
test "${#iam_token}" -gt 500

claims='split(".")[1] | gsub("-"; "+") | gsub("_"; "/") | @base64d | fromjson'
server=`echo "$identity_token" | jq -R -r "$claims | .iaas.instanceID"`
curl -sS -X GET "$metadata_endpoint/metadata/v1/bare_metal_servers/$server/initialization?version=2025-06-30" \
  -H "Accept: application/json" \
  -H "Authorization: Bearer $identity_token" \
  | jq -e '(.image.id | length) > 0 and (.default_trusted_profile.target.id | length) > 0 and has("user_data")'

profile=`echo "$iam_token" | jq -R -r "$claims | .identifier"`
curl -sS -X POST "$metadata_endpoint/identity/v1/iam_tokens?version=2025-08-26" \
  -H "Authorization: Bearer $identity_token" \
  -d '{
        "trusted_profile": {
          "id": "'"$profile"'"
        }
      }' | jq -e '.expires_in == 3600'

curl -sS -X GET "https://us-south.iaas.cloud.ibm.com/v1/bare_metal_servers?version=2025-08-26&generation=2" \
  -H "Authorization: Bearer $iam_token" | jq -e '.bare_metal_servers | length > 0'

openssl req -sha256 -newkey rsa:4096 -subj '/C=US' -out ./sslcert.csr -keyout file.key -nodes 2>/dev/null
csr=$(awk 'NF {printf "%%s\\n", $0}' sslcert.csr)
curl -sS -X POST "$metadata_endpoint/identity/v1/certificates?version=2025-08-26" \
  -H "Authorization: Bearer $identity_token" \
  -d '{
        "csr": "'"$csr"'",
        "expires_in": 3600
      }' > answer.json
jq -e '(.certificates | length) == 2 and .expires_in == 3600' answer.json
jq -r '.certificates[0]' answer.json > leaf.pem
jq -r '.certificates[1]' answer.json > intermediate.pem
openssl verify -CAfile /etc/ssl/certs/ca-certificates.crt -untrusted intermediate.pem leaf.pem
openssl x509 -in leaf.pem -noout -text | grep -c 'Subject: C = US, CN = 0717-'
echo all done
"""


@pytest.mark.parametrize("endpoint", ["http://api.metadata.cloud.ibm.com", "http://169.254.169.254"])
def test_the_documented_examples_of_curl_jq_and_openssl_work_as_they_are(lab: Lab, endpoint: str) -> None:
    require("curl", "jq", "openssl")
    assert lab.run("web-1", "bash", "-c", EXAMPLES % endpoint).splitlines()[-1] == "all done"


def test_the_documented_examples_work_over_https_when_that_is_the_protocol(lab: Lab, operator: Operator) -> None:
    require("curl", "jq", "openssl")
    web_1 = lab.product.server("web-1")["id"]
    operator.switch(web_1, protocol="https")
    try:
        output = lab.run("web-1", "bash", "-c", EXAMPLES % "https://api.metadata.cloud.ibm.com")
    finally:
        operator.switch(web_1, protocol="http")
    assert output.splitlines()[-1] == "all done"


# --- the helper that mounts file shares ----------------------------------------------------------------------------


@pytest.mark.parametrize("lifetime", [300, 3600])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_the_mount_helper_gets_a_certificate_with_both_elements_of_its_chain(
    lab: Lab, secure: str, scheme: str, lifetime: int
) -> None:
    require("openssl")
    server = secure if scheme == "https" else "web-1"
    answer: Any = json.loads(lab.run(server, "python3", str(PROGRAMS / "mount_helper.py"), scheme, str(lifetime)))
    assert answer["probed"] == ["http", "https"]
    assert [pem.startswith("-----BEGIN CERTIFICATE-----") for pem in answer["certificates"]] == [True, True]
    assert answer["expires_in"] == lifetime
    assert answer["created_at"] < answer["expires_at"]
