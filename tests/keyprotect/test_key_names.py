"""Which texts can be aliases and ids of key rings."""

import pytest

from controlplane.keyprotect.key_names import is_ring, refusal_of_alias

UUID = "3c1b0b8e-9a6f-4f0e-8d0d-2f3a5d6e7f80"


@pytest.mark.parametrize("alias", ["db", "a" * 90, "My_key-1", "Keys", "--"])
def test_an_alias_has_letters_digits_hyphens_and_underscores(alias: str) -> None:
    assert refusal_of_alias(alias) == ""


@pytest.mark.parametrize(
    "alias",
    ["", "a", "a" * 91, "a b", "a.b", "ä" * 3, "a/b", "ab\n", "keys", "rewrap", "allowed_ip", UUID,
     UUID.upper()],
)  # fmt: skip
def test_an_alias_is_neither_reserved_nor_a_uuid_nor_of_another_form(alias: str) -> None:
    assert refusal_of_alias(alias)


@pytest.mark.parametrize(("ring", "possible"), [("team-a", True), ("a" * 100, True), ("a", False), ("a" * 101, False),
                                                ("team_a", False), ("", False), ("tëam", False)])  # fmt: skip
def test_the_id_of_a_key_ring_has_letters_digits_and_hyphens(ring: str, possible: bool) -> None:
    assert is_ring(ring) == possible
