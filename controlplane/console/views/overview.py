"""The overview: what happens now."""

from django.http import HttpRequest, HttpResponse

from controlplane.console.access import EVERY_SERVER, PROFILE, SERVER, Person
from controlplane.console.models import LessonProgress
from controlplane.console.pages import fragment, page, shown
from controlplane.console.presenters.overview import overview_state
from controlplane.kernel import clock


def _require(person: Person) -> None:
    person.require(f"{SERVER}.list", EVERY_SERVER)
    person.require(f"{PROFILE}.list")


@page()
def overview(request: HttpRequest, person: Person) -> HttpResponse:
    _require(person)
    context = {
        **overview_state(person, now=clock.now()),
        "new_here": not LessonProgress.objects.filter(learner=person.user).exists(),
    }
    return shown(request, person, "console/overview/page.html", context)


@page()
def state(request: HttpRequest, person: Person) -> HttpResponse:
    _require(person)
    return fragment(request, "console/overview/state.html", overview_state(person, now=clock.now()))
