"""The overview: what happens now."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from controlplane.console.access import EVERY_SERVER, PROFILE, SERVER, Person
from controlplane.console.models import LessonProgress
from controlplane.console.pages import fragment, page, shown
from controlplane.console.presenters.overview import overview_state
from controlplane.kernel import clock


@page()
def overview(request: HttpRequest, person: Person) -> HttpResponse:
    """Who may not see activity is led to what they may see."""
    if not person.sees_activity:
        return HttpResponseRedirect(_elsewhere(person))
    context = {
        **overview_state(person, now=clock.now()),
        "new_here": not LessonProgress.objects.filter(learner=person.user).exists(),
    }
    return shown(request, person, "console/overview/page.html", context)


def _elsewhere(person: Person) -> str:
    if person.may(f"{SERVER}.list", EVERY_SERVER):
        return "/servers"
    return "/profiles" if person.may(f"{PROFILE}.list") else "/learn/"


@page()
def state(request: HttpRequest, person: Person) -> HttpResponse:
    person.require_activity()
    return fragment(request, "console/overview/state.html", overview_state(person, now=clock.now()))
