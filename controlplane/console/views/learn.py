"""Learn: the lessons, and one of them as it is done."""

from django.http import HttpRequest, HttpResponse

from controlplane.console.access import ADMINISTER, Person
from controlplane.console.lessons.catalog import LESSONS, find_lesson
from controlplane.console.lessons.lesson import Lesson
from controlplane.console.lessons.lesson_server import choices
from controlplane.console.lessons.progress import begin, standing_of, standings
from controlplane.console.pages import done, fragment, page, see_other, shown
from controlplane.console.presenters.learn import lesson_row, lesson_rows, lesson_state
from controlplane.console.server_choices import chosen
from controlplane.kernel.errors import existing
from servers.models import BareMetalServer


def _find(slug: str) -> Lesson:
    return existing(find_lesson(slug), f"There is no such lesson. There are {len(LESSONS)}, listed at /learn/.")


@page()
def lessons(request: HttpRequest, person: Person) -> HttpResponse:
    """Everybody's own, whatever they may do otherwise."""
    rows = lesson_rows(person.user, standings([person.user]))
    following = next((row for row in rows if row.done < row.total), None)
    context = {"rows": rows, "following": following, "may_teach": bool(person.may(ADMINISTER))}
    return shown(request, person, "console/learn/list.html", context)


@page()
def without_slash(request: HttpRequest, person: Person) -> HttpResponse:
    return see_other("/learn/")


@page()
def lesson(request: HttpRequest, person: Person, slug: str) -> HttpResponse:
    found = _find(slug)
    standing = standing_of(person.user, found)
    context = {
        **lesson_state(person, found, standing),
        "row": lesson_row(found, standing),
        "choices": choices(person, found),
    }
    return shown(request, person, "console/learn/lesson.html", context)


@page()
def state(request: HttpRequest, person: Person, slug: str) -> HttpResponse:
    """Of a lesson that is under way; it may have ended meanwhile, by a reset of the class or with the server."""
    found = _find(slug)
    context = lesson_state(person, found, standing_of(person.user, found))
    return fragment(request, "console/learn/state.html", {**context, "ended": context["place"] is None})


@page("POST")
def start(request: HttpRequest, person: Person, slug: str) -> HttpResponse:
    """Begin, or begin anew, with a server that the learner may see."""
    found = _find(slug)
    here = BareMetalServer.objects.filter(region=person.region)
    server = chosen(person, request.POST.get("server", ""), request.POST.get("named", ""), rows=here)
    begin(person.user, found, server)
    return done(request, f"You do this lesson with {server.name}.", back=found.path)
