"""Keys and certificates: the states of every key, what comes next, and a hand-over now."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from controlplane.activity.record import Party
from controlplane.console.access import CERTIFICATE, EVERY_SERVER, KEYS, ROTATE, Person
from controlplane.console.pages import done, fragment, page, shown
from controlplane.console.presenters.authorities import authorities, expiring_certificates
from controlplane.console.presenters.keys import timelines
from controlplane.kernel import clock
from controlplane.kernel.errors import Conflict, InvalidValue
from identity.services.rotation import rotate_now


def _context(person: Person) -> dict[str, object]:
    now, listed = clock.now(), person.may(f"{CERTIFICATE}.list", EVERY_SERVER)
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
    """Hand over to the prepared key of a purpose, due or not."""
    purpose = request.POST.get("purpose", "")
    region = request.POST.get("region", "")
    with person.recording(ROTATE, Party(purpose, type="Key")):
        person.require(ROTATE)
        if purpose not in settings.KEY_POLICIES:
            raise InvalidValue(f"Say which key: {', '.join(settings.KEY_POLICIES)}.")
        try:
            rotated = rotate_now(purpose, now=clock.now(), region=region, by=person.by)
        except KeyError:
            raise Conflict("There is no such key in this region yet, or none is prepared.") from None
    early = ""
    if rotated.early_by:
        early = (
            f" Verifiers that fetched the keys a moment ago may refuse it for {rotated.early_by.total_seconds():.0f} s."
        )
    return done(request, f"{rotated.key.kid} signs from now on.{early}", back="/keys")
