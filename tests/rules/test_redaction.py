"""What looks like a secret becomes its hash; what does not stays readable."""

import base64
import hashlib
import json
import secrets

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from controlplane.kernel.redaction import NOT_SHOWN, SECRET_MEMBERS, conceal, conceal_values
from tests.tables import check_each

KEY = ec.generate_private_key(ec.SECP256R1())
TOKEN = jwt.encode({"sub": "alice", "exp": 1}, KEY, algorithm="ES256", headers={"kid": "a"})
API_KEY = secrets.token_urlsafe(33)
PEM = KEY.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
).decode()


def short_hash(secret: str) -> str:
    return f"sha256:{hashlib.sha256(secret.encode()).hexdigest()[:16]}"


SPOKEN = {
    "alone": TOKEN,
    "in-a-sentence": f"The token {TOKEN} is refused.",
    "as-a-header": f"Authorization: Bearer {TOKEN}",
    "in-a-url": f"GET /x?access_token={TOKEN}&y=1",
    "in-a-dictionary": repr({"cr_token": TOKEN}),
    "in-json": json.dumps({"access_token": TOKEN}),
    "in-json-in-json": json.dumps({"event": json.dumps({"access_token": TOKEN})}),
}


def test_a_token_is_never_shown() -> None:
    def check(name: str) -> None:
        text = SPOKEN[name]
        output = conceal(text)
        assert not any(part in output for part in TOKEN.split("."))
        assert short_hash(TOKEN) in output

    check_each(SPOKEN, check)


NAMED = {
    "form": "grant_type=apikey&apikey={}&x=1",
    "json": '{{"refresh_token": "{}"}}',
    "escaped-json": '"{{\\"apikey\\": \\"{}\\"}}"',
    "keyword": "create_user(password='{}')",
    "header": "Authorization: Basic {}",
    "setting": "BAREMINT_KEK={}",
    "secret-key": "BAREMINT_SECRET={}",
}


def test_a_secret_with_a_name_is_not_shown() -> None:
    def check(name: str) -> None:
        text = NAMED[name]
        output = conceal(text.format(API_KEY))
        assert API_KEY not in output
        assert short_hash(API_KEY) in output

    check_each(NAMED, check)


@pytest.mark.parametrize("text", [PEM, json.dumps({"event": PEM}), PEM[:-40]], ids=["plain", "json", "cut-off"])
def test_a_private_key_is_not_shown(text: str) -> None:
    body = "".join(PEM.splitlines()[1:-1])
    assert body[:40] not in conceal(text)


def test_the_password_of_a_url_is_not_shown() -> None:
    text = conceal("cannot connect to postgresql://baremint:hunter2@db:5432/baremint")
    assert text == f"cannot connect to postgresql://baremint:{short_hash('hunter2')}@db:5432/baremint"


@pytest.mark.parametrize(
    "text",
    [
        "the job failed job=key-rotation attempt=2",
        "sha256=5b3c0f7e5b3c0f7e5b3c0f7e5b3c0f7e",
        "crn:v1:bluemix:public:is:us-south-1:a/aaaa::bare-metal-server:0717-11111111-1111-4111-8111-111111111111",
        '{"kid": "202605110826", "jti": "0b7a6a3e-5d0c-4f53-9d0a-1c9f0e2f7b11"}',
        "The token is refused: it has expired. Get a new one and retry.",
        "http://127.0.0.1:8000/_baremint/explain?subject=iam-Profile-1",
    ],
)
def test_what_is_no_secret_stays_readable(text: str) -> None:
    assert conceal(text) == text


@given(claims=st.dictionaries(st.text(), st.integers()), around=st.text())
def test_whatever_a_token_says_it_is_not_shown(claims: dict[str, int], around: str) -> None:
    header = base64.urlsafe_b64encode(b'{"alg":"RS256","typ":"JWT"}').rstrip(b"=").decode()
    payload = base64.urlsafe_b64encode(json.dumps({"iss": "x", **claims}).encode()).rstrip(b"=").decode()
    token = f"{header}.{payload}.{secrets.token_urlsafe(32)}"
    assert payload not in conceal(f"{around} {token} {around}")


# --- Members of Key Protect's bodies

DATA_KEY = base64.b64encode(secrets.token_bytes(32)).decode()


def test_the_secret_members_are_these() -> None:
    assert set(SECRET_MEMBERS) == {"payload", "plaintext", "ciphertext", "aad", "encryptedNonce", "iv"}


FORMS = {
    "JSON": '{{"id": "k", "{0}": "{1}", "type": "t"}}',
    "JSON without spaces": '{{"{0}":"{1}","type":"t"}}',
    "JSON in JSON": r'{{"event": "sent {{\"{0}\": \"{1}\"}}"}}',
    "JSON in JSON in JSON": r'"{{\\\"{0}\\\": \\\"{1}\\\"}}"',
    "a dictionary": "{{'{0}': '{1}'}}",
    "a dictionary of bytes": "{{'{0}': b'{1}'}}",
    "an argument": "wrap(key, {0}='{1}')",
    "a line break before the value": '{{"{0}":\n  "{1}"}}',
    "an escaped line break before the value": r"{{\"{0}\":\n  \"{1}\"}}",
    "a form": "x=1&{0}={1}&y=2",
    "a text that is cut": '{{"{0}": "{1}',
}


def test_the_value_of_a_secret_member_is_not_shown() -> None:
    def check(form: str) -> None:
        for name in (each for member in SECRET_MEMBERS for each in (member, member.lower(), member.upper())):
            assert conceal(FORMS[form].format(name, DATA_KEY)) == FORMS[form].format(name, NOT_SHOWN)

    check_each(FORMS, check)


def test_nothing_of_a_secret_member_shows_its_hash() -> None:
    """A short secret could be guessed by it."""
    assert "sha256:" not in conceal(f'{{"plaintext": "{DATA_KEY}", "payload": "{TOKEN}"}}')


LISTS = {
    "JSON": ('{"aad": ["a", "b"], "id": "k"}', '{"aad": ["(not shown)"], "id": "k"}'),
    "one text": ('{"aad":["vol-1"]}', '{"aad":["(not shown)"]}'),
    "JSON in JSON": (r'"{\"aad\": [\"a\", \"b\"]}"', r'"{\"aad\": [\"(not shown)\"]}"'),
    "a dictionary": ("{'aad': ['a', 'b']}", "{'aad': ['(not shown)']}"),
    "a tuple": ("wrap(aad=('a', 'b'))", "wrap(aad=('(not shown)'))"),
    "a tuple of one": ("wrap(aad=('a',))", "wrap(aad=('(not shown)',))"),
    "a text with a bracket": ('{"aad": ["a]", "b"]}', '{"aad": ["(not shown)"]}'),
    "a text with a quotation mark": (r'{"aad": ["a\"]", "b"]}', '{"aad": ["(not shown)"]}'),
    "lines": ('{"aad": [\n "a",\n "b"\n]}', '{"aad": [\n "(not shown)"\n]}'),
    "escaped lines": (r"{\"aad\": [\n \"a\",\n \"b\"\n]}", r"{\"aad\": [\n \"(not shown)\"\n]}"),
    "two lists": ('{"aad": ["a"], "tags": ["b"]}', '{"aad": ["(not shown)"], "tags": ["b"]}'),
    "a text that is cut": ('{"aad": ["a", "b', '{"aad": ["(not shown)'),
}


def test_the_texts_of_a_list_are_not_shown() -> None:
    def check(form: str) -> None:
        text, output = LISTS[form]
        assert conceal(text) == output

    check_each(LISTS, check)


@pytest.mark.parametrize(
    "text",
    [
        r'{"plaintext": "it is \"TOP\" secret"}',
        "{'plaintext': 'it is \"TOP\" secret'}",
        '{"plaintext": "it\'s TOP secret"}',
    ],
    ids=["escaped", "the other one", "an apostrophe"],
)
def test_a_quotation_mark_in_a_secret_member_does_not_end_it(text: str) -> None:
    assert not {"TOP", "secret"} & set(conceal(text).replace('"', " ").replace("\\", " ").split())


def test_a_token_in_a_secret_member_is_not_shown_in_part() -> None:
    output = conceal(f"payload={TOKEN}&x=1")
    assert output == f"payload={NOT_SHOWN}&x=1"


@pytest.mark.parametrize(
    "text",
    [
        "payload: too large",
        "The payload is too large: send at most 7500 bytes.",
        "Request body is not valid: json: payload must be a string.",
        'Request body is not valid: json: unknown field "aad"',
        "The field `ciphertext` must be: the original base64 encoded ciphertext from the wrap operation",
        "The query_param `payload` must be: provided only if key is imported",
        '{"target": {"type": "field", "name": "payload"}}',
        '{"payload": "", "iv": null, "aad": []}',
        "wrap(plaintext=None, aad=(), iv=b'')",
        "payload=too_large status=400",
        "iv=12 aad=2 payload=7500",
        "the IV: 12 bytes; the AAD: up to 126 texts",
        '{"payload_length": "12345678", "keypayload": "12345678", "private": "12345678"}',
        "arrives iv 'IV. of Henry'",
    ],
)
def test_a_text_about_a_secret_member_stays_readable(text: str) -> None:
    assert conceal(text) == text


@given(aad=st.lists(st.text() | st.text(alphabet="ab \\'\"[](){},:=")))
def test_key_material_is_not_shown_whatever_texts_are_around_it(aad: list[str]) -> None:
    body = {"ciphertext": DATA_KEY, "aad": aad, "plaintext": DATA_KEY}
    forms = [json.dumps(body), repr(body), json.dumps(body, indent=1)]
    assert not [form for form in (*forms, *map(json.dumps, forms)) if DATA_KEY in conceal(form)]


def test_a_list_that_is_not_understood_is_concealed_to_the_end() -> None:
    assert conceal("aad=['a', name] and more") == "aad=['(not shown)"


# --- Texts that should hold ids alone

IDS = [
    "/v1/apikeys/ApiKey-38ccc3e6-ac36-4c8a-9227-dc925f8c7f57",
    "/v1/profiles/Profile-38ccc3e6-ac36-4c8a-9227-dc925f8c7f57/links/link-38ccc3e6-ac36-4c8a-9227-dc925f8c7f57",
    "/v1/serviceids/ServiceId-38ccc3e6-ac36-4c8a-9227-dc925f8c7f57",
    "/v1/bare_metal_servers/0717-38ccc3e6-ac36-4c8a-9227-dc925f8c7f57/network_interfaces",
    f"crn:v1:bluemix:public:is:us-south-1:a/{'0a' * 16}::bare-metal-server:0717-38ccc3e6-ac36-4c8a-9227-dc925f8c7f57",
    "the-name-of-a-server-that-is-as-long-as-names-may-be-in-the-vpc",
    "identity_us-south_0123456789abcdef0123456789abcdef01234567",
]


def test_an_id_is_kept() -> None:
    def check(text: str) -> None:
        assert conceal_values(text) == text

    check_each(IDS, check)


@pytest.mark.parametrize("secret", [API_KEY, TOKEN], ids=["API key", "token"])
@pytest.mark.parametrize("text", ["{}", "/v1/apikeys/{}", "/v1/apikeys/{}/lock"])
def test_a_secret_in_the_place_of_an_id_is_not_kept(text: str, secret: str) -> None:
    assert conceal_values(text.format(secret)) == text.format(short_hash(secret))
