"""Where a lesson is done: the server that the learner chose, and the addresses that the commands name."""

from collections.abc import Sequence

from django.conf import settings

from controlplane.console.access import SERVER, Person
from controlplane.console.lessons.lesson import At, Lesson, Place
from controlplane.console.models import LessonProgress
from controlplane.operations.endpoints import metadata_url
from controlplane.operations.info import CA_BUNDLE
from servers.addressing import loopback_address
from servers.models import BareMetalServer
from trustedprofiles.models import User

MOST_CHOICES = 200


def place_of(progress: LessonProgress) -> Place | None:
    """None when the server is gone: the learner has to choose another."""
    account_id = progress.learner.account_id
    servers = BareMetalServer.objects.filter(account_id=account_id)
    server = servers.filter(id=progress.server_id).first()
    if server is None:
        return None
    others = servers.filter(region=server.region).exclude(pk=server.pk).order_by("-metadata_enabled", "number")
    peer = others.first()
    return Place(
        server=_at(server),
        account_id=str(account_id),
        control_plane=settings.BAREMINT_PUBLIC_URL,
        ca_bundle=str((settings.HOME.path / CA_BUNDLE).resolve()),
        name=f"lesson-{progress.pk}",
        peer=_at(peer) if peer else None,
    )


def _at(server: BareMetalServer) -> At:
    return At(
        id=server.id,
        name=server.name,
        crn=server.crn,
        url=metadata_url(loopback_address(server.number), protocol=server.metadata_protocol),
        region=server.region,
    )


def choices(person: Person, lesson: Lesson) -> list[BareMetalServer]:
    """The servers that the person may see, the one to propose first: theirs of other lessons, or one that nobody else
    of the class uses, and that suits the lesson."""
    found = BareMetalServer.objects.filter(account=person.account, region=person.region).select_related("vpc")
    rows = list(found.order_by("number")[:MOST_CHOICES])
    verdicts = person.may_each(f"{SERVER}.read", [row.policy_attributes for row in rows])
    seen = [row for row, verdict in zip(rows, verdicts, strict=True) if verdict]
    mine, others = _in_use(person.user)
    return sorted(seen, key=lambda row: (row.id != mine, row.id in others, not lesson.prefers(row)))


def _in_use(learner: User) -> tuple[str, Sequence[str]]:
    """The server that the learner used last, and those that others use."""
    rows = LessonProgress.objects.filter(learner__account=learner.account_id)
    mine = rows.filter(learner=learner).order_by("-pk").values_list("server_id", flat=True).first()
    others = rows.exclude(learner=learner).values_list("server_id", flat=True)
    return str(mine or ""), list(others.distinct())
