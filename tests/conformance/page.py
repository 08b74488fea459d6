"""docs/compatibility.md: which SDK did what, written from the tests that tried it."""

from datetime import date
from typing import Any

HEAD = """\
# Compatibility with IBM's SDKs

Written by `make conformance` on {day}: the SDKs' released packages, unmodified, do the same things in each language
against a running Baremint. Nothing but addresses, credentials and the version date of the metadata service is
configured, in the way the SDKs document (`tests/conformance/programs`).

"""
MARKS = {"passed": "yes", "failed": "**no**", "skipped": "not tried"}


class Results:
    def __init__(self) -> None:
        self._outcomes: dict[str, dict[str, str]] = {}
        self._versions: dict[str, dict[str, Any]] = {}

    def add(self, language: str, operation: str, outcome: str) -> None:
        """Several tests may try one operation: it works when all of them pass."""
        known = self._outcomes.setdefault(operation, {})
        if known.get(language, "passed") == "passed":
            known[language] = outcome

    def add_versions(self, language: str, versions: dict[str, Any]) -> None:
        self._versions[language] = versions

    def page(self, *, day: date) -> str:
        languages = list(self._versions)
        rows = [["operation", *languages], ["---"] * (len(languages) + 1)]
        for operation, outcomes in self._outcomes.items():
            rows.append(
                [operation, *(MARKS.get(outcomes.get(language, ""), "not in this SDK") for language in languages)]
            )
        text = HEAD.format(day=day.isoformat())
        text += "| language | packages |\n|---|---|\n"
        for versions in self._versions.values():
            packages = ", ".join(f"`{name}` {version}" for name, version in sorted(versions["packages"].items()))
            text += f"| {versions['language']} | {packages} |\n"
        text += "\n" + "\n".join(f"| {' | '.join(row)} |" for row in rows) + "\n"
        return text.replace("| --- ", "|---").replace("--- |", "---|").replace("|--- ", "|---") + NOTES


NOTES = """
- Every SDK core defaults to version 2022-03-01 of the metadata service, whose paths bare metal servers do not have: set
  `<SERVICE>_VPC_IMS_VERSION=2025-08-26`, and in Node `<SERVICE>_SERVICE_VERSION`.
- Node and Java call the VPC API through the core's own `BaseService`, on which their VPC clients stand.
- Node replaces the text of every 401 and 403 by one of its own; the status stays.
"""
