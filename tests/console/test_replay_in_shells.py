"""A replay pasted into shells: curl is called with what was meant, and nothing else happens, whatever is called how."""

from pathlib import Path
from typing import Any

import pytest

from controlplane.activity.record import Party
from controlplane.console.presenters.curl_replay import as_curl
from servers import events
from servers.models import BareMetalServer
from tests.console.pasting import REFUSED, SHELLS, TOKEN, pasted
from tests.console.test_replay import DENIED, PATH, happened, happened_inside
from tests.world import World, make_profile, make_server

pytestmark = pytest.mark.thorough

HOSTILE = {
    "semicolon": "x; rm -rf ~; >owned",
    "newline": "x\n>owned\n",
    "carriage return": "x\r>owned\r\n>owned",
    "quote": "x'; >owned; '",
    "double quote": 'x"; >owned; "',
    "substitution": "$(>owned)",
    "backticks": "`>owned`",
    "continued": "x\\\n>owned",
    "separators": "x\u2028>owned\x85>owned",
    "end of a bracketed paste": "x\x1b[201~\n>owned\n",
    "background": "x & >owned & | >owned && >owned",
    "history": "!! !x",
    "here": "<<EOF\n>owned\nEOF\n>owned",
}
ALL_OF_IT = " ".join(HOSTILE.values())
AS_A_NAME = "x\n>owned\r>owned'; >owned; \"$(>owned)`>owned`\x1b[201~\n>owned & !!"
"""As much as a server's name may hold."""
IN_SHELLS = pytest.mark.parametrize("shell", SHELLS)
URL = "http://127.0.0.1:8000"
LOGIN = [
    *("-sS", "-i", "-X", "POST", f"{URL}/identity/token"),
    *("-d", "grant_type=urn:ibm:params:oauth:grant-type:apikey", "--data-urlencode", "apikey=my own & key"),
]
BEARER = ["-H", f"Authorization: Bearer {TOKEN}"]


@pytest.fixture(autouse=True)
def public_url(settings: Any, world: World) -> None:
    settings.BAREMINT_PUBLIC_URL = URL


@IN_SHELLS
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_no_name_leaves_its_comment(tmp_path: Path, shell: str, text: str) -> None:
    on = Party("crn:v1:bluemix:public:is:us-south-1:a/x::bare-metal-server:0717-x", text, "BareMetalServer")
    result = pasted(
        as_curl(happened(by=Party("IBMid-1", text, "User"), on=on, error=DENIED)),
        tmp_path,
        shell=shell,
        APIKEY="my own & key",
    )
    call = ["-sS", "-i", "-X", "DELETE", f"{URL}{PATH}?version=2025-08-26&generation=2", *BEARER]
    assert (result.calls, result.files) == ([LOGIN, call], [])
    assert "interactive" in shell or result.errors == ""


@IN_SHELLS
def test_no_path_leaves_its_url(tmp_path: Path, shell: str) -> None:
    result = pasted(as_curl(happened("DELETE", f"/v3/tags/{ALL_OF_IT}")), tmp_path, shell=shell, APIKEY="my own & key")
    assert result.files == []
    login, call = result.calls
    assert login == LOGIN
    assert call[:4] == ["-sS", "-i", "-X", "DELETE"]
    assert call[4].startswith(f"{URL}/v3/tags/")
    assert not set(call[4]) & set(" \n\r'\"`$;&|<>\\{}[]!")
    assert call[5:] == BEARER


@IN_SHELLS
def test_no_name_of_a_server_leaves_its_comment_or_url(tmp_path: Path, shell: str, world: World) -> None:
    server = make_server(world.account, name="web-1")
    BareMetalServer.objects.filter(pk=server.pk).update(name=AS_A_NAME)
    server.refresh_from_db()
    profile = make_profile(world.account, linked_to=server)
    by = Party(profile.iam_id, server.name, "ComputeResource")
    result = pasted(
        as_curl(happened("GET", "/v1/vpcs", action="is.vpc.vpc.list", by=by, error=DENIED, server=server.crn)),
        tmp_path,
        shell=shell,
    )
    assert result.files == []
    assert [call[3] for call in result.calls] == ["PUT", "POST", "GET"]
    assert result.calls[1][5:] == [*BEARER, "-d", f'{{"trusted_profile": {{"id": "{profile.id}"}}}}']
    assert result.calls[2][5:] == BEARER


@IN_SHELLS
def test_without_a_key_nothing_is_asked(tmp_path: Path, shell: str) -> None:
    result = pasted(as_curl(happened(error=DENIED)), tmp_path, shell=shell, TOKEN="of another user")
    assert result.calls == []
    assert "Put your own API key into APIKEY first" in result.errors
    assert result.status != 0


@IN_SHELLS
def test_with_a_key_that_is_refused_one_sees_why_and_nothing_more_is_asked(tmp_path: Path, shell: str) -> None:
    text = as_curl(happened(error=DENIED))
    result = pasted(text, tmp_path, shell=shell, answer=REFUSED, APIKEY="my own & key", TOKEN="of another user")
    assert result.calls == [LOGIN]
    assert "Provided API key is unknown." in result.errors
    assert "No token was given" in result.errors


@IN_SHELLS
def test_a_server_that_does_not_answer_is_asked_once(tmp_path: Path, shell: str, world: World) -> None:
    server = make_server(world.account, name="web-1")
    text = as_curl(happened_inside("is.metadata.certificate.read", server))
    result = pasted(text, tmp_path, shell=shell, answer="", TOKEN="of another user")
    assert [call[3] for call in result.calls] == ["PUT"]
    assert "No token was given" in result.errors


@IN_SHELLS
@pytest.mark.parametrize("method", ["POST", "PATCH", "PUT"])
def test_nothing_is_asked_for_without_the_body_that_is_not_kept(tmp_path: Path, shell: str, method: str) -> None:
    """Or an empty body would do something else than was asked for."""
    result = pasted(as_curl(happened(method, "/v1/vpcs")), tmp_path, shell=shell, APIKEY="my own & key")
    assert result.calls == []
    assert "Write the body into request.json first." in result.errors


def test_a_token_is_not_shown_on_the_way(tmp_path: Path) -> None:
    result = pasted(
        as_curl(happened("GET", action=f"{events.SERVER}.read")), tmp_path, shell="sh", APIKEY="my own & key"
    )
    assert TOKEN not in result.errors
