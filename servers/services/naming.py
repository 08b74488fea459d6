"""Names, and the resource group a new resource goes into."""

import random

from controlplane.kernel.errors import BadField, NotUnique, Target
from controlplane.kernel.unique_names import unique_name
from servers import catalog
from servers.models import Image
from servers.models.base import Resource
from trustedprofiles.models import Account, ResourceGroup
from trustedprofiles.selectors import default_resource_group, resource_group

PROVIDER_NAMES = "ibm-"
"""How the provider's own names begin; users may not take such."""


def random_name() -> str:
    """For what the request leaves unnamed: four random words, as IBM makes them."""
    return "-".join(random.sample(catalog.words(), 4))


def save_named(row: Resource | Image, *, path: str = "name") -> None:
    """Save a row whose name must be the only one of its kind; ``path`` is the property that gave it.

    Raises NotUnique when the name is taken. A new row, or all of a changed one.
    """
    with unique_name(type(row), NotUnique(f"Provided Name ({row.name}) is not unique", target=Target(path))):
        row.save()


def group_for(account: Account, id: str, *, path: str = "resource_group") -> ResourceGroup:
    """The resource group of this id; without one, the account's default. Raises BadField."""
    if not id:
        return default_resource_group(account.id)
    group = resource_group(account.id, id)
    if group is None:
        raise BadField(
            f"{path} names no resource group of the account. Leave it out for the default group.", target=Target(path)
        )
    return group
