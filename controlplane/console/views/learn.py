"""Learn: the list of lessons, and one lesson."""

from django.http import HttpRequest, HttpResponse

from controlplane.console.access import ADMINISTER, Person
from controlplane.console.lessons.catalog import LESSONS, find_lesson
from controlplane.console.lessons.lesson import Lesson
from controlplane.console.lessons.lesson_server import choices
from controlplane.console.lessons.progress import begin, learner_progress_of, progress_by_lesson
from controlplane.console.pages import SeeOther, fragment, full_page, page, success_response
from controlplane.console.presenters.learn import lesson_row, lesson_rows, lesson_state
from controlplane.console.server_choices import selected_server
from controlplane.kernel.errors import existing
from servers.models import BareMetalServer


def _find(_: Person, slug: str) -> Lesson:
    return existing(find_lesson(slug), f"There is no such lesson. There are {len(LESSONS)}, listed at /learn/.")


@page()
def lessons(request: HttpRequest, person: Person) -> HttpResponse:
    """The person's own progress, which needs no permission."""
    rows = lesson_rows(person.user, progress_by_lesson([person.user]))
    following = next((row for row in rows if row.done < row.total), None)
    context = {"rows": rows, "following": following, "may_teach": bool(person.may(ADMINISTER))}
    return full_page(request, person, "console/learn/list.html", context)


@page()
def without_slash(request: HttpRequest, person: Person) -> HttpResponse:
    return SeeOther("/learn/")


@page(subject=_find)
def lesson(request: HttpRequest, person: Person, this_lesson: Lesson) -> HttpResponse:
    learner_progress = learner_progress_of(person.user, this_lesson)
    context = {
        **lesson_state(person, this_lesson, learner_progress),
        "row": lesson_row(this_lesson, learner_progress),
        "choices": choices(person, this_lesson),
    }
    return full_page(request, person, "console/learn/lesson.html", context)


@page(subject=_find)
def state(request: HttpRequest, person: Person, this_lesson: Lesson) -> HttpResponse:
    """The live part of a lesson. The run may have ended meanwhile, by a reset of the class or with the server."""
    context = lesson_state(person, this_lesson, learner_progress_of(person.user, this_lesson))
    return fragment(request, "console/learn/state.html", {**context, "ended": context["run"] is None})


@page("POST", subject=_find)
def start(request: HttpRequest, person: Person, this_lesson: Lesson) -> HttpResponse:
    """Begin or restart a lesson, with a server that the learner may see."""
    here = BareMetalServer.objects.filter(region=person.region)
    server = selected_server(person, request.POST.get("server", ""), request.POST.get("named", ""), rows=here)
    begin(person.user, this_lesson, server)
    return success_response(request, f"You do this lesson with {server.name}.", back=this_lesson.path)
