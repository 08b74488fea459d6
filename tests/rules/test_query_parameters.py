"""Parameters that a request writes as text."""

import pytest

from controlplane.kernel.errors import ApiError, BadField, Target
from controlplane.kernel.query_parameters import number, one_of, optional_boolean, some_of

BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False, "": None}
NO_BOOLEANS = ("1", "0", "yes", "no", "null", " true", "true ", "t", "\0")


@pytest.mark.parametrize(("text", "value"), BOOLEANS.items())
def test_a_boolean_is_read_in_upper_and_lower_case(text: str, value: bool | None) -> None:
    assert optional_boolean({"verbose": text}, "verbose") is value


def test_an_absent_boolean_is_none() -> None:
    assert optional_boolean({}, "verbose") is None


@pytest.mark.parametrize("text", NO_BOOLEANS)
def test_other_text_is_no_boolean(text: str) -> None:
    with pytest.raises(ApiError) as refusal:
        optional_boolean({"verbose": text}, "verbose")
    assert refusal.value.target == Target("verbose", "parameter", text)


@pytest.mark.parametrize(("text", "value"), [("1", 1), ("100", 100), ("007", 7)])
def test_a_number_in_the_range_is_read(text: str, value: int) -> None:
    assert number({"limit": text}, "limit", default=50, least=1, largest=100) == value


@pytest.mark.parametrize("text", ["0", "101", "-1", "", "1.0", "1" * 5_000])
def test_a_number_outside_of_the_range_is_refused(text: str) -> None:
    with pytest.raises(ApiError, match="limit must be a whole number from 1 to 100"):
        number({"limit": text}, "limit", default=50, least=1, largest=100)


def test_an_absent_number_is_the_default() -> None:
    assert number({}, "limit", default=50, least=1, largest=100) == 50


def test_an_absent_number_whose_default_is_not_allowed_is_refused() -> None:
    with pytest.raises(BadField, match="a part"):
        number({}, "partNumber", least=1, largest=100, message="a part", refusal=BadField)


def test_a_choice_is_compared_exactly() -> None:
    assert one_of({"sort": "name"}, "sort", ("name", "id")) == "name"
    with pytest.raises(ApiError, match="sort must be one of name, id"):
        one_of({"sort": "NAME"}, "sort", ("name", "id"))


def test_the_refusal_of_one_of_several_choices_names_that_one() -> None:
    assert some_of({"status": "a,b"}, "status", ("a", "b")) == ["a", "b"]
    with pytest.raises(ApiError) as refusal:
        some_of({"status": "a,c"}, "status", ("a", "b"))
    assert refusal.value.target == Target("status", "parameter", "c")
