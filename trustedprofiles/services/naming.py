"""Names that are unique in an account."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import IntegrityError, transaction

from controlplane.kernel.errors import Conflict, Target


@contextmanager
def unique_name(what: str, name: str) -> Iterator[None]:
    """Save in this block what gets the name. ``what`` is its kind, with an article. Raises Conflict when another of
    the account has it."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError:
        raise name_taken(what, name) from None


def name_taken(what: str, name: str) -> Conflict:
    return Conflict(f"The account already has {what} named {name}. Choose another name.", target=Target("name"))
