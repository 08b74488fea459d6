"""What the helper that mounts VPC file shares does on a server, step by step, with the standard library.

It probes for the metadata service on port 80, then 443; gets an identity token with neither body nor content type;
makes a key and a request with openssl; and gets a certificate with a body that calls itself a form.
"""

import json
import socket
import ssl
import subprocess
import sys
import tempfile
import urllib.request

ADDRESS = "169.254.169.254"
VERSION = "version=2025-08-26"


def answers(scheme: str) -> bool:
    """The helper takes the first port that accepts a connection."""
    try:
        socket.create_connection((ADDRESS, {"http": 80, "https": 443}[scheme]), timeout=1).close()
    except OSError:
        return False
    return True


def call(scheme: str, method: str, path: str, body: bytes | None = None, **headers: str) -> dict:
    unverified = ssl.create_default_context()
    unverified.check_hostname = False
    unverified.verify_mode = ssl.CERT_NONE
    request = urllib.request.Request(f"{scheme}://{ADDRESS}/identity/v1/{path}?{VERSION}", body, method=method)
    for name, value in headers.items():
        request.add_header(name.replace("_", "-"), value)
    with urllib.request.urlopen(request, timeout=20, context=unverified) as answer:
        return json.load(answer)


def main(scheme: str, lifetime: int) -> None:
    probed = [each for each in ("http", "https") if answers(each)]
    token = call(scheme, "PUT", "token", Metadata_Flavor="ibm")["access_token"]
    with tempfile.TemporaryDirectory() as folder:
        request = ["openssl", "req", "-sha256", "-newkey", "rsa:2048", "-nodes", "-subj", "/C=US"]
        subprocess.run([*request, "-out", f"{folder}/csr", "-keyout", f"{folder}/key"], check=True, capture_output=True)
        with open(f"{folder}/csr") as file:
            body = json.dumps({"csr": file.read(), "expires_in": lifetime}).encode()
    answer = call(scheme, "POST", "certificates", body, Authorization=f"Bearer {token}")
    print(json.dumps({"probed": probed, **answer}))


main(sys.argv[1], int(sys.argv[2]))
