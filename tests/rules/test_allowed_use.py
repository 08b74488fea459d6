"""The expressions that say for which servers an image may be used."""

import pytest

from servers.allowed_use import DEEPEST, LONGEST, check_instance, holds
from tests.tables import check_each

# Expression, without secure boot, with it.
EXPRESSIONS: list[tuple[str, bool, bool]] = [
    ("true", True, True),
    ("false", False, False),
    ("enable_secure_boot", False, True),
    ("enable_secure_boot == true", False, True),
    ("enable_secure_boot == false", True, False),
    ("enable_secure_boot==false", True, False),
    ("!enable_secure_boot", True, False),
    ("!!enable_secure_boot", False, True),
    ("!(enable_secure_boot == false)", False, True),
    ("  true  ", True, True),
    ("true && enable_secure_boot", False, True),
    ("false || !enable_secure_boot", True, False),
    ("(true)", True, True),
    ("((enable_secure_boot))", False, True),
    ("true || false && false", True, True),
    ("(true || false) && false", False, False),
    ("false && false || true", True, True),
    ("false && true || enable_secure_boot", False, True),
    ("!false && enable_secure_boot", False, True),
    ("true||false||false", True, True),
    ("enable_secure_boot != true", True, False),
    ("true == enable_secure_boot", False, True),
    ("enable_secure_boot==true", False, True),
    ("true&&true&&false", False, False),
]


def test_an_expression_holds_or_not() -> None:
    # D-42
    def check(case: tuple[str, bool, bool]) -> None:
        expression, without, with_it = case
        outcomes = holds(expression, enable_secure_boot=False), holds(expression, enable_secure_boot=True)
        assert outcomes == (without, with_it)

    check_each(EXPRESSIONS, check)


REFUSED = [
    "",
    " ",
    "1",
    "TRUE",
    "yes",
    "not true",
    "gpu.count > 1",
    "enable_secure_boot = true",
    "enable_secure_boot == 1",
    "enable_secure_boot ==",
    "== true",
    "enable_secure_boot == true == true",
    "1 && true",
    "!1",
    '"true"',
    "enable_secure_boot < 1",
    "true &",
    "true &&",
    "&& true",
    "true || || true",
    "true true",
    "true false",
    "(true",
    "true)",
    "()",
    "!",
    "truefalse",
    "enable_secure_boots",
    "enable_secure_boot()",
    "__import__('os')",
    "true\x00",
    "true || unknown",
    "false && unknown",
]


def test_anything_else_is_no_expression() -> None:
    def check(expression: str) -> None:
        with pytest.raises(ValueError, match=r"^(The expression|A value|A parenthesis)"):
            holds(expression, enable_secure_boot=True)

    check_each(REFUSED, check)


def test_as_many_parentheses_as_are_allowed_are_read() -> None:
    assert holds("(" * DEEPEST + "true" + ")" * DEEPEST, enable_secure_boot=False)


@pytest.mark.parametrize("sign", ["(", "!"])
def test_an_expression_is_no_deeper_than_it_may_be(sign: str) -> None:
    with pytest.raises(ValueError, match="more than"):
        holds(sign * (DEEPEST + 1) + "true", enable_secure_boot=False)


def test_an_expression_is_no_longer_than_a_column() -> None:
    with pytest.raises(ValueError, match="longer"):
        holds("true" + " || true" * LONGEST, enable_secure_boot=False)


# Documentation of allowed-use expressions, and one for each variable.
INSTANCE_EXPRESSIONS = [
    "true",
    "enable_secure_boot==true",
    "gpu.count > 1 && gpu.manufacturer == 'nvidia' && enable_secure_boot",
    'gpu.memory >= 80 || gpu.model != "h100"',
    "vcpu.count <= 16",
    "metadata_service.enabled && metadata_service.protocol == 'https'",
]


@pytest.mark.parametrize("expression", INSTANCE_EXPRESSIONS)
def test_an_expression_about_virtual_servers_names_their_properties(expression: str) -> None:
    check_instance(expression)


@pytest.mark.parametrize(
    "expression", ["", "gpu.count", "gpu.count > 'one'", "gpu.colour == 'red'", "size(gpu.model) > 1"]
)
def test_another_expression_about_virtual_servers_is_refused(expression: str) -> None:
    with pytest.raises(ValueError, match=r"^(The expression|A value)"):
        check_instance(expression)
