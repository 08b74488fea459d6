"""The teacher's panel: the progress of all learners, and a reset."""

from django.http import HttpRequest, HttpResponse

from controlplane.console.access import ADMINISTER, Person
from controlplane.console.events import CLASS_RESET
from controlplane.console.lessons.catalog import LESSONS
from controlplane.console.lessons.command_parts import absolute_command
from controlplane.console.lessons.progress import class_of, reset_class
from controlplane.console.pages import fragment, full_page, page, success_response
from controlplane.console.presenters.learn import class_rows
from controlplane.console.views.server import ask

PATH = "/learn/class"


@page(require=lambda person: person.require(ADMINISTER))
def classroom(request: HttpRequest, person: Person) -> HttpResponse:
    context = {**_progress(person), "add": absolute_command("person NAME --role operator")}
    return full_page(request, person, "console/learn/class.html", context)


@page(require=lambda person: person.require(ADMINISTER))
def state(request: HttpRequest, person: Person) -> HttpResponse:
    return fragment(request, "console/learn/class_state.html", _progress(person))


@page("POST")
def reset(request: HttpRequest, person: Person) -> HttpResponse:
    """Reset the class, after a confirmation."""
    with person.recording(CLASS_RESET, class_of(person.account)):
        person.require(ADMINISTER)
    if "confirmed" not in request.POST:
        return ask(request, person, "console/learn/confirm_reset.html", {"back": PATH})
    count = reset_class(person.account, by=person.by)
    learners = f"{count} learner{'' if count == 1 else 's'}"
    return success_response(request, f"The class is reset: {learners} had begun.", back=PATH)


def _progress(person: Person) -> dict[str, object]:
    return {"learners": class_rows(person.account.id), "lessons": LESSONS}
