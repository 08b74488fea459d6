"""OpenAPI links from the response of a creation to the operations on the new resource."""

import re
from typing import Any

from controlplane.kernel.operation import Schema

VARIABLE = re.compile(r"\{(\w+)\}")


def link(document: Schema) -> None:
    """Add links to the response of every creation, with the id of the new resource (and its entity tag)."""
    for path, item in document["paths"].items():
        response = item.get("post", {}).get("responses", {}).get("201")
        if response and _has_id(response, document["components"]["schemas"]):
            links = dict(_links(path, document["paths"], "ETag" in response["headers"]))
            if links:
                response["links"] = links


def _has_id(response: Schema, schemas: dict[str, Schema]) -> bool:
    schema = response.get("content", {}).get("application/json", {}).get("schema", {})
    return "id" in schemas.get(schema.get("$ref", "").rpartition("/")[2], {}).get("properties", {})


def _links(collection: str, paths: Schema, has_etag: bool) -> Any:
    """Return the operations on one resource of the collection, and on the collections below it."""
    beneath = re.compile(re.escape(collection) + r"/\{(\w+)\}[^{}]*")
    for path, item in paths.items():
        if not (match := beneath.fullmatch(path)):
            continue
        parameters = {name: f"$request.path.{name}" for name in VARIABLE.findall(collection)}
        parameters[match[1]] = "$response.body#/id"
        for operation in item.values():
            takes_tag = any(each.get("name") == "If-Match" for each in operation["parameters"])
            tag = {"If-Match": "$response.header.ETag"} if takes_tag and has_etag else {}
            yield operation["operationId"], {"operationId": operation["operationId"], "parameters": parameters | tag}
