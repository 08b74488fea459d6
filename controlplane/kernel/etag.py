"""Entity tags and ``If-Match`` (RFC 9110, section 13.1.1)."""

from controlplane.kernel.errors import MissingValue, PreconditionFailed, Target


def require_match(header: str | None, *, current: str) -> None:
    """``current`` is the entity tag as answers show it, with quotation marks or without.

    Raises MissingValue without the header, PreconditionFailed when it lists other tags. ``*`` matches all.
    """
    if not header:
        raise MissingValue(
            "The If-Match header is required. Send the ETag of your last read, or *.",
            target=Target("If-Match", "header"),
        )
    listed = {tag.strip().strip('"') for tag in header.split(",")}
    if listed.isdisjoint(("*", current.strip('"'))):
        raise PreconditionFailed(
            f"The resource has changed since it was read; its entity tag is now {current}. Read it again and retry.",
            target=Target("If-Match", "header"),
            headers={"ETag": current},
        )


def refuse_mismatch(header: str | None, *, current: str) -> None:
    """For resources where ``If-Match`` is optional: raises PreconditionFailed when it is there and stale."""
    if header:
        require_match(header, current=current)
