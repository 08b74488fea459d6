"""``/v1/images``: IBM's stock images, which are visible to all accounts, and the account's own images."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any, cast

from django.db.models import Q, QuerySet
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response

from controlplane.activity.record import Party
from controlplane.kernel.errors import NotAuthorized
from controlplane.kernel.operation import NAME, Operation, Parameter, choices
from controlplane.kernel.paging import Order
from controlplane.kernel.query_parameters import one_of, some_of
from servers import catalog
from servers.allowed_use import holds
from servers.api.base import OF_RESOURCE_GROUP
from servers.api.catalog import CatalogView
from servers.api.dated_behaviour import REMOTE_SINCE
from servers.api.image_requests import CreateImageBody, UpdateImageBody, prototype
from servers.api.image_responses import Image, image_body
from servers.api.profiles import InstanceProfileReference, instance_profile_reference, profile_reference
from servers.api.reference_responses import Hrefs
from servers.api.shared_responses import BareMetalServerProfileReference, collection
from servers.events import IMAGE
from servers.models import Image as ImageRow
from servers.selectors import image_attributes, image_columns, images_of
from servers.services import images
from servers.services.image_profiles import instance_profiles_for
from trustedprofiles import explain_urls
from trustedprofiles.models import ResourceGroup
from trustedprofiles.policy_columns import Columns
from trustedprofiles.selectors import default_resource_group
from trustedprofiles.tagged_resources import plain

STATUSES = (
    "available",
    "deleting",
    "deprecated",
    "failed",
    "obsolete",
    "partially_available",
    "pending",
    "unusable",
)
FORMATS = ("cloud_init", "esxi_kickstart", "ipxe")
VISIBILITIES = ("private", "public")
OWNERS = ("provider", "user")
STATUS = Parameter("status", f"Only what has one of these statuses, separated by commas: {', '.join(STATUSES)}.")
USER_DATA_FORMAT = Parameter(
    "user_data_format", f"Only what has one of these, separated by commas: {', '.join(FORMATS)}."
)
VISIBILITY = Parameter("visibility", "Only IBM's images, which are public, or only your own.", choices(*VISIBILITIES))
REMOTE = Parameter("remote.account.id", "Only images of this account: `null` for your own, `not:null` for all others.")
OWNER_TYPE = Parameter("owner_type", "As `remote.account.id`, before version 2025-06-30.", choices(*OWNERS))
OLDEST_FIRST = Order("number", key=int)
"""Stock images come first, in the catalog's own order."""
RETIREMENTS = {"deprecate": images.deprecate_image, "obsolete": images.obsolete_image}


class ImageView(CatalogView):
    def rows(self) -> QuerySet[ImageRow]:
        """Return the images that the account can see in the requested region."""
        return images_of(self.caller.account_id).filter(region=self.region).select_related("resource_group")

    def render(self, image: ImageRow, hrefs: Hrefs) -> Image:
        return image_body(image, self.default_group, self.version, hrefs)

    def policy_columns(self) -> Columns:
        return image_columns(self.caller.account_id)

    @cached_property
    def default_group(self) -> ResourceGroup:
        return default_resource_group(self.caller.account_id)


class Images(ImageView):
    operations = {
        "GET": Operation(
            "list_images",
            f"{IMAGE}.list",
            f"{IMAGE}.read",
            answer=collection("ImageCollection", "images", Image),
            lists=ImageRow,
            paged=True,
            query=(*OF_RESOURCE_GROUP, NAME, STATUS, VISIBILITY, USER_DATA_FORMAT, REMOTE, OWNER_TYPE),
        ),
        "POST": Operation(
            "create_image",
            f"{IMAGE}.create",
            f"{IMAGE}.create",
            recorded_by_service=True,
            status=201,
            body=CreateImageBody,
            answer=Image,
            conflicts=False,
        ),
    }

    def get(self, request: Request) -> Response:
        return self.page("images", self.wanted(), self.render, order=OLDEST_FIRST)

    def wanted(self) -> QuerySet[ImageRow]:
        """Return the rows that match every filter. Raises InvalidValue."""
        query = self.request.GET
        rows = self.filtered(self.rows(), {NAME: "name"})
        if group := query.get("resource_group.id"):
            stock = Q(account=None) if group == self.default_group.id else Q(pk=None)
            rows = rows.filter(Q(resource_group=group) | stock)
        for name, options in ((STATUS, STATUSES), (USER_DATA_FORMAT, FORMATS)):
            if values := some_of(query, name, options):
                rows = rows.filter(**{f"{name}__in": values})
        if visibility := one_of(query, VISIBILITY, VISIBILITIES):
            rows = rows.filter(account__isnull=visibility == "public")
        if self.version < REMOTE_SINCE and (owner := one_of(query, OWNER_TYPE, OWNERS)):
            rows = rows.filter(account__isnull=owner == "provider")
        match query.get(REMOTE) if self.version >= REMOTE_SINCE else None:
            case None:
                return rows
            case "null":
                return rows.exclude(account=None)
            case "not:null" | catalog.PROVIDER_ACCOUNT:
                return rows.filter(account=None)
            case _:
                return rows.none()

    def post(self, request: Request) -> Response:
        arguments = {"allowed_use_version": self.version.isoformat()} | prototype(self.body)
        image = images.create_image(self.account, region=self.region, by=self.by, **arguments)
        return self.answer(self.render(image, self.hrefs))


class OneImageView(ImageView):
    image: ImageRow

    def prepare(self, request: Request) -> None:
        super().prepare(request)
        self.image = self.find(self.rows(), id=self.kwargs["image_id"])

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse every change of IBM's images, which a caller may only read, regardless of policies."""
        super().initial(request, *args, **kwargs)
        if request.method in SAFE_METHODS or (verdict := images.may_change(self.image)):
            return
        assert self.operation  # noqa: S101  ``initial`` let the request through
        own = {"accountId": self.caller.account_id, "serviceName": self.service_name}
        where = explain_urls.access_url(
            self.caller.iam_id, self.operation.action, plain(own | self.resource_attributes())
        )
        raise NotAuthorized(verdict.because, more_info=where)

    def resource_attributes(self) -> dict[str, str]:
        return image_attributes(self.image, self.caller.account_id)

    def target(self) -> Party:
        if hasattr(self, "image"):
            return Party(self.image.crn, self.image.name, "Image")
        return Party(self.kwargs["image_id"], type="Image")


class OneImage(OneImageView):
    operations = {
        "GET": Operation("get_image", f"{IMAGE}.read", f"{IMAGE}.read", answer=Image),
        "PATCH": Operation(
            "update_image",
            f"{IMAGE}.update",
            f"{IMAGE}.update",
            recorded_by_service=True,
            body=UpdateImageBody,
            answer=Image,
        ),
        "DELETE": Operation("delete_image", f"{IMAGE}.delete", f"{IMAGE}.delete", recorded_by_service=True, status=202),
    }

    def get(self, request: Request, image_id: str) -> Response:
        return self.answer(self.render(self.image, self.hrefs))

    def patch(self, request: Request, image_id: str) -> Response:
        image = images.update_image(self.image, cast(images.ImageChanges, prototype(self.body)), by=self.by)
        return self.answer(self.render(image, self.hrefs))

    def delete(self, request: Request, image_id: str) -> Response:
        images.delete_image(self.image, by=self.by)
        return self.answer()


class RetireImage(OneImageView):
    """Deprecate an image, or make it obsolete; the action is an argument of the path."""

    action = ""

    @property
    def operations(self) -> Mapping[str, Operation]:  # type: ignore[override]
        name, right = f"{self.action}_image", f"{IMAGE}.update"
        return {"POST": Operation(name, right, right, recorded_by_service=True, status=204)}

    def post(self, request: Request, image_id: str) -> Response:
        RETIREMENTS[self.action](self.image, by=self.by)
        return self.answer()


class ImageProfiles(OneImageView):
    """Profiles that the image can be used with, by name."""

    operations = {
        "GET": Operation(
            "list_image_bare_metal_server_profiles",
            f"{IMAGE}.read",
            f"{IMAGE}.read",
            answer=collection(
                "ImageBareMetalServerProfileCollection", "bare_metal_server_profiles", BareMetalServerProfileReference
            ),
            paged=True,
        )
    }

    def get(self, request: Request, image_id: str) -> Response:
        """Return all profiles of the region if the image allows any use of them.

        Every profile can boot with or without secure boot, and all have the architecture that all images have.
        """
        usable = any(holds(self.image.allowed_use, enable_secure_boot=secure) for secure in (False, True))
        profiles = sorted(catalog.profiles_of(self.region), key=lambda each: each.name) if usable else []
        return self.pages("bare_metal_server_profiles", profiles, lambda each: profile_reference(each, self.hrefs))


class ImageInstanceProfiles(OneImageView):
    """Published profiles of virtual servers that the image can be used with, by name. None of them is simulated."""

    operations = {
        "GET": Operation(
            "list_image_instance_profiles",
            f"{IMAGE}.read",
            f"{IMAGE}.read",
            answer=collection("ImageInstanceProfileCollection", "instance_profiles", InstanceProfileReference),
            paged=True,
        )
    }

    def get(self, request: Request, image_id: str) -> Response:
        profiles = instance_profiles_for(self.image)
        return self.pages("instance_profiles", profiles, lambda each: instance_profile_reference(each, self.hrefs))
