"""What a taken name and the violation of another constraint of its table look like, for tests on both databases."""

from collections.abc import Callable

import pytest
from django.db import IntegrityError, models

from controlplane.activity.record import Party
from controlplane.kernel import ids
from controlplane.kernel.errors import ApiError, Conflict, NotUnique
from servers.models import Image, Subnet
from servers.services.images import create_image
from servers.services.naming import save_named
from tests.world import REGION, World, make_subnet
from trustedprofiles.models import AccessGroup
from trustedprofiles.services.access_groups import create_group, unique_group_name

BY = Party("IBMid-ALICE00001", "Alice", "User")


def make_net(world: World) -> Subnet:
    return make_subnet(world.account)


def make_image(world: World) -> Image:
    name, file = "own", "cos://us-south/bucket/image.qcow2"
    return create_image(
        world.account, region=REGION, file=file, operating_system="ubuntu-24-04-amd64", name=name, by=BY
    )


def make_group(world: World) -> AccessGroup:
    return create_group(world.account, name="team", by=BY)


def save_group(group: AccessGroup) -> None:
    with unique_group_name(group.name):
        group.save(force_insert=True)


CASES: dict[str, tuple[Callable[[World], models.Model], Callable[..., None], type[ApiError]]] = {
    "subnet": (make_net, save_named, NotUnique),
    "image": (make_image, save_named, NotUnique),
    "index of expressions": (make_group, save_group, Conflict),
}


def copy_of(row: models.Model, **changes: str) -> models.Model:
    """The same row once more, not saved yet."""
    values = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
    if "number" in values:
        values["number"] = None
    return type(row)(**(values | changes))


def check_that_a_taken_name_is_refused(world: World, case: str) -> None:
    make, save, refusal = CASES[case]
    with pytest.raises(refusal):
        save(copy_of(make(world), id=ids.hex_id()))


def check_that_another_violation_is_let_through(world: World, case: str) -> None:
    make, save, _ = CASES[case]
    with pytest.raises(IntegrityError):
        save(copy_of(make(world), name="another"))
