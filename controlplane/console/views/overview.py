"""The overview: what happens now."""

from django.http import HttpRequest, HttpResponse

from controlplane.console.access import Person
from controlplane.console.models import LessonProgress
from controlplane.console.pages import fragment, page, shown
from controlplane.console.presenters.overview import overview_state
from controlplane.kernel import clock


@page()
def overview(request: HttpRequest, person: Person) -> HttpResponse:
    person.require_activity()
    context = {
        **overview_state(person, now=clock.now()),
        "new_here": not LessonProgress.objects.filter(learner=person.user).exists(),
    }
    return shown(request, person, "console/overview/page.html", context)


@page()
def state(request: HttpRequest, person: Person) -> HttpResponse:
    person.require_activity()
    return fragment(request, "console/overview/state.html", overview_state(person, now=clock.now()))
