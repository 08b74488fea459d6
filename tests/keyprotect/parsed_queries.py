"""Queries of lists of keys, as they are parsed or refused."""

import pytest

from controlplane.keyprotect.errors import InvalidQuery
from controlplane.keyprotect.list_query import ListQuery


def parsed(**values: str) -> ListQuery:
    return ListQuery.parse(values)


def refusal(**values: str) -> InvalidQuery:
    with pytest.raises(InvalidQuery) as exception:
        ListQuery.parse(values)
    return exception.value


def message(**values: str) -> str:
    """What the refusal says; empty when there is none."""
    try:
        ListQuery.parse(values)
    except InvalidQuery as error:
        return error.message
    return ""
