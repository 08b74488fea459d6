"""Keys and certificates: the states of every key, their next changes, and requests for a rotation."""

from typing import cast

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from controlplane.activity.record import Party
from controlplane.console.access import CERTIFICATE, EVERY_SERVER, KEYS, ROTATE, Person
from controlplane.console.pages import fragment, full_page, page, success_response
from controlplane.console.presenters.authorities import authorities, expiring_certificates
from controlplane.console.presenters.form_snapshot import signing_shown
from controlplane.console.presenters.keys import instant, timelines
from controlplane.kernel import clock
from controlplane.kernel.errors import Conflict, InvalidValue
from controlplane.kernel.form_snapshot import FIELD, require_as_shown
from identity.key_periods import configured_key_times
from identity.key_schedule import Purpose, first
from identity.selectors import KeySeries, live_keys
from identity.services import key_rotation

NONE_HERE = "There is no such key in this region yet, or none is prepared."


def _context(person: Person) -> dict[str, object]:
    now, may_list = clock.now(), person.may_everywhere(f"{CERTIFICATE}.list", EVERY_SERVER)
    return {
        "timelines": timelines(now=now),
        "authorities": authorities(now=now),
        "certificates": expiring_certificates(person.account.id, now=now) if may_list else None,
        "may_rotate": bool(person.may(ROTATE)),
    }


@page(require=lambda person: person.require(KEYS))
def keys(request: HttpRequest, person: Person) -> HttpResponse:
    """The public data of keys; private keys are never shown."""
    return full_page(request, person, "console/keys/page.html", _context(person))


@page(require=lambda person: person.require(KEYS))
def state(request: HttpRequest, person: Person) -> HttpResponse:
    return fragment(request, "console/keys/state.html", _context(person))


@page("POST")
def rotate(request: HttpRequest, person: Person) -> HttpResponse:
    """Activate the prepared key of a purpose, as soon as every verifier can know it."""
    purpose = cast(Purpose, request.POST.get("purpose", ""))  # checked below
    region = request.POST.get("region") or request.GET.get("region") or settings.BAREMINT_REGION
    now = clock.now()
    with person.recording(ROTATE, Party(purpose, type="Key")):
        person.require(ROTATE)
        if purpose not in configured_key_times():
            raise InvalidValue(f"Say which key: {', '.join(configured_key_times())}.")
        if (keys := live_keys().get(KeySeries(purpose, region))) is None:
            raise Conflict(NONE_HERE)
        active = first(keys, "active")
        present = signing_shown(KeySeries(purpose, region), active.kid if active else "")
        require_as_shown(
            [present], request.POST.getlist(FIELD)
        )  # unless the button was pressed twice, or by another user
        try:
            succession = key_rotation.rotate(purpose, now=now, region=region, by=person.by)
        except KeyError:
            raise Conflict(NONE_HERE) from None
    becomes = f"takes over at {instant(succession.signs_from, now=now)}, when every verifier can know it."
    return success_response(
        request, f"{succession.kid} {becomes if succession.waits else 'signs from now on.'}", back="/keys"
    )
