"""Secrets out of text: what looks like a token, a private key or a named secret becomes its hash.

Nothing of ours writes a secret into a log. This is for what others put there: an exception that quotes a request, a
library that is talkative at level DEBUG. The hash is the one that activity events keep, cut short, so a line can still
be found by somebody who has the token.
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


def conceal(text: str) -> str:
    return SECRETS.sub(_hashed, text)


def _hashed(match: re.Match[str]) -> str:
    before = match["name"] or match["user"] or ""
    secret = match["jwt"] or match["pem"] or match["value"] or match["password"]
    return f"{before}sha256:{hashlib.sha256(secret.encode()).hexdigest()[:DIGITS]}"
