"""``ServiceView``: whom it lets in, what it asks IAM, which instance it finds, what it records."""

import json
from dataclasses import replace
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.activity.models import ActivityEvent
from controlplane.cloudservice.view import ServiceView
from controlplane.instances.models import ResourceInstance
from controlplane.kernel import clock
from controlplane.kernel.errors import ApiError, NotAuthorized, Unauthenticated
from controlplane.kernel.operation import Operation
from controlplane.objectstore.service import SERVICE
from tests.objectstore.store import token_claims
from tests.own_iam import OwnIam
from tests.world import ACCOUNT, OTHER_ACCOUNT

HEADER = "X-Instance"
DENIED = (200, b'{"decision": "deny", "because": "no policy", "explanation": "http://x/why"}')


class Sample(ServiceView):
    service = replace(SERVICE, instance_header=HEADER, default_instance=False)
    operations = {"GET": Operation("get_sample", "cloud-object-storage.bucket.get", "cloud-object-storage.sample.read")}

    def resource_attributes(self) -> dict[str, str]:
        return {"resource": "a"}

    def get(self, request: Request) -> Response:
        return self.answer({"guid": self.instance.guid})


class OfDefault(Sample):
    service = replace(SERVICE, instance_header=HEADER)


class OfRegion(Sample):
    service = replace(Sample.service, offering=replace(SERVICE.offering, is_global=False))


class OwnForm(Sample):
    def as_own(self, error: ApiError) -> ApiError:
        return Unauthenticated(error.message, code="OWN_ERR") if isinstance(error, NotAuthorized) else error


def instance(guid: str = "one", account_id: str = ACCOUNT, **columns: Any) -> ResourceInstance:
    now = {"created_at": clock.now(), "updated_at": clock.now()}
    of_service = {"service": SERVICE.name, "region": "us-south", "account_id": account_id, "guid": guid}
    return ResourceInstance.objects.create(**now, **of_service, **columns)


def call(iam: OwnIam, view: type[ServiceView] = Sample, *, token: str = "", method: str = "GET", **headers: str) -> Any:
    authorization = {"Authorization": f"Bearer {token or iam.sign(token_claims())}"}
    headers_by_name = {name.replace("_", "-"): value for name, value in headers.items()}
    response: HttpResponse = view.as_view()(
        RequestFactory().generic(method, "/sample", headers=authorization | headers_by_name)
    )
    response.render()  # type: ignore[attr-defined]
    return response


def code(response: HttpResponse) -> tuple[int, str]:
    return response.status_code, json.loads(response.content)["errors"][0]["code"]


def test_an_instance_is_found_by_its_guid_and_by_its_crn(db: None, own_iam: OwnIam) -> None:
    row = instance()
    for word in (row.guid, row.crn):
        assert json.loads(call(own_iam, X_Instance=word).content) == {"guid": "one"}
    assert own_iam.questions[0]["resource"] == own_iam.questions[1]["resource"]
    assert own_iam.questions[0]["resource"]["serviceInstance"] == "one"


def test_a_request_without_the_header_is_refused_where_there_is_no_default(db: None, own_iam: OwnIam) -> None:
    assert code(call(own_iam)) == (400, "missing_value")


def test_a_request_without_the_header_is_about_the_default_instance(db: None, own_iam: OwnIam) -> None:
    assert json.loads(call(own_iam, OfDefault).content) == {"guid": ACCOUNT}


def test_iam_is_told_the_region_of_an_instance_that_has_one(db: None, own_iam: OwnIam) -> None:
    instance()
    call(own_iam, OfRegion, X_Instance="one")
    call(own_iam, X_Instance="one")
    assert [question["resource"].get("region") for question in own_iam.questions] == ["us-south", None]


@pytest.mark.parametrize(
    "columns", [{"guid": "other"}, {"account_id": OTHER_ACCOUNT}, {"state": ResourceInstance.State.PENDING_RECLAMATION}]
)
def test_an_instance_that_is_not_there_is_missing_only_to_those_who_may_know(
    db: None, own_iam: OwnIam, columns: dict[str, Any]
) -> None:
    instance(**columns)
    assert code(call(own_iam, X_Instance="one")) == (404, "not_found")
    own_iam.answers["/_baremint/explain"] = DENIED
    assert code(call(own_iam, X_Instance="one")) == (403, "not_authorized")


def test_a_refusal_has_iams_explanation_and_leaves_an_event(db: None, own_iam: OwnIam) -> None:
    own_iam.answers["/_baremint/explain"] = DENIED
    [error] = json.loads(call(own_iam, X_Instance="one").content)["errors"]
    assert (error["message"], error["more_info"]) == ("no policy", "http://x/why")
    event = ActivityEvent.objects.get()
    assert (event.action, event.outcome, event.reason_code) == ("cloud-object-storage.sample.read", "failure", 403)
    assert event.data["explanation"] == "http://x/why"


def test_a_success_leaves_one_event_about_the_instance(db: None, own_iam: OwnIam) -> None:
    row = instance()
    call(own_iam, X_Instance="one")
    event = ActivityEvent.objects.get()
    assert (event.outcome, event.target_id, event.account_id) == ("success", row.crn, ACCOUNT)


def test_a_service_gives_refusals_its_own_form(db: None, own_iam: OwnIam) -> None:
    own_iam.answers["/_baremint/explain"] = DENIED
    assert code(call(own_iam, OwnForm, X_Instance="one")) == (401, "OWN_ERR")
    assert ActivityEvent.objects.get().reason_type == "OWN_ERR"


def test_a_caller_without_a_verified_token_leaves_no_event(db: None, own_iam: OwnIam) -> None:
    assert call(own_iam, token="a.b.c").status_code == 401
    own_iam.answers["/_baremint/explain"] = (401, b"{}")
    assert call(own_iam, X_Instance="one").status_code == 401
    assert not ActivityEvent.objects.exists()


def test_an_iam_that_does_not_answer_makes_the_service_unavailable(db: None, own_iam: OwnIam) -> None:
    own_iam.answers["/_baremint/explain"] = (500, b"{}")
    answer = call(own_iam, X_Instance="one")
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")


def test_a_method_without_an_operation_is_refused(db: None, own_iam: OwnIam) -> None:
    answer = call(own_iam, method="DELETE", X_Instance="one")
    assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD")


def test_the_header_is_a_parameter_of_every_operation() -> None:
    assert [(str(each), each.required) for each in Sample.common_headers] == [(HEADER, True)]
    assert [(str(each), each.required) for each in OfDefault.common_headers] == [(HEADER, False)]
