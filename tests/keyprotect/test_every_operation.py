"""What holds for every operation of Key Protect that the OpenAPI document describes. No new operation escapes."""

import json
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.http import HttpResponse

from controlplane.activity.models import ActivityEvent
from controlplane.apidocs.permissions.table import permissions
from controlplane.instances.models import ResourceInstance
from controlplane.kernel.awaited_body import AwaitedBody, BodyAwaited, TooLargeBody
from controlplane.keyprotect.service import SERVICE
from tests.docs.document import Documented, operations
from tests.instances import store_instance
from tests.keyprotect.calls import KeyProtect, new_key, policies, reason_of, refused
from tests.keyprotect.made import make_key, read
from tests.odd import ENCODED, FEW
from tests.tables import check_each
from tests.watching import nothing_is_written
from tests.world import MALLORY, OTHER_ACCOUNT, World

OPERATIONS = [each for each in operations() if SERVICE.title in each.content["tags"]]
ACTIONS = {each.operation.name: each.operation.action for each in permissions()}
BODIES: dict[str, Any] = {
    "create_kms_key": new_key(),
    "patch_key": {"keyRingID": "default"},
    "unwrap_key": {"ciphertext": "AAAA"},
    "rewrap_key": {"ciphertext": "AAAA"},
    "create_key_with_policies_overrides": new_key(),
    "put_key_policy": policies({"dualAuthDelete": {"enabled": False}}),
    "put_instance_policy": policies({"policy_type": "metrics", "policy_data": {"enabled": False}}),
}
BUCKET = "crn:v1:bluemix:public:cloud-object-storage:global:a%2Fabc:00000000-0000-4000-8000-00000000000c:bucket:b"
VICTOR = "iam-Profile-99999999-9999-4999-8999-999999999999"


@pytest.fixture
def victor(iam: World, instance: ResourceInstance) -> KeyProtect:
    """Someone of the account to whom no policy grants anything."""
    return KeyProtect(instance.guid, VICTOR)


OF_OWNERS = [each for each in OPERATIONS if str(each) != "purge_key"]
"""Those that the owner of the account may use without a policy."""


def path_of(operation: Documented, key: str = "db") -> str:
    values = {"{key_id}": key, "{alias}": "another", "{ring_id}": "team-a", "{resource_crn}": BUCKET}
    path = operation.path.removeprefix("/api/v2")
    for name, value in values.items():
        path = path.replace(name, value)
    return path


def perform(client: KeyProtect, operation: Documented, *, key: str = "db", **headers: str | None) -> HttpResponse:
    return client(operation.method, path_of(operation, key), BODIES.get(str(operation)), **headers)


def test_there_is_an_operation_for_each_action_that_the_service_declares() -> None:
    assert {ACTIONS[str(each)] for each in OPERATIONS} == {*SERVICE.served_actions}


def test_every_operation_refuses_a_caller_without_a_valid_token(instance: ResourceInstance, alice: KeyProtect) -> None:
    def check(operation: Documented) -> None:
        no_token = perform(alice, operation, Authorization=None)
        assert (no_token.status_code, no_token["WWW-Authenticate"]) == (401, "Bearer")
        garbage = perform(alice, operation, Authorization="Bearer abc")
        assert garbage.status_code == 400
        if operation.method != "HEAD":
            assert "reasons" not in json.loads(no_token.content)["resources"][0]
            assert reason_of(garbage)["code"] == "BEARER_SUB_EXTRACTION_ERR"

    with nothing_is_written():
        check_each(OPERATIONS, check)


def test_every_refusal_by_iam_is_401_and_links_to_its_explanation(
    instance: ResourceInstance, alice: KeyProtect, victor: KeyProtect
) -> None:
    make_key(instance, aliases=["db"])

    def check(operation: Documented) -> None:
        answer = perform(victor, operation)
        assert answer.status_code == 401
        assert ActivityEvent.objects.latest("id").reason_code == 401
        if operation.method == "HEAD":
            return
        reason = reason_of(answer)
        assert (reason["code"], reason["status"]) == ("UNAUTHORIZED_ERR", 401)
        parts = urlsplit(reason["moreInfo"])
        explained = victor.client.get(f"{parts.path}?{parts.query}", headers=victor.headers).json()
        assert (explained["decision"], explained["because"]) == ("deny", reason["message"])

    check_each(OPERATIONS, check)


def test_a_caller_without_a_policy_cannot_tell_whether_a_key_exists(
    instance: ResourceInstance, victor: KeyProtect
) -> None:
    identifier = make_key(instance, aliases=["db"]).identifier

    def check(operation: Documented) -> None:
        answers = [perform(victor, operation, key=key) for key in (identifier, "db", "none")]
        assert {each.status_code for each in answers} == {401}
        texts = {json.loads(each.content)["resources"][0]["errorMsg"] for each in answers if each.content}
        assert len(texts) <= 1

    check_each([each for each in OPERATIONS if "{key_id}" in each.path], check)


@pytest.mark.parametrize("which", ["unknown", "foreign", "deleted", "of another service"])
def test_an_instance_that_the_call_cannot_reach_is_answered_alike(
    instance: ResourceInstance, alice: KeyProtect, which: str
) -> None:
    guid = "00000000-0000-4000-8000-00000000000f"
    if which == "foreign":
        store_instance(OTHER_ACCOUNT, guid, service="kms")
    elif which == "deleted":
        store_instance(guid=guid, service="kms")
        ResourceInstance.objects.filter(guid=guid).update(state=ResourceInstance.State.PENDING_RECLAMATION)
    elif which == "of another service":
        store_instance(guid=guid)

    def check(operation: Documented) -> None:
        answer = perform(alice, operation, Bluemix_Instance=guid)
        assert answer.status_code == 401
        if answer.content:
            [resource] = json.loads(answer.content)["resources"]
            assert resource["errorMsg"].startswith("Unauthorized: Either the user does not have access")

    check_each(OPERATIONS, check)


def test_mallory_reaches_no_instance_of_alice(iam: World, instance: ResourceInstance) -> None:
    mallory = KeyProtect(instance.guid, MALLORY.iam_id, OTHER_ACCOUNT, "Mallory")
    by_crn = KeyProtect(instance.crn, MALLORY.iam_id, OTHER_ACCOUNT, "Mallory")

    def check(operation: Documented) -> None:
        assert perform(mallory, operation).status_code == perform(by_crn, operation).status_code == 401

    check_each(OPERATIONS, check)


WRONG_HEADERS = ["", "none", "00000000", "00000000-0000-4000-8000-000000000001, 00000000-0000-4000-8000-000000000001"]


def test_an_instance_header_that_is_missing_wrong_or_doubled_is_refused(
    instance: ResourceInstance, alice: KeyProtect
) -> None:
    def check(operation: Documented) -> None:
        for header in (None, *WRONG_HEADERS):
            answer = perform(alice, operation, Bluemix_Instance=header)
            assert answer.status_code == 400
            if operation.method != "HEAD":
                reason = reason_of(answer)
                assert reason["code"] == "BAD_HEADER_ERR"
                assert reason["target"] == {"type": "header", "name": "bluemix-instance"}

    check_each(OPERATIONS, check)


def send(client: KeyProtect, operation: Documented, body: AwaitedBody) -> Any:
    environ = {"wsgi.input": body, "CONTENT_LENGTH": "100"}
    path = f"/api/v2{path_of(operation)}"
    return client.client.generic(operation.method, path, headers=client.headers, **environ)


def test_a_request_without_a_policy_is_refused_before_its_body_arrives(victor: KeyProtect) -> None:
    def check(operation: Documented) -> None:
        assert send(victor, operation, AwaitedBody()).status_code == 401

    check_each(OPERATIONS, check)


def test_nothing_is_begun_before_the_body_is_there(instance: ResourceInstance, alice: KeyProtect) -> None:
    """IAM's decision leaves an event of IAM, and Key Protect none."""
    key = make_key(instance, aliases=["db"])
    before = ActivityEvent.objects.filter(action__startswith="kms.").count()

    def check(operation: Documented) -> None:
        with pytest.raises(BodyAwaited):
            send(alice, operation, AwaitedBody())

    check_each(OF_OWNERS, check)
    assert ActivityEvent.objects.filter(action__startswith="kms.").count() == before
    assert read(key).updated_at == key.updated_at


def test_a_body_that_is_too_large_is_refused(instance: ResourceInstance, alice: KeyProtect) -> None:
    def check(operation: Documented) -> None:
        assert send(alice, operation, TooLargeBody(16_384)).status_code == 400

    check_each(OF_OWNERS, check)


@pytest.mark.thorough
def test_no_text_of_a_path_or_a_header_makes_an_operation_fail(instance: ResourceInstance, alice: KeyProtect) -> None:
    def check(operation: Documented) -> None:
        for text in (*FEW, *ENCODED):
            assert perform(alice, operation, key=text or "x").status_code < 500
        for header in ("X-Kms-Key-Ring", "Prefer", "Correlation-Id", "Bluemix-Instance"):
            assert perform(alice, operation, **{header: "ü \x7f" * 400}).status_code < 500

    check_each(OPERATIONS, check)


def test_the_correlation_id_of_a_request_is_that_of_its_answer(alice: KeyProtect) -> None:
    assert alice("GET", "/keys", Correlation_Id="abc-1")["Correlation-Id"] == "abc-1"
    assert alice("GET", "/keys", X_Correlation_ID="abc-2")["Correlation-Id"] == "abc-2"
    answer = alice("GET", "/keys", Correlation_Id="a b")
    assert answer["Correlation-Id"] == answer["X-Request-Id"]


def test_the_regional_host_serves_the_instances_of_its_region(
    instance: ResourceInstance, alice: KeyProtect, settings: Any
) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    for host in ("us-south.kms.cloud.ibm.com", "private.us-south.kms.cloud.ibm.com", "testserver"):
        assert alice("GET", "/keys", Host=host).status_code == 200
    for host in ("eu-de.kms.cloud.ibm.com", "eu-de.kms.cloud.ibm.com.", "EU-DE.kms.cloud.ibm.com:443"):
        assert refused(alice("GET", "/keys", Host=host)) == (401, "")


def test_a_guid_in_upper_case_names_the_same_instance(instance: ResourceInstance, alice: KeyProtect) -> None:
    other = store_instance(guid="00000000-0000-4000-8000-0000000000ab", service="kms")
    assert alice("GET", "/keys", Bluemix_Instance=other.guid.upper()).status_code == 200


@pytest.mark.parametrize("accept", ["application/vnd.ibm.kms.key+json", "text/html", "x;;", None])
def test_every_answer_is_json_whatever_the_client_accepts(alice: KeyProtect, accept: str | None) -> None:
    for path in ("/keys", "/nothing"):
        assert alice("GET", path, Accept=accept)["Content-Type"] == "application/json; charset=utf-8"


LEFT_OUT = {
    "GET /kmip_adapters": "KMIP adapters",
    "GET /governance_config": "governance",
    "POST /event_ack": "acknowledgements",
}


@pytest.mark.parametrize("call", LEFT_OUT)
def test_what_is_left_out_is_refused_by_name(alice: KeyProtect, call: str) -> None:
    answer = alice(*call.split())  # type: ignore[arg-type]
    assert refused(answer) == (501, "FEATURE_RESTRICTED_ERR")
    assert LEFT_OUT[call] in reason_of(answer)["message"]


@pytest.mark.parametrize(
    "call", ["GET /nothing", "GET /keys/db/nothing", "GET /keys%0A", "POST /keys/db/actions/nothing", "GET /"]
)
def test_an_unknown_path_is_refused_in_the_envelope(alice: KeyProtect, call: str) -> None:
    assert refused(alice(*call.split())) == (404, "NOT_FOUND_ERR")  # type: ignore[arg-type]


def test_an_unknown_method_is_refused_with_those_that_there_are(alice: KeyProtect) -> None:
    answer = alice("PUT", "/keys")
    assert refused(answer) == (405, "METHOD_NOT_ALLOWED_ERR")
    assert answer["Allow"] == "GET, HEAD, POST"
