"""The roles of the object store: each with what it may do there, and nothing more."""

from controlplane.activity.record import Party
from tests.objectstore.store import Store, token_of
from tests.policies import make_content, role_crn
from tests.tables import assert_rows
from tests.world import ACCOUNT, World
from trustedprofiles.models import Policy
from trustedprofiles.services.policies import create_policy

BY = Party("IBMid-ALICE00001", "Alice", "User")
WORKER = "IBMid-WORKER0001"
CALLS = {
    "list buckets": ("GET", "/"),
    "create a bucket": ("PUT", "/new-bucket"),
    "look at the bucket": ("HEAD", "/my-bucket"),
    "list": ("GET", "/my-bucket"),
    "read": ("GET", "/my-bucket/a"),
    "look at an object": ("HEAD", "/my-bucket/a"),
    "write": ("PUT", "/my-bucket/b"),
    "delete": ("DELETE", "/my-bucket/b"),
}
READ = {"read", "look at an object"}
CONTENT = READ | {"list", "look at the bucket"}
MAY: dict[str, set[str]] = {
    "Viewer": set(),
    "Administrator": set(),
    "Service Configuration Reader": set(),
    "Object Reader": READ,
    "Content Reader": CONTENT,
    "Object Writer": {"write"},
    "Reader": CONTENT | {"list buckets"},
    "Writer": set(CALLS),
    "Manager": set(CALLS),
    "Bare Metal Console Admin": set(),
}


def test_each_role_may_do_what_it_is_for(iam: World, alice: Store, bucket: str) -> None:
    alice.put("/my-bucket/a", b"hello")
    content = make_content(WORKER, "Viewer", service="cloud-object-storage")
    policy = create_policy(iam.account, content=content, api_version="v1", by=BY)
    worker = Store(token_of(WORKER, ACCOUNT, "worker"))
    codes_by_role = {}
    for role in MAY:
        Policy.objects.filter(id=policy.id).update(roles=[role_crn(role)])
        statuses = {name: worker(method, path, b"x").status_code for name, (method, path) in CALLS.items()}
        codes_by_role[role] = {name for name, status in statuses.items() if status != 403}
    assert_rows(codes_by_role, MAY)
