"""Keys and certificates: the states of every key, what comes next, and a rotation that somebody asks for."""

from typing import cast

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from controlplane.activity.record import Party
from controlplane.console.access import CERTIFICATE, EVERY_SERVER, KEYS, ROTATE, Person
from controlplane.console.pages import done, fragment, page, shown
from controlplane.console.presenters.authorities import authorities, expiring_certificates
from controlplane.console.presenters.form_snapshot import signing_shown
from controlplane.console.presenters.keys import instant, timelines
from controlplane.kernel import clock
from controlplane.kernel.errors import Conflict, InvalidValue
from controlplane.kernel.form_snapshot import FIELD, require_as_shown
from identity.key_periods import key_policies
from identity.key_schedule import Purpose, first
from identity.selectors import Line, live_keys
from identity.services import key_rotation

NONE_HERE = "There is no such key in this region yet, or none is prepared."


def _context(person: Person) -> dict[str, object]:
    now, listed = clock.now(), person.may_everywhere(f"{CERTIFICATE}.list", EVERY_SERVER)
    return {
        "timelines": timelines(now=now),
        "authorities": authorities(now=now),
        "certificates": expiring_certificates(person.account.id, now=now) if listed else None,
        "may_rotate": bool(person.may(ROTATE)),
    }


@page()
def keys(request: HttpRequest, person: Person) -> HttpResponse:
    """What is public of keys; the private ones are shown nowhere."""
    person.require(KEYS)
    return shown(request, person, "console/keys/page.html", _context(person))


@page()
def state(request: HttpRequest, person: Person) -> HttpResponse:
    person.require(KEYS)
    return fragment(request, "console/keys/state.html", _context(person))


@page("POST")
def rotate(request: HttpRequest, person: Person) -> HttpResponse:
    """Have the prepared key of a purpose take over, as soon as every verifier can know it."""
    purpose = cast(Purpose, request.POST.get("purpose", ""))  # checked below
    region = request.POST.get("region") or request.GET.get("region") or settings.BAREMINT_REGION
    now = clock.now()
    with person.recording(ROTATE, Party(purpose, type="Key")):
        person.require(ROTATE)
        if purpose not in key_policies():
            raise InvalidValue(f"Say which key: {', '.join(key_policies())}.")
        if (keys := live_keys().get(Line(purpose, region))) is None:
            raise Conflict(NONE_HERE)
        active = first(keys, "active")
        present = signing_shown(Line(purpose, region), active.kid if active else "")
        require_as_shown([present], request.POST.getlist(FIELD))  # or it was pressed twice, or by somebody else
        try:
            found = key_rotation.rotate(purpose, now=now, region=region, by=person.by)
        except KeyError:
            raise Conflict(NONE_HERE) from None
    becomes = f"takes over at {instant(found.signs_from, now=now)}, when every verifier can know it."
    return done(request, f"{found.kid} {becomes if found.waits else 'signs from now on.'}", back="/keys")
