"""Trusted profiles: the list, and one profile with its links and claim rules."""

from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from controlplane.activity.record import Party
from controlplane.console.access import PROFILE, Person
from controlplane.console.pages import fragment, full_page, page, success_response
from controlplane.console.presenters.form_snapshot import link_shown, rule_shown
from controlplane.console.presenters.profiles import (
    preview,
    profile_matches,
    profile_state,
    profile_table,
    readable_servers,
    unlinked,
)
from controlplane.console.server_choices import selected_server
from controlplane.kernel import clock
from controlplane.kernel.errors import ApiError, existing
from controlplane.kernel.form_snapshot import FIELD, require_as_shown
from servers.models import BareMetalServer
from trustedprofiles import events
from trustedprofiles.api.rule_requests import RuleBody
from trustedprofiles.claim_conditions import CLAIMS, OPERATORS, ClaimCondition
from trustedprofiles.models import ClaimRule, TrustedProfile
from trustedprofiles.selectors import LINKING, profiles_of
from trustedprofiles.services.links import create_link, delete_link
from trustedprofiles.services.rules import RuleContent, create_rule, delete_rule
from trustedprofiles.trust import BARE_METAL

CONDITIONS = range(3)
"""The numbers of the conditions in the form; the REST API accepts more."""


@page()
def profiles(request: HttpRequest, person: Person) -> HttpResponse:
    return full_page(request, person, "console/profiles/list.html", {"table": profile_table(person, request.GET)})


def find_profile(person: Person, profile_id: str) -> TrustedProfile:
    row = existing(
        profiles_of(person.account.id).filter(id=profile_id).first(),
        "There is no trusted profile of this id here. It may have been deleted meanwhile.",
    )
    person.require(f"{PROFILE}.read", row.policy_attributes)
    return row


@page(subject=find_profile)
def profile(request: HttpRequest, person: Person, row: TrustedProfile) -> HttpResponse:
    return _profile_page(request, person, row)


def _profile_page(
    request: HttpRequest, person: Person, row: TrustedProfile, error: ApiError | None = None
) -> HttpResponse:
    table = readable_servers(person)
    context = {
        **profile_state(person, row, now=clock.now()),
        **profile_matches(person, row, table),
        "unlinked": unlinked(row, table),
        "claims": CLAIMS,
        "operators": OPERATORS,
        "typed": _typed(request),
        "rule_name": request.POST.get("rule_name", ""),
        "preview": preview(_conditions(request), table, person),
        "above": [each.message for each in error.each] if error else [],
    }
    return full_page(request, person, "console/profiles/page.html", context, status=error.status if error else 200)


@page(subject=find_profile)
def state(request: HttpRequest, person: Person, row: TrustedProfile) -> HttpResponse:
    return fragment(request, "console/profiles/state.html", profile_state(person, row, now=clock.now()))


@page(subject=find_profile)
def matches(request: HttpRequest, person: Person, row: TrustedProfile) -> HttpResponse:
    return fragment(request, "console/profiles/matches.html", profile_matches(person, row, readable_servers(person)))


def _typed(request: HttpRequest) -> list[dict[str, str]]:
    typed = request.POST
    return [
        {name: typed.get(f"{name}-{number}", "") for name in ("claim", "operator", "value")} for number in CONDITIONS
    ]


def _conditions(request: HttpRequest) -> list[ClaimCondition]:
    """The conditions in the form that name a claim."""
    return [ClaimCondition(**each) for each in _typed(request) if each["claim"]]


@page("POST", subject=find_profile)
def rule_preview(request: HttpRequest, person: Person, row: TrustedProfile) -> HttpResponse:
    """The servers that the rule in the form would trust. Nothing is changed."""
    return render(
        request,
        "console/profiles/preview.html",
        {"preview": preview(_conditions(request), readable_servers(person), person)},
    )


def _party(profile: TrustedProfile) -> Party:
    return Party(profile.crn, profile.name, "TrustedProfile")


@page("POST", subject=find_profile)
def add_rule(request: HttpRequest, person: Person, row: TrustedProfile) -> HttpResponse:
    body: dict[str, Any] = {
        "type": ClaimRule.Type.COMPUTE_RESOURCE.value,
        "cr_type": BARE_METAL,
        "name": request.POST.get("rule_name", ""),
        "conditions": [each for each in _typed(request) if each["claim"]],
    }
    try:
        with person.recording(f"{events.RULE}.create", _party(row)):
            for action in LINKING:
                person.require(action, row.policy_attributes)
            rule = create_rule(row, content=RuleContent(**RuleBody.check(body)), by=person.by)
    except ApiError as error:
        return _profile_page(request, person, row, error)
    return success_response(request, f"The claim rule {rule} was added.", back=f"/profiles/{row.id}")


@page("POST", subject=find_profile)
def remove_rule(request: HttpRequest, person: Person, row: TrustedProfile) -> HttpResponse:
    with person.recording(f"{events.RULE}.delete", _party(row)):
        person.require(f"{PROFILE}.update", row.policy_attributes)
        with transaction.atomic():
            rule = existing(
                row.rules.select_for_update().filter(id=request.POST.get("rule", "")).first(),
                "The trusted profile has no claim rule of this id.",
            )
            require_as_shown([rule_shown(rule)], request.POST.getlist(FIELD))
            delete_rule(rule, by=person.by)
    return success_response(request, f"The claim rule {rule} was deleted.", back=f"/profiles/{row.id}")


@page("POST", subject=find_profile)
def add_link(request: HttpRequest, person: Person, row: TrustedProfile) -> HttpResponse:
    with person.recording(f"{events.LINK}.create", _party(row)):
        for action in LINKING:
            person.require(action, row.policy_attributes)
        typed, rows = request.POST, BareMetalServer.objects.all()
        server = selected_server(person, typed.get("server", ""), typed.get("named", ""), rows=rows)
        create_link(row, cr_type=BARE_METAL, crn=server.crn, name=server.name, by=person.by)
    return success_response(request, f"{row.name} trusts {server.name} from now on.", back=f"/profiles/{row.id}")


@page("POST", subject=find_profile)
def remove_link(request: HttpRequest, person: Person, row: TrustedProfile) -> HttpResponse:
    with person.recording(f"{events.LINK}.delete", _party(row)):
        person.require(f"{PROFILE}.update", row.policy_attributes)
        with transaction.atomic():
            link = existing(
                row.links.select_for_update().filter(id=request.POST.get("link", "")).first(),
                "The trusted profile has no such link.",
            )
            require_as_shown([link_shown(link)], request.POST.getlist(FIELD))
            delete_link(link, by=person.by)
    return success_response(request, f"{row.name} no longer trusts what the link named.", back=f"/profiles/{row.id}")
