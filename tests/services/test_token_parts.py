"""What is read of a token before anything of it is proven, what a verified one carries, and each limit exactly."""

import base64
from datetime import timedelta
from typing import Any

import pytest

from controlplane.kernel import clock
from controlplane.kernel.errors import Unauthenticated
from identity import key_cache, signing
from tests.services.test_token_verification import ISSUER, iam_token, identity_claims, identity_token, part

pytestmark = pytest.mark.usefixtures("keys")

NO_TOKEN = "The token is refused: it is not a JSON web token. Get a new one and retry."


def text(*, header: Any = None, signature: str = "AAAA") -> str:
    """A text in the form of a token."""
    return f"{part(header or {'alg': 'RS256'})}.{part({'a': 1})}.{signature}"


def refused(token: str) -> str:
    with pytest.raises(Unauthenticated) as refusal:
        signing.read(token)
    return refusal.value.message


def test_a_text_of_8192_characters_is_read_and_one_more_is_refused() -> None:
    beginnings = [f"{part({'alg': 'RS256'})}.{part({'a': 'x' * filler})}." for filler in range(4)]
    # With two or three characters in its last group of four, a part may have one more.
    beginning = next(each for each in beginnings if (8192 - len(each)) % 4 in (2, 3))
    longest = beginning + "A" * (8192 - len(beginning))
    assert signing.read(longest)[0] == {"alg": "RS256"}
    assert refused(f"{longest}A") == NO_TOKEN


@pytest.mark.parametrize("octets", range(1, 7))
def test_a_part_of_any_number_of_octets_is_read_in_one_spelling_only(octets: int) -> None:
    """Of the last character some bits may stand for nothing: they must be zero."""
    good = base64.urlsafe_b64encode(b"\xff" * octets).rstrip(b"=").decode()
    assert signing.read(text(signature=good))[0] == {"alg": "RS256"}
    if octets % 3:
        assert refused(text(signature=good[:-1] + chr(ord(good[-1]) + 1))) == NO_TOKEN


@pytest.mark.parametrize("kind", ["at+jwt", "jwt", "", None])
def test_a_token_of_another_type_is_refused(kind: str | None) -> None:
    assert "its header has members other than alg, typ and kid" in refused(text(header={"alg": "RS256", "typ": kind}))


def test_a_token_of_no_type_or_of_type_jwt_is_read() -> None:
    for header in ({"alg": "RS256"}, {"alg": "RS256", "typ": "JWT"}):
        assert signing.read(text(header=header))[0] == header


def test_another_algorithm_is_refused_by_the_name_of_ours() -> None:
    with pytest.raises(Unauthenticated, match="its algorithm is not RS256"):
        signing.check_algorithm({"alg": "none"}, "RS256")


@pytest.mark.parametrize("name", ["exp", "iat", "nbf"])
def test_an_instant_is_a_whole_number_from_zero_to_two_to_the_forty(name: str) -> None:
    now = clock.now()
    good = {"exp": 2**40, "iat": 0, "nbf": 0}
    signing.check_times(good, now=now, leeway=timedelta(0))
    for bad in (-1, 2**40 + 1, 1.0, "1", True):
        with pytest.raises(Unauthenticated, match=f"its {name} is not a whole number of seconds"):
            signing.check_times({**good, name: bad}, now=now, leeway=timedelta(0))


def test_a_verified_token_names_the_key_that_signed_it_and_where() -> None:
    kid = key_cache.signer("identity").kid
    admission = signing.authenticate(identity_token(), purpose="identity")
    assert (admission.kid, admission.region) == (kid, "us-south")
    claims = identity_claims()
    admitted = signing.check_claims(
        admission,
        issuer=ISSUER,
        now=clock.now(),
        leeway=timedelta(seconds=60),
        required=frozenset(),
        audience=claims["aud"],
    )
    assert (admitted.kid, admitted["iss"]) == (kid, ISSUER)


def test_the_purpose_of_a_token_is_told_by_the_key_that_it_names() -> None:
    assert signing.purpose_of(identity_token()) == "identity"
    assert signing.purpose_of(iam_token()) == "iam"
    for foreign in (
        "hello",
        text(),
        text(header={"alg": "RS256", "kid": "x"}),
        text(header={"alg": "RS256", "kid": 7}),
    ):
        assert signing.purpose_of(foreign) is None
