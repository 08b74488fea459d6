"""Where a lesson is done: the server that the learner chose, and the addresses that the commands name."""

from typing import Any

from django.conf import settings
from django.db.models import Case, Exists, OuterRef, QuerySet, Value, When

from controlplane.console.access import Person
from controlplane.console.lessons.learner_events import mark_of
from controlplane.console.lessons.lesson import At, Lesson, Place
from controlplane.console.models import LessonProgress
from controlplane.console.presenters.truncated_list import Listed
from controlplane.console.server_choices import offered
from controlplane.deployment.endpoints import metadata_url
from controlplane.deployment.home import CA_BUNDLE
from servers.addressing import loopback_address
from servers.models import BareMetalServer


def place_of(progress: LessonProgress) -> Place | None:
    """None when the server is gone: the learner has to choose another."""
    account_id = progress.learner.account_id
    server = BareMetalServer.objects.filter(account_id=account_id, id=progress.instance_id).first()
    if server is None:
        return None
    peer = peers_of(server).first()
    return Place(
        server=at(server),
        account_id=str(account_id),
        control_plane=settings.BAREMINT_PUBLIC_URL,
        ca_bundle=str((settings.HOME.path / CA_BUNDLE).resolve()),
        name=f"lesson-{progress.pk}",
        mark=mark_of(progress.learner),
        peer=at(peer) if peer else None,
    )


def peers_of(server: BareMetalServer) -> QuerySet[BareMetalServer]:
    """The other servers of its region and account, those first whose metadata service is on."""
    rows = BareMetalServer.objects.filter(account_id=server.account_id, region=server.region).exclude(pk=server.pk)
    return rows.order_by("-metadata_enabled", "number")


def at(server: BareMetalServer) -> At:
    return At(
        id=server.id,
        name=server.name,
        crn=server.crn,
        url=metadata_url(loopback_address(server.number), protocol=server.metadata_protocol),
        region=server.region,
    )


def choices(person: Person, lesson: Lesson) -> Listed[BareMetalServer]:
    """Of the servers that the person may see: theirs of other lessons first, then those that nobody else of the class
    uses, and that suit the lesson."""
    used = LessonProgress.objects.filter(learner__account=person.account)
    mine = used.filter(learner=person.user).order_by("-pk").values_list("instance_id", flat=True).first()
    by_others = used.exclude(learner=person.user).filter(instance_id=OuterRef("id"))
    rows = BareMetalServer.objects.filter(account=person.account, region=person.region).select_related("vpc")
    ranked = rows.annotate(is_mine=_true(id=mine or ""), taken=Exists(by_others))
    suited = ranked.annotate(suits=_true(metadata_enabled=lesson.prefers))
    return offered(person, suited.order_by("-is_mine", "taken", "-suits", "number"))


def _true(**wanted: Any) -> Case:
    return Case(When(**wanted, then=Value(1)), default=Value(0))
