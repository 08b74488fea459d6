"""docs/live-suites.md, what IBM's live suites of its Python and Node SDKs did: ``python -m tests.docs.live_suites``."""

from collections import defaultdict
from pathlib import Path

from tests.conformance.not_served import RECORDED, Recorded

PAGE = Path(__file__).parents[2] / "docs" / "live-suites.md"
TITLE = "# IBM's live test suites of its Python and Node SDKs"
RUN_AGAIN = """\
The released packages come without these tests, so `make conformance` does not run them; it runs the suites of the Go
SDK, which its module contains. To run them again, check out the repositories, and write the files that the tests read,
such as `iam_identity.env`, into the directory where they are started. Each property begins with its service:

```text
IAM_IDENTITY_URL=http://127.0.0.1:8000
IAM_IDENTITY_AUTH_TYPE=iam
IAM_IDENTITY_AUTH_URL=http://127.0.0.1:8000
IAM_IDENTITY_APIKEY=<api_key of baremint info --json>
IAM_IDENTITY_ACCOUNT_ID=<account_id of baremint info --json>
```

The other properties are those that `tests/conformance/test_live_suites.py` gives to the Go suites. Where a test wants
an enterprise, it gets the account. Then, for example:

```text
python -m pytest test/integration/test_iam_identity_v1.py
npx jest -i test/integration/iam-identity.v1.test.js
```
"""


def page() -> str:
    versions = [
        f"- {each.language}: `test/integration` of `{each.repository}` at {each.tests} ({each.commit}), with the\n"
        f"  released `{each.package}`, on {each.date}."
        for each in RECORDED
    ]
    lines = [
        TITLE,
        "",
        "Written by `make docs` from `tests/conformance/not_served_python.toml` and `not_served_node.toml`. The tests",
        "ran unmodified against a new Baremint; only their environment files point here.",
        "",
        *versions,
        "",
        *_counts(),
        "",
        "Every test whose calls are all served passes. The others are below, by their first call that is not served,",
        "or by the one that makes what they read.",
        "",
        *(line for suite in RECORDED[0].ran for line in _failures(suite)),
        "## How to run them again",
        "",
        RUN_AGAIN,
    ]
    return "\n".join(lines)


def _counts() -> list[str]:
    suites = RECORDED[0].ran
    rows = [[suite, *(f"{each.passed(suite)} of {each.ran[suite]}" for each in RECORDED)] for suite in suites]
    heads = ["suite", *(f"{each.language}, passed" for each in RECORDED)]
    return _table([heads, *rows])


def _failures(suite: str) -> list[str]:
    tests: dict[str, dict[str, list[str]]] = defaultdict(dict)
    for each in RECORDED:
        for call, titles in each.failed.get(suite, {}).items():
            tests[call][each.language] = titles
    if not tests:
        return []
    calls = sorted(tests, key=lambda call: (call.split()[1], call))
    rows = [[f"`{call}`", *(_titles(each, tests[call]) for each in RECORDED)] for call in calls]
    heads = ["call", *(each.language for each in RECORDED)]
    return [f"## {suite}", "", *_table([heads, *rows]), ""]


def _titles(recorded: Recorded, tests: dict[str, list[str]]) -> str:
    return ", ".join(f"`{title}`" for title in tests.get(recorded.language, []))


def _table(rows: list[list[str]]) -> list[str]:
    head, *others = (f"| {' | '.join(row)} |" for row in rows)
    return [head, "|---" * len(rows[0]) + "|", *others]


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
