"""Keys and certificates made inside two servers of the lab, which cannot reach each other; they meet on the machine."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.lab.stepping import Lab
from tests.live.product import ROOT, free_ports

pytestmark = [pytest.mark.live, pytest.mark.e2e, pytest.mark.lab]

EXAMPLE = ROOT / "examples" / "mutual-tls"
INSIDE = ("http://169.254.169.254", "/etc/ssl/certs/ca-certificates.crt")
"""The metadata service, and whom to trust, as they are found in every server."""


def test_servers_of_the_lab_know_each_other(lab: Lab, open_folder: Path, request: pytest.FixtureRequest) -> None:
    folders = {name: open_folder / f"{request.node.name}-{name}" for name in ("web-1", "web-2")}
    url, authorities = INSIDE
    for name, folder in folders.items():
        lab.run(name, "sh", str(EXAMPLE / "certify.sh"), url, str(folder), authorities)
    ids = {name: (folder / "server").read_text().strip() for name, folder in folders.items()}
    port = str(free_ports(1)[0])
    serving = [sys.executable, str(EXAMPLE / "serve.py"), str(folders["web-1"]), port]
    calling = [sys.executable, str(EXAMPLE / "call.py"), str(folders["web-2"]), ids["web-1"], port]
    with subprocess.Popen(serving) as process:
        client = subprocess.run(calling, capture_output=True, text=True, timeout=60, check=False)
        process.kill()
    assert client.stdout == f"Hello, {ids['web-2']}.\n", client.stderr
