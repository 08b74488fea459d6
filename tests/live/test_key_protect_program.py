"""Key Protect as a program on a bare metal server uses it: IBM's client, and no credential of the program's own.

Each test is a row of the table in section 8.1 of the Key Protect contract, on SQLite and on PostgreSQL.
"""

import base64
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from keyprotect import IbmKeyProtectApiV2

from controlplane.runtime.background_process import LOG
from tests.live.key_protect import (
    READER,
    WRITER,
    change_role,
    client_of_the_owner,
    client_with,
    create_key,
    grant_on_instance,
    only_key,
    refusal_of,
    seeded_instance,
)
from tests.live.operator import Operator
from tests.live.product import Product
from tests.live.signed_in import signed_in
from tests.live.test_program_flows import inside

pytestmark = pytest.mark.live

PLAINTEXT = base64.b64encode(b"a plaintext that no one may keep").decode()
AAD = ["vol-1"]


@dataclass
class Program:
    """A program on a server: IBM's client with the server's identity, as a trusted profile that has a role."""

    keys: IbmKeyProtectApiV2
    guid: str
    """The instance of Key Protect."""
    iam_id: str
    _operator: Operator
    _policy: dict[str, Any] = field(default_factory=dict)

    def give(self, role: str) -> None:
        """The operator gives the profile this role on the instance, instead of the one it had."""
        if self._policy:
            change_role(self._operator, self._policy, self.iam_id, role, self.guid)
        else:
            self._policy = grant_on_instance(self._operator, self.iam_id, role, self.guid)


@pytest.fixture
def program(product: Product, operator: Operator, chain: dict[str, Any]) -> Program:
    """A program with the role Reader, as a profile that no other test uses."""
    profile = operator.create_profile()
    operator.iam.create_link(profile["id"], cr_type="BMS", link={"crn": chain["server"]["crn"]})
    keys = client_with(inside(chain["url"], id=profile["id"]), product)
    on_server = Program(keys, seeded_instance(product), profile["iam_id"], operator)
    on_server.give(READER)
    return on_server


@pytest.fixture
def root_key(product: Product) -> str:
    """Id of a root key that the operator created."""
    return str(create_key(client_of_the_owner(product), seeded_instance(product))["id"])


@pytest.fixture
def standard_key(product: Product) -> str:
    """Id of a standard key that the operator created."""
    return str(create_key(client_of_the_owner(product), seeded_instance(product), extractable=True)["id"])


# --- what a Reader may do ---------------------------------------------------------------------------------------


def test_a_program_gets_a_new_data_key_of_32_bytes_in_plaintext_and_wrapped(program: Program, root_key: str) -> None:
    answer = program.keys.wrap_key(root_key, program.guid).get_result()
    assert len(base64.b64decode(answer["plaintext"], validate=True)) == 32
    assert answer["ciphertext"]
    assert answer["keyVersion"]["id"] == root_key


def test_a_program_unwraps_its_data_key_and_gets_no_new_ciphertext(program: Program, root_key: str) -> None:
    wrapped = program.keys.wrap_key(root_key, program.guid).get_result()
    answer = program.keys.unwrap_key(root_key, program.guid, {"ciphertext": wrapped["ciphertext"]}).get_result()
    assert answer == {"plaintext": wrapped["plaintext"], "keyVersion": {"id": root_key}}


def test_what_was_wrapped_with_additional_data_unwraps_with_the_same(program: Program, root_key: str) -> None:
    body = {"plaintext": PLAINTEXT, "aad": AAD}
    wrapped = program.keys.wrap_key(root_key, program.guid, key_action_wrap_body=body).get_result()
    assert "plaintext" not in wrapped
    body = {"ciphertext": wrapped["ciphertext"], "aad": AAD}
    assert program.keys.unwrap_key(root_key, program.guid, body).get_result()["plaintext"] == PLAINTEXT


def test_what_was_wrapped_with_additional_data_does_not_unwrap_without_it(program: Program, root_key: str) -> None:
    body = {"plaintext": PLAINTEXT, "aad": AAD}
    wrapped = program.keys.wrap_key(root_key, program.guid, key_action_wrap_body=body).get_result()
    body = {"ciphertext": wrapped["ciphertext"]}
    refusal = refusal_of(lambda: program.keys.unwrap_key(root_key, program.guid, body))
    assert refusal.seen == (400, "INVALID_FIELD_ERR")
    assert refusal.reason["target"] == {"type": "field", "name": "ciphertext"}


def test_a_reader_reads_the_metadata_of_a_key(program: Program, root_key: str) -> None:
    key = only_key(program.keys.get_key_metadata(root_key, program.guid))
    assert (key["id"], key["state"], "payload" in key) == (root_key, 1, False)


def test_a_reader_may_not_get_a_key(program: Program, root_key: str) -> None:
    assert refusal_of(lambda: program.keys.get_key(root_key, program.guid)).status == 401


def test_the_number_of_keys_is_in_a_header(program: Program, root_key: str) -> None:
    headers = program.keys.get_key_collection_metadata(program.guid).get_headers()
    assert int(headers["Key-Total"]) >= 1


# --- refusals ---------------------------------------------------------------------------------------------------


def test_a_refusal_says_which_role_is_missing_and_where_that_is_explained(product: Product, program: Program) -> None:
    refusal = refusal_of(lambda: create_key(program.keys, program.guid))
    assert refusal.seen == (401, "UNAUTHORIZED_ERR")
    assert refusal.message.startswith("Unauthorized: ")
    assert "Writer" in refusal.reason["message"]
    assert product.run("explain", refusal.reason["moreInfo"]).startswith(f"DENY: {refusal.reason['message']}\n")


def test_only_who_may_read_a_key_is_told_that_it_does_not_exist(program: Program) -> None:
    unknown = str(uuid.uuid4())
    assert refusal_of(lambda: program.keys.get_key(unknown, program.guid)).status == 401
    refusal = refusal_of(lambda: program.keys.get_key_metadata(unknown, program.guid))
    assert refusal.seen == (404, "KEY_NOT_FOUND_ERR")


def test_an_unknown_instance_is_refused_as_one_without_a_grant(program: Program, root_key: str) -> None:
    refusal = refusal_of(lambda: program.keys.wrap_key(root_key, str(uuid.uuid4())))
    assert refusal.status == 401
    assert "the region is incorrectly set" in refusal.message


# --- what a Writer may do ---------------------------------------------------------------------------------------


def test_a_program_that_becomes_a_writer_gets_the_payload_of_a_standard_key(
    program: Program, standard_key: str
) -> None:
    assert refusal_of(lambda: program.keys.get_key(standard_key, program.guid)).status == 401
    program.give(WRITER)
    payload = only_key(program.keys.get_key(standard_key, program.guid))["payload"]
    assert base64.b64decode(payload, validate=True)


def test_a_program_rotates_a_key_and_a_data_key_of_the_old_version_comes_back_rewrapped(
    program: Program, root_key: str
) -> None:
    wrapped = program.keys.wrap_key(root_key, program.guid).get_result()
    program.give(WRITER)
    assert program.keys.rotate_key(root_key, program.guid).get_status_code() == 204
    answer = program.keys.unwrap_key(root_key, program.guid, {"ciphertext": wrapped["ciphertext"]}).get_result()
    assert answer["plaintext"] == wrapped["plaintext"]
    assert answer["ciphertext"] != wrapped["ciphertext"]
    assert answer["keyVersion"]["id"] == root_key != answer["rewrappedKeyVersion"]["id"]


# --- what is recorded -------------------------------------------------------------------------------------------


def events_of(product: Product, program: Program) -> list[dict[str, Any]]:
    """The events of Key Protect that have the program as their initiator, as the console exports them."""
    export = f"{product.info['control_plane_url']}/activity/export"
    answer = signed_in(product).get(export, params={"format": "json", "q": program.iam_id}, timeout=10)
    events = [each for each in answer.json()["events"] if each["action"].startswith("kms.")]
    assert all(each["initiator_id"] == program.iam_id for each in events)
    return events


def test_each_call_and_each_refusal_is_an_event_with_the_profile_as_its_initiator(
    product: Product, program: Program, root_key: str
) -> None:
    wrapped = program.keys.wrap_key(root_key, program.guid).get_result()
    program.keys.unwrap_key(root_key, program.guid, {"ciphertext": wrapped["ciphertext"]})
    program.keys.get_key_metadata(root_key, program.guid)
    refusal_of(lambda: program.keys.get_key(root_key, program.guid))
    refusal_of(lambda: program.keys.rotate_key(root_key, program.guid))
    assert sorted((each["action"], each["reason_code"]) for each in events_of(product, program)) == [
        ("kms.secrets-metadata.read", 200),
        ("kms.secrets.read", 401),
        ("kms.secrets.rotate", 401),
        ("kms.secrets.unwrap", 200),
        ("kms.secrets.wrap", 200),
    ]


def test_no_secret_is_in_an_event_in_the_log_or_in_the_database(
    product: Product, program: Program, root_key: str, standard_key: str
) -> None:
    program.give(WRITER)
    data_key = program.keys.wrap_key(root_key, program.guid).get_result()
    body = {"plaintext": PLAINTEXT, "aad": ["an-aad-that-no-one-may-keep"]}
    wrapped = program.keys.wrap_key(root_key, program.guid, key_action_wrap_body=body).get_result()
    program.keys.unwrap_key(root_key, program.guid, {"ciphertext": data_key["ciphertext"]})
    refusal_of(lambda: program.keys.unwrap_key(root_key, program.guid, {"ciphertext": wrapped["ciphertext"]}))
    payload = only_key(program.keys.get_key(standard_key, program.guid))["payload"]
    texts = [PLAINTEXT, *body["aad"], wrapped["ciphertext"], data_key["ciphertext"], data_key["plaintext"], payload]
    secrets = [text.encode() for text in texts]
    secrets += [base64.b64decode(text) for text in (PLAINTEXT, data_key["plaintext"], payload)]
    stored = {path.name: path.read_bytes() for path in Path(product.home).glob("baremint.*")}
    exported = str(events_of(product, program)).encode()
    assert LOG in stored
    assert b"kms.secrets.unwrap" in exported
    for name, content in {**stored, "events": exported}.items():
        assert not [secret[:12] for secret in secrets if secret in content], name
