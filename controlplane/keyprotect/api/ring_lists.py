"""The base of views of what is in the key rings of an instance (Key Protect contract, section 5.3)."""

from collections.abc import Collection

from controlplane.cloudservice.iam import Decision
from controlplane.kernel.operation import Operation
from controlplane.keyprotect import key_names
from controlplane.keyprotect.api.base import RING, KeyProtectView
from controlplane.keyprotect.models import DEFAULT_RING
from controlplane.keyprotect.selectors import rings_of


class RingListView(KeyProtectView):
    """A view that answers about the key ring of the request, else about those that the caller may use."""

    rings: Collection[str] | None = None
    """The key rings to answer about; None for all."""

    def resource_attributes(self) -> dict[str, str]:
        # What cannot be a key ring is decided about as the instance, before the caller learns that there is none.
        return {"resourceType": "key", **({"keyRing": self.ring} if key_names.is_ring(self.ring) else {})}

    @property
    def ring(self) -> str:
        """Return the key ring of the request; empty for all."""
        return self.request.headers.get(RING, "")

    def ask_iam(self, operation: Operation) -> None:
        """Ask for its decision on the operation; on a list also for each key ring, if need be. Raises NotAuthorized."""
        if self.ring:
            super().ask_iam(operation)
            self.rings = [self.ring]
            return
        attributes = {**self.instance_attributes(), **self.resource_attributes()}
        decision = self.call.ask(operation.action, attributes)
        if decision.refusal:
            self.rings = self._permitted_rings(operation.action, attributes, decision)

    def _permitted_rings(self, action: str, attributes: dict[str, str], decision: Decision) -> list[str]:
        """Return the key rings that the caller may list.

        Empty when the caller may use single keys only. Raises NotAuthorized when the caller may use none.
        """
        rings_of_instance = rings_of(self.instance_row).values_list("name", flat=True) if self.instance_row else ()
        names = [DEFAULT_RING, *rings_of_instance]
        decisions = self.call.ask_each(action, [{**attributes, "keyRing": name} for name in names])
        rings = [name for name, each in zip(names, decisions, strict=True) if each.refusal is None]
        if not rings and not decision.may_depend_on("resource"):
            decision.require()
        return rings
