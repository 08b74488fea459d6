"""The IAM-enabled services of this deployment: those of Baremint, and those that ``BAREMINT_SERVICES`` adds."""

from collections.abc import Mapping
from functools import cache
from importlib import import_module

from controlplane import installed
from controlplane.cloudservice.declaration import CloudService
from controlplane.deployment.variables import BAREMINT_SERVICES


@cache
def services() -> Mapping[str, CloudService]:
    """Return the services by their names. Each package has a module ``service`` with a ``SERVICE``."""
    packages = (*installed.SERVICES, *BAREMINT_SERVICES)
    declared: list[CloudService] = [import_module(f"{package}.service").SERVICE for package in packages]
    return {each.name: each for each in declared}
