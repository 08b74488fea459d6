"""Celery tasks with a stable name, and for one release also with their former name."""

from collections.abc import Callable
from typing import Any

from celery import shared_task


def named_task(name: str, *, former_name: str, **options: Any) -> Callable[[Callable[..., Any]], Any]:
    """Make a task of this name; messages to the former name run the same function.

    ``former_name`` will be removed in version 0.2.
    """

    def decorate(function: Callable[..., Any]) -> Any:
        shared_task(name=former_name, **options)(function)
        return shared_task(name=name, **options)(function)

    return decorate
