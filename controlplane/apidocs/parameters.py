"""Describe parameters by the declarations of their views, or by their names."""

import re

from controlplane.apidocs.json_schema import prose
from controlplane.kernel.operation import Parameter, Schema

RESOURCE_NAME: Schema = {"type": "string", "pattern": "^[-0-9a-z]+$", "maxLength": 63}
MEMBER = re.compile(r"(?P<of>[a-z_.]+)\.(?P<member>id|crn|name|href|address|resource_type)")
"""A parameter such as ``owner.name`` selects by a member of what a resource refers to."""
SUFFIX = re.compile("_(id|name|type)$")
ABBREVIATIONS = {
    **{word: word.upper() for word in ("acl", "api", "crn", "iam", "id", "ip", "pci", "ssh", "vlan", "vni", "vpc")},
    "acls": "ACLs",
    "ids": "IDs",
    "ips": "IPs",
    "serviceid": "service ID",
    "vpcs": "VPCs",
}


def described(parameter: Parameter, place: str) -> Schema:
    """``place``: ``query``, ``header`` or ``path``."""
    description = parameter.description
    if not description and (member := MEMBER.fullmatch(parameter)):
        description = f"Only those whose {words(member['of'].replace('.', ' '))} has this {member['member']}."
    return {
        "name": str(parameter),
        "in": place,
        **({"description": prose(description)} if description else {}),
        "schema": parameter.schema,
        **({"required": True} if parameter.required or place == "path" else {}),
        **({"style": "deepObject", "explode": True} if parameter.schema["type"] == "object" else {}),
    }


def path_parameter(name: str, ids: Schema) -> Parameter:
    """A variable in a path, which is the id or the name of a resource. ``ids``: what ids look like."""
    what = "" if name in ("name", "id") else f" of the {words(SUFFIX.sub('', name))}"
    if name.endswith("_id"):
        return Parameter(name, f"Id{what}.", ids)
    return Parameter(name, f"Name{what}.", RESOURCE_NAME)


def words(name: str) -> str:
    """Return a name as words: ``list IPs of VPC`` for ``list_ips_of_vpc``."""
    return " ".join(ABBREVIATIONS.get(word, word) for word in name.replace("_", " ").split())
