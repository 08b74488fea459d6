"""The controls of the clock in the header, which move the time of the whole deployment."""

from django.http import HttpRequest, HttpResponse

from controlplane.console.access import CLOCK, Person
from controlplane.console.pages import page, return_path, success_response
from controlplane.console.presenters.clock import MOVEMENTS, clock_shown
from controlplane.jobs.clock_change import move_clock, when_all_know
from controlplane.kernel.errors import InvalidValue
from controlplane.kernel.form_snapshot import FIELD, require_as_shown
from controlplane.timekeeping.events import CLOCK_SET
from controlplane.timekeeping.services import CLOCK as CLOCK_PARTY
from controlplane.timekeeping.services import read_clock


@page("POST")
def move(request: HttpRequest, person: Person) -> HttpResponse:
    with person.recording(CLOCK_SET, CLOCK_PARTY):
        person.require(CLOCK)
        button = request.POST.get("move", "")
        if button not in MOVEMENTS:
            raise InvalidValue(f"Say how to move the clock: {', '.join(MOVEMENTS)}.")
        present = read_clock()
        require_as_shown([clock_shown(present)], request.POST.getlist(FIELD))
        clock_state = move_clock(MOVEMENTS[button].movement, if_match=str(present.revision), by=person.by)
    frozen = " and stands still" if clock_state.setting.frozen_at else ""
    sentence = f"The clock shows {clock_state.now:%Y-%m-%d %H:%M:%S} UTC{frozen}."
    return when_all_know(success_response(request, sentence, back=return_path(request, "/")))
