"""People in front of the console: Alice owns the account, Olga operates, Victor only looks, Nora may do nothing."""

from collections.abc import Callable

import pytest
from django.test import Client

from controlplane.activity.record import Party
from tests.on_both import db, shared_database
from tests.policies import make_content
from tests.world import ALICE, World
from trustedprofiles.models import User
from trustedprofiles.services.policies import create_policy

__all__ = ["db", "shared_database"]
SignIn = Callable[..., Client]


@pytest.fixture
def sign_in(world: World) -> SignIn:
    """A browser of a person with these roles on VPC infrastructure and on IAM."""

    def signed_in(name: str, *roles: str, iam_id: str = "") -> Client:
        user = User.objects.create_user(name, iam_id=iam_id or f"IBMid-{name.upper()}", account=world.account)
        for service in ("is", "iam-identity", "iam-access-management", "baremint") if roles else ():
            content = make_content(str(user.iam_id), *roles, service=service)
            create_policy(world.account, content=content, api_version="v1", by=Party())
        client = Client(headers={"Accept": "text/html"})
        client.force_login(user)
        return client

    return signed_in


@pytest.fixture
def alice(sign_in: SignIn) -> Client:
    return sign_in("alice", iam_id=ALICE.iam_id)


@pytest.fixture
def olga(sign_in: SignIn) -> Client:
    return sign_in("olga", "Editor")


@pytest.fixture
def victor(sign_in: SignIn) -> Client:
    return sign_in("victor", "Viewer")


@pytest.fixture
def nora(sign_in: SignIn) -> Client:
    return sign_in("nora")
