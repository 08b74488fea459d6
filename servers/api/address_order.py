"""The orders that collections of addresses can be listed in, beside newest first."""

import ipaddress
from collections.abc import Callable
from datetime import datetime
from typing import Any

from rest_framework.request import Request

from controlplane.kernel.errors import InvalidValue, Target
from controlplane.kernel.paging import Order

SORTABLE: dict[str, Callable[[Any], int | str]] = {
    "address": lambda address: int(ipaddress.IPv4Address(address)),
    "created_at": datetime.isoformat,
    "name": str,
}


def order_of(request: Request) -> Order | None:
    """What the parameter ``sort`` asks for; a hyphen turns it round. Raises InvalidValue."""
    sort = request.GET.get("sort")
    if sort is None:
        return None
    column = sort.removeprefix("-")
    if column not in SORTABLE:
        raise InvalidValue(
            f"sort must be one of {', '.join(SORTABLE)}, with a hyphen before it for the other direction.",
            target=Target("sort", "parameter", sort),
        )
    return Order(column, SORTABLE[column], descending=sort.startswith("-"))
