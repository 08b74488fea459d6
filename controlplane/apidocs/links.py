"""OpenAPI links: what can be asked next of something that was just made."""

import re
from typing import Any

from trustedprofiles.permissions import Schema

VARIABLE = re.compile(r"\{(\w+)\}")


def link(document: Schema) -> None:
    """Adds to every creation the operations on what it answers with, by its id (and its entity tag)."""
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
    """Operations on one of the collection, and on what is under it as a whole."""
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
