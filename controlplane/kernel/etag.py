"""Entity tags and ``If-Match`` (RFC 9110, section 13.1.1)."""

from controlplane.kernel.errors import MissingValue, PreconditionFailed, Target


def require_match(header: str | None, *, current: str) -> None:
    """Require that the header lists ``current``, the entity tag with or without quotation marks, or is ``*``.

    Raises MissingValue without the header, PreconditionFailed when it lists other tags only.
    """
    if not header:
        raise MissingValue(
            "The If-Match header is required. Send the ETag of your last read, or *.",
            target=Target("If-Match", "header"),
        )
    tags = {tag.strip().strip('"') for tag in header.split(",")}
    if tags.isdisjoint(("*", current.strip('"'))):
        raise PreconditionFailed(
            f"The resource has changed since it was read; its entity tag is now {current}. Read it again and retry.",
            target=Target("If-Match", "header"),
            headers={"ETag": current},
        )


def refuse_mismatch(header: str | None, *, current: str) -> None:
    """Raise PreconditionFailed when the header is present and stale, for resources where it is optional."""
    if header:
        require_match(header, current=current)
