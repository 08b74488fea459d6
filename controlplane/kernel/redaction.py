"""Remove secrets from text: a token, a private key or a named secret is replaced by its hash.

The product itself logs no secrets. This is for other sources, such as an exception that quotes a request, or a library
at level DEBUG. The hash is a prefix of the one in activity events, so the owner of a token can still find its lines.
"""

import hashlib
import re

DIGITS = 16
NAMES = r"\w*token|api_?key|\w*password|\w*secret|authorization|\w*kek"
SECRETS = re.compile(
    # A JSON web token: its header, a JSON object, begins with {" in base64url.
    r"(?P<jwt>eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,})"
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
    return SECRETS.sub(_hashed, text)


def conceal_values(text: str) -> str:
    """Conceal tokens and values of API keys in a text that should contain only ids, such as a path."""
    return VALUE.sub(lambda match: _digest(match[0]), conceal(text) if "eyJ" in text else text)


def _hashed(match: re.Match[str]) -> str:
    before = match["name"] or match["user"] or ""
    secret = match["jwt"] or match["pem"] or match["value"] or match["password"]
    return before + _digest(secret)


def _digest(secret: str) -> str:
    return f"{CONCEALED}{hashlib.sha256(secret.encode()).hexdigest()[:DIGITS]}"
