"""Names of new resources, and the resource groups that they are in."""

import random

from controlplane.kernel.errors import BadField, NotUnique, Target
from controlplane.kernel.unique_names import unique_name
from servers import catalog
from servers.models import Image
from servers.models.base import Resource
from trustedprofiles.models import Account, ResourceGroup
from trustedprofiles.selectors import default_resource_group, resource_group

PROVIDER_NAMES = "ibm-"
"""The prefix of the provider's own names, which users may not use."""


def random_name() -> str:
    """Return a name for a resource that the request does not name: four random words, as IBM makes them."""
    return "-".join(random.sample(catalog.words(), 4))


def save_named(row: Resource | Image, *, path: str = "name") -> None:
    """Save a new row, or all of a changed one, whose name must be unique.

    ``path`` is the property that contains the name. Raises NotUnique when the name is taken.
    """
    with unique_name(type(row), NotUnique(f"Provided Name ({row.name}) is not unique", target=Target(path))):
        row.save()


def group_for(account: Account, id: str, *, path: str = "resource_group") -> ResourceGroup:
    """Return the resource group with this id, or the account's default group without an id. Raises BadField."""
    if not id:
        return default_resource_group(account.id)
    group = resource_group(account.id, id)
    if group is None:
        raise BadField(
            f"{path} names no resource group of the account. Leave it out for the default group.", target=Target(path)
        )
    return group
