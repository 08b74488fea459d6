"""A server of the lab that begins requests and does not finish them takes nothing from the other servers."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from controlplane.bench import slow, steady_load
from controlplane.bench.slow_clients import TLS_ALONE, slow_ones
from tests.lab.stepping import Lab
from tests.live.operator import NEW, Operator
from tests.live.product import ROOT

CLIENTS = 500
SECONDS = 2
MOST_MILLISECONDS = 1000
"""A good client waited for ten seconds and more; a busy machine alone takes some tenths of one."""
LISTENERS = {
    "http": ("http://169.254.169.254", 80, []),
    "https": ("https://api.metadata.cloud.ibm.com", 443, ["--tls"]),
}


def answers(lab: Lab, server: str, url: str) -> dict[str, Any]:
    request = [str(SECONDS), "PUT", f"{url}/identity/v1/token?version={NEW}", "--header", "Metadata-Flavor:ibm"]
    trust = ["--ca", "/etc/ssl/certs/ca-certificates.crt"] if url.startswith("https") else []
    report: dict[str, Any] = json.loads(lab.run(server, sys.executable, "-m", steady_load.__name__, *request, *trust))
    return report


@pytest.mark.parametrize(
    ("listener", "kind"), [("http", "half head"), ("http", "half body"), ("https", "half body"), ("https", TLS_ALONE)]
)
def test_half_requests_of_one_server_do_not_keep_others_waiting(lab: Lab, listener: str, kind: str) -> None:
    url, port, options = LISTENERS[listener]
    operator = Operator(lab.product.info)
    web_2 = lab.product.server("web-2")["id"]
    operator.switch(web_2, protocol=listener)
    try:
        program = [sys.executable, str(Path(slow.__file__)), kind, "169.254.169.254", str(port), str(CLIENTS), *options]
        command = lab.entering("web-1", *program)
        with slow_ones(command, env=lab.product.environment, cwd=ROOT) as report:
            lab_answers = answers(lab, "web-2", url)
        assert report["cpu"] < 0.5
    finally:
        operator.switch(web_2, protocol="http")
    assert lab_answers["failed"] == 0
    assert lab_answers["milliseconds"][-1] < MOST_MILLISECONDS
