"""The orders of collections besides newest first: those of addresses, and those of resources with a name."""

import ipaddress
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from rest_framework.request import Request

from controlplane.kernel.operation import Parameter, choices
from controlplane.kernel.paging import Order
from controlplane.kernel.query_parameters import one_of

Columns = Mapping[str, Callable[[Any], int | str]]
BY_NAME_OR_AGE: Columns = {"created_at": datetime.isoformat, "name": str}
SORTABLE: Columns = {"address": lambda address: int(ipaddress.IPv4Address(address)), **BY_NAME_OR_AGE}


SORT, SORT_BY_NAME_OR_AGE = (
    Parameter(
        "sort",
        "Order; ``-`` before a name reverses it. Without it, the newest come first.",
        choices(*(f"{direction}{name}" for name in columns for direction in ("", "-"))),
    )
    for columns in (SORTABLE, BY_NAME_OR_AGE)
)


def order_of(request: Request, columns: Columns = SORTABLE) -> Order | None:
    """Return the order that the parameter ``sort`` requests; a hyphen reverses it. Raises InvalidValue."""
    message = f"sort must be one of {', '.join(columns)}, with a hyphen before it for the other direction."
    sort = one_of(request.GET, SORT, [*columns, *(f"-{name}" for name in columns)], message=message)
    if sort is None:
        return None
    column = sort.removeprefix("-")
    return Order(column, columns[column], descending=sort.startswith("-"))
