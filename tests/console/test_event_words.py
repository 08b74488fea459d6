"""What a line of activity says an event was."""

from controlplane.apidocs.permissions.table import permissions
from controlplane.console.presenters.events import describe
from controlplane.objectstore.operations import OPERATIONS
from tests.tables import check_each

EVENTS = {each.operation.event for each in permissions()} | {each.event for each in OPERATIONS}


WORDS = [
    ("is.vpc.vpc.create", "VPC created"),
    ("is.subnet.reserved-ip.create", "Reserved IP created"),
    ("is.network-acl.network-acl.delete", "Network ACL deleted"),
    ("is.vpc.routing-table_route.update", "Routing table route changed"),
    ("is.vpc.dns-resolution-binding.create", "DNS resolution binding created"),
    ("is.reservation.reservation.activate", "Reservation activated"),
    ("is.reservation.reservation.expire", "Reservation expired"),
    ("is.image.image.export", "Image exported"),
    ("is.vpn.vpn.read", "VPN read"),
    ("iam-groups.member.add", "Member added"),
    ("iam-identity.user-apikey.login", "User API key used to log in"),
    ("iam-identity.account-serviceid.create", "Account service ID created"),
    ("cloud-object-storage.object-multipart.complete", "Object multipart completed"),
    ("baremint.clock.set", "Clock set"),
    ("kms.secrets.wrap", "Data key wrapped"),
    ("kms.secrets.expire", "Key expired"),
    ("kms.secrets-alias.create", "Alias of a key created"),
]


def test_an_event_is_told_in_words() -> None:
    def check(case: tuple[str, str]) -> None:
        action, words = case
        assert describe(action) == words

    check_each(WORDS, check)


def test_an_event_of_a_refusal_says_what_was_not_done() -> None:
    assert describe("is.reservation.reservation.activate", success=False) == "Reservation not activated"


def test_every_event_of_an_operation_is_told_in_words() -> None:
    assert sorted(event for event in EVENTS if describe(event) == event) == []
