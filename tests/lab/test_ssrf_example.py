"""The page with a hole, on a server of the lab: there its visitors reach the service at its address in a cloud."""

import json
from collections.abc import Iterator

import pytest

from tests.lab.stepping import Lab
from tests.live.operator import NEW
from tests.live.product import ROOT

pytestmark = [pytest.mark.live, pytest.mark.e2e, pytest.mark.lab]

PROGRAM = ROOT / "examples" / "ssrf" / "vulnerable.py"
VISIT = """
python3 {program} 8666 > /dev/null & PAGE=$!
curl -sG --retry 9 --retry-connrefused "http://127.0.0.1:8666/{function}" --data-urlencode "url={url}" \
  --data-urlencode "method=PUT" --data-urlencode "header=Metadata-Flavor: ibm"
kill $PAGE
"""


@pytest.fixture
def server(lab: Lab) -> Iterator[str]:
    yield "web-2"
    lab.product.run("is", "bare-metal-server-update", "web-2", "--metadata-service-protocol", "http")


def visited(lab: Lab, server: str, function: str, base: str) -> str:
    """What the page on a server tells a visitor who is on that server too."""
    url = f"{base}/identity/v1/token?version={NEW}"
    return lab.run(server, "sh", "-c", VISIT.format(program=PROGRAM, function=function, url=url))


def test_a_visitor_gets_the_servers_token_through_the_page(lab: Lab, server: str) -> None:
    assert "access_token" in json.loads(visited(lab, server, "webhook", "http://169.254.169.254"))


def test_a_visitor_who_chooses_the_address_alone_gets_no_token(lab: Lab, server: str) -> None:
    assert json.loads(visited(lab, server, "preview", "http://169.254.169.254"))["status_code"] == 405


def test_https_stops_http_alone_for_programs_in_the_lab_trust_the_authority(lab: Lab, server: str) -> None:
    lab.product.run("is", "bare-metal-server-update", server, "--metadata-service-protocol", "https")
    assert json.loads(visited(lab, server, "webhook", "http://169.254.169.254"))["status_code"] == 403
    assert "access_token" in json.loads(visited(lab, server, "webhook", "https://api.metadata.cloud.ibm.com"))
