"""Counts of valid credentials, to tell how many a change would end or has ended."""

from dataclasses import astuple, dataclass


@dataclass(frozen=True)
class Alive:
    """Counts of credentials; falsy when all are zero. As text: ``2 identity tokens and 1 certificate``."""

    identity_tokens: int = 0
    iam_tokens: int = 0
    certificates: int = 0
    refresh_tokens: int = 0

    def __bool__(self) -> bool:
        return any(astuple(self))

    def __sub__(self, later: "Alive") -> "Alive":
        """Return how many ended between this count and a later one."""
        return Alive(*(max(before - after, 0) for before, after in zip(astuple(self), astuple(later), strict=True)))

    def __str__(self) -> str:
        counts = (
            (self.identity_tokens, "identity token"),
            (self.iam_tokens, "IAM token"),
            (self.refresh_tokens, "refresh token"),
            (self.certificates, "certificate"),
        )
        words = [f"{count} {name}{'' if count == 1 else 's'}" for count, name in counts if count]
        return " and ".join(filter(None, (", ".join(words[:-1]), *words[-1:]))) or "nothing"
