"""``/v1/reservations``."""

from typing import Any, Literal, NotRequired, TypedDict

from django.db.models import Count, QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.kernel import timestamps
from controlplane.kernel.fields import StrictCharField, StrictIntegerField, StrictSerializer
from controlplane.kernel.operation import NAME, Operation, Parameter, choices
from servers import reserved_capacity as rules
from servers.api.base import OF_RESOURCE_GROUP, VpcView
from servers.api.dated_behaviour import default_affinity_of_reservation
from servers.api.reference_responses import Hrefs, resource_group
from servers.api.shared_requests import LONGEST_NAME, NameField, ReferenceField
from servers.api.shared_responses import (
    NamedReference,
    Reason,
    ReservationReference,
    ResourceGroupReference,
    collection,
)
from servers.events import RESERVATION
from servers.models import Reservation as Row
from servers.services import reservations as services

FILTERS = {
    NAME: "name",
    Parameter("profile.resource_type"): "profile_type",
    Parameter(
        "affinity_policy", "Only reservations with this policy.", choices(rules.AUTOMATIC, rules.RESTRICTED)
    ): "affinity_policy",
    **OF_RESOURCE_GROUP,
    Parameter("zone.name"): "zone",
}
COLLECTIONS = {rules.BARE_METAL: "bare_metal_server", rules.VIRTUAL: "instance"}
"""The collections that contain the profiles of each type."""
PROFILE_TYPES = (rules.BARE_METAL, rules.VIRTUAL)
MOST = 100_000
"""A limit far above any quota."""


def _total(**options: Any) -> StrictIntegerField:
    return StrictIntegerField(min_value=1, max_value=MOST, **options)


class CapacityBody(StrictSerializer):
    total = _total()


class CapacityPatchBody(StrictSerializer):
    total = _total(required=False)


class CommittedUseBody(StrictSerializer):
    term = serializers.ChoiceField(choices=[*rules.YEARS])
    expiration_policy = serializers.ChoiceField(choices=[rules.RELEASE, rules.RENEW], required=False)


class CommittedUsePatchBody(StrictSerializer):
    term = serializers.ChoiceField(choices=[*rules.YEARS], required=False)
    expiration_policy = serializers.ChoiceField(choices=[rules.RELEASE, rules.RENEW], required=False)


class ProfileBody(StrictSerializer):
    name = StrictCharField(max_length=LONGEST_NAME)
    resource_type = serializers.ChoiceField(choices=PROFILE_TYPES)


class ProfilePatchBody(StrictSerializer):
    name = StrictCharField(max_length=LONGEST_NAME, required=False)
    resource_type = serializers.ChoiceField(choices=PROFILE_TYPES, required=False)


class CreateReservationBody(StrictSerializer):
    capacity = CapacityBody()
    committed_use = CommittedUseBody()
    profile = ProfileBody()
    zone = ReferenceField("name", "href")
    affinity_policy = serializers.ChoiceField(choices=[rules.AUTOMATIC, rules.RESTRICTED], required=False)
    name = NameField(required=False)
    resource_group = ReferenceField("id", required=False)


class PatchReservationBody(StrictSerializer):
    capacity = CapacityPatchBody(required=False)
    committed_use = CommittedUsePatchBody(required=False)
    profile = ProfilePatchBody(required=False)
    affinity_policy = serializers.ChoiceField(choices=[rules.AUTOMATIC, rules.RESTRICTED], required=False)
    name = NameField(required=False)


class ReservationCapacity(TypedDict):
    """``used`` is how many servers use it, ``available`` how many more may."""

    allocated: int
    available: int
    status: Literal["allocated", "allocating", "degraded", "unallocated"]
    total: int
    used: int


class ReservationCommittedUse(TypedDict):
    """``expiration_at`` is absent before activation."""

    expiration_at: NotRequired[str]
    expiration_policy: Literal["release", "renew"]
    term: Literal["one_year", "three_year"]


class ReservationProfile(NamedReference):
    resource_type: Literal["bare_metal_server_profile", "instance_profile"]


class Reservation(ReservationReference):
    affinity_policy: Literal["automatic", "restricted"]
    capacity: ReservationCapacity
    committed_use: ReservationCommittedUse
    created_at: str
    lifecycle_state: Literal["deleting", "failed", "pending", "stable", "suspended", "updating", "waiting"]
    profile: ReservationProfile
    resource_group: ResourceGroupReference
    status: Literal["activating", "active", "deactivating", "expired", "failed", "inactive"]
    status_reasons: list[Reason]
    zone: NamedReference


def reservation_body(row: Any, hrefs: Hrefs) -> Reservation:
    """Return the body of a row with ``used``, the number of servers that use it."""
    allocated = row.total if row.status in (rules.ACTIVE, rules.DEACTIVATING) else 0
    committed: ReservationCommittedUse = {
        "expiration_policy": row.expiration_policy,
        "term": row.term,
    }
    if row.expires_at:
        committed["expiration_at"] = timestamps.milliseconds(row.expires_at)
    return {
        **hrefs.reservation(row),
        "affinity_policy": row.affinity_policy,
        "capacity": {
            "allocated": allocated,
            "available": allocated - row.used,
            "status": rules.CAPACITY[row.status],  # type: ignore[typeddict-item]
            "total": row.total,
            "used": row.used,
        },
        "committed_use": committed,
        "created_at": timestamps.milliseconds(row.created_at),
        "lifecycle_state": rules.LIFECYCLE[row.status],  # type: ignore[typeddict-item]
        "profile": {
            "href": hrefs(COLLECTIONS[row.profile_type], "profiles", row.profile),
            "name": row.profile,
            "resource_type": row.profile_type,
        },
        "resource_group": resource_group(row.resource_group),
        "status": row.status,
        "status_reasons": row.status_reasons,
        "zone": hrefs.zone(row.zone),
    }


class ReservationView(VpcView):
    def rows(self) -> QuerySet[Row]:
        return self.own(Row).select_related("resource_group").annotate(used=Count("servers"))


class Reservations(ReservationView):
    operations = {
        "GET": Operation(
            "list_reservations",
            f"{RESERVATION}.list",
            f"{RESERVATION}.read",
            answer=collection("ReservationCollection", "reservations", Reservation),
            lists=Row,
            paged=True,
            query=(*FILTERS,),
        ),
        "POST": Operation(
            "create_reservation",
            f"{RESERVATION}.create",
            f"{RESERVATION}.create",
            recorded_by_service=True,
            status=201,
            body=CreateReservationBody,
            answer=Reservation,
            conflicts=False,
        ),
    }

    def get(self, request: Request) -> Response:
        return self.page("reservations", self.filtered(self.rows(), FILTERS), reservation_body)

    def post(self, request: Request) -> Response:
        body = self.body
        columns = {name: body[name] for name in ("name", "resource_group", "zone") if name in body}
        reservation = services.create_reservation(
            self.account,
            region=self.region,
            profile=body["profile"]["name"],
            profile_type=body["profile"]["resource_type"],
            total=body["capacity"]["total"],
            affinity_policy=body.get("affinity_policy", default_affinity_of_reservation(self.version)),
            by=self.by,
            **body["committed_use"],
            **columns,
        )
        return self.answer(reservation_body(self.find(self.rows(), id=reservation.id), self.hrefs))


class OneReservationView(ReservationView):
    reservation: Row

    def prepare(self, request: Request) -> None:
        super().prepare(request)
        self.about = self.reservation = self.find(self.rows(), id=self.kwargs["reservation_id"])


class OneReservation(OneReservationView):
    operations = {
        "GET": Operation("get_reservation", f"{RESERVATION}.read", f"{RESERVATION}.read", answer=Reservation),
        "PATCH": Operation(
            "update_reservation",
            f"{RESERVATION}.update",
            f"{RESERVATION}.update",
            recorded_by_service=True,
            body=PatchReservationBody,
            answer=Reservation,
        ),
        "DELETE": Operation(
            "delete_reservation",
            f"{RESERVATION}.delete",
            f"{RESERVATION}.delete",
            recorded_by_service=True,
            status=202,
            answer=Reservation,
        ),
    }

    def get(self, request: Request, reservation_id: str) -> Response:
        return self.answer(reservation_body(self.reservation, self.hrefs))

    def patch(self, request: Request, reservation_id: str) -> Response:
        reservation = services.update_reservation(self.reservation, _columns(self.body), by=self.by)
        return self.answer(reservation_body(self.find(self.rows(), id=reservation.id), self.hrefs))

    def delete(self, request: Request, reservation_id: str) -> Response:
        body: Reservation = {**reservation_body(self.reservation, self.hrefs), "lifecycle_state": "deleting"}
        services.delete_reservation(self.reservation, by=self.by)
        return self.answer(body)


class ActivateReservation(OneReservationView):
    operations = {
        "POST": Operation(
            "activate_reservation",
            f"{RESERVATION}.activate",
            f"{RESERVATION}.activate",
            recorded_by_service=True,
            status=202,
        )
    }

    def post(self, request: Request, reservation_id: str) -> Response:
        services.activate_reservation(self.reservation, by=self.by)
        return self.answer()


def _columns(body: dict[str, Any]) -> dict[str, Any]:
    """Return the changes of a merge patch, by the columns that they change."""
    profile, columns = body.pop("profile", {}), {"name": "profile", "resource_type": "profile_type"}
    return {
        **body.pop("capacity", {}),
        **body.pop("committed_use", {}),
        **{columns[name]: value for name, value in profile.items()},
        **body,
    }
