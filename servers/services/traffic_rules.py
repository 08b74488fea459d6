"""The common parts of security groups and network ACLs: creating one with its rules, and checking a rule."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

from controlplane.kernel import clock, ids
from controlplane.kernel.errors import ApiError, InvalidValue, Refusals, Target
from servers.models import VPC, NetworkACL, SecurityGroup
from servers.protocols import foreign
from servers.services.naming import group_for, random_name, save_named
from servers.services.references import at
from servers.services.row_locks import make_room
from trustedprofiles.models import Account

F = TypeVar("F", NetworkACL, SecurityGroup)


@dataclass(frozen=True, kw_only=True)
class TrafficRulePrototype:
    """A rule of either kind to create."""

    ports: ClassVar[tuple[str, ...]]
    """The properties for ports: pairs of names, lowest and highest."""
    direction: str
    protocol: str
    name: str = ""
    icmp_type: int | None = None
    icmp_code: int | None = None

    def problems(self, *, path: str = "") -> Iterator[ApiError]:
        """Return the problems of the rule by itself.

        These are properties that the protocol does not take, half a range, a reversed range, and a code without its
        type. ``path`` is where the rule is in the request.
        """
        values = {name: getattr(self, name) for name in self.ports} | {"type": self.icmp_type, "code": self.icmp_code}
        unknown = foreign(self.protocol, values, ports=self.ports)
        for name in unknown:
            message = f"A rule for {self.protocol} has no {name}. Leave it out."
            yield InvalidValue(message, target=Target(at(path, name)))
        if unknown:
            return
        for lowest, highest in zip(self.ports[::2], self.ports[1::2], strict=True):
            low, high = values[lowest], values[highest]
            if (low is None) != (high is None):
                missing = lowest if low is None else highest
                yield InvalidValue(f"{lowest} and {highest} go together.", target=Target(at(path, missing)))
            if low is not None and high is not None and low > high:
                yield InvalidValue(f"{lowest} must not be above {highest}.", target=Target(at(path, lowest)))
        if self.icmp_code is not None and self.icmp_type is None:
            yield InvalidValue("An ICMP code needs its type.", target=Target(at(path, "type")))


def refuse(problems: Iterable[ApiError]) -> None:
    """Raise Refusals with all of the problems, if there are any."""
    if refusals := list(problems):
        raise Refusals(refusals)


def create_with_rules(
    model: type[F],
    quota: str,
    *,
    account: Account,
    vpc: VPC,
    name: str,
    resource_group: str,
    rules: Sequence[TrafficRulePrototype],
    add_rule: Callable[..., Any],
) -> F:
    """Create a security group or a network ACL in a VPC with its rules. Must run in a transaction.

    Raises Refusals with all problems of the rules, BadField, NotUnique, OverQuota.
    """
    paths = [f"rules[{position}]" for position in range(len(rules))]
    refuse(each for rule, path in zip(rules, paths, strict=True) for each in rule.problems(path=path))
    group = group_for(account, resource_group)
    make_room(quota, within=vpc, beside=model.objects.filter(vpc=vpc))
    parent = model(
        id=ids.regional_id(vpc.region),
        name=name or random_name(),
        account=account,
        resource_group=group,
        region=vpc.region,
        vpc=vpc,
        created_at=clock.now(),
    )
    save_named(parent)
    for rule, path in zip(rules, paths, strict=True):
        add_rule(parent, rule, path=path)
    return parent
