"""What services declare, as the tables of roles and actions show it."""

from pathlib import Path

import pytest

from controlplane.cloudservice.registry import services
from controlplane.deployment.env import WrongSetting
from tests.tables import assert_rows, check_each
from trustedprofiles.actions import ACTIONS
from trustedprofiles.roles import SERVICE_ROLES, SYSTEM_ROLES, verb_of
from trustedprofiles.service_roles import EVERY_ROLE, known_actions
from trustedprofiles.unsimulated_actions import listed_actions

COS = services()["cloud-object-storage"]


def test_the_object_store_declares_for_each_action_the_role_that_its_verb_would_need() -> None:
    by_verb = {
        action: [role.display_name for role in SERVICE_ROLES if verb_of(action) in role.verbs] for action in COS.actions
    }
    declared = {action: [role.display_name for role in SERVICE_ROLES if role.grants(action)] for action in COS.actions}
    assert_rows(declared, by_verb)


def test_platform_roles_grant_nothing_in_a_declared_service() -> None:
    def check(action: str) -> None:
        assert not [role.display_name for role in SYSTEM_ROLES if role.grants(action)]

    check_each([action for each in services().values() for action in each.actions], check)


def test_actions_without_an_operation_are_listed_and_not_asked_for() -> None:
    kms = services()["kms"]
    assert not kms.unserved & {*ACTIONS["kms"]}
    assert known_actions("kms") == {*kms.actions}
    counts = {role.display_name: len(list(listed_actions(role.display_name, ["kms"]))) for role in SERVICE_ROLES}
    assert counts == dict.fromkeys(("Reader", "Writer", "Manager"), len(kms.unserved))


def test_only_key_purge_purges_keys() -> None:
    """Not even the owner of the account may (Key Protect contract, section 5.2)."""
    assert [role.display_name for role in EVERY_ROLE if role.grants("kms.secrets.purge")] == ["KeyPurge"]


def test_a_package_whose_module_has_no_declaration_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "undeclared").mkdir()
    (tmp_path / "undeclared" / "service.py").write_text("SERVICE = 'notes'\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("BAREMINT_SERVICES", "undeclared")
    with pytest.raises(WrongSetting, match=r"undeclared\.service has no SERVICE"):
        services.__wrapped__()
