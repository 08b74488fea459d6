"""A decision with its reason: truthy when allowed, falsy when refused."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Allowed:
    because: str
    """A sentence that names the link, rule, policy or ownership that decided."""
    source: str = ""
    """Identifier of that link, rule or policy."""
    explanation: str = ""
    """URL of a detailed explanation."""

    def __bool__(self) -> bool:
        return True


@dataclass(frozen=True)
class Refused:
    because: str
    """A sentence that says what is missing and what would allow it."""
    explanation: str = ""
    """URL of a detailed explanation."""

    def __bool__(self) -> bool:
        return False


Verdict = Allowed | Refused
