"""Rows that policies select, policies at random, and whether a list has the rows that single decisions allow."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Any

from django.db.models import Model, QuerySet

from controlplane.activity.record import Party
from controlplane.bench import population as bench
from controlplane.kernel import clock, ids
from identity.models import ApiKey
from identity.services.apikeys import create_api_key
from servers.models import (
    VPC,
    BareMetalServer,
    FloatingIP,
    Image,
    Key,
    NetworkACL,
    PublicGateway,
    Reservation,
    SecurityGroup,
    Subnet,
    VirtualNetworkInterface,
)
from servers.selectors import image_attributes, image_columns, images_of
from servers.services.floating_ips import create_floating_ip
from servers.services.public_gateways import FloatingIPPrototype, create_public_gateway
from servers.services.vpcs import create_vpc
from tests.api.calling import caller_of
from tests.multitude import multiply
from tests.policies import attribute, make_content
from tests.world import (
    ALICE,
    World,
    make_profile,
    make_reservation,
    make_server,
    make_subnet,
    make_virtual_interface,
)
from trustedprofiles.models import (
    AccessGroup,
    Account,
    CustomRole,
    Policy,
    ResourceGroup,
    ServiceId,
    ServiceIdGroup,
    Tag,
    TagAttachment,
    TrustedProfile,
    User,
)
from trustedprofiles.policy_columns import Columns
from trustedprofiles.selectors import authorize_each, visible
from trustedprofiles.services.access_groups import create_group
from trustedprofiles.services.links import create_link
from trustedprofiles.services.policies import PolicyConflict, PolicyContent, create_policy
from trustedprofiles.services.roles import create_role
from trustedprofiles.services.service_id_groups import create_service_id_group
from trustedprofiles.services.service_ids import create_service_id

BY = Party.of(ALICE)
TAGS = ("env:dev", "env:prod", "project:a")


@dataclass(frozen=True)
class Kind:
    service: str
    action: str
    rows: QuerySet[Any]
    columns: Columns

    def attributes(self, row: Any, account: Account) -> dict[str, str]:
        if isinstance(row, Image):
            return image_attributes(row, account.id)
        return {} if isinstance(row, Policy) else dict(row.policy_attributes)


def kinds(account: Account) -> dict[str, Kind]:
    """Everything that a list shows as far as policies go."""

    def kind(service: str, noun: str, model: type[Model], verb: str = "list") -> Kind:
        rows = model._default_manager.filter(account_id=account.id)
        return Kind(service, f"{service}.{noun}.{verb}", rows, model.policy_columns())  # type: ignore[attr-defined]

    network = {
        "bare-metal-server.bare-metal-server": BareMetalServer,
        "vpc.vpc": VPC,
        "subnet.subnet": Subnet,
        "key.key": Key,
        "floating-ip.floating-ip": FloatingIP,
        "public-gateway.public-gateway": PublicGateway,
        "reservation.reservation": Reservation,
        "security-group.security-group": SecurityGroup,
        "network-acl.network-acl": NetworkACL,
        "virtual-network-interface.virtual-network-interface": VirtualNetworkInterface,
    }
    images = Kind("is", "is.image.image.list", images_of(account.id), image_columns(account.id))
    return {noun: kind("is", noun, model) for noun, model in network.items()} | {
        "image": images,
        "profile": kind("iam-identity", "profile", TrustedProfile),
        "serviceid": kind("iam-identity", "serviceid", ServiceId),
        "serviceid-group": kind("iam-identity", "serviceid", ServiceIdGroup),
        "apikey": kind("iam-identity", "apikey", ApiKey),
        "role": kind("iam-access-management", "role", CustomRole, "read"),
        "policy": kind("iam-access-management", "policy", Policy, "read"),
        "user": kind("user-management", "user", User, "retrieve"),
        "access-group": kind("iam-groups", "groups", AccessGroup),
        "group": kind("resource-controller", "group", ResourceGroup, "read"),
    }


def populate(world: World) -> ResourceGroup:
    """Two of everything at least: in two groups, VPCs and regions, some of it tagged. Returns the second group."""
    account = world.account
    group = ResourceGroup.objects.create(id=ids.hex_id(), account=account, name="g", created_at=clock.now())
    server = make_server(account, name="web-1")
    make_server(account, name="far-1", region="eu-de")
    vpc = create_vpc(account, name="second", region="us-south", by=BY)
    subnet = make_subnet(account, vpc=vpc, name="other", cidr="10.240.64.0/24")
    for row in (
        make_virtual_interface(subnet),
        create_floating_ip(account, region="us-south", zone="us-south-1", by=BY),
    ):
        multiply(row, 1, **_without_unique(row), resource_group_id=group.id, region=row.region)
    key = Key.objects.create(
        id=ids.prefixed_id("r006"),
        name="key",
        account=account,
        resource_group=server.resource_group,
        region="us-south",
        type="rsa",
        length=2048,
        fingerprint="SHA256:none",
        public_key="ssh-rsa AAAA",
        created_at=clock.now(),
    )
    for region in ("eu-de", "us-south"):
        multiply(key, 1, resource_group_id=group.id, region=region, id=f"key-of-{region}")
    VPC.objects.filter(pk=vpc.pk).update(resource_group=group)
    template = BareMetalServer.objects.filter(pk=server.pk)
    template.update(resource_group=group, vpc=vpc)
    bench.populate(4)  # where the template is for now: the tally is kept as servers are added
    template.update(resource_group=server.resource_group, vpc=server.vpc)
    for place in (server.vpc, vpc):
        gateway = create_public_gateway(
            account, region="us-south", vpc=place.id, zone="us-south-1", floating_ip=FloatingIPPrototype(), by=BY
        )
    PublicGateway.objects.filter(pk=gateway.pk).update(resource_group=group)
    for place in (server.resource_group, group):
        make_reservation(server, resource_group=place.id)
    for name in ("one", "two"):
        create_group(account, name=name, by=BY)
        create_link(make_profile(account, name=name), cr_type="BMS", crn=server.crn, by=BY)
        create_service_id_group(account, name=name, by=BY)
    for name in ("robot", "other"):
        service_id = create_service_id(account, name=name, by=BY)
        create_api_key(account, iam_id=service_id.iam_id, name=name, by=BY)
    create_api_key(account, iam_id=ALICE.iam_id, name="own", by=BY)
    for name in ("ada", "bob"):
        User.objects.create_user(name, iam_id=f"IBMid-{name.upper()}", account=account)
    for name in ("First", "Second"):
        create_role(
            account,
            name=name,
            display_name=name,
            service_name="is",
            actions=["is.bare-metal-server.bare-metal-server.list"],
            by=BY,
        )
    _tag(account)
    return group


def _without_unique(row: Any) -> dict[str, Any]:
    """What a second row of its kind may not have in common with it."""
    if not isinstance(row, VirtualNetworkInterface):
        return {}
    address = row.primary_ip
    multiply(address, 1, virtual_network_interface_id=None)
    return {"primary_ip_id": type(address)._default_manager.latest("pk").pk}


def _tag(account: Account) -> None:
    """Every other row by turns with one tag, another, and two of one key; and what only looks like one of the rows."""
    tags = [Tag.objects.create(account=account, type="access", name=name, created_at=clock.now()) for name in TAGS]
    user_tag = Tag.objects.create(account=account, type="user", name="env:dev", created_at=clock.now())
    crns = [row.crn for kind in kinds(account).values() for row in kind.rows if hasattr(row, "crn") and row.account_id]
    for place, crn in enumerate(crns):
        for tag in ([tags[0]], [], tags[:2], [user_tag], [tags[2]])[place % 5]:
            TagAttachment.objects.create(tag=tag, crn=crn, created_at=clock.now())
    for server in BareMetalServer.objects.filter(account=account):
        elsewhere = server.crn.replace(server.zone, "jp-tok-1")
        TagAttachment.objects.create(tag=tags[2], crn=elsewhere, created_at=clock.now())


class Chance:
    """Policies at random, about what is there and what is not."""

    def __init__(self, seed: int, values: Mapping[str, list[str]]) -> None:
        self._random, self._values = Random(seed), values

    def content(self, iam_id: str, service: str) -> PolicyContent:
        pick = self._random
        more = [self._attribute() for _ in range(pick.choice((0, 1, 1, 1, 2)))]
        changes: dict[str, Any] = {}
        if pick.random() < 0.3:
            changes["resource_tags"] = [self._tag() for _ in range(pick.choice((1, 1, 2)))]
        if pick.random() < 0.3:
            changes["rule"] = self._rule()
        content = make_content(iam_id, pick.choice(("Viewer", "Editor", "Reader")), service=service, **changes)
        attributes = content.resource[: pick.choice((2, 2, 2, 1))]  # the last: of every service
        return PolicyContent(**{**vars(content), "resource": [*attributes, *more]})

    def _attribute(self) -> dict[str, Any]:
        name = self._random.choice(list(self._values))
        return attribute(name, *self._compared(name))

    def _compared(self, name: str) -> tuple[Any, str]:
        pick = self._random
        value = pick.choice(self._values[name])
        operator = pick.choice(("stringEquals", "stringMatch", "stringExists", "stringEqualsAnyOf", "stringMatchAnyOf"))
        if operator == "stringExists":
            return pick.choice((True, False, "true", "false")), operator
        patterns = [self._pattern(value), pick.choice(self._values[name]), "a[bc]", "%", ""]
        several = operator.endswith("AnyOf") and pick.random() < 0.6  # one value is a list of one
        return (patterns if several else patterns[0]), operator

    def _pattern(self, value: str) -> str:
        cut = self._random.randrange(len(value) + 1)
        variants = (
            value,
            "",
            f" {value}",
            f"{value[:cut]}*",
            f"*{value[cut:]}",
            f"?{value[1:]}",
            value.upper(),
            "*",
            "_" + value[1:],
        )
        return self._random.choice((value, *variants))

    def _tag(self) -> dict[str, Any]:
        key, value = self._random.choice((("env", "dev"), ("ENV", "Prod"), ("env", "*"), ("project", "a"), ("no", "x")))
        return attribute(key, value, self._random.choice(("stringEquals", "stringMatch")))

    def _rule(self) -> dict[str, Any]:
        pick = self._random
        hours = pick.choice((-1, 1))
        instant = (clock.now() + timedelta(hours=hours)).isoformat(timespec="seconds")
        timed = attribute("{{environment.attributes.current_date_time}}", instant, "dateTimeGreaterThan")
        name = pick.choice(list(self._values))
        about = attribute(f"{{{{resource.attributes.{name}}}}}", *self._compared(name))
        joined = {"operator": pick.choice(("and", "or")), "conditions": [timed, about]}
        return pick.choice((timed, about, joined))


def values_of(account: Account) -> dict[str, list[str]]:
    """Of every attribute, the values that there are, and one that there is not."""
    values_by_name: dict[str, set[str]] = {
        "crn": set(),
        "serviceType": {"service", "platform_service"},
        "subnetId": {"none"},
    }
    for kind in kinds(account).values():
        for row in kind.rows[:12]:
            for name, value in kind.attributes(row, account).items():
                values_by_name.setdefault(name, {"none"}).add(value)
    return {name: sorted(values) for name, values in values_by_name.items()}


def differing(account: Account, seed: int) -> dict[str, Any]:
    """With policies at random: of each kind of which the list is not what single decisions say, both. And how many
    rows of how many were seen, under ``""``."""
    chance = Chance(seed, values_of(account))
    values_by_name: dict[str, Any] = {}
    count = every = 0
    for name, kind in kinds(account).items():
        caller = caller_of(f"iam-Profile-{seed}-{name}")
        for _ in range(1 + seed % 2):
            content = chance.content(caller.iam_id, kind.service)
            with suppress(PolicyConflict):  # chance made the same one twice
                create_policy(account, content=content, api_version="v2", by=BY)
        common = {"accountId": account.id, "serviceName": kind.service}
        visible_rows = visible(caller, action=kind.action, resource=common, columns=kind.columns).of(kind.rows)
        rows = list(kind.rows.all())
        resources = [common | kind.attributes(row, account) for row in rows]
        decisions = authorize_each(caller, action=kind.action, resources=resources)
        expected = {row.pk for row, verdict in zip(rows, decisions, strict=True) if verdict}
        got = [row.pk for row in visible_rows]
        if sorted(map(str, got)) != sorted(map(str, expected)) or visible_rows.count() != len(expected):
            policies = list(
                Policy.objects.filter(subject_iam_id=caller.iam_id.lower()).values("resource", "resource_tags", "rule")
            )
            values_by_name[name] = (policies, len(got), len(expected), len(rows))
        count, every = count + len(expected), every + len(rows)
    return values_by_name | {"": (count, every)}
