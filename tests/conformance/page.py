"""docs/compatibility.md: which SDK did what, written from the tests that tried it."""

from datetime import date
from typing import Any

from tests.conformance.sdks import LANGUAGES
from tests.docs.sdk_operations import section

HEAD = """\
# Compatibility with IBM's SDKs

Written by `make conformance` on {day}: the SDKs' released packages, unmodified, do the same things in each language
against a running Baremint. Nothing but addresses, credentials, the version date of the metadata service and, over
https, whom to trust is configured, in the way the SDKs document (`tests/conformance/programs`).

"""
MARKS = {"passed": "yes", "failed": "**no**", "skipped": "not tried"}


class Results:
    def __init__(self) -> None:
        self._outcomes: dict[str, dict[str, str]] = {}
        self._versions: dict[str, dict[str, Any]] = {}
        self._trust: dict[str, str] = {}
        self._elsewhere: dict[str, str] = {}

    def add(self, language: str, operation: str, outcome: str, *, elsewhere: str = "not in these packages") -> None:
        """Several tests may try one operation: it works when all of them pass. ``elsewhere`` is for all languages in
        which none does."""
        self._elsewhere[operation] = elsewhere
        outcomes_by_name = self._outcomes.setdefault(operation, {})
        if outcomes_by_name.get(language, "passed") == "passed":
            outcomes_by_name[language] = outcome

    def add_versions(self, language: str, versions: dict[str, Any], *, trust: str) -> None:
        self._versions[language] = versions
        self._trust[language] = trust

    def page(self, *, day: date) -> str:
        languages = [each.name for each in LANGUAGES if each.name in self._versions]
        rows = [["operation", *languages], ["---"] * (len(languages) + 1)]
        for operation, outcomes in self._outcomes.items():
            elsewhere = self._elsewhere[operation]
            rows.append([operation, *(MARKS.get(outcomes.get(language, ""), elsewhere) for language in languages)])
        text = HEAD.format(day=day.isoformat())
        text += "| language | packages | over https, trust by |\n|---|---|---|\n"
        for language in languages:
            versions = self._versions[language]
            packages = ", ".join(f"`{name}` {version}" for name, version in sorted(versions["packages"].items()))
            text += f"| {versions['language']} | {packages} | `{self._trust[language]}` |\n"
        text += "\n" + "\n".join(f"| {' | '.join(row)} |" for row in rows) + "\n"
        text = text.replace("| --- ", "|---").replace("--- |", "---|").replace("|--- ", "|---")
        return f"{text}{NOTES}\n{section()}"


NOTES = """
- Every SDK core defaults to version 2022-03-01 of the metadata service, whose paths bare metal servers do not have: set
  `<SERVICE>_VPC_IMS_VERSION=2025-08-26`, and in Node `<SERVICE>_SERVICE_VERSION`.
- Over https: the metadata service of a server whose `metadata_service.protocol` is `https`, at the server's loopback
  address and `BAREMINT_METADATA_TLS_PORT`. The control plane speaks plain HTTP on loopback addresses; inside the lab
  everything is https, and nothing is configured at all ([lab.md](lab.md)).
- For Java, `keytool -importcert` puts the certificates of the CA bundle into a trust store, one at a time; name its
  password too, with `-Djavax.net.ssl.trustStorePassword`, or Java takes the store for an empty one.
- "Not in these packages": for Go and Java, IBM publishes the clients of IAM apart from these, as
  `github.com/IBM/platform-services-go-sdk` and `com.ibm.cloud:platform-services`, which this page does not try.
- Key Protect's client for Node is of an older core than the other packages, and is installed in a folder of its own;
  its list takes no search. Its client for Go gets tokens by itself, from an API key and `TokenURL`; a program on a
  server gives it a token as `Authorization`. Its client for Java is not tried. `make test` tries what its client for
  Python does in time.
- Node and Java call the VPC API through the core's own `BaseService`, on which their VPC clients stand.
- Node replaces the text of every 401 and 403 by one of its own; the status stays. So it does with every refusal by the
  IAM token service when that is called at `iam.cloud.ibm.com`, as in the lab.
"""
