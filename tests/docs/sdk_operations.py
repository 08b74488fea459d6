"""How many operations of IBM's SDKs are served, for docs/compatibility.md: ``python -m tests.docs.sdk_operations``."""

import os
import re
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import FunctionType
from typing import Any, Literal

import ibm_botocore.session
from ibm_platform_services import (
    GlobalCatalogV1,
    GlobalSearchV2,
    GlobalTaggingV1,
    IamAccessGroupsV2,
    IamIdentityV1,
    IamPolicyManagementV1,
    ResourceControllerV2,
    ResourceManagerV2,
    UserManagementV1,
)
from ibm_vpc import VpcV1
from keyprotect import IbmKeyProtectApiV2

PAGE = Path(__file__).parents[2] / "docs" / "compatibility.md"
BEGIN, END = "## Operations of IBM's Python SDKs", "<!-- the end of what is counted -->"
CLIENTS: dict[type, str] = {
    VpcV1: "/v1",
    IamIdentityV1: "",
    IamPolicyManagementV1: "",
    IamAccessGroupsV2: "",
    UserManagementV1: "",
    ResourceManagerV2: "",
    GlobalTaggingV1: "",
    GlobalSearchV2: "",
    ResourceControllerV2: "",
    GlobalCatalogV1: "/api/v1",
    IbmKeyProtectApiV2: "",
}
"""Each class with what its service's address ends with."""
OLD_FORMS = {("POST", "/api/v2/keys/{}")}
"""Served, and in the document by the paths that replace them: ``POST /keys/{id}?action=wrap``."""
METHODS = frozenset({"DELETE", "GET", "HEAD", "PATCH", "POST", "PUT"})
Kind = Literal["served", "empty", "refused", "absent"]
KINDS: tuple[Kind, ...] = ("served", "empty", "refused", "absent")


@dataclass(frozen=True)
class SdkOperation:
    name: str
    method: str
    path: str

    @property
    def call(self) -> tuple[str, str]:
        return called(self.method, self.path)


def called(method: str, path: str) -> tuple[str, str]:
    """A call whatever the variables of its path are named."""
    return method, re.sub(r"\{[^}]*\}", "{}", path).rstrip("/")


def sdk_operations(client: type, base: str) -> list[SdkOperation]:
    """The public methods of a client that send a request, by the method and the path among their constants."""
    operations = []
    for name, each in vars(client).items():
        constants = each.__code__.co_consts if isinstance(each, FunctionType) and not name.startswith("_") else ()
        texts = [each for each in constants if isinstance(each, str)]
        methods, paths = METHODS.intersection(texts), [each for each in texts if each.startswith("/")]
        if methods and paths:
            (method,), (path,) = methods, paths
            operations.append(SdkOperation(name, method, base + path))
    return operations


@cache
def _documented() -> dict[tuple[str, str], Any]:
    from controlplane.apidocs.document import document

    return {
        called(method.upper(), path): content
        for path, item in document()["paths"].items()
        for method, content in item.items()
    }


def kind(call: tuple[str, str]) -> Kind:
    """``empty`` and ``refused``: not simulated; what reads a collection finds it empty, anything else is refused."""
    from controlplane.keyprotect.api.not_served import left_out

    if call in OLD_FORMS:
        return "served"
    content = _documented().get(call)
    if content is None:
        return "refused" if left_out(call[1].removeprefix("/api/v2/")) else "absent"
    if not content.get("x-not-simulated"):
        return "served"
    method, path = call
    return "empty" if method == "GET" and not path.endswith("}") else "refused"


def object_store() -> Counter[Kind]:
    from controlplane.objectstore.operations import OPERATIONS

    model = ibm_botocore.session.get_session().get_service_model("s3")
    served = {each.name for each in OPERATIONS}
    names = {re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower() for name in model.operation_names}
    return Counter({"served": len(names & served), "refused": len(names - served)})


def section() -> str:
    """The part of the page from ``BEGIN`` to ``END``."""
    rows = {
        client.__name__: Counter(kind(each.call) for each in sdk_operations(client, base))
        for client, base in CLIENTS.items()
    }
    rows["ibm_boto3, S3"] = object_store()
    lines = [
        BEGIN,
        "",
        "Counted by `make docs` from the SDKs and from the product's API reference. *Empty* and *refused* are not",
        "simulated: a collection is empty, an item is not found, nothing can be made. *Absent* is 404 by its path.",
        "",
        "| client | operations | served | empty | refused | absent |",
        "|---|---|---|---|---|---|",
    ]
    for name, count in rows.items():
        cells = [name, count.total(), *(count[each] for each in KINDS)]
        lines.append("| " + " | ".join(str(cell) for cell in cells) + " |")
    return "\n".join([*lines, "", END, ""])


def renewed(page: str) -> str:
    """The page with the section as it is now, at its end if it has none."""
    before, _, rest = page.partition(BEGIN)
    return before.rstrip("\n") + "\n\n" + section() + rest.partition(END + "\n")[2]


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "controlplane.settings")
    import django

    django.setup()
    PAGE.write_text(renewed(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
