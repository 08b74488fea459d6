"""Remove secrets from text: a token, a private key or a named secret is replaced by its hash, key material by a mark.

The product itself logs no secrets. This is for other sources, such as an exception that quotes a request, or a library
at level DEBUG. The hash is a prefix of the one in activity events, so the owner of a token can still find its lines.
"""

import hashlib
import re

DIGITS = 16
NAMES = r"\w*token|api_?key|\w*password|\w*secret|authorization|\w*kek"
SECRET_MEMBERS = ("payload", "plaintext", "ciphertext", "aad", "encryptedNonce", "iv")
"""The members of Key Protect's requests and answers that hold key material, or belong to its encryption (Key Protect
contract, sections 2.2 and 4)."""
NOT_SHOWN = "(not shown)"
"""What stands for the value of a secret member. A hash would let a reader guess a short one."""

MEMBERS = "|".join(re.sub("(?<=[a-z])(?=[A-Z])", "_?", name) for name in SECRET_MEMBERS)
SPACE = r"(?:\s|\\++[nrt])*+"  # also where it is escaped, in quoted JSON
# These names are words, too: only a quoted text, a list of quoted texts, or what looks like base64 is a value. In
# quoted JSON the quotation marks have backslashes, and those inside a value have more of them. A value that is cut off
# has no end. Possessive quantifiers (*+) keep the time proportional to the length, whatever a client sends.
MEMBER = rf"""(?P<member>\b(?:{MEMBERS})["'\\]*+\s*+[=:]{SPACE})"""
MARK = r"""\\*+["']"""
QUOTED = rf"""(?P<open>b?(?P<mark>{MARK}))(?:(?!(?<!\\)(?P=mark)).){{4,}}+"""
NEXT = rf"""{MARK}(?:[^"'\\\[\]()]|\\++[nrt])*+(?P<next>{MARK})(?:(?!(?<!\\)(?P=next)).)*+"""
# A list that is not understood has its end at that of the text.
LIST = (
    rf"""(?P<open_list>[\[(]{SPACE}b?(?P<first>{MARK}))(?:(?:(?!(?<!\\)(?P=first)).)*+(?:{NEXT})*+"""
    rf"""(?={MARK}{SPACE},?{SPACE}[\])])|.+)"""
)
PLAIN = r"""[^\s"'\\&,;}\])]"""
BASE64 = rf"(?<==)(?={PLAIN}{{0,64}}(?-i:[0-9A-Z])){PLAIN}{{8,}}"

SECRETS = re.compile(
    rf"{MEMBER}(?:{QUOTED}|{LIST}|{BASE64})"
    # A JSON web token: its header, a JSON object, begins with {" in base64url.
    r"|(?P<jwt>eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,})"
    r"|(?P<pem>-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z))"
    # ``apikey=...``, ``"refresh_token": "..."``, also inside quoted JSON; long enough not to be a word.
    rf"""|(?P<name>\b(?:{NAMES})["'\\]*\s*[=:]\s*["'\\]*(?:(?:bearer|basic)\s+)?)(?P<value>[^\s"'\\&,;}}\]]{{16,}})"""
    # The password of a URL.
    r"|(?P<user>://[^:/@\s]*:)(?P<password>[^@/\s]+)(?=@)",
    re.IGNORECASE | re.DOTALL,
)


VALUE = re.compile(
    # The form of API keys: base64url of 33 bytes. An id of this length contains a UUID.
    r"(?<![\w-])(?![\w-]*[0-9a-f]{8}-[0-9a-f]{4}-)(?=[\w-]*[a-z])(?=[\w-]*[A-Z])[\w-]{44}(?![\w-])"
)
CONCEALED = "sha256:"


def conceal(text: str) -> str:
    """Conceal every secret in a text: tokens, private keys, named secrets, and the values of ``SECRET_MEMBERS``."""
    return SECRETS.sub(_concealed, text)


def conceal_values(text: str) -> str:
    """Conceal tokens and values of API keys in a text that should contain only ids, such as a path."""
    return VALUE.sub(lambda match: _digest(match[0]), conceal(text) if "eyJ" in text else text)


def _concealed(match: re.Match[str]) -> str:
    if match["member"]:
        return match["member"] + (match["open"] or match["open_list"] or "") + NOT_SHOWN
    before = match["name"] or match["user"] or ""
    secret = match["jwt"] or match["pem"] or match["value"] or match["password"]
    return before + _digest(secret)


def _digest(secret: str) -> str:
    return f"{CONCEALED}{hashlib.sha256(secret.encode()).hexdigest()[:DIGITS]}"
