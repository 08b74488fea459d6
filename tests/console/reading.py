"""A user signed in to the console who may read what their policies say, and nothing else."""

from django.test import Client

from controlplane.activity.record import Party
from tests.policies import make_content
from tests.world import World
from trustedprofiles.models import User
from trustedprofiles.services.policies import create_policy

BY = Party("IBMid-ALICE00001", "Alice", "User")


def reader(world: World, *services: str, more: tuple[dict[str, object], ...] = ()) -> Client:
    user = User.objects.create_user("reader", iam_id="IBMid-READER", account=world.account)
    for service in services:
        content = make_content("IBMid-READER", "Viewer", service=service, more=more)
        create_policy(world.account, content=content, api_version="v1", by=BY)
    browser = Client(headers={"Accept": "text/html"})
    browser.force_login(user)
    return browser
