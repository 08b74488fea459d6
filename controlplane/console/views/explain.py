"""Explain: a form with a question about a decision, and its explanation."""

import json
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict

from controlplane.activity.record import record
from controlplane.console.access import Person
from controlplane.console.pages import full_page, page
from controlplane.kernel import clock
from controlplane.kernel.errors import ApiError
from identity.iam.explain import about, check, from_query, said_of
from identity.services.explanation import explain, is_about_caller
from trustedprofiles.actions import ACTIONS
from trustedprofiles.events import EXPLANATION_READ
from trustedprofiles.explanation_shapes import Explanation

ALL_ACTIONS = [action for actions in ACTIONS.values() for action in actions]
EXPLAIN = "iam-access-management.explanation.read"


@page()
def explanation(request: HttpRequest, person: Person) -> HttpResponse:
    """The question is in the URL, so that an answer can be shared; refusals link here."""
    query = request.GET
    context: dict[str, Any] = {
        "query": query,
        "attributes": [(name, value) for name, value in query.items() if name.startswith("resource[")],
        "actions": ALL_ACTIONS,
    }
    status = 200
    if any(query.get(name) for name in ("action", "server", "profile")):
        try:
            answer = _answer(query, person)
            context |= {"answer": answer, "change": _as_call(answer)}
        except ApiError as error:
            context["above"], status = [each.message for each in error.each], error.status
    return full_page(request, person, "console/explain/page.html", context, status=status)


def _answer(query: QueryDict, person: Person) -> Explanation:
    """The answer of the REST API, with the same event. Raises ApiError."""
    question: dict[str, Any] = {}
    with person.recording(EXPLANATION_READ, about(query.dict(), person.caller)):
        question = from_query(query)
        check(question)
        if not is_about_caller(question, person.caller):
            person.require(EXPLAIN)
        answer = explain(question, caller=person.caller, region=person.region, now=clock.now())
    target = about({**question, **said_of(answer)}, person.caller)
    record(EXPLANATION_READ, initiator=person.by, target=target, account_id=person.account.id)
    return answer


def _as_call(answer: Explanation) -> str:
    """The request that would change the decision, to read or to paste into a client."""
    call = answer.get("nearest", {}).get("request")
    return f"{call['method']} {call['path']}\n\n{json.dumps(call['body'], indent=2)}" if call else ""
