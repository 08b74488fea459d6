"""``/_baremint/explain``: why something is allowed or not. IBM Cloud has no such API. It decides nothing
by itself: it repeats decisions that are made elsewhere.

Services outside Baremint also use it to ask what the bearer of a token that a client presented to them may do.
"""

import re
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.utils.cache import patch_vary_headers
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.activity.record import Party
from controlplane.kernel import clock
from controlplane.kernel.caller import Caller
from controlplane.kernel.errors import InvalidValue, MissingField, Target
from controlplane.kernel.fields import DescribedField, StrictCharField, StrictSerializer
from controlplane.kernel.operation import Operation, Parameter, Schema, text
from controlplane.kernel.verdict import Allowed
from identity.services.explanation import explain, explain_each, is_about_caller
from servers.regions import region_of_host
from trustedprofiles import events
from trustedprofiles.api_view import GuardedView
from trustedprofiles.explanation_shapes import Decisions, Explanation

CONSOLE_PAGE = "/explain"
MEDIA_TYPES = ("application/json", "text/html")
"""The media types of answers. A client that accepts anything gets the first."""
LONGEST = 512
LONGEST_ATTRIBUTE = 1024
"""The longest attribute, such as an object's key or a prefix of one."""
LONGEST_TOKEN = 16_384
MOST_ATTRIBUTES = 20
MOST_RESOURCES = 100
NAME = re.compile(r"[A-Za-z0-9_]{1,64}")
EXCLUSIVE = (
    ("server", "action"),
    ("profile", "action"),
    ("token", "subject"),
    ("token", "server"),
    ("resource", "resources"),
)
"""Properties of which a question has only one."""
ATTRIBUTE = re.compile(rf"resource\[({NAME.pattern})\]")

QUERY = (
    Parameter("subject", "Name, id or CRN of who would do it; you, without it."),
    Parameter("action", "IAM action, such as `is.vpc.vpc.list`."),
    Parameter(
        "resource",
        "Id, CRN or name of a resource; or its attributes, such as `resource[vpcId]`.",
        {"type": "object", "additionalProperties": {"type": "string"}},
    ),
    Parameter("server", "Id, CRN or name of a bare metal server."),
    Parameter("profile", "Id, CRN or name of a trusted profile."),
)


class ResourceField(DescribedField, serializers.DictField):
    """The resource of a question: its id, CRN or name, or the attributes that a policy may select it by."""

    child = StrictCharField(max_length=LONGEST_ATTRIBUTE, allow_blank=True, trim_whitespace=False)
    word = StrictCharField(max_length=LONGEST)

    @property
    def schema(self) -> Schema:
        word = {**text(LONGEST), "description": "Id, CRN or name of what the action is about."}
        attributes = {"type": "object", "additionalProperties": text(LONGEST), "example": {"vpcId": "r006-1"}}
        return {"anyOf": [word, attributes]}

    def to_internal_value(self, data: Any) -> Any:
        return self.word.run_validation(data) if isinstance(data, str) else super().to_internal_value(data)


class Question(StrictSerializer):
    """May a subject do an action to a resource? Does a trusted profile trust a server, or a subject? May a server use
    its metadata service? The subject is the caller unless the question says otherwise: by its IAM id, or by a token. A
    question about several ``resources`` is answered with ``decisions``, in their order."""

    token = StrictCharField(required=False, max_length=LONGEST_TOKEN)
    subject = StrictCharField(required=False, max_length=LONGEST)
    action = StrictCharField(required=False, max_length=LONGEST)
    resource = ResourceField(required=False)
    resources = serializers.ListField(required=False, child=ResourceField(), min_length=1, max_length=MOST_RESOURCES)
    server = StrictCharField(required=False, max_length=LONGEST)
    profile = StrictCharField(required=False, max_length=LONGEST)


class Explain(GuardedView):
    service_name = "iam-access-management"
    operations = {
        "GET": Operation(
            "get_explanation",
            "iam-access-management.explanation.read",
            events.EXPLANATION_READ,
            answer=Explanation,
            query=QUERY,
            page=True,
        ),
        "POST": Operation(
            "explain",
            "iam-access-management.explanation.read",
            events.EXPLANATION_READ,
            body=Question,
            answer=Explanation | Decisions,
            conflicts=False,
        ),
    }

    question: dict[str, Any]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Redirect a browser, which has a session and no token, to the console's page of the same question."""
        response: HttpResponseBase
        if request.method in ("GET", "HEAD") and request.get_preferred_type(MEDIA_TYPES) == "text/html":
            response = HttpResponseRedirect(f"{CONSOLE_PAGE}?{request.META['QUERY_STRING']}")
        else:
            response = super().dispatch(request, *args, **kwargs)
        patch_vary_headers(response, ["Accept"])
        return response

    def prepare(self, request: Request) -> None:
        self.question = self.body if request.method == "POST" else from_query(request.GET)
        check(self.question)

    def standing(self) -> Allowed | None:
        """Allow a question about the caller without a policy."""
        own = is_about_caller(self.question, self.caller)
        return Allowed("the question is about the caller", source=self.caller.iam_id) if own else None

    def target(self) -> Party:
        return about(getattr(self, "question", {}), self.caller)

    def get(self, request: Request) -> Response:
        region = region_of_host(request.get_host())
        answer = explain(self.question, caller=self.caller, region=region, now=clock.now())
        self.question = {**self.question, **said_of(answer)}
        return self.answer(answer)

    def post(self, request: Request) -> Response:
        if "resources" not in self.question:
            return self.get(request)
        region = region_of_host(request.get_host())
        decisions = explain_each(self.question, caller=self.caller, region=region, now=clock.now())
        return self.answer({"decisions": decisions})


def about(asked: Mapping[str, Any], caller: Caller) -> Party:
    """Return the target of a question's event: the server or the subject that it is about."""
    return Party(asked.get("server") or asked.get("subject") or caller.iam_id, type="Explanation")


def said_of(answer: Explanation) -> dict[str, Any]:
    """Return the server and the subject that an answer is about, by id even if the question gave a name."""
    return {name: value for name, value in answer.items() if name in ("server", "subject")}


def from_query(query: Mapping[str, str]) -> dict[str, Any]:
    """Return the question that a query string asks. Raises InvalidValue for a token in it."""
    if "token" in query:
        raise InvalidValue("A token does not belong into a URL. Use POST.", target=Target("token", "parameter"))
    question: dict[str, Any] = {name: query[name] for name in QUERY if query.get(name)}
    attributes = {match[1]: query[name] for name in query if (match := ATTRIBUTE.fullmatch(name))}
    if attributes and "resource" in question:
        raise InvalidValue(
            "Name the resource, or give its attributes, not both.", target=Target("resource", "parameter")
        )
    return Question.check(question | ({"resource": attributes} if attributes else {}))


def check(asked: Mapping[str, Any]) -> None:
    """Check that the properties form exactly one question. Raises InvalidValue or MissingField."""
    _check_resource(asked.get("resource", {}), "resource")
    for number, resource in enumerate(asked.get("resources", [])):
        _check_resource(resource, f"resources[{number}]")
    if not asked.keys() & {"action", "server", "profile"} and "token" not in asked:
        raise MissingField(
            "Ask about an action (and subject or token, resource), or about a server, or about a profile, or both.",
            target=Target("action"),
        )
    for one, other in EXCLUSIVE:
        if {one, other} <= asked.keys():
            raise InvalidValue(f"{one} and {other} belong to different questions.", target=Target(other))
    if "resources" in asked and "action" not in asked:
        raise MissingField("What may be done to the resources? Name an action.", target=Target("action"))
    if "token" in asked and not asked.keys() & {"action", "profile"}:
        raise MissingField("What of the token's bearer? Name an action or a profile.", target=Target("action"))


def _check_resource(resource: str | Mapping[str, str], target: str) -> None:
    if isinstance(resource, str):
        return
    if len(resource) > MOST_ATTRIBUTES:
        raise InvalidValue(f"{target} takes at most {MOST_ATTRIBUTES} attributes.", target=Target(target))
    if not all(map(NAME.fullmatch, resource)):
        raise InvalidValue(
            f"An attribute of {target} is named by letters, figures and underscores, such as vpcId.",
            target=Target(target),
        )
