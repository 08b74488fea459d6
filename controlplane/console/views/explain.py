"""Explain: why something is allowed or not, asked in a form and answered in words."""

import json
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict

from controlplane.activity.record import record
from controlplane.console.access import Person
from controlplane.console.pages import page, shown
from controlplane.kernel import clock
from controlplane.kernel.errors import ApiError
from identity.iam.explain import about, check, from_query, said_of
from identity.services.explanation import explain, is_about_caller
from trustedprofiles.actions import ACTIONS
from trustedprofiles.events import EXPLANATION_READ
from trustedprofiles.explanations import Explanation

ALL_ACTIONS = [action for actions in ACTIONS.values() for action in actions]
EXPLAIN = "iam-access-management.explanation.read"


@page()
def explanation(request: HttpRequest, person: Person) -> HttpResponse:
    """The question is in the address, so an answer can be shared; a refusal's link leads here."""
    asked = request.GET
    context: dict[str, Any] = {
        "asked": asked,
        "attributes": [(name, value) for name, value in asked.items() if name.startswith("resource[")],
        "actions": ALL_ACTIONS,
    }
    status = 200
    if any(asked.get(name) for name in ("action", "server", "profile")):
        try:
            answer = _answer(asked, person)
            context |= {"answer": answer, "change": _as_call(answer)}
        except ApiError as error:
            context["above"], status = [each.message for each in error.each], error.status
    return shown(request, person, "console/explain/page.html", context, status=status)


def _answer(asked: QueryDict, person: Person) -> Explanation:
    """As the REST API answers, and with the event that it leaves. Raises ApiError."""
    question: dict[str, Any] = {}
    with person.recording(EXPLANATION_READ, about(asked.dict(), person.caller)):
        question = from_query(asked)
        check(question)
        if not is_about_caller(question, person.caller):
            person.require(EXPLAIN)
        answer = explain(question, caller=person.caller, region=person.region, now=clock.now())
    target = about({**question, **said_of(answer)}, person.caller)
    record(EXPLANATION_READ, initiator=person.by, target=target, account_id=person.account.id)
    return answer


def _as_call(answer: Explanation) -> str:
    """The request that would change the decision, to look at or to paste into a client."""
    call = answer.get("nearest", {}).get("request")
    return f"{call['method']} {call['path']}\n\n{json.dumps(call['body'], indent=2)}" if call else ""
