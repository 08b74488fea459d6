"""How tags are named, and which resources can carry them."""

import pytest

from tests.tables import check_each
from tests.world import ACCOUNT
from trustedprofiles import tag_rules

SERVER = f"crn:v1:bluemix:public:is:us-south-1:a/{ACCOUNT}::bare-metal-server:0717-1"


@pytest.mark.parametrize("name", ["a", "env:test", "env:test:blue", "a b", "under_score", "1.2-3", "x" * 128])
def test_a_user_tag_is_a_label_or_has_any_number_of_colons(name: str) -> None:
    assert tag_rules.normal_name(name, "user") == name


NO_USER_TAGS = ["", "x" * 129, "a/b", "ä", "a,b", "a\n", 'a"b', "a*", "a@b", "٣"]


def test_other_characters_and_lengths_are_no_user_tag() -> None:
    def check(name: str) -> None:
        with pytest.raises(ValueError, match="1 to 128"):
            tag_rules.normal_name(name, "user")

    check_each(NO_USER_TAGS, check)


@pytest.mark.parametrize("name", ["a:b", "env:test", f"{'k' * 63}:{'v' * 64}", "my key:my value"])
def test_an_access_tag_is_a_key_and_a_value(name: str) -> None:
    assert tag_rules.normal_name(name, "access") == name


@pytest.mark.parametrize("name", ["env", "env:", ":test", "env:test:blue", f"{'k' * 64}:{'v' * 64}", "a:b\n"])
def test_anything_else_is_no_access_tag(name: str) -> None:
    with pytest.raises(ValueError, match="key:value"):
        tag_rules.normal_name(name, "access")


@pytest.mark.parametrize("type", ["user", "access"])
def test_a_name_is_kept_in_lower_case(type: str) -> None:
    assert tag_rules.normal_name("Env:TEST", type) == "env:test"


@pytest.mark.parametrize(("name", "key"), [("env:test", "env:"), ("env:test:blue", "env:"), ("env", "")])
def test_the_key_ends_at_the_first_colon(name: str, key: str) -> None:
    assert tag_rules.key_of(name) == key


@pytest.mark.parametrize("crn", [SERVER, f"crn:v1:bluemix:public:cloud-object-storage:global:a/{ACCOUNT}:guid::"])
def test_resources_and_instances_can_carry_tags(crn: str) -> None:
    assert str(tag_rules.parse_resource(crn)) == crn


NO_CRNS = [
    "",
    "0717-1",
    "crn:v1:bluemix:public:is",
    SERVER.replace("bluemix", "staging"),
    SERVER.replace("a/", ""),
    SERVER.replace(":is:", "::"),
    SERVER.removesuffix("0717-1"),
    f'{SERVER}"',
    f"{SERVER} ",
    f"{SERVER}\\",
    f"{SERVER}ä",
    SERVER + "x" * 255,
]


def test_what_is_not_written_as_our_crns_carries_no_tags() -> None:
    def check(text: str) -> None:
        with pytest.raises(ValueError, match="CRN"):
            tag_rules.parse_resource(text)

    check_each(NO_CRNS, check)


def test_a_crn_does_not_claim_an_account_by_its_type() -> None:
    crn = tag_rules.parse_resource(SERVER.replace("bare-metal-server", "account"))
    assert "accountId" not in tag_rules.attributes_of(crn)


def test_a_policy_selects_a_resource_by_what_its_crn_says() -> None:
    assert tag_rules.attributes_of(tag_rules.parse_resource(SERVER)) == {
        "serviceName": "is",
        "region": "us-south",
        "resourceType": "bare-metal-server",
        "resource": "0717-1",
        "bareMetalServerId": "0717-1",
        "crn": SERVER,
    }
