"""The IAM-enabled services of this deployment: those of Baremint, and those that ``BAREMINT_SERVICES`` adds."""

from collections.abc import Mapping
from functools import cache
from importlib import import_module

from controlplane import installed
from controlplane.cloudservice.declaration import CloudService
from controlplane.deployment import env
from controlplane.deployment.env import WrongSetting


def added_packages() -> list[str]:
    """Return the packages of further services (docs/services.md). Read here, because this needs no data directory."""
    return env.words("BAREMINT_SERVICES", default=[])


@cache
def services() -> Mapping[str, CloudService]:
    """Return the services by their names. Each package has a module ``service`` with a ``SERVICE``.

    Raises WrongSetting for a package without one, and for a second service of one name.
    """
    declared: dict[str, CloudService] = {}
    for package in (*installed.SERVICES, *added_packages()):
        service = _service_of(package)
        if service.name in declared:
            raise WrongSetting(f"BAREMINT_SERVICES has the package {package!r}: there is a service {service.name}.")
        declared[service.name] = service
    return declared


def _service_of(package: str) -> CloudService:
    name = f"{package}.service"
    try:
        module = import_module(name)
    except ModuleNotFoundError as failure:
        if not f"{name}.".startswith(f"{failure.name}."):
            raise WrongSetting(f"BAREMINT_SERVICES has the package {package!r}, which needs {failure.name}.") from None
        raise WrongSetting(f"BAREMINT_SERVICES has {package!r}, and there is no module {failure.name}.") from None
    except (TypeError, ValueError):  # what import_module raises for text that names no module
        raise WrongSetting(f"BAREMINT_SERVICES has {package!r}, which is not the name of a package.") from None
    service = getattr(module, "SERVICE", None)
    if not isinstance(service, CloudService):
        raise WrongSetting(f"BAREMINT_SERVICES has {package!r}, and {name} has no SERVICE, a CloudService.")
    return service
