"""The global catalog: the services of this deployment, their plans, and the locations where each plan is deployed.

Entries are made of the declarations of the services (controlplane/cloudservice/declaration.py). Their form is that of
IBM's Global Catalog API (Key Protect contract, section 6.1; D-172).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote, unquote

from controlplane.cloudservice.declaration import CloudService, Plan
from controlplane.cloudservice.registry import services
from controlplane.instances.models import GLOBAL
from controlplane.kernel.crn import Crn
from servers.catalog import regions

Kind = Literal["service", "plan", "deployment"]


@dataclass(frozen=True)
class Entry:
    """A service, a plan or a deployment in the catalog."""

    id: str
    kind: Kind
    name: str
    title: str
    service: CloudService
    plan: Plan | None = None
    region: str = ""

    @property
    def crn(self) -> str:
        return str(Crn("globalcatalog", "", "", self.kind, quote(self.id, safe="")))

    @property
    def parent_id(self) -> str:
        if self.plan is None:
            return ""
        return self.plan.id if self.region else self.service.offering.id

    @property
    def children(self) -> tuple["Entry", ...]:
        if self.region:
            return ()
        if self.plan is None:
            return tuple(_plan(self.service, plan) for plan in self.service.offering.plans)
        return tuple(_deployment(self.service, self.plan, region) for region in locations(self.service))


def entries() -> list[Entry]:
    """Return the entries without a parent: the services."""
    return [Entry(each.offering.id, "service", each.name, each.title, each) for each in services().values()]


def find_entry(word: str) -> Entry | None:
    """Return the entry with this id; a service is also found by its name."""
    return next((each for each in _all() if each.id == word or (not each.plan and each.name == word)), None)


def find_plan(id: str) -> tuple[CloudService, Plan] | None:
    """Return the plan with this id, and its service."""
    return next(((each, plan) for each in services().values() for plan in each.offering.plans if plan.id == id), None)


def locations(service: CloudService) -> tuple[str, ...]:
    """Return the regions that instances of the service can be in; only ``global`` for a global service."""
    return (GLOBAL,) if service.offering.is_global else tuple(regions())


def deployment_crn(plan_id: str, region: str) -> str:
    """Return the CRN of the deployment of a plan in a region, by which clients name the target of an instance."""
    return str(Crn("globalcatalog", "", "", "deployment", quote(f"{plan_id}:{region}", safe="")))


def region_of(target: str, plan: Plan) -> str | None:
    """Return the region of a target, which is a region or the CRN of a deployment of this plan; None for another
    CRN."""
    if Crn.find(target) is None:
        return target
    text = unquote(target)
    region = text.rpartition(":")[2]
    return region if text == unquote(deployment_crn(plan.id, region)) else None


def matches(entry: Entry, query: str) -> bool:
    """Return whether an entry meets a search query: each of its words is in the name or the title, and each filter
    holds. A filter on something that entries here do not have never holds."""
    return all(_holds(entry, *word.partition(":")) for word in query.lower().split())


def _holds(entry: Entry, word: str, colon: str, value: str) -> bool:
    if not colon:
        return word in entry.name.lower() or word in entry.title.lower() or word == entry.id
    facts = {"kind": entry.kind, "rc": "true", "iam": "true", "active": "true", "geo": entry.region}
    return facts.get(word) == value


def _all() -> Iterator[Entry]:
    for service in entries():
        yield service
        for plan in service.children:
            yield plan
            yield from plan.children


def _plan(service: CloudService, plan: Plan) -> Entry:
    return Entry(plan.id, "plan", plan.name, f"{service.title} {plan.name}", service, plan)


def _deployment(service: CloudService, plan: Plan, region: str) -> Entry:
    return Entry(
        f"{plan.id}:{region}", "deployment", f"{plan.name}-{region}", f"{plan.name} in {region}", service, plan, region
    )
