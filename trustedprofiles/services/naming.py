"""Names that are unique in an account."""

from controlplane.kernel.errors import Conflict, Target


def name_taken(what: str, name: str, *, code: str | None = None) -> Conflict:
    """Return the error for a name that another record of the account has. ``what`` is its kind, with an article."""
    message = f"The account already has {what} named {name}. Choose another name."
    return Conflict(message, target=Target("name"), code=code)
