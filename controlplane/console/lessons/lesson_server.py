"""The server of a lesson: the one that the learner chose, and those that a form offers."""

from typing import Any

from django.conf import settings
from django.db.models import Case, Exists, OuterRef, QuerySet, Value, When

from controlplane.console.access import Person
from controlplane.console.lessons.learner_events import mark_of
from controlplane.console.lessons.lesson import Lesson, LessonRun, LessonServer
from controlplane.console.models import LessonProgress
from controlplane.console.server_choices import server_options
from controlplane.console.truncated_list import TruncatedList
from controlplane.deployment.endpoints import metadata_url
from controlplane.deployment.home import CA_BUNDLE
from servers.addressing import loopback_address
from servers.models import BareMetalServer


def run_of(progress: LessonProgress) -> LessonRun | None:
    """The run of a lesson; None when its server was deleted, and the learner has to choose another."""
    account_id = progress.learner.account_id
    server = BareMetalServer.objects.filter(account_id=account_id, id=progress.instance_id).first()
    if server is None:
        return None
    peer = peers_of(server).first()
    return LessonRun(
        server=lesson_server(server),
        account_id=str(account_id),
        control_plane=settings.BAREMINT_PUBLIC_URL,
        ca_bundle=str((settings.HOME.path / CA_BUNDLE).resolve()),
        name=f"lesson-{progress.pk}",
        mark=mark_of(progress.learner),
        peer=lesson_server(peer) if peer else None,
    )


def peers_of(server: BareMetalServer) -> QuerySet[BareMetalServer]:
    """The other servers of its region and account, those with the metadata service on first."""
    rows = BareMetalServer.objects.filter(account_id=server.account_id, region=server.region).exclude(pk=server.pk)
    return rows.order_by("-metadata_enabled", "number")


def lesson_server(server: BareMetalServer) -> LessonServer:
    return LessonServer(
        id=server.id,
        name=server.name,
        crn=server.crn,
        url=metadata_url(loopback_address(server.number), protocol=server.metadata_protocol),
        region=server.region,
    )


def choices(person: Person, lesson: Lesson) -> TruncatedList[BareMetalServer]:
    """The servers that the person may see: the one of their other lessons first, then those that no other learner uses,
    and those that suit the lesson."""
    rows_of_class = LessonProgress.objects.filter(learner__account=person.account)
    mine = rows_of_class.filter(learner=person.user).order_by("-pk").values_list("instance_id", flat=True).first()
    by_others = rows_of_class.exclude(learner=person.user).filter(instance_id=OuterRef("id"))
    rows = BareMetalServer.objects.filter(account=person.account, region=person.region).select_related("vpc")
    ranked = rows.annotate(is_mine=_true(id=mine or ""), taken=Exists(by_others))
    suited = ranked.annotate(suits=_true(metadata_enabled=lesson.prefers))
    return server_options(person, suited.order_by("-is_mine", "taken", "-suits", "number"))


def _true(**wanted: Any) -> Case:
    return Case(When(**wanted, then=Value(1)), default=Value(0))
