"""Accounts, people, profiles, links and policies in the admin: to read."""

import pytest
from django.test import Client

from controlplane.activity.record import Party
from tests.build import FACTS
from tests.policies import make_content
from tests.tables import alone, check_each
from tests.world import World, make_profile
from trustedprofiles.models import (
    AccessGroup,
    Account,
    Policy,
    ProfileLink,
    ResourceGroup,
    ServiceId,
    TrustedProfile,
    User,
)
from trustedprofiles.services.access_groups import create_group
from trustedprofiles.services.group_members import add_members
from trustedprofiles.services.links import create_link
from trustedprofiles.services.policies import create_policy
from trustedprofiles.services.service_ids import create_service_id

BY = Party("IBMid-ALICE00001", "Alice", "User")
MARKUP = "<svg onload=alert(1)>"
MODELS = {"account": Account, "resourcegroup": ResourceGroup, "trustedprofile": TrustedProfile}
MODELS |= {"profilelink": ProfileLink, "policy": Policy, "serviceid": ServiceId, "accessgroup": AccessGroup}
MODELS |= {"user": User}
READ_ONLY = [name for name in MODELS if name != "user"]


@pytest.fixture
def admin(world: World, admin_client: Client) -> Client:
    profile = make_profile(world.account, name=MARKUP)
    create_link(profile, cr_type="BMS", crn=FACTS.crn, name=MARKUP, by=BY)
    content = make_content(profile.iam_id, description=MARKUP)
    create_policy(world.account, content=content, api_version="v1", by=BY)
    group = create_group(world.account, name=MARKUP, description=MARKUP, by=BY)
    add_members(group, members=[(profile.iam_id, "profile")], by=BY)
    create_service_id(world.account, name=MARKUP, description=MARKUP, by=BY)
    return admin_client


def page(admin: Client, name: str, suffix: str = "") -> str:
    answer = admin.get(f"/admin/trustedprofiles/{name}/{suffix}")
    assert answer.status_code == 200
    return answer.content.decode()


def change_page(admin: Client, name: str) -> str:
    row = MODELS[name].objects.first()
    assert row is not None
    return page(admin, name, f"{row.pk}/change/")


def test_a_list_is_shown(admin: Client) -> None:
    def check(name: str) -> None:
        assert "result_list" in page(admin, name)

    check_each(MODELS, check)


def test_a_record_is_shown_without_anything_to_save(admin: Client) -> None:
    def check(name: str) -> None:
        html = change_page(admin, name)
        assert 'name="_save"' not in html
        assert "deletelink" not in html

    check_each(READ_ONLY, check)


def test_nothing_is_added(admin: Client) -> None:
    def check(name: str) -> None:
        assert admin.get(f"/admin/trustedprofiles/{name}/add/").status_code == 403

    check_each(READ_ONLY, alone(check))


def test_nothing_is_deleted(admin: Client) -> None:
    def check(name: str) -> None:
        row = MODELS[name].objects.first()
        assert row is not None
        assert admin.post(f"/admin/trustedprofiles/{name}/{row.pk}/delete/", {"post": "yes"}).status_code == 403

    check_each(READ_ONLY, alone(check))


def test_a_profile_shows_its_links(admin: Client) -> None:
    assert FACTS.crn in change_page(admin, "trustedprofile")


def test_the_list_of_policies_names_role_and_service(admin: Client) -> None:
    page_text = page(admin, "policy")
    assert 'field-role_names">Viewer<' in page_text
    assert 'field-service">is<' in page_text


def test_the_iam_id_of_a_person_is_shown_and_cannot_be_edited(admin: Client, world: World) -> None:
    User.objects.update(iam_id="IBMid-ALICE00001", account=world.account)
    html = change_page(admin, "user")
    assert "IBMid-ALICE00001" in html
    assert 'name="iam_id"' not in html


def test_names_are_shown_as_text(admin: Client) -> None:
    def check(name: str) -> None:
        assert MARKUP not in page(admin, name) + change_page(admin, name)

    check_each(MODELS, check)
