"""How many credentials are alive: what a change would end, and what it ended."""

from dataclasses import astuple, dataclass


@dataclass(frozen=True)
class Alive:
    """Counts; falsy when there are none. In words: ``2 identity tokens and 1 certificate``."""

    identity_tokens: int = 0
    iam_tokens: int = 0
    certificates: int = 0
    refresh_tokens: int = 0

    def __bool__(self) -> bool:
        return any(astuple(self))

    def __sub__(self, later: "Alive") -> "Alive":
        """What ended between this count and a later one."""
        return Alive(*(max(before - after, 0) for before, after in zip(astuple(self), astuple(later), strict=True)))

    def __str__(self) -> str:
        counted = (
            (self.identity_tokens, "identity token"),
            (self.iam_tokens, "IAM token"),
            (self.refresh_tokens, "refresh token"),
            (self.certificates, "certificate"),
        )
        words = [f"{count} {name}{'' if count == 1 else 's'}" for count, name in counted if count]
        return " and ".join(filter(None, (", ".join(words[:-1]), *words[-1:]))) or "nothing"
