"""The state of the objects that a form changes. It is sent with the form and compared when the form is submitted.

So a user does not unknowingly overwrite another user's change. Compare while the rows are locked.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from controlplane.kernel.errors import Conflict

FIELD = "seen"
"""Name of the form's field; a form has one for each object that it can change."""


@dataclass(frozen=True)
class FormSnapshot:
    """One object as a page shows it: the values on which the user decides, as text by their labels."""

    key: str
    name: str
    values: Mapping[str, str]

    @property
    def mark(self) -> str:
        """``<key>:<fingerprint>``, which the form sends back."""
        text = json.dumps([self.name, dict(self.values)], sort_keys=True)
        return f"{self.key}:{hashlib.sha256(text.encode(errors='surrogatepass')).hexdigest()[:16]}"

    def beside(self, other: "FormSnapshot") -> "FormSnapshot":
        """Return the object with the values of both."""
        return FormSnapshot(self.key, self.name, {**self.values, **other.values})

    def __str__(self) -> str:
        return f"{self.name} ({', '.join(f'{label}: {value}' for label, value in self.values.items())})"


class ShownChanged(Conflict):
    """An object differs from what the form showed. Nothing was changed."""


def require_as_shown(things: Iterable[FormSnapshot], marks: Iterable[str]) -> None:
    """Raise ShownChanged, which shows the present state, unless the form showed every object as it is."""
    marks = set(marks)
    stale = [thing for thing in things if thing.mark not in marks]
    if stale:
        raise ShownChanged(
            "Nothing was changed, because the page was out of date: another user may have changed this meanwhile. "
            f"As it is now: {'; '.join(map(str, stale))}. Check it, and try again."
        )
