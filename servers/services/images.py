"""An account's own images: created from a file in Cloud Object Storage, changed, deprecated, made obsolete, deleted."""

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import NoReturn, TypedDict

from django.db import transaction
from django.db.models import Min

from controlplane.activity.record import Party
from controlplane.kernel import clock, ids
from controlplane.kernel.errors import Conflict, NotAuthorized
from controlplane.kernel.verdict import Allowed, Refused, Verdict
from servers import catalog
from servers.allowed_use import check_instance, holds
from servers.events import IMAGE, record_change
from servers.models import Image
from servers.models.catalog import ALLOWED_USE_VERSION
from servers.services.image_exports import ACTIVE
from servers.services.naming import PROVIDER_NAMES, group_for, random_name, save_named
from servers.services.references import References
from servers.services.row_locks import lock_row
from trustedprofiles.models import Account
from trustedprofiles.services.tags import forget

FILE_SIZE = 1
"""GB; the file is never fetched."""


class ImageChanges(TypedDict, total=False):
    """The properties that a patch changes; a date that is None removes the present one."""

    name: str
    deprecation_at: datetime | None
    obsolescence_at: datetime | None
    allowed_use: str
    allowed_use_instance: str
    allowed_use_version: str


@transaction.atomic
def create_image(
    account: Account,
    *,
    region: str,
    file: str,
    operating_system: str,
    name: str = "",
    resource_group: str = "",
    allowed_use: str = "true",
    allowed_use_instance: str = "true",
    allowed_use_version: str = ALLOWED_USE_VERSION,
    deprecation_at: datetime | None = None,
    obsolescence_at: datetime | None = None,
    by: Party,
) -> Image:
    """Import an image from ``file``, a ``cos://`` URL; it is available at once.

    ``allowed_use`` and ``allowed_use_instance`` are expressions for bare metal and virtual servers,
    ``allowed_use_version`` is the version date, ``2026-01-01``, that they were written for.

    Raises Refusals with all problems, NotUnique.
    """
    now = clock.now()
    references = References()
    system = references.find("operating_system", catalog.operating_systems().get(operating_system))
    image = Image(
        id=ids.regional_id(region),
        name=name or random_name(),
        region=region,
        account=account,
        operating_system=operating_system,
        user_data_format=system.user_data_format if system else "",
        file_size=FILE_SIZE,
        sha256=hashlib.sha256(file.encode()).hexdigest(),
        allowed_use=allowed_use,
        allowed_use_instance=allowed_use_instance,
        allowed_use_version=allowed_use_version,
        deprecation_at=deprecation_at,
        obsolescence_at=obsolescence_at,
        created_at=now,
    )
    own = system is None or system.allow_user_image_creation
    references.require(own, "operating_system", f"Only IBM makes images of {operating_system}. Choose another.")
    with references.noting():
        image.resource_group = group_for(account, resource_group)
    _check_name(image, references)
    _check_allowed_use(image, references)
    for field, value in (("deprecation_at", deprecation_at), ("obsolescence_at", obsolescence_at)):
        references.require(value is None or value >= now, field, f"{field} must not be in the past.")
    _check_order(image, references, "obsolescence_at")
    references.settle()
    image.status = status_at(image, now)
    save_named(image)
    record_change(f"{IMAGE}.create", image, by=by, status=201)
    return image


@transaction.atomic
def update_image(image: Image, changes: ImageChanges, *, by: Party) -> Image:
    """Change the given properties. Raises the errors of ``delete_image``, Refusals with all problems, NotUnique."""
    image = _hold_own(image)
    now = clock.now()
    references = References()
    if "name" in changes:
        image.name = changes["name"]
        _check_name(image, references)
    for part in ("allowed_use", "allowed_use_instance", "allowed_use_version"):
        if part in changes:
            setattr(image, part, changes[part])
    _check_allowed_use(image, references)
    for field, over in (("deprecation_at", "deprecated"), ("obsolescence_at", "obsolete")):
        if field in changes:
            value: datetime | None = changes[field]  # type: ignore[literal-required]
            settled = value is not None and image.status == over
            message = f"The image is {over} already: {field} can be taken away, with null, but not changed."
            references.require(not settled, field, message)
            references.require(settled or value is None or value >= now, field, f"{field} must not be in the past.")
            setattr(image, field, value)
    _check_order(image, references, "obsolescence_at" if "obsolescence_at" in changes else "deprecation_at")
    references.settle()
    image.status = status_at(image, now)
    save_named(image)
    record_change(f"{IMAGE}.update", image, by=by)
    return image


@transaction.atomic
def deprecate_image(image: Image, *, by: Party) -> None:
    """Deprecate an image.

    Raises NotAuthorized, and Conflict unless the image is available and has no deprecation date.
    """
    image = _hold_own(image)
    if image.status != "available":
        _refuse(image, f"It is {image.status}; only an available image can be deprecated.")
    if image.deprecation_at is not None:
        _refuse(image, "It has a deprecation date. Take that away first: PATCH it with deprecation_at null.")
    image.deprecation_at = clock.now()
    image.status = "deprecated"
    save_named(image)
    record_change(f"{IMAGE}.update", image, by=by, status=204)


@transaction.atomic
def obsolete_image(image: Image, *, by: Party) -> None:
    """Make an image obsolete.

    Raises NotAuthorized, and Conflict unless the image is available or deprecated, has no deprecation date in the
    future and no obsolescence date.
    """
    image = _hold_own(image)
    now = clock.now()
    if image.status not in ("available", "deprecated"):
        _refuse(image, f"It is {image.status}; only an available or deprecated image can be made obsolete.")
    if image.deprecation_at is not None and image.deprecation_at > now:
        _refuse(image, "Its deprecation date is ahead. Take that away first: PATCH it with deprecation_at null.")
    if image.obsolescence_at is not None:
        _refuse(image, "It has an obsolescence date. Take that away first: PATCH it with obsolescence_at null.")
    image.obsolescence_at = now
    image.status = "obsolete"
    save_named(image)
    record_change(f"{IMAGE}.update", image, by=by, status=204)


@transaction.atomic
def delete_image(image: Image, *, by: Party) -> None:
    """Delete an image after its export jobs in progress have ended.

    Servers that were initialized from it keep their copy of its data. Raises NotAuthorized for IBM's images, Conflict
    for an image that is being deleted.
    """
    image = _hold_own(image)
    record_change(f"{IMAGE}.delete", image, by=by, status=202)
    forget(image.crn)
    if image.export_jobs.filter(status__in=ACTIVE).exists():
        image.status = "deleting"
        save_named(image)
    else:
        image.delete()


def due_at(now: datetime) -> datetime | None:
    """Return when the next image is deprecated or becomes obsolete; None while no image has such a date."""
    usable = Image.objects.filter(status__in=("available", "deprecated"))
    first = usable.aggregate(obsolescence=Min("obsolescence_at"))["obsolescence"]
    deprecation = usable.filter(status="available").aggregate(deprecation=Min("deprecation_at"))["deprecation"]
    return min(filter(None, (first, deprecation)), default=None)


def retire_due(now: datetime) -> int:
    """Deprecate the images, or make them obsolete, whose date has come. Returns how many changed."""
    usable = Image.objects.filter(status__in=("available", "deprecated"))
    obsolete = usable.filter(obsolescence_at__lte=now).update(status="obsolete")
    return obsolete + usable.filter(status="available", deprecation_at__lte=now).update(status="deprecated")


def status_at(image: Image, now: datetime) -> str:
    """Return the status that follows from the dates of an image whose file exists."""
    if image.obsolescence_at is not None and image.obsolescence_at <= now:
        return "obsolete"
    if image.deprecation_at is not None and image.deprecation_at <= now:
        return "deprecated"
    return "available"


def may_change(image: Image) -> Verdict:
    """Return whether a caller may change the image, regardless of what policies grant."""
    if image.account_id is None:
        return Refused(f"The image {image.name} is IBM's: it can be used, but not changed. Create your own.")
    return Allowed("the image is an account's own", source=image.crn)


def _hold_own(image: Image) -> Image:
    """Lock the image and return it as it is now.

    Raises NotAuthorized for IBM's images, and Conflict when the image is being deleted.
    """
    if not (verdict := may_change(image)):
        raise NotAuthorized(verdict.because)
    image = lock_row(image)
    if image.status == "deleting":
        raise Conflict(f"The image {image.name} is being deleted. Its export jobs in progress end first.")
    image.status = status_at(image, clock.now())
    return image


def _check_name(image: Image, references: References) -> None:
    reserved = image.name.startswith(PROVIDER_NAMES)
    references.require(not reserved, "name", "Names that begin with ibm- are kept for IBM's images. Choose another.")


def _check_allowed_use(image: Image, references: References) -> None:
    expressions: Mapping[str, tuple[Callable[[], object], str]] = {
        "allowed_use.bare_metal_server": (
            partial(holds, image.allowed_use, enable_secure_boot=False),
            "enable_secure_boot, such as true",
        ),
        "allowed_use.instance": (partial(check_instance, image.allowed_use_instance), "a virtual server's properties"),
    }
    for path, (check, variables) in expressions.items():
        try:
            check()
        except ValueError as problem:
            references.require(False, path, f"{path} must be an expression of {variables}. {problem}")


def _check_order(image: Image, references: References, path: str) -> None:
    first, second = image.deprecation_at, image.obsolescence_at
    ordered = first is None or second is None or first < second
    references.require(ordered, path, "obsolescence_at must be later than deprecation_at.")


def _refuse(image: Image, because: str) -> NoReturn:
    raise Conflict(f"The image {image.name} cannot be retired now. {because}")
