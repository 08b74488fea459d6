"""What a form showed of the things that it changes: it travels with the form, and is compared when the form comes back.

So nobody undoes unknowingly what somebody else did after the page was read. Compare while the rows are held.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from controlplane.kernel.errors import Conflict

FIELD = "seen"
"""Name of the form's field; a form has one for each thing that it can change."""


@dataclass(frozen=True)
class Shown:
    """One thing as a page shows it: the values that a person decides upon, in words, by their labels."""

    key: str
    name: str
    values: Mapping[str, str]

    @property
    def mark(self) -> str:
        """``<key>:<fingerprint>``, what the form sends back."""
        told = json.dumps([self.name, dict(self.values)], sort_keys=True)
        return f"{self.key}:{hashlib.sha256(told.encode(errors='surrogatepass')).hexdigest()[:16]}"

    def beside(self, other: "Shown") -> "Shown":
        """The same thing with what else is shown of it."""
        return Shown(self.key, self.name, {**self.values, **other.values})

    def __str__(self) -> str:
        return f"{self.name} ({', '.join(f'{label}: {value}' for label, value in self.values.items())})"


class ShownChanged(Conflict):
    """Something is not what the form showed of it. Nothing was done."""


def require_as_shown(things: Iterable[Shown], marks: Iterable[str]) -> None:
    """Raises ShownChanged, which says how the things are now, unless the form showed each of them as it is."""
    seen = set(marks)
    changed = [thing for thing in things if thing.mark not in seen]
    if changed:
        raise ShownChanged(
            "Nothing was changed, because the page was out of date: somebody else may have changed this meanwhile. "
            f"As it is now: {'; '.join(map(str, changed))}. Check it, and try again."
        )
