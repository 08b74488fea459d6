"""DNS resolution bindings: a VPC is bound to a hub, which may then resolve names for it.

Both VPCs have a binding: the two are created together and deleted together (IBM VPC documentation, "Activity tracking
events", DNS resolution bindings). The rules are those of the VPC API reference, "Create a DNS resolution binding".
"""

from django.db import transaction
from django.db.models import F

from controlplane.activity.record import Party
from controlplane.kernel import clock, ids
from controlplane.kernel.errors import BadField, Conflict, InvalidValue, Target
from servers import events
from servers.events import record_change
from servers.models import VPC, DnsResolutionBinding
from servers.services.naming import random_name, save_named
from servers.services.resource_changes import save_change
from servers.services.row_locks import deleted, lock_row, lock_rows


def find_hub(vpc: VPC, id: str) -> VPC:
    """Return the VPC with this id, to which ``vpc`` is to be bound.

    Raises BadField when there is none, and in the same way for a VPC of another account.
    """
    hub = VPC.objects.filter(account=vpc.account_id, region=vpc.region, id=id).first()
    if hub is None:
        raise BadField("vpc names nothing that exists here.", target=Target("vpc"))
    return hub


@transaction.atomic
def create_binding(vpc: VPC, *, hub: VPC, name: str = "", by: Party) -> DnsResolutionBinding:
    """Bind a VPC to a hub of its account and region, and return the binding of ``vpc``.

    Raises InvalidValue for a VPC that cannot be bound, NotUnique.
    """
    if vpc.pk == hub.pk:
        raise _invalid("A VPC cannot be bound to itself. Name another VPC that is a DNS hub.")
    vpc, hub = _lock_vpcs(vpc, hub)
    if binding := vpc.dns_resolution_bindings.first():
        raise _invalid(f"This VPC already contains DNS Resolution Bindings: {binding.name}. Delete it first.")
    if vpc.enable_hub:
        raise _invalid("This VPC is a DNS hub, which is bound to no other: dns.enable_hub of it must be false.")
    if not hub.enable_hub:
        raise _invalid("The VPC to bind to must be a DNS hub: dns.enable_hub of it must be true.")
    now = clock.now()
    binding = DnsResolutionBinding(
        id=ids.regional_id(vpc.region), name=name or random_name(), vpc=vpc, other=hub, created_at=now
    )
    save_named(binding)
    save_named(
        DnsResolutionBinding(id=ids.regional_id(vpc.region), name=random_name(), vpc=hub, other=vpc, created_at=now)
    )
    _record_both("create", binding, by=by, status=201)
    return binding


@transaction.atomic
def rename_binding(binding: DnsResolutionBinding, *, name: str | None = None, by: Party) -> DnsResolutionBinding:
    """Rename a binding; the binding of the other VPC keeps its name. Raises NotUnique."""
    binding = lock_row(binding)
    binding.name = name or binding.name
    return save_change(binding, f"{events.DNS_RESOLUTION_BINDING}.update", binding.vpc, by=by)


@transaction.atomic
def delete_binding(binding: DnsResolutionBinding, *, by: Party) -> None:
    """Delete a binding together with that of the other VPC.

    A VPC that delegates to the hub cannot delete its own binding: that raises Conflict. The hub can, and then that VPC
    is degraded until it chooses another resolver.
    """
    vpc, other = _lock_vpcs(binding.vpc, binding.other)
    binding = lock_row(binding)
    if vpc.dns_resolver_vpc_id == other.pk:
        raise Conflict(
            f"The VPC delegates DNS resolution to {other.name}. Set dns.resolver.type to system or manual first.",
            code="dns_resolution_binding_in_use",
        )
    _record_both("delete", binding, by=by, status=202)
    DnsResolutionBinding.objects.filter(vpc__in=(vpc, other), other__in=(vpc, other)).delete()


def _lock_vpcs(vpc: VPC, other: VPC) -> tuple[VPC, VPC]:
    """Lock both VPCs and change their entity tags, because their answers show the bindings. Raises NotFound."""
    rows = lock_rows(VPC, [vpc.pk, other.pk])
    if len(rows) < 2:
        raise deleted(VPC)
    VPC.objects.filter(pk__in=rows).update(revision=F("revision") + 1)
    return rows[vpc.pk], rows[other.pk]


def _record_both(verb: str, binding: DnsResolutionBinding, *, by: Party, status: int) -> None:
    for vpc in (binding.vpc, binding.other):
        record_change(f"{events.DNS_RESOLUTION_BINDING}.{verb}", vpc, by=by, status=status)


def _invalid(message: str) -> InvalidValue:
    return InvalidValue(message, target=Target("vpc"))
