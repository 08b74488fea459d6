"""Asking for an event's call again: what the text says, which contains no credentials."""

import re
import shlex
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from controlplane.activity.events import ASSUME_LOGIN, COMPUTE_RESOURCE_LOGIN, IDENTITY_TOKEN_CREATE, METADATA_LOGIN
from controlplane.activity.models import ActivityEvent
from controlplane.activity.record import LONGEST_PATH, SYSTEM, Party, record
from controlplane.apidocs.permissions.table import permissions
from controlplane.console.presenters.curl_replay import as_curl
from controlplane.kernel import context
from controlplane.kernel.errors import ApiError, Conflict, MethodNotAllowed, NotAuthorized
from identity.events import (
    API_KEY_LOGIN,
    METADATA_CERTIFICATE_CREATE,
    METADATA_CERTIFICATE_READ,
    METADATA_INITIALIZATION_READ,
    METADATA_SERVER_READ,
    REFRESH_LOGIN,
    SERVICE_ID_LOGIN,
)
from servers import events
from servers.models import BareMetalServer
from tests.tables import check_each
from tests.world import ACCOUNT, OTHER_ACCOUNT, World, make_profile, make_server

VERA = Party("IBMid-VERA00001", "Vera", "User")
WEB = Party("crn:v1:bluemix:public:is:us-south-1:a/x::bare-metal-server:0717-x", "web-1", "BareMetalServer")
PATH = "/v1/bare_metal_servers/0717-x"
DENIED = NotAuthorized("No policy allows it.")
CALLS = re.compile(r"\bcurl\b")
SEEN = re.compile(r"\bcurl -sS -i ")


def happened(
    method: str = "DELETE",
    path: str = PATH,
    *,
    action: str = f"{events.SERVER}.delete",
    by: Party = VERA,
    on: Party = WEB,
    error: ApiError | None = None,
    account_id: str = ACCOUNT,
    data: dict[str, Any] | None = None,
    **lineage: str,
) -> ActivityEvent:
    """The event of a call of the control plane with a token."""
    context.current.set(context.RequestContext("request", method=method, path=path))
    context.lineage.set({"token": "jti", **lineage})
    return record(action, initiator=by, target=on, account_id=account_id, error=error, data=data)


def happened_inside(action: str, server: BareMetalServer, **facts: Any) -> ActivityEvent:
    party = Party(server.crn, server.name, "BareMetalServer")
    return record(action, **{"initiator": party, "target": party, "account_id": server.account_id, **facts})


def lends_nothing(text: str) -> bool:
    """Every command that is substituted is a call that takes a key or a server's address, and every call is seen."""
    substituted, variables = re.findall(r"\$\(|`", text), re.findall(r"^TOKEN=\$\(curl ", text, re.MULTILINE)
    all_seen = len(CALLS.findall(text)) == len(SEEN.findall(text))
    return "baremint " not in text and len(substituted) == len(variables) and all_seen


# --- Whose right --------------------------------------------------------------------------------------------------


def test_what_vera_was_refused_is_asked_with_the_api_key_of_the_reader(world: World, settings: Any) -> None:
    settings.BAREMINT_PUBLIC_URL = "http://127.0.0.1:8000"
    assert as_curl(happened(error=DENIED)).splitlines() == [
        "# This deletes web-1 with DELETE /v1/bare_metal_servers/0717-x. It cannot be undone.",
        "# Vera was refused this with 403. When you paste it, it is done if you may do it.",
        "# TOKEN is your own. Put your own API key into APIKEY first: APIKEY=...",
        ': "${APIKEY:?Put your own API key into APIKEY first}" &&',
        "TOKEN=$(curl -sS -i -X POST http://127.0.0.1:8000/identity/token"
        ' -d grant_type=urn:ibm:params:oauth:grant-type:apikey --data-urlencode "apikey=$APIKEY" \\',
        """  | sed -n -e 's/.*"access_token": *"\\([^"]*\\)".*/\\1/p' -e '/"error/w /dev/stderr') &&""",
        ': "${TOKEN:?No token was given}" &&',
        "curl -sS -i -X DELETE 'http://127.0.0.1:8000/v1/bare_metal_servers/0717-x?version=2025-08-26&generation=2'"
        ' -H "Authorization: Bearer $TOKEN"',
    ]


STOPPING = ("# This starts ", "# This stops ", "# This restarts ")


@pytest.mark.django_db
def test_no_operation_lends_a_right_and_all_that_do_something_say_so() -> None:
    silent = {}
    for each in permissions():
        path = re.sub(r"\{\w+\}", "some-id", each.path)
        text = as_curl(happened(each.method, path, action=each.operation.event, error=DENIED))
        assert lends_nothing(text), text
        assert text.count('"Authorization: Bearer $TOKEN"') == 1
        if not text.startswith(("# This deletes ", "# This changes ", "# This creates or changes ", *STOPPING)):
            silent[f"{each.method} {each.path}"] = text
    assert {call for call in silent if not call.startswith(("GET ", "HEAD "))} == {
        "POST /_baremint/explain",
        "POST /v1/accounts/{account_id}/limits/identity",
        "POST /v3/resources/search",
    }


INITIATORS = ["User", "ServiceId", "Profile", "ComputeResource", "System", ""]
METHODS = ["HEAD", "GET", "POST", "PUT", "PATCH", "DELETE"]


def test_no_kind_of_initiator_lends_a_right(world: World) -> None:
    def check(case: tuple[str, str]) -> None:
        kind, method = case
        by = Party("iam-Profile-gone", "gone", kind)
        text = as_curl(happened(method, by=by, error=DENIED, server=WEB.id))
        assert lends_nothing(text)
        assert "APIKEY" in text

    check_each(list(product(INITIATORS, METHODS)), check)


@pytest.mark.parametrize(
    "action",
    [
        f"{events.SERVER}.read",
        f"{events.SERVER}.update",
        f"{events.SERVER}.delete",
        f"{events.SERVER}.start",
        f"{events.SERVER}.stop",
        f"{events.SERVER}.restart",
    ],
)
def test_what_was_done_in_the_console_is_asked_of_the_api_as_oneself(world: World, action: str) -> None:
    text = as_curl(record(action, initiator=VERA, target=WEB, account_id=ACCOUNT, error=DENIED))
    assert lends_nothing(text)
    assert "APIKEY" in text
    assert text.startswith("# This ") == (action != f"{events.SERVER}.read")


LOGINS = [API_KEY_LOGIN, SERVICE_ID_LOGIN, REFRESH_LOGIN, ASSUME_LOGIN]


@pytest.mark.parametrize("action", [*LOGINS, COMPUTE_RESOURCE_LOGIN, "baremint.console.login"])
def test_the_login_of_another_person_is_not_repeated(world: World, action: str) -> None:
    assert as_curl(record(action, initiator=VERA, target=VERA, account_id=ACCOUNT)) == ""


def test_a_call_of_the_object_store_is_not_repeated(world: World) -> None:
    bucket = Party("crn:v1:bluemix:public:cloud-object-storage:global:a/x:x:bucket:b", "b", "bucket")
    action = "cloud-object-storage.object.delete"
    assert as_curl(record(action, initiator=VERA, target=bucket, account_id=ACCOUNT, data={"object": "k"})) == ""


# --- As a server --------------------------------------------------------------------------------------------------


@pytest.fixture
def web(world: World) -> BareMetalServer:
    return make_server(world.account, name="web-1", metadata_enabled=True)


def done_by(server: BareMetalServer, world: World, **facts: Any) -> ActivityEvent:
    profile = make_profile(world.account, linked_to=server)
    by = Party(profile.iam_id, server.name, "ComputeResource")
    return happened("GET", "/v1/vpcs", action="is.vpc.vpc.list", by=by, server=server.crn, **facts)


def test_what_a_server_did_is_asked_at_its_own_metadata_address(web: BareMetalServer, world: World) -> None:
    event = done_by(web, world)
    text = as_curl(event)
    profile = event.initiator_id.removeprefix("iam-")
    assert lends_nothing(text)
    assert "APIKEY" not in text
    assert f"# TOKEN is that of web-1 as {profile}: its own metadata address gives it.\n" in text
    first, second, call = re.findall(r"^(?:TOKEN=\$\()?curl -sS -i -X .*", text, re.MULTILINE)
    assert re.search(r"PUT 'http://127\.\d+\.\d+\.\d+:\d+/identity/v1/token\?.*' -H 'Metadata-Flavor: ibm'", first)
    assert f'-d \'{{"trusted_profile": {{"id": "{profile}"}}}}\'' in second
    assert "GET " in call


def test_a_server_that_speaks_https_is_asked_with_the_authority_of_its_certificate(
    web: BareMetalServer, world: World, settings: Any
) -> None:
    settings.HOME = type(settings.HOME)(Path("/a b"))
    BareMetalServer.objects.update(metadata_protocol="https")
    text = as_curl(done_by(web, world))
    assert text.count("--cacert '/a b/ca-bundle.pem'") == 2
    assert "'https://127." in text


def test_of_a_server_that_is_deleted_nothing_but_the_readers_own_key_is_left(
    web: BareMetalServer, world: World
) -> None:
    event = done_by(web, world)
    BareMetalServer.objects.all().delete()
    assert "APIKEY" in as_curl(event)


def test_another_accounts_server_is_not_asked_whatever_the_event_says(web: BareMetalServer, world: World) -> None:
    text = as_curl(done_by(web, world, account_id=OTHER_ACCOUNT))
    assert "APIKEY" in text
    assert "web-1" not in text.replace(web.crn, "")
    assert as_curl(happened_inside(IDENTITY_TOKEN_CREATE, web, account_id=OTHER_ACCOUNT)) == ""


# --- The calls of the metadata service ----------------------------------------------------------------------------


INSIDE = {
    IDENTITY_TOKEN_CREATE: (1, "-X PUT '{}/identity/v1/token?version=2025-08-26' -H 'Metadata-Flavor: ibm'"),
    METADATA_LOGIN: (2, "-X POST '{}/identity/v1/iam_tokens?version=2025-08-26' -H \"Authorization: "),
    METADATA_CERTIFICATE_CREATE: (2, "-X POST '{}/identity/v1/certificates?version=2025-08-26' -H \"Authorization: "),
    METADATA_CERTIFICATE_READ: (2, "-X GET '{}/identity/v1/certificates?version=2025-08-26' -H \"Authorization: "),
    METADATA_SERVER_READ: (
        *(2, "-X GET '{}/metadata/v1/bare_metal_servers/ID?version=2025-08-26' -H \"Authorization: "),
    ),
    METADATA_INITIALIZATION_READ: (
        *(2, "-X GET '{}/metadata/v1/bare_metal_servers/ID/initialization?version=2025-08-26' -H \"Authorization: "),
    ),
}


@pytest.mark.parametrize("action", INSIDE)
def test_a_call_of_the_metadata_service_is_made_with_a_token_of_the_same_server(
    web: BareMetalServer, action: str
) -> None:
    calls, last = INSIDE[action]
    text = as_curl(happened_inside(action, web))
    assert lends_nothing(text)
    assert "APIKEY" not in text
    assert len(CALLS.findall(text)) == calls
    called = re.sub(r"http://127[\d.:]+", "{}", text).replace(web.id, "ID").splitlines()[-1]
    assert called.startswith(f"curl -sS -i {last}")
    assert ("# This changes web-1 with POST" in text) == (action == METADATA_CERTIFICATE_CREATE)


def test_an_exchange_names_the_profile_that_was_taken_on(web: BareMetalServer) -> None:
    command = as_curl(happened_inside(METADATA_LOGIN, web, data={"profile_id": "Profile-1"}))
    command_after_refusal = as_curl(happened_inside(METADATA_LOGIN, web, error=DENIED))
    assert command.endswith('-d \'{"trusted_profile": {"id": "Profile-1"}}\'')
    assert "trusted_profile" not in command_after_refusal
    assert "# The trusted profile that was asked for is not kept" in command_after_refusal


def test_what_was_refused_to_a_server_does_what_the_server_may(web: BareMetalServer) -> None:
    error = MethodNotAllowed("Use PUT here.", headers={})
    assert as_curl(happened_inside(IDENTITY_TOKEN_CREATE, web, error=error)).splitlines()[:2] == [
        "# web-1 was refused this with 405. When you paste it, it is done if web-1 may do it.",
        "# The method that was refused is not kept: this is one that is taken.",
    ]


def test_a_call_of_a_server_that_is_deleted_cannot_be_made(web: BareMetalServer) -> None:
    event = happened_inside(IDENTITY_TOKEN_CREATE, web)
    BareMetalServer.objects.all().delete()
    assert as_curl(event) == ""


# --- What is said of it -------------------------------------------------------------------------------------------


def said(*arguments: Any, **facts: Any) -> str:
    return as_curl(happened(*arguments, **facts)).partition("\n# TOKEN")[0]


@pytest.mark.django_db
def test_a_warning_names_the_target_where_the_path_is_about_it() -> None:
    link = Party("crn:v1:bluemix:public:iam-identity::a/x::profile:Profile-1", "viewer", "TrustedProfile")
    assert said("DELETE", PATH, on=link) == f"# This deletes something with DELETE {PATH}. It cannot be undone."
    assert said("DELETE", f"{PATH}/network_interfaces/1").startswith("# This deletes something of web-1 with DELETE ")
    assert said("PATCH", PATH).startswith(f"# This changes web-1 with PATCH {PATH}.\n")


@pytest.mark.django_db
@pytest.mark.parametrize(("leaf", "verb"), [("start", "starts"), ("stop", "stops"), ("restart", "restarts")])
def test_what_is_done_to_a_server_is_said_by_its_verb(leaf: str, verb: str) -> None:
    assert said("POST", f"{PATH}/{leaf}").startswith(f"# This {verb} web-1 with POST {PATH}/{leaf}.")


@pytest.mark.django_db
def test_what_can_be_put_back_is_not_said_to_be_deleted() -> None:
    assert (
        said("DELETE", "/v1/apikeys/ApiKey-1/lock") == "# This changes something with DELETE /v1/apikeys/ApiKey-1/lock."
    )


@pytest.mark.django_db
def test_nothing_is_said_of_what_only_looks() -> None:
    text = as_curl(happened("GET", action=f"{events.SERVER}.read"))
    assert text.startswith("# The query of the request is not kept, if it had one.\n# TOKEN is your own.")


@pytest.mark.django_db
def test_what_failed_by_itself_is_not_called_refused() -> None:
    text = as_curl(
        record(f"{events.SERVER}.start", initiator=SYSTEM, target=WEB, account_id=ACCOUNT, error=Conflict("Busy."))
    )
    assert "# This failed with 409. When you paste it, it is done if you may do it." in text


@pytest.mark.django_db
def test_what_is_not_kept_is_said_and_what_is_kept_is_sent() -> None:
    assert said("POST", "/v1/vpcs").endswith("# The body of the request is not kept. Write it into request.json.")
    assert as_curl(happened("POST", "/v1/vpcs")).endswith(" -d @request.json")
    assert as_curl(happened("POST", f"{PATH}/stop")).endswith(" -d @request.json")
    switch_on = happened("PATCH", data={"metadata_service": {"enabled": False}})
    assert as_curl(switch_on).endswith(""" -d '{"metadata_service": {"enabled": false}}'""")
    assert "# The query of the request is not kept" in said("DELETE", "/v3/tags/env:prod")


@pytest.mark.django_db
def test_a_path_that_was_cut_off_is_not_asked_for() -> None:
    assert as_curl(happened("DELETE", f"/v1/profiles/{'x' * LONGEST_PATH}")) == ""


@pytest.mark.django_db
def test_a_path_is_asked_for_as_it_was_and_not_as_curl_would_tidy_it() -> None:
    for path, options in {
        "/v1/profiles/P/identities/user/../../../Q": "--path-as-is -X DELETE ",
        "/v1/keys/..": "--path-as-is -X DELETE ",
        "/v1/keys/a..b": "-i -X DELETE ",
    }.items():
        assert options in as_curl(happened("DELETE", path))
    words = shlex.split(as_curl(happened("GET", "/v1/keys/{a,b}[1-3]?x#y%2e", action="is.key.key.read")), comments=True)
    assert any("/v1/keys/%7Ba%2Cb%7D%5B1-3%5D%3Fx%23y%252e?version=" in each for each in words)
    assert " --head " in as_curl(happened("HEAD", action=f"{events.SERVER}.read"))
