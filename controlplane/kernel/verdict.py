"""A decision that says why, both ways: truthy when allowed, falsy when refused, explained always."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Allowed:
    because: str
    """The link, rule, policy or ownership that decided, in a sentence."""
    source: str = ""
    """Identifier of what decided, for machines."""
    explanation: str = ""
    """URL where the decision is explained at length."""

    def __bool__(self) -> bool:
        return True


@dataclass(frozen=True)
class Refused:
    because: str
    """What was missing, in a sentence that tells the reader what would have allowed it."""
    explanation: str = ""
    """URL where the decision is explained at length."""

    def __bool__(self) -> bool:
        return False


Verdict = Allowed | Refused
