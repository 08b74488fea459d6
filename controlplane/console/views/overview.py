"""The overview of the account."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from controlplane.console.access import PROFILE, SERVER, Person
from controlplane.console.models import LessonProgress
from controlplane.console.pages import fragment, full_page, page
from controlplane.console.presenters.overview import overview_state
from controlplane.kernel import clock
from servers.models import BareMetalServer
from trustedprofiles.models import TrustedProfile


@page()
def overview(request: HttpRequest, person: Person) -> HttpResponse:
    """A person who may not see activity is redirected to a page that they may see."""
    if not person.sees_activity:
        return HttpResponseRedirect(_elsewhere(person))
    context = {
        **overview_state(person, now=clock.now()),
        "new_here": not LessonProgress.objects.filter(learner=person.user).exists(),
    }
    return full_page(request, person, "console/overview/page.html", context)


def _elsewhere(person: Person) -> str:
    if person.visible(f"{SERVER}.list", BareMetalServer.policy_columns()).verdict:
        return "/servers"
    return "/profiles" if person.visible(f"{PROFILE}.list", TrustedProfile.policy_columns()).verdict else "/learn/"


@page(require=Person.require_activity)
def state(request: HttpRequest, person: Person) -> HttpResponse:
    return fragment(request, "console/overview/state.html", overview_state(person, now=clock.now()))
