"""Booleans in queries and headers. Python's SDK sends ``True``, the others ``true``."""

from rest_framework.request import Request

from controlplane.kernel.errors import InvalidValue, Target


def query_flag(request: Request, name: str) -> bool:
    """False when it is absent. Raises InvalidValue."""
    return _flag(request.GET.get(name, ""), Target(name, "parameter", request.GET.get(name)))


def header_flag(request: Request, name: str) -> bool:
    """False when it is absent. Raises InvalidValue."""
    return _flag(request.headers.get(name, ""), Target(name, "header"))


def _flag(text: str, target: Target) -> bool:
    if text.lower() not in ("true", "false", ""):
        raise InvalidValue(f"{target.name} must be true or false.", target=target)
    return text.lower() == "true"
