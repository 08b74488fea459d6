"""What a parameter takes, and what it means."""

from dataclasses import dataclass, field

from controlplane.apidocs.json_schema import Schema
from controlplane.kernel.paging import LARGEST_LIMIT


def text(longest: int = 255) -> Schema:
    return {"type": "string", "minLength": 1, "maxLength": longest}


TEXT = text()
VPC_ID: Schema = {"type": "string", "pattern": "^[-0-9a-z_]+$", "maxLength": 64}
NAME: Schema = {"type": "string", "pattern": "^[-0-9a-z]+$", "maxLength": 63}
IAM_ID: Schema = {"type": "string", "pattern": "^[-0-9A-Za-z]+$", "maxLength": 128}
BOOLEAN: Schema = {"type": "boolean"}
OBJECT: Schema = {"type": "object", "additionalProperties": {"type": "string"}}
LIMIT: Schema = {"type": "integer", "minimum": 1, "maximum": LARGEST_LIMIT}


@dataclass(frozen=True)
class Query:
    meaning: str
    schema: Schema = field(default_factory=lambda: TEXT)
    required: bool = False


def one_of(*values: str) -> Schema:
    return {"type": "string", "enum": list(values)}
